/**
 * The data plane of one thread: everything between its listening sockets and its connections to the servers. Here stands
 * what outlives configurations; what comes from one is a Generation. Threads share the ledger and the store, and nothing
 * else.
 */
import { monotonic } from '../base/clock.ts'
import { Wheel } from '../base/wheel.ts'
import { type RemovalSnapshot, Removals } from '../cache/purge/removals.ts'
import type { Tree } from '../cache/purge/trees.ts'
import type { Address, Config } from '../config/model.ts'
import { Incidents } from '../exchange/answer/incident-log.ts'
import { attemptCounters } from '../exchange/attempt-counters.ts'
import { StoreNotes } from '../exchange/cache/store-notes.ts'
import type { ExchangeContext, Purged } from '../exchange/context.ts'
import { Exchange, type ExchangePool } from '../exchange/exchange.ts'
import { Occupants } from '../exchange/occupants.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { ConnectorOf } from '../exchange/routing/upstream.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { handlerFor } from '../net/connection-handlers.ts'
import { Http1Connector } from '../net/http1/origin-connector.ts'
import { Descriptors } from '../net/listen/descriptors.ts'
import { Listener } from '../net/listen/listener.ts'
import { TcpTransport } from '../net/transport/tcp-transport.ts'
import { type Hooks, NO_HOOKS } from '../rules/hooks.ts'
import type { Store } from '../store/store.ts'
import { Generation } from './generation.ts'
import type { ListenerEntrance } from './listener-entrance.ts'
import { ThreadCounters } from './thread-counters.ts'
import { ThreadGates } from './thread-gates.ts'

/** What the thread reports. */
export interface DataPlaneEvents {
  /** An exception somewhere in the data plane. */
  defect(error: unknown): void
  /** Something stored is to go on all threads; resolves when it is, or was not taken. */
  purge?(targets: readonly string[]): Promise<Purged>
  /** What a client has changed is to go on all threads; resolves when it has. */
  changed?(trees: readonly Tree[]): Promise<void>
  /** A finished exchange; null: no log wants records. */
  readonly record: ((record: ExchangeRecord) => void) | null
  /** An exchange that was refused or failed; null: no log wants those apart. */
  readonly incident?: ((record: ExchangeRecord) => void) | null
}

/** Exchanges kept for reuse. */
const SPARE = 1024

export class DataPlane implements ExchangeContext, ExchangePool {
  readonly wheel: Wheel
  readonly descriptors: Descriptors
  readonly log: ((record: ExchangeRecord) => void) | null
  readonly incidents: Incidents
  readonly counters: ThreadCounters
  readonly attempts = attemptCounters
  readonly occupants: Occupants
  /** Why answers were stored or not. */
  readonly notes = new StoreNotes()
  readonly #thread: number
  readonly #events: DataPlaneEvents
  readonly #store: Store | null
  /** What is to be removed from the cache. */
  readonly #removals = new Removals()
  readonly #gates = new ThreadGates()
  readonly #listeners = new Map<string, Listener>()
  /** Those that are gone from the configuration; each resolves when it is empty. */
  readonly hooksOf: (listener: string) => Hooks
  readonly #closing = new Map<Listener, Promise<void>>()
  readonly #connectorOf: ConnectorOf
  readonly #spare: Exchange[] = []
  /** Those that end what is under way. */
  readonly #older = new Set<Generation>()
  #newest: Generation

  /** `store`: null where no route caches. `openFiles`: how many descriptors the process may open. `hooksOf`: of a listener, by name. `connectorOf`: how servers are reached; null: by HTTP/1 over TCP. */
  constructor(
    config: Config,
    ledger: Ledger,
    thread: number,
    events: DataPlaneEvents,
    store: Store | null = null,
    openFiles = Number.POSITIVE_INFINITY,
    hooksOf: (listener: string) => Hooks = () => NO_HOOKS,
    connectorOf: ConnectorOf | null = null,
  ) {
    this.hooksOf = hooksOf
    this.#thread = thread
    this.#events = events
    this.#store = store
    this.log = events.record
    this.incidents = new Incidents(events.incident ?? null)
    this.occupants = new Occupants(ledger)
    this.counters = new ThreadCounters(ledger)
    this.wheel = new Wheel({ onError: events.defect })
    this.descriptors = new Descriptors(openFiles, config.threads * config.listeners.length)
    this.#connectorOf = connectorOf ?? this.#connectTcp
    this.#newest = this.#generation(config, ledger)
    this.#openListeners(this.#newest, ledger)
  }

