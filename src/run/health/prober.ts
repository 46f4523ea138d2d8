/**
 * Checks the health of the servers at intervals, on the main thread, and writes it into the ledger, where every thread
 * sees it. Servers in maintenance are not checked.
 */

import type { HealthConfig } from '../../config/model.ts'
import { type CheckResult, HealthStreak } from '../../pool/health.ts'
import type { Health, Server } from '../../pool/server.ts'
import { type Probe, probe } from './probe.ts'

/** What the prober needs of a server. */
export type Probed = Pick<Server, 'name' | 'config' | 'adminState' | 'health' | 'checked' | 'progress'>

/** A server turned up or down. */
export interface HealthChange {
  readonly pool: string
  readonly server: string
  readonly from: Health
  readonly to: Health
  /** What the last probe saw: `status 503, not 200 to 399`, `ECONNREFUSED`, `no answer within 2000 ms`. */
  readonly reason: string
}

/** A server answers its requests, but no check in time; or checks again. */
export interface BusyChange {
  readonly pool: string
  readonly server: string
  readonly busy: boolean
  readonly reason: string
}

/** The log message for it. */
export function busyLine({ pool, server, busy, reason }: BusyChange): string {
  if (!busy) return `server ${server} of pool ${pool} answers its checks in time again`
  return `server ${server} of pool ${pool} is busy: it answers requests, but its checks too late (${reason}); it stays up`
}

export interface ProberOptions {
  /** Rings all threads: waiters may be admitted now, or have to be refused as no server is left. */
  readonly ring: () => void
  readonly onChange: (change: HealthChange) => void
  readonly onBusy: (busy: BusyChange) => void
  /** Spreads the probes over their interval; `Math.random` except in tests. */
  readonly random?: () => number
}

/** Probes the servers of all pools that ask for it. */
export class Prober {
  readonly #options: ProberOptions
  readonly #watches = new Set<Watch>()

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Begins to probe these servers; each comes first at some moment within its interval. */
  watch(pool: string, servers: readonly Probed[], config: HealthConfig): void {
    for (const server of servers) this.#watches.add(new Watch(pool, server, config, this.#options))
  }

  /** Ends all probing; what was found last stays. */
  stop(): void {
    for (const watch of this.#watches) watch.stop()
    this.#watches.clear()
  }
}

/** The probing of one server. */
class Watch {
  readonly #pool: string
  readonly #server: Probed
  readonly #config: HealthConfig
  readonly #options: ProberOptions
  readonly #streak: HealthStreak
  /** The server's progress at the last finding. */
  #progress: number
  /** Checks are answered too late, and the server was reported as busy. */
  #busy = false
  #timer: NodeJS.Timeout
  #probe: Probe | null = null
  #begun = 0

  constructor(pool: string, server: Probed, config: HealthConfig, options: ProberOptions) {
    this.#pool = pool
    this.#server = server
    this.#config = config
    this.#options = options
    this.#streak = new HealthStreak(config.rise, config.fall, server.health)
    this.#progress = server.progress
    // All at the same moment would be a burst that servers behind one machine feel.
    this.#timer = this.#after((options.random ?? Math.random)() * config.interval)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#probe?.stop()
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#begin(), ms).unref()
  }

  #begin(): void {
    this.#begun = performance.now()
    if (this.#server.adminState === 'maint') {
      this.#timer = this.#after(this.#config.interval)
      return
    }
    this.#probe = probe(this.#server.config.address, this.#config, (finding, reason) => {
      this.#timer = this.#after(Math.max(0, this.#begun + this.#config.interval - performance.now()))
      this.#found(finding, reason)
    })
  }

  #found(finding: CheckResult, reason: string): void {
    if (finding !== 'unknown') this.#server.checked = true
    const { progress } = this.#server
    const working = progress !== this.#progress
    this.#progress = progress
    this.#reportBusy(finding, working, reason)
    const from = this.#streak.health
    if (!this.#streak.heard(finding, working)) return
    const to = this.#streak.health
    this.#busy = false
    this.#server.health = to
    this.#options.ring()
    const why = finding === 'timeout' ? `${reason}, and to no request either` : reason
    this.#options.onChange({ pool: this.#pool, server: this.#server.name, from, to, reason: why })
  }

  /** One line when checks begin to come too late for being busy, and one when they are answered in time again. */
  #reportBusy(finding: CheckResult, working: boolean, reason: string): void {
    const busy = this.#streak.spares(finding, working)
    if (busy === this.#busy || (!busy && finding !== 'good')) return
    this.#busy = busy
    this.#options.onBusy({ pool: this.#pool, server: this.#server.name, busy, reason })
  }
}
