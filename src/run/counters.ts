/** Counts one thread's exchanges in the ledger, where the main thread and everybody else can read the sums. */
import { type Cause, causeNames } from '../base/cause.ts'
import type { Config } from '../config/model.ts'
import type { CacheResult } from '../exchange/cache/cache-state.ts'
import type { ExchangeCounters as Counted } from '../exchange/context.ts'
import type { Route } from '../exchange/routing/route.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Histogram } from '../ledger/histogram.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Server } from '../pool/server.ts'

/** The causes with which each kind of gate turns away. */
export const gateCauses = {
  listener: ['listener_full', 'listener_wait_timeout'],
  route: ['route_full', 'queue_full', 'queue_timeout'],
  pool: ['pool_full', 'queue_full', 'queue_timeout', 'no_server'],
  streams: ['streams_full'],
} as const satisfies Record<string, readonly Cause[]>

/** What a listener turns clients away with: its gate's causes, and one that is not the listener's. */
export const listenerCauses = [...gateCauses.listener, 'local_resources'] as const satisfies Cause[]

/** What a gate counts, by its key in the ledger (`pool:shop`): who came in, who waited, who was turned away and why. */
export function gateCounters(config: Config): string[] {
  const keys: string[] = []
  const add = (key: string, causes: readonly Cause[]): void => {
    keys.push(`${key}:admitted`, `${key}:waited`, ...causes.map((cause) => `${key}:${cause}`))
  }
  for (const { name } of config.listeners) add(`listener:${name}`, listenerCauses)
  for (const { name } of config.routes) add(`route:${name}`, gateCauses.route)
  for (const { name } of config.pools) {
    add(`pool:${name}`, gateCauses.pool)
    add(`streams:${name}`, gateCauses.streams)
  }
  keys.push(...[...cacheResults, ...cacheRefreshes].map((what) => `cache:${what}`))
  keys.push(...descriptorCounts.map((what) => `descriptors:${what}`))
  return keys
}

/**
 * What is counted where file descriptors are scarce: clients that were answered 503, requests that got no connection to a
 * server, and connections the system could not accept.
 */
export const descriptorCounts = ['refused', 'unconnected', 'unaccepted'] as const

/** What is counted of the cache, by its key in the ledger. */
export const cacheResults = [
  'hit',
  'stale',
  'collapsed',
  'revalidated',
  'miss',
  'pass',
] as const satisfies CacheResult[]

/** And what came of fetches in the background for what is stale. */
export const cacheRefreshes = ['refreshed', 'refreshFailed'] as const

class GateTally {
  readonly admitted: Counter
  readonly waited: Counter
  readonly #refused = new Map<Cause, Counter>()

  constructor(ledger: Ledger, key: string, causes: readonly Cause[]) {
    this.admitted = ledger.counter(`${key}:admitted`)
    this.waited = ledger.counter(`${key}:waited`)
    for (const cause of causes) this.#refused.set(cause, ledger.counter(`${key}:${cause}`))
  }

  refused(cause: Cause): void {
    this.#refused.get(cause)?.add(1)
  }
}

/** What is counted of the exchanges on one route. */
interface RouteTally {
  readonly route: GateTally
  readonly pool: GateTally
  readonly streams: GateTally
  readonly requests: Counter
  readonly poolRequests: Counter
  readonly queue: Histogram
  readonly firstByte: Histogram
  readonly total: Histogram
}

export class Counters implements Counted {
  readonly #requests: Counter
  readonly #causes = new Map<Cause, Counter>()
  readonly #routes = new Map<Route, RouteTally>()
  readonly #listeners = new Map<string, GateTally>()
  readonly #cached = new Map<CacheResult, Counter>()
  readonly #refreshed: Counter
  readonly #refreshFailed: Counter
  readonly #unconnected: Counter
  readonly #refused: Counter
  readonly #unaccepted: Counter

  constructor(ledger: Ledger, config: Config, routes: readonly Route[]) {
    this.#requests = ledger.counter('requests')
    for (const result of cacheResults) this.#cached.set(result, ledger.counter(`cache:${result}`))
    this.#refreshed = ledger.counter('cache:refreshed')
    this.#refreshFailed = ledger.counter('cache:refreshFailed')
    this.#unconnected = ledger.counter('descriptors:unconnected')
    this.#refused = ledger.counter('descriptors:refused')
    this.#unaccepted = ledger.counter('descriptors:unaccepted')
    for (const cause of causeNames) this.#causes.set(cause, ledger.counter(`cause:${cause}`))
    for (const { name } of config.listeners) {
      this.#listeners.set(name, new GateTally(ledger, `listener:${name}`, listenerCauses))
    }
    for (const route of routes) {
      const { name, to } = route.config
      this.#routes.set(route, {
        route: new GateTally(ledger, `route:${name}`, gateCauses.route),
        pool: new GateTally(ledger, `pool:${to}`, gateCauses.pool),
        streams: new GateTally(ledger, `streams:${to}`, gateCauses.streams),
        requests: ledger.counter(`route:${name}:requests`),
        poolRequests: ledger.counter(`pool:${to}:requests`),
        queue: ledger.histogram(`pool:${to}:queue`),
        firstByte: ledger.histogram(`pool:${to}:firstByte`),
        total: ledger.histogram(`pool:${to}:total`),
      })
    }
  }

  began(): void {
    this.#requests.add(1)
  }

  ended(
    route: Route | null,
    ofRoute: boolean,
    server: Server | null,
    cause: Cause | null,
    queued: number,
    firstByte: number,
    total: number,
  ): void {
    if (cause !== null) this.#causes.get(cause)?.add(1)
    if (cause === 'local_resources') this.#unconnected.add(1)
    const at = route === null ? undefined : this.#routes.get(route)
    if (at === undefined) return
    at.requests.add(1)
    at.poolRequests.add(1)
    if (firstByte >= 0) {
      at.pool.admitted.add(1)
      at.queue.record(queued)
      at.firstByte.record(firstByte)
      at.total.record(total)
    }
    if (cause === null || route === null) return
    route.pool.ended.ended(cause)
    if (server !== null) route.pool.tallies[server.index]!.ended(cause)
    if (cause === 'streams_full') at.streams.refused(cause)
    else (ofRoute || cause === 'route_full' ? at.route : at.pool).refused(cause)
  }

  cached(result: CacheResult): void {
    this.#cached.get(result)?.add(1)
  }

  refreshed(ok: boolean): void {
    ;(ok ? this.#refreshed : this.#refreshFailed).add(1)
  }

  joined(route: Route, ofRoute: boolean): void {
    const at = this.#routes.get(route)
    ;(ofRoute ? at?.route : at?.pool)?.waited.add(1)
  }

  /** A connection joined a listener's line. */
  waits(listener: string): void {
    this.#listeners.get(listener)?.waited.add(1)
  }

  /** A connection got its place at a listener. */
  entered(listener: string): void {
    this.#listeners.get(listener)?.admitted.add(1)
  }

  /** A connection was turned away; no exchange stands for it. */
  turnedAway(listener: string, cause: Cause): void {
    this.#listeners.get(listener)?.refused(cause)
    this.#causes.get(cause)?.add(1)
    if (cause === 'local_resources') this.#refused.add(1)
  }

  /** The system could not accept a connection. */
  acceptFailed(): void {
    this.#unaccepted.add(1)
  }
}
