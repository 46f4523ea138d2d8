/** The memory of the cache, and whether what is removed from it could be fetched again. */
import type { NamedUrl } from '../../cache/key/named-url.ts'
import type { Config, RouteConfig } from '../../config/model.ts'
import { Routes } from '../../exchange/routing/route.ts'
import { createStoreMemory, type StoreMemory } from '../../store/memory.ts'
import { planStore } from '../../store/store-plan.ts'
import type { Usage } from '../status/usage.ts'

/** What is to be removed, as far as it decides between routes; null: any. */
export interface Concern {
  /** Without or with a port. */
  readonly host: string | null
  readonly path: string | null
  /** Whether the path is a whole one; else it is the beginning of paths. */
  readonly whole: boolean
}

/** What keeps servers from carrying more. */
export interface Saturation {
  /** In words. */
  readonly reason: string
  /** Path of the setting of that route or pool. */
  readonly place: string
}

/** Whether a route may get requests for what is meant. */
export function concerned({ hosts, path }: RouteConfig, meant: Concern): boolean {
  if (meant.host !== null && hosts.length > 0) {
    const host = meant.host.replace(/:\d+$/, '')
    if (!hosts.some((one) => (one.startsWith('*.') ? host.endsWith(one.slice(1)) : one === host))) return false
  }
  if (meant.path === null) return true
  const below = path.endsWith('/') ? path.slice(0, -1) : path
  return meant.path.startsWith(below) || (!meant.whole && below.startsWith(meant.path))
}

/**
 * The routes that cache and may hold what is meant. Where a key has no host or no path, a removal that names one concerns
 * all that it could mean.
 */
export function holders<R extends RouteConfig>(caching: readonly R[], meant: Concern): R[] {
  return caching.filter((route) => {
    const { host = true, path = true } = route.cache?.key ?? {}
    return concerned(route, { ...meant, host: host ? meant.host : null, path: path ? meant.path : null })
  })
}

/** The same for a whole URL: of the routes whose keys tell all of it, only those that a request for it takes. */
export function holdersOf<R extends RouteConfig>(config: Config, caching: readonly R[], { head }: NamedUrl): R[] {
  const routes = config.routes.map((route) => ({ config: route }))
  const taken = config.listeners.map(({ name }) => new Routes(routes, name).match(head.host, head.path)?.config)
  const meant = { host: head.host, path: head.path, whole: true }
  return holders(caching, meant).filter((route) => {
    const { host = true, path = true } = route.cache?.key ?? {}
    return !(host && path) || taken.includes(route)
  })
}

/**
 * Why what these routes would fetch again could not be fetched at once: the first of their limits and pools where
 * requests wait or none is admitted. Null: it could.
 */
export function saturation(config: Config, usage: Usage, routes: readonly string[]): Saturation | null {
  const concernedRoutes = config.routes.filter(({ name }) => routes.includes(name))
  for (const [index, { name, inUse, limit, waiting }] of usage.routes.entries()) {
    if (!routes.includes(name)) continue
    const place = `routes[${index}]`
    if (waiting > 0) return { reason: `${waits(waiting)} in the queue of route ${name}`, place }
    if (inUse >= limit) return { reason: `all slots of route ${name} are in use`, place }
  }
  for (const { name, inUse, limit, waiting, servers } of usage.pools) {
    if (!concernedRoutes.some(({ to }) => to === name)) continue
    const place = `pools.${name}`
    if (waiting > 0) return { reason: `${waits(waiting)} in the queue of pool ${name}`, place }
    const ready = servers.filter(({ adminState, health }) => adminState === 'ready' && health !== 'down')
    if (ready.length === 0) return { reason: `no server of pool ${name} takes requests`, place }
    if (inUse >= limit || ready.every((server) => server.inUse >= server.limit))
      return { reason: `all slots of pool ${name} are in use`, place }
  }
  return null
}

function waits(n: number): string {
  return n === 1 ? 'a request waits' : `${n} requests wait`
}

/** The log message when parts of the store were lost with a thread. `parts`: all there are. */
export function lostLine(thread: number, lost: number, parts: number): string {
  const what =
    lost === 1
      ? `1 of the ${parts} parts of the cache was emptied`
      : `${lost} of the ${parts} parts of the cache were emptied`
  return `thread ${thread} died while it changed the cache: ${what}, as the state it left them in is unknown; what was stored there is fetched again on demand, and nothing needs to be done`
}

/** The memory of the cache; null where no route has one. */
export function storeOf(config: Config): StoreMemory | null {
  if (config.routes.every(({ cache }) => cache === null)) return null
  const { size, maxObject } = config.cache
  const longest = Math.min(maxObject, Math.floor(size / 4))
  return createStoreMemory(planStore({ bytes: size, threads: config.threads, maxObject: longest }))
}
