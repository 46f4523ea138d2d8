/** A pool as one thread uses it: its servers and their gate (the pool), and the idle connections to each of them. */
import type { Wheel } from '../../base/wheel.ts'
import type { PoolConfig } from '../../config/model.ts'
import type { Counter } from '../../ledger/counter.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Slots } from '../../ledger/slots.ts'
import { IdleConnections } from '../../net/http1/idle-connections.ts'
import type { Pool } from '../../pool/pool.ts'
import { type FieldLine, fieldLine } from '../../wire/http/edits.ts'
import { EndedCounters, ServerCounters } from '../server-counters.ts'

export class Upstream {
  readonly config: PoolConfig
  readonly pool: Pool
  /** A line for each request, or null: CDN-Loop shows a loop where Via does not have our name. */
  readonly loopLine: FieldLine | null
  /** The budget of long-lived streams. */
  readonly streams: Slots
  /** Idle connections, by index of the server. */
  readonly idle: readonly IdleConnections[]
  /** Final response heads received, by index of the server. */
  readonly responses: readonly Counter[]
  /** Counters of attempts, by index of the server. */
  readonly counters: readonly ServerCounters[]
  /** Counters of the causes that ended the pool's exchanges. */
  readonly ended: EndedCounters

  /** `name`: ours. */
  constructor(pool: Pool, ledger: Ledger, wheel: Wheel, name: string) {
    this.config = pool.config
    this.loopLine = pool.config.via === name ? null : fieldLine('CDN-Loop', name)
    this.pool = pool
    this.streams = ledger.slots(`streams:${pool.config.name}`)
    this.idle = pool.config.servers.map(
      (server) =>
        new IdleConnections(
          server.address,
          pool.config.limits,
          wheel,
          pool.config.idle,
          ledger.counter(`server:${pool.config.name}/${server.name}:progress`),
        ),
    )
    this.responses = pool.config.servers.map((server) =>
      ledger.counter(`server:${pool.config.name}/${server.name}:responses`),
    )
    this.counters = pool.config.servers.map(
      (server) => new ServerCounters(ledger, `${pool.config.name}/${server.name}`),
    )
    this.ended = new EndedCounters(ledger, `pool:${pool.config.name}`)
  }

  /** Drops all idle connections. */
  clear(): void {
    for (const idle of this.idle) idle.clear()
  }
}
