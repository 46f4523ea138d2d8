/**
 * Which route a request takes. The most specific one wins, whatever the order in the file: an exact host before a
 * wildcard (the longer first) before any host, then the longest path prefix by whole segments. Looking one up costs the
 * number of path segments, not the number of routes.
 */
import type { RouteConfig } from '../config/model.ts'
import type { Gate } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { RouteCache } from './route-cache.ts'
import type { Upstream } from './upstream.ts'

/** A route as it acts: its own limit and the pool behind it. */
export interface Route {
  readonly config: RouteConfig
  readonly pool: Upstream
  /** Its requests at once. */
  readonly slots: Slots
  /** null: the route has no limit of its own. */
  readonly gate: Gate<Slots> | null
  /** null: nothing is stored. */
  readonly cache: RouteCache | null
}

/** All that finding a route asks of it. */
interface Found {
  readonly config: RouteConfig
}

type Paths<R> = Map<string, R>

export class Routes<R extends Found = Route> {
  readonly #hosts = new Map<string, Paths<R>>()
  readonly #below = new Map<string, Paths<R>>()
  readonly #any: Paths<R> = new Map()

  /** The routes of one listener. Of two that are alike the first counts. */
  constructor(routes: readonly R[], listener: string) {
    for (const route of routes) {
      const { hosts, path, listeners } = route.config
      if (listeners.length > 0 && !listeners.includes(listener)) continue
      if (hosts.length === 0) put(this.#any, path, route)
      for (const host of hosts) {
        const wild = host.startsWith('*.')
        put(pathsOf(wild ? this.#below : this.#hosts, wild ? host.slice(1) : host), path, route)
      }
    }
  }

  /** `host`: lower case, without port. `path`: path and query as received. */
  match(host: string, path: string): R | null {
    if (this.#hosts.size > 0) {
      const exact = this.#hosts.get(host)
      const found = exact && longest(exact, path)
      if (found) return found
    }
    if (this.#below.size > 0) {
      for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        const below = this.#below.get(host.slice(dot))
        const found = below && longest(below, path)
        if (found) return found
      }
    }
    return longest(this.#any, path)
  }
}

function pathsOf<R>(hosts: Map<string, Paths<R>>, host: string): Paths<R> {
  let paths = hosts.get(host)
  if (paths === undefined) {
    paths = new Map()
    hosts.set(host, paths)
  }
  return paths
}

function put<R>(paths: Paths<R>, path: string, route: R): void {
  const key = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (!paths.has(key)) paths.set(key, route)
}

function longest<R>(paths: Paths<R>, path: string): R | null {
  const root = paths.get('/') ?? null
  if (paths.size === (root === null ? 0 : 1)) return root
  const query = path.indexOf('?')
  let end = query < 0 ? path.length : query
  while (end > 0) {
    const route = paths.get(path.slice(0, end))
    if (route !== undefined) return route
    end = path.lastIndexOf('/', end - 1)
  }
  return root
}
