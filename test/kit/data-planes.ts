/**
 * Data planes of one or more threads in this process, over one ledger and one store, with real sockets: for tests that
 * have them adopt another configuration, which a running Headgate is not asked to do yet.
 */
import assert from 'node:assert/strict'
import type { Config } from '../../src/config/model.ts'
import { configFrom } from '../../src/config/native.ts'
import type { WrittenConfig } from '../../src/config/written.ts'
import type { ExchangeRecord } from '../../src/exchange/record.ts'
import { capacityFor, createMemory, LedgerLayout } from '../../src/ledger/layout.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import type { LedgerPlan } from '../../src/ledger/plan.ts'
import { type Hooks, NO_HOOKS } from '../../src/rules/hooks.ts'
import { storeOf } from '../../src/run/cache/cache-memory.ts'
import { gateCounters } from '../../src/run/counters.ts'
import { DataPlane } from '../../src/run/data-plane.ts'
import { EffectiveLimits } from '../../src/run/limits/effective-limits.ts'
import { Store } from '../../src/store/store.ts'
import { assertEmpty } from '../races/yard.ts'

/** What is not said is as in `headgate`, but for the listener's port. */
type Written = Record<string, unknown>

function read(written: Written, threads: number): Config {
  const pools = (written.pools ?? {}) as Record<string, unknown>
  return configFrom({
    listeners: { web: { bind: '127.0.0.1:0' } },
    routes: [{ to: Object.keys(pools)[0] }],
    accessLog: false,
    admin: false,
    ...written,
    threads,
  } as unknown as WrittenConfig)
}

const more = (config: Config) => ({ counters: gateCounters(config) })

function fails(error: unknown): void {
  assert.fail(String(error))
}

export class DataPlanes implements AsyncDisposable {
  readonly planes: readonly DataPlane[]
  /** Of each thread, by listener. */
  readonly ports: readonly Readonly<Record<string, number>>[]
  readonly limits: EffectiveLimits
  /** By the newest plan. */
  ledger: Ledger
  readonly records: ExchangeRecord[]
  readonly #memory: SharedArrayBuffer
  readonly #layout: LedgerLayout
  readonly #deaf: AbortController
  readonly #threads: number
  /** All so far. */
  readonly #plans: LedgerPlan[]

  private constructor(parts: {
    planes: DataPlane[]
    ports: Record<string, number>[]
    ledger: Ledger
    records: ExchangeRecord[]
    memory: SharedArrayBuffer
    layout: LedgerLayout
    deaf: AbortController
  }) {
    this.planes = parts.planes
    this.ports = parts.ports
    this.ledger = parts.ledger
    this.records = parts.records
    this.limits = new EffectiveLimits(parts.ledger)
    this.#memory = parts.memory
    this.#layout = parts.layout
    this.#deaf = parts.deaf
    this.#threads = parts.planes.length
    this.#plans = [parts.ledger.plan]
  }

  static async open(written: Written, threads = 1, hooks: Hooks = NO_HOOKS, defect = fails): Promise<DataPlanes> {
    const config = read(written, threads)
    const layout = new LedgerLayout(threads, capacityFor(config, more(config)))
    const plan = layout.plan(config, more(config))
    const memory = createMemory(plan)
    const store = storeOf(config)
    const records: ExchangeRecord[] = []
    const deaf = new AbortController()
    const planes: DataPlane[] = []
    const ports: Record<string, number>[] = []
    for (let thread = 0; thread < threads; thread++) {
      const ledger = new Ledger(memory, plan, thread)
      ledger.join()
      const events = {
        defect,
        record: (record: ExchangeRecord) => void records.push(record),
      }
      const own = store === null ? null : new Store(store, thread, (other) => ledger.wake(other))
      const plane = new DataPlane(config, ledger, thread, events, own, Number.POSITIVE_INFINITY, () => hooks)
      void ledger.listen(() => plane.onRing(), deaf.signal)
      const bound = await plane.listen(new Map(config.listeners.map(({ name, bind }) => [name, bind])))
      ports.push(Object.fromEntries([...bound].map(([name, [address]]) => [name, portOf(address)])))
      planes.push(plane)
    }
    return new DataPlanes({ planes, ports, ledger: new Ledger(memory, plan, -1), records, memory, layout, deaf })
  }

  get port(): number {
    return this.ports[0]!.web!
  }

  /** Has all threads adopt it, one after the other. `over` resolves when the one before is over on all, and its room is free. */
  adopt(written: Written): { readonly over: Promise<void> } {
    const { config, plan } = this.prepare(written)
    return { over: this.release(Promise.all(this.planes.map((_, k) => this.adoptOn(k, config, plan)))) }
  }

  /** The plan for it, and its limits in force; no thread has it yet. */
  prepare(written: Written): { readonly config: Config; readonly plan: LedgerPlan } {
    const config = read(written, this.#threads)
    const plan = this.#layout.plan(config, more(config))
    this.ledger = new Ledger(this.#memory, plan, -1)
    this.ledger.prepare()
    this.limits.configure(config, this.ledger)
    this.#plans.push(plan)
    return { config, plan }
  }

  adoptOn(thread: number, config: Config, plan: LedgerPlan): Promise<void> {
    return this.planes[thread]!.adopt(config, new Ledger(this.#memory, plan, thread))
  }

  /** When `over` is, the plan before the newest is no longer in use. */
  async release(over: Promise<unknown>): Promise<void> {
    const before = this.#plans.at(-2)!
    await over
    this.ledger.wipe(this.#layout.release(before))
  }

  used(key: string): number {
    return this.ledger.slots(key).used
  }

  /** Stops; then every limit, queue and hand-over of the ledger is exactly zero. */
  async stop(): Promise<void> {
    await Promise.all(this.planes.map((plane) => plane.stop()))
    assertEmpty(this.#memory, this.ledger.plan)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const plane of this.planes) plane.kill()
    await Promise.all(this.planes.map((plane) => plane.stop()))
    this.#deaf.abort()
  }
}

function portOf(address: unknown): number {
  return (address as { port: number }).port
}
