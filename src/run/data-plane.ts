/**
 * The data plane of one thread: everything between its listening sockets and its connections to the servers, put
 * together from the configuration. Threads share the ledger and nothing else.
 */
import { BlockList, isIP } from 'node:net'
import { type Cause, rowOf } from '../base/cause.ts'
import { httpDate, monotonic, wall } from '../base/clock.ts'
import { Wheel } from '../base/wheel.ts'
import { type RemovalSnapshot, Removals } from '../cache/purge/removals.ts'
import type { Tree } from '../cache/purge/trees.ts'
import { type Address, type Config, UNLIMITED } from '../config/model.ts'
import { Diagnoses } from '../exchange/answer/diagnosis.ts'
import { ErrorPages } from '../exchange/answer/error-page.ts'
import { incidentId } from '../exchange/answer/incident-id.ts'
import { Incidents } from '../exchange/answer/incident-log.ts'
import { HotResponses } from '../exchange/cache/hot-responses.ts'
import { RouteCache } from '../exchange/cache/route-cache.ts'
import { StoreNotes } from '../exchange/cache/store-notes.ts'
import type { ExchangeContext, Purged, Refusal } from '../exchange/context.ts'
import { Exchange } from '../exchange/exchange.ts'
import { turnedAwayRecord } from '../exchange/finish.ts'
import { Occupants } from '../exchange/occupants.ts'
import type { Diagnosis, ExchangeRecord } from '../exchange/record.ts'
import { type Route, Routes } from '../exchange/routing/route.ts'
import { Upstream } from '../exchange/routing/upstream.ts'
import { Gate } from '../gate/gate.ts'
import { SingleSource } from '../gate/single.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ClientConnection } from '../net/http1/client-connection.ts'
import { closingAnswer } from '../net/http1/responder.ts'
import { Descriptors } from '../net/listen/descriptors.ts'
import { Listener, type ListenerHandler } from '../net/listen/listener.ts'
import type { WholeAnswer } from '../net/responder.ts'
import { Pool } from '../pool/pool.ts'
import type { Store } from '../store/store.ts'
import type { RequestHead } from '../wire/http/head.ts'
import { proxyStatus } from '../wire/http/proxy-status.ts'
import { Counters } from './counters.ts'
import { FullOf } from './limits/full-of.ts'
import { limitOf, type Reached } from './limits/reached.ts'

/** What the thread tells the outside. */
export interface DataPlaneEvents {
  /** An exception somewhere in the data plane. */
  defect(error: unknown): void
  /** Something stored is to go on all threads; resolves when it is, or was not taken. */
  purge?(targets: readonly string[]): Promise<Purged>
  /** What a client has changed is to go on all threads; resolves when it has. */
  changed?(trees: readonly Tree[]): Promise<void>
  /** A finished exchange; null: nobody wants records. */
  readonly record: ((record: ExchangeRecord) => void) | null
  /** One that was refused or failed; null: nobody wants those apart. */
  readonly incident?: ((record: ExchangeRecord) => void) | null
}

/** Exchanges kept for reuse. */
const SPARE = 1024

export class DataPlane implements ExchangeContext, ListenerHandler {
  readonly config: Config
  readonly wheel: Wheel
  readonly descriptors: Descriptors
  readonly routes: ReadonlyMap<string, Routes>
  readonly listeners: ReadonlyMap<string, Slots>
  readonly log: ((record: ExchangeRecord) => void) | null
  readonly incidents: Incidents
  readonly tally: Counters
  readonly occupants: Occupants
  readonly #ledger: Ledger
  readonly #told: DataPlaneEvents
  readonly #upstreams: readonly Upstream[]
  readonly #ways: readonly Listener[]
  readonly #gates: readonly Gate<Slots>[]
  readonly #trusted = new Map<string, (address: string) => boolean>()
  readonly #verdicts: Diagnoses
  readonly #fullOf: FullOf
  readonly #refusals: ErrorPages
  readonly #spare: Exchange[] = []
  readonly #store: Store | null
  /** What was ordered to go from the cache, and why answers were stored or not. */
  readonly #bans = new Removals()
  readonly notes = new StoreNotes()
  readonly #ready = new HotResponses()

