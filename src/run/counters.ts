/** What is counted beyond the ledger's standard keys, and the counters of one gate. */
import type { Cause } from '../base/cause.ts'
import type { Config } from '../config/model.ts'
import type { CacheResult } from '../exchange/cache/cache-report.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** The causes with which each kind of gate turns away. */
export const gateCauses = {
  listener: ['listener_full', 'listener_wait_timeout'],
  route: ['route_full', 'queue_full', 'queue_timeout'],
  pool: ['pool_full', 'queue_full', 'queue_timeout', 'no_server'],
  streams: ['streams_full'],
} as const satisfies Record<string, readonly Cause[]>

/** What a listener turns clients away with: its gate's causes, and one that is not the listener's. */
export const listenerCauses = [...gateCauses.listener, 'local_resources'] as const satisfies Cause[]

/** Keys of what each gate counts (`pool:shop:admitted`): admitted, waited, and turned away by cause. */
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

/** And the results of fetches in the background for what is stale. */
export const cacheRefreshes = ['refreshed', 'refreshFailed'] as const

/** Counts at one gate, by its key in the ledger. */
export class GateCounters {
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
