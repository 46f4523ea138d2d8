/** The few lines that say what was started: where it listens, what stands behind it, which limits hold, what may be stored. */
import { addressText } from '../config/address.ts'
import { type Config, type ListenerConfig, type PoolConfig, UNLIMITED } from '../config/model.ts'
import { duration, size } from '../config/quantity.ts'
import type { Paint } from './style.ts'

/** `addresses`: the bound addresses by listener, where port 0 has become a port. */
export function greeting(
  config: Config,
  addresses: Readonly<Record<string, readonly string[]>>,
  from: string,
  paint: Paint,
): string[] {
  const { threads, listeners, pools } = config
  return [
    `${paint('bold', 'headgate')} runs ${from}, on ${many(threads, 'thread')}`,
    ...listeners.map((listener) => `  listener ${listener.name}: ${listenerLine(listener, addresses[listener.name])}`),
    ...pools.map((pool) => `  pool ${pool.name}: ${poolLine(pool)}`),
    ...cacheLines(config),
  ]
}

function listenerLine(
  { bind, maxConnections, whenFull }: ListenerConfig,
  bound: readonly string[] | undefined,
): string {
  const where = (bound ?? bind.map(addressText)).join(', ')
  const surplus = whenFull === null ? 'more are refused' : `${whenFull.max} more may wait ${duration(whenFull.timeout)}`
  return `${where}, ${limit(maxConnections, 'connection')}${maxConnections === UNLIMITED ? '' : `, ${surplus}`}`
}

function poolLine({ servers, balance, maxConnections, queue }: PoolConfig): string {
  const parts = [`${many(servers.length, 'server')} (${servers.map(serverText).join(', ')})`]
  if (servers.length > 1) parts.push(balance.policy)
  if (maxConnections !== UNLIMITED) parts.push(`${limit(maxConnections, 'request')} in all`)
  parts.push(queue.max === 0 ? 'no queue' : `queue of ${queue.max}, ${duration(queue.timeout)} at most`)
  return parts.join(', ')
}

/** None where no route caches: then there is no store. */
function cacheLines({ cache, routes }: Config): string[] {
  const caching = routes.filter((route) => route.cache !== null).length
  if (caching === 0) return []
  return [`  cache: ${size(cache.size)} for ${many(caching, 'route')}`]
}

function serverText({ name, maxConnections }: PoolConfig['servers'][number]): string {
  return maxConnections === UNLIMITED ? name : `${name} max ${maxConnections}`
}

function limit(n: number, what: string): string {
  return n === UNLIMITED ? `any number of ${what}s` : `at most ${many(n, what)}`
}

/** `1 thread`, `2 threads`. */
export function many(n: number, what: string): string {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
}
