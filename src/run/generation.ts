/**
 * All that came from one configuration, on one thread: pools with their idle connections, routes with their caches,
 * listeners' settings, trusted addresses, diagnoses and error pages. Nothing in it changes. What has to last (slots,
 * queues, counters, the store, incidents) it finds by identity in the ledger, or gets from the data plane.
 */
import { type Cause, rowOf } from '../base/cause.ts'
import { httpDate } from '../base/clock.ts'
import type { Removals } from '../cache/purge/removals.ts'
import { type Config, type RouteConfig, UNLIMITED } from '../config/model.ts'
import { Diagnoses } from '../exchange/answer/diagnosis.ts'
import { ErrorPages } from '../exchange/answer/error-page.ts'
import { HotResponses } from '../exchange/cache/hot-responses.ts'
import { RouteCache } from '../exchange/cache/route-cache.ts'
import type { StoreNotes } from '../exchange/cache/store-notes.ts'
import type { ExchangeView, Generation as GenerationOfExchanges, Refusal } from '../exchange/generation.ts'
import type { Diagnosis } from '../exchange/record.ts'
import { type Route, Routes } from '../exchange/routing/route.ts'
import { type ConnectorOf, Upstream } from '../exchange/routing/upstream.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { WholeAnswer } from '../net/responder.ts'
import { Pool } from '../pool/pool.ts'
import type { Store } from '../store/store.ts'
import { proxyStatus } from '../wire/http/proxy-status.ts'
import { FullOf } from './limits/full-of.ts'
import { limitOf } from './limits/reached.ts'
import { ListenerEntrance, type ThreadServices } from './listener-entrance.ts'
import { RouteCounters } from './route-counters.ts'
import type { ThreadGates } from './thread-gates.ts'
import { trusting } from './trusted-peers.ts'

/** What generations of one thread have in common. */
export interface GenerationContext {
  /** Number of the thread. */
  readonly thread: number
  /** How servers are reached. */
  readonly connectorOf: ConnectorOf
  readonly gates: ThreadGates
  readonly services: ThreadServices
  /** null: no route caches. */
  readonly cache: { readonly store: Store; readonly removals: Removals; readonly notes: StoreNotes } | null
}

export class Generation implements GenerationOfExchanges {
  readonly config: Config
  /** By listener name. */
  readonly entrances: ReadonlyMap<string, ListenerEntrance>
  /** Resolves when it is retired and the last exchange of it is over. */
  readonly over: Promise<void>
  readonly #diagnoses: Diagnoses
  readonly #fullOf: FullOf
  readonly #pages: ErrorPages
  readonly #upstreams: readonly Upstream[]
  /** Lets go of the gates. */
  readonly #releases: (() => void)[] = []
  readonly #resolve: () => void
  #inUse = 0
  #retired = false
  #closed = false

  /** Makes its pools the newest at their gates. Throws TypeError for a route to a pool that there is not. */
  constructor(config: Config, ledger: Ledger, context: GenerationContext) {
    this.config = config
    this.#diagnoses = new Diagnoses(config)
    this.#fullOf = new FullOf(config, ledger)
    this.#pages = new ErrorPages(config, (cause, diagnosis) => statusField(config.name, cause, diagnosis))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    this.#resolve = resolve
    const { gates, services, connectorOf, thread } = context

    const upstreams = new Map<string, Upstream>()
    for (const pool of config.pools) {
      const gate = gates.pool(pool.name, ledger)
      this.#releases.push(() => gates.releasePool(pool.name))
      const own = new Pool(pool, ledger, thread, gate)
      this.#releases.push(() => own.retire())
      upstreams.set(pool.name, new Upstream(own, ledger, config.name, connectorOf))
    }
    this.#upstreams = [...upstreams.values()]
    const cacheOf = cachesOf(config, context)
    const routes = config.routes.map((route): Route => {
      const upstream = upstreams.get(route.to)
      if (upstream === undefined) throw new TypeError(`route ${route.name} leads to ${route.to}, which is no pool`)
      const key = `route:${route.name}`
      const limited = route.maxConnections !== UNLIMITED
      const gate = limited ? gates.single(key, ledger, { full: 'route_full', queueFull: 'queue_full' }) : null
      if (gate !== null) this.#releases.push(() => gates.releaseSingle(key))
      const counters = new RouteCounters(ledger, route)
      return { config: route, upstream, slots: ledger.slots(key), gate, cache: cacheOf(route), counters }
    })
    const entrances = new Map<string, ListenerEntrance>()
    for (const listener of config.listeners) {
      const key = `listener:${listener.name}`
      const gate = gates.single(key, ledger, { full: 'listener_full', queueFull: 'listener_full' })
      this.#releases.push(() => gates.releaseSingle(key))
      const at = { routes: new Routes(routes, listener.name), gate, trusts: trusting(listener.trustedProxies) }
      entrances.set(listener.name, new ListenerEntrance(this, this.#diagnoses, listener, at, ledger, services))
    }
    this.entrances = entrances
  }

  diagnose(x: ExchangeView, cause: Cause, detail: string): Diagnosis {
    const at = {
      listener: x.listener.config.name,
      route: x.route?.config.name ?? null,
      pool: x.route?.config.to ?? null,
      server: x.lastAttempt?.server.name ?? null,
    }
    const { limit, observed, voice } = limitOf(x, cause)
    const said = detail === '' ? null : detail
    const diagnosis = this.#diagnoses.of(cause, at, limit, observed, said, x.admission.gate, voice)
    const advice = this.#fullOf.advice(x, cause)
    return advice === null ? diagnosis : { ...diagnosis, advice }
  }

  refuse(refusal: Refusal): WholeAnswer {
    return this.#pages.answer(refusal, httpDate())
  }

  enter(): void {
    this.#inUse++
  }

  leave(): void {
    this.#inUse--
    if (this.#retired && this.#inUse === 0) this.#closeSoon()
  }

  /** No request comes to it any more. It closes when what is under way is over. */
  retire(): void {
    this.#retired = true
    if (this.#inUse === 0) this.#closeSoon()
  }

  /** Drops its idle connections and lets go of its gates. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const upstream of this.#upstreams) upstream.clear()
    for (const release of this.#releases) release()
    this.#resolve()
  }

  /** The last exchange gives its permits back after it has left. */
  #closeSoon(): void {
    queueMicrotask(() => {
      if (this.#inUse === 0) this.close()
    })
  }
}

/** The cache of each route; null: it has none. */
function cachesOf({ name }: Config, { cache }: GenerationContext): (route: RouteConfig) => RouteCache | null {
  if (cache === null) return () => null
  const { store, removals, notes } = cache
  const shared = { name, store, bans: removals, notes, hot: new HotResponses() }
  return (route) =>
    route.cache === null ? null : new RouteCache(route.cache, shared, route.name, trusting(route.cache.purge))
}

/** Proxy-Status: the cause alone for everyone, the rest where the operator allows it. */
function statusField(name: string, cause: Cause, diagnosis: Diagnosis | null): string {
  const error = rowOf(cause).proxyStatus
  let details: string = cause
  if (diagnosis !== null) {
    details += `; gate ${diagnosis.gate}`
    if (diagnosis.limit !== null) details += `; limit ${diagnosis.limit}`
    if (diagnosis.observed !== null) details += `; observed ${diagnosis.observed}`
    if (diagnosis.setting !== null) details += `; setting ${diagnosis.setting}`
  }
  return proxyStatus(name, { error, details, receivedStatus: 0, nextHop: null })
}