  readonly #connectTcp: ConnectorOf = ({ limits, idle }, { address }, progress) => {
    const open = (): TcpTransport => TcpTransport.connect(address)
    return new Http1Connector(open, limits, this.wheel, idle, progress, this.descriptors)
  }

  #generation(config: Config, ledger: Ledger): Generation {
    const { notes } = this
    const cache = this.#store === null ? null : { store: this.#store, removals: this.#removals, notes }
    return new Generation(config, ledger, {
      thread: this.#thread,
      connectorOf: this.#connectorOf,
      gates: this.#gates,
      services: this,
      cache,
    })
  }

  /**
   * From now on requests are served by another configuration; those under way end by the one they began with. Listeners
   * of the same name stay open, new ones wait for `listen`, and those that are gone accept nothing more.
   *
   * All threads have to have adopted one configuration before any adopts the next. Until then what a thread is handed at a
   * server that is new to it waits there, in use, until it adopts as well.
   * @param ledger by a plan for this configuration, over the same memory
   * @returns resolves when the generation before is over on this thread and all it took has come back
   */
  adopt(config: Config, ledger: Ledger): Promise<void> {
    monotonic()
    const before = this.#newest
    const next = this.#generation(config, ledger)
    this.#newest = next
    this.occupants.follow(ledger)
    for (const [name, listener] of this.#listeners) {
      const entrance = next.entrances.get(name)
      if (entrance !== undefined) listener.adopt(settingsOf(next, entrance))
      else this.#closeListener(name, listener, before)
    }
    this.#openListeners(next, ledger)
    this.#older.add(before)
    before.retire()
    return before.over.then(() => {
      this.#older.delete(before)
      // They keep hold of the generation they were used in last.
      this.#spare.length = 0
    })
  }

  #openListeners(generation: Generation, ledger: Ledger): void {
    const { descriptors, wheel } = this
    for (const [name, entrance] of generation.entrances) {
      if (this.#listeners.has(name)) continue
      const { gate, slots } = entrance
      const dependencies = { gate, slots, spare: ledger.spare(name), descriptors, wheel, handlerFor }
      this.#listeners.set(name, new Listener(settingsOf(generation, entrance), dependencies))
    }
  }

  /** Its generation is not over before its last connection is. */
  #closeListener(name: string, listener: Listener, generation: Generation): void {
    this.#listeners.delete(name)
    generation.enter()
    const empty = emptied(listener).then(() => {
      this.#closing.delete(listener)
      this.descriptors.remove(listener.idle)
      generation.leave()
    })
    this.#closing.set(listener, empty)
  }

  /** Binds the listeners, each to its addresses here; answers with those it got. Rejects with the system's error. */
  async listen(binds: ReadonlyMap<string, readonly Address[]>): Promise<Map<string, Address[]>> {
    const bound = new Map<string, Address[]>()
    for (const [name, listener] of this.#listeners) bound.set(name, await listener.listen(binds.get(name) ?? []))
    return bound
  }

  /** The ledger's bell rang: another thread left something here, or limits, orders or health changed. */
  onRing(): void {
    monotonic()
    this.#gates.collect()
    for (const listener of this.#listeners.values()) listener.heard()
    for (const listener of this.#closing.keys()) listener.heard()
    this.#store?.heard()
  }

  /** Takes over what is to be removed from the cache; in effect when it returns. */
  remove(removals: RemovalSnapshot): void {
    this.#removals.apply(removals)
  }

  /** Stops accepting; resolves when the last client is gone. */
  stop(): Promise<void> {
    monotonic()
    return Promise.all([...[...this.#listeners.values()].map(emptied), ...this.#closing.values()]).then(() => {
      for (const generation of [...this.#older, this.#newest]) generation.close()
    })
  }

  /** Ends what is still under way, each with an answer where one can still be given. */
  kill(): void {
    monotonic()
    for (const listener of [...this.#listeners.values(), ...this.#closing.keys()]) listener.kill()
  }

  /** Where requests of a listener become exchanges, by the newest configuration; undefined: it has no such listener. */
  entranceOf(listener: string): ListenerEntrance | undefined {
    return this.#newest.entrances.get(listener)
  }

  defect(error: unknown): void {
    this.#events.defect(error)
  }

  purge(targets: readonly string[]): Promise<Purged> {
    return this.#events.purge?.(targets) ?? Promise.reject(new Error('purges are not taken here'))
  }

  changed(trees: readonly Tree[]): Promise<void> {
    return this.#events.changed?.(trees) ?? Promise.reject(new Error('changes are not taken here'))
  }

  take(): Exchange {
    return this.#spare.pop() ?? new Exchange(this, this)
  }

  release(x: Exchange): void {
    if (this.#spare.length < SPARE) this.#spare.push(x)
    x.listener.generation.leave()
  }
}

function settingsOf({ config }: Generation, entrance: ListenerEntrance) {
  return { config: entrance.config, user: entrance, name: config.name, trusts: entrance.trusts }
}

/** Stops a listener; resolves when its last connection is gone. */
function emptied(listener: Listener): Promise<void> {
  return new Promise((resolve) => {
    listener.onEmpty = resolve
    listener.stop()
    if (listener.empty) resolve()
  })
}