  /** `store`: null where no route caches. `openFiles`: how many descriptors the process may open. */
  constructor(
    config: Config,
    ledger: Ledger,
    thread: number,
    told: DataPlaneEvents,
    store: Store | null = null,
    openFiles = Number.POSITIVE_INFINITY,
  ) {
    this.config = config
    this.#store = store
    this.#ledger = ledger
    this.#told = told
    this.log = told.record
    this.incidents = new Incidents(told.incident ?? null)
    this.occupants = new Occupants(ledger)
    this.wheel = new Wheel({ onError: told.defect })
    this.descriptors = new Descriptors(openFiles, config.threads * config.listeners.length)
    this.#verdicts = new Diagnoses(config)
    this.#fullOf = new FullOf(config, ledger)
    this.#refusals = new ErrorPages(config, (cause, verdict) => statusField(config.name, cause, verdict))

    const upstreams = new Map<string, Upstream>()
    for (const pool of config.pools) {
      upstreams.set(pool.name, new Upstream(new Pool(pool, ledger, thread), ledger, this.wheel, config.name))
    }
    this.#upstreams = [...upstreams.values()]

    const gates: Gate<Slots>[] = []
    const all: Route[] = config.routes.map((route) => {
      const pool = upstreams.get(route.to)
      if (pool === undefined) throw new TypeError(`route ${route.name} leads to ${route.to}, which is no pool`)
      const limited = route.maxConnections !== UNLIMITED
      const gate = limited ? this.#gate(`route:${route.name}`, 'route_full', 'queue_full') : null
      if (gate !== null) gates.push(gate)
      const cache =
        route.cache === null || store === null
          ? null
          : new RouteCache(
              route.cache,
              { name: config.name, store, bans: this.#bans, notes: this.notes, ready: this.#ready },
              route.name,
              trusts(route.cache.purge),
            )
      return { config: route, pool, slots: ledger.slots(`route:${route.name}`), gate, cache }
    })
    this.tally = new Counters(ledger, config, all)

    const routes = new Map<string, Routes>()
    const listeners = new Map<string, Slots>()
    this.#ways = config.listeners.map((listener) => {
      const { name } = listener
      routes.set(name, new Routes(all, name))
      const slots = ledger.slots(`listener:${name}`)
      listeners.set(name, slots)
      this.#trusted.set(name, trusts(listener.trustedProxies))
      const gate = this.#gate(`listener:${name}`, 'listener_full', 'listener_full')
      gates.push(gate)
      return new Listener(listener, {
        gate,
        slots,
        spare: ledger.spare(name),
        descriptors: this.descriptors,
        wheel: this.wheel,
        user: this,
        name: config.name,
        trusts: this.trusts(name),
      })
    })
    this.routes = routes
    this.listeners = listeners
    this.#gates = gates
  }

  #gate(key: string, full: Cause, queueFull: Cause): Gate<Slots> {
    return new Gate(new SingleSource(this.#ledger.slots(key)), this.#ledger.queue(`queue:${key}`), { full, queueFull })
  }

  /** Binds the listeners, each to its addresses here; answers with those it got. Rejects with the system's error. */
  async listen(binds: ReadonlyMap<string, readonly Address[]>): Promise<Map<string, Address[]>> {
    const bound = new Map<string, Address[]>()
    for (const way of this.#ways) bound.set(way.config.name, await way.listen(binds.get(way.config.name) ?? []))
    return bound
  }

  /** The ledger's bell rang: another thread left something here, or limits, orders or health changed. */
  heard(): void {
    monotonic()
    for (const gate of this.#gates) gate.collect()
    for (const way of this.#ways) way.heard()
    for (const upstream of this.#upstreams) upstream.pool.collect()
    this.#store?.heard()
  }

  /** Takes over new orders to remove things from the cache; in effect when it returns. */
  heed(removals: RemovalSnapshot): void {
    this.#bans.heed(removals)
  }

  /** Stops accepting; resolves when the last client is gone. */
  stop(): Promise<void> {
    monotonic()
    const done = this.#ways.map(
      (way) =>
        new Promise<void>((resolve) => {
          way.onEmpty = resolve
          way.stop()
          if (way.empty) resolve()
        }),
    )
    return Promise.all(done).then(() => {
      for (const upstream of this.#upstreams) upstream.clear()
    })
  }

  /** Ends what is still under way, each with an answer where one can still be given. */
  kill(): void {
    monotonic()
    for (const way of this.#ways) way.kill()
  }

  // What listeners ask.

  request(client: ClientConnection, head: RequestHead): RequestHead {
    const x = this.#spare.pop() ?? new Exchange(this)
    return x.start(client, head, null, '')
  }

  malformed(client: ClientConnection, head: RequestHead, cause: Cause, detail: string): RequestHead {
    const x = this.#spare.pop() ?? new Exchange(this)
    return x.start(client, head, cause, detail)
  }

  entered(listener: Listener): void {
    this.tally.entered(listener.config.name)
  }

  waits(listener: Listener): void {
    this.tally.waits(listener.config.name)
  }

  turnedAway(listener: Listener, peer: string, port: number, cause: Cause, waited: number): string {
    const { config } = listener
    this.tally.turnedAway(config.name, cause)
    const slots = this.listeners.get(config.name)
    const incident = incidentId(wall())
    const at = { listener: config.name, route: null, pool: null, server: null }
    const { limit, observed, voice } = this.#reached(cause, waited, slots)
    const detail = cause === 'local_resources' ? this.descriptors.detail : null
    const verdict = this.#verdicts.of(cause, at, limit, observed, detail, 'listener', voice)
    const text = closingAnswer(this.refuse({ cause, verdict, incident, accept: 'text/html' }))
    const inUse = slots?.used ?? 0
    const { length } = listener.gate.queue
    const record = turnedAwayRecord(config.name, peer, port, verdict, incident, waited, text.length, inUse, length)
    this.incidents.keep(record, 0)
    this.log?.(record)
    return text
  }

  acceptFailed(): void {
    this.tally.acceptFailed()
  }

  /** The number that was reached when a connection was turned away; the limit is null where the configured one says it. */
  #reached(cause: Cause, waited: number, slots: Slots | undefined): Reached {
    if (cause === 'listener_wait_timeout') return { limit: null, observed: Math.round(waited) }
    return slots === undefined || cause === 'local_resources'
      ? { limit: null, observed: null }
      : { limit: slots.limit, observed: slots.used, voice: slots.voice }
  }

  // What exchanges ask.

  trusts(listener: string): (address: string) => boolean {
    return this.#trusted.get(listener) ?? nobody
  }

  verdict(x: Exchange, cause: Cause, detail: string): Diagnosis {
    const at = {
      listener: x.client.context.config.name,
      route: x.route?.config.name ?? null,
      pool: x.route?.config.to ?? null,
      server: x.server?.name ?? null,
    }
    const { limit, observed, voice } = limitOf(x, cause)
    const verdict = this.#verdicts.of(cause, at, limit, observed, detail === '' ? null : detail, x.gateKind, voice)
    const advice = this.#fullOf.advice(x, cause)
    return advice === null ? verdict : { ...verdict, advice }
  }

  refuse(refusal: Refusal): WholeAnswer {
    return this.#refusals.answer(refusal, httpDate())
  }

  defect(error: unknown): void {
    this.#told.defect(error)
  }

  purge(targets: readonly string[]): Promise<Purged> {
    return this.#told.purge?.(targets) ?? Promise.reject(new Error('there is nobody to order a purge of'))
  }

  changed(trees: readonly Tree[]): Promise<void> {
    return this.#told.changed?.(trees) ?? Promise.reject(new Error('there is nobody to tell of a change'))
  }

  background(): Exchange {
    return this.#spare.pop() ?? new Exchange(this)
  }

  release(x: Exchange): void {
    if (this.#spare.length < SPARE) this.#spare.push(x)
  }
}

function nobody(): boolean {
  return false
}

/** Whether an address is one of `peers` (addresses and CIDR blocks). */
function trusts(peers: readonly string[]): (address: string) => boolean {
  if (peers.length === 0) return nobody
  const list = new BlockList()
  for (const peer of peers) {
    const [address = '', bits] = peer.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Proxy-Status: the cause alone for anybody, the rest for those whom the operator trusts with it. */
function statusField(name: string, cause: Cause, verdict: Diagnosis | null): string {
  const error = rowOf(cause).proxyStatus
  let details: string = cause
  if (verdict !== null) {
    details += `; gate ${verdict.gate}`
    if (verdict.limit !== null) details += `; limit ${verdict.limit}`
    if (verdict.observed !== null) details += `; observed ${verdict.observed}`
    if (verdict.setting !== null) details += `; setting ${verdict.setting}`
  }
  return proxyStatus(name, { error, details, receivedStatus: 0, nextHop: null })
}
