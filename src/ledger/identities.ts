/**
 * What the ledger keeps for a configuration, by identity: a listener's or route's name, a pool's name and a server's
 * address. The same identity in another configuration is the same thing, and keeps its counts.
 */
import { attemptCauses, errorStatuses, statusClasses, systemCodes } from '../base/attempt-causes.ts'
import { causeNames } from '../base/cause.ts'
import type { Limits } from './limits.ts'
import { occupancyKeys } from './occupancy.ts'

/** What is wanted beyond the standard keys: names only, all zero at the start. */
export interface MoreKeys {
  readonly cells?: readonly string[]
  readonly counters?: readonly string[]
  readonly gauges?: readonly string[]
  readonly histograms?: readonly string[]
}

/**
 * Standard counters by kind; a counter's key is `listener:web:requests`, `server:shop/10.0.0.1:80:failures` … A server's
 * count attempts: `requests` that were begun, and their results; one exchange may be tried at several servers.
 */
export const counterNames = {
  listener: ['connections', 'refused', 'requests', 'bytesIn', 'bytesOut'],
  route: ['requests'],
  pool: ['requests', ...causeNames.map((cause) => `ended:${cause}`)],
  server: [
    'requests',
    'responses',
    'progress',
    ...statusClasses,
    ...errorStatuses.map((status) => `status:${status}`),
    'failures',
    'retried',
    ...attemptCauses.map((cause) => `failed:${cause}`),
    ...systemCodes.map((code) => `code:${code}`),
    ...causeNames.map((cause) => `ended:${cause}`),
  ],
} as const
/** Standard histograms of each pool, in ms; key `pool:shop:queue`. */
export const histogramNames = ['queue', 'connect', 'firstByte', 'total'] as const

/** Keys of all that a configuration counts. Each list has a key once. */
export interface Identities {
  /** By key the limit, and the key of the slot around it; null: there is none. */
  readonly slots: ReadonlyMap<string, { readonly limit: number; readonly around: string | null }>
  /** By key the bound, and the keys of the slots that are handed to those that wait in it. */
  readonly queues: ReadonlyMap<string, { readonly bound: number; readonly slots: readonly string[] }>
  readonly cells: readonly string[]
  readonly counters: readonly string[]
  readonly gauges: readonly string[]
  readonly histograms: readonly string[]
}

/**
 * Keys: `listener:web`, `route:name`, `pool:shop`, `server:shop/name`, `streams:shop` (slots); `queue:listener:web`,
 * `queue:route:name`, `queue:pool:shop` (queues); `cause:queue_full` and the standard names (counters);
 * `server:shop/name:idle` (gauges).
 */
export function identitiesOf(config: Limits, more: MoreKeys = {}): Identities {
  const slots = new Map<string, { limit: number; around: string | null }>()
  const queues = new Map<string, { bound: number; slots: readonly string[] }>()
  const counters: string[] = ['requests', ...causeNames.map((cause) => `cause:${cause}`)]
  const gauges: string[] = occupancyKeys(config)
  const histograms: string[] = []

  for (const { name, maxConnections, whenFull } of config.listeners) {
    const key = `listener:${name}`
    slots.set(key, { limit: maxConnections, around: null })
    queues.set(`queue:${key}`, { bound: whenFull?.max ?? 0, slots: [key] })
    for (const counter of counterNames.listener) counters.push(`${key}:${counter}`)
    gauges.push(`${key}:idle`)
  }
  for (const { name, maxConnections, queue } of config.routes) {
    const key = `route:${name}`
    slots.set(key, { limit: maxConnections, around: null })
    queues.set(`queue:${key}`, { bound: queue.max, slots: [key] })
    for (const counter of counterNames.route) counters.push(`${key}:${counter}`)
  }
  for (const { name, maxConnections, queue, servers, streams } of config.pools) {
    const key = `pool:${name}`
    slots.set(key, { limit: maxConnections, around: null })
    slots.set(`streams:${name}`, { limit: streams.max, around: null })
    const own = servers.map((server) => `server:${name}/${server.name}`)
    servers.forEach((server, i) => {
      slots.set(own[i]!, { limit: server.maxConnections, around: key })
      for (const counter of counterNames.server) counters.push(`${own[i]}:${counter}`)
      gauges.push(`${own[i]}:idle`)
    })
    queues.set(`queue:${key}`, { bound: queue.max, slots: own })
    for (const counter of counterNames.pool) counters.push(`${key}:${counter}`)
    for (const histogram of histogramNames) histograms.push(`${key}:${histogram}`)
  }
  return {
    slots,
    queues,
    cells: [...new Set(more.cells)],
    counters: [...new Set([...counters, ...(more.counters ?? [])])],
    gauges: [...new Set([...gauges, ...(more.gauges ?? [])])],
    histograms: [...new Set([...histograms, ...(more.histograms ?? [])])],
  }
}

/** All that any of several configurations counts. Limits and bounds are those of the first that has them. */
export function togetherOf([first, ...others]: readonly [Identities, ...Identities[]]): Identities {
  const slots = new Map(first.slots)
  const queues = new Map(first.queues)
  for (const other of others) {
    for (const [key, slot] of other.slots) if (!slots.has(key)) slots.set(key, slot)
    for (const [key, queue] of other.queues) {
      const { bound, slots: own } = queues.get(key) ?? queue
      queues.set(key, { bound, slots: [...new Set([...own, ...queue.slots])] })
    }
  }
  const all = [first, ...others]
  return {
    slots,
    queues,
    cells: [...new Set(all.flatMap(({ cells }) => cells))],
    counters: [...new Set(all.flatMap(({ counters }) => counters))],
    gauges: [...new Set(all.flatMap(({ gauges }) => gauges))],
    histograms: [...new Set(all.flatMap(({ histograms }) => histograms))],
  }
}
