/**
 * Which route a request takes. The most specific one wins, whatever the order in the file: an exact host before a
 * wildcard (the longer first) before any host, then the longest path prefix by whole segments. Looking one up costs the
 * number of path segments, not the number of routes.
 *
 * Paths are matched as they are written, and servers may decode them further. So a path may be sent to one route and mean,
 * to the server there, a page that the configuration gives to another: see `strays`.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Cause } from '../../base/cause.ts'
import { isForeign, isOdd, meanings, meaningsOfWritten, pathOf } from '../../cache/key/paths.ts'
import type { RouteConfig } from '../../config/model.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { RouteCache } from '../cache/route-cache.ts'
import type { Upstream } from './upstream.ts'

/** The gates of an exchange that have a queue. */
export type ExchangeGate = 'route' | 'pool'

/** Counts the exchanges on one route; see ExchangeCounters. */
export interface RouteCounters {
  joined(gate: ExchangeGate): void
  ended(gate: ExchangeGate, cause: Cause | null, queued: number, firstByte: number, total: number): void
}

/** A route in use: its own limit and the pool behind it. */
export interface Route {
  readonly config: RouteConfig
  readonly upstream: Upstream
  /** Its requests at once. */
  readonly slots: Slots
  /** null: the route has no limit of its own. */
  readonly gate: Gate<Slots> | null
  /** null: nothing is stored. */
  readonly cache: RouteCache | null
  readonly counters: RouteCounters
}

/** An odd path that is longer is not decoded, but taken for one that strays. */
const LONGEST_READ = 1024

/** All that is needed to find a route. */
interface Found {
  readonly config: RouteConfig
}

export class Routes<R extends Found = Route> {
  /** Whether any of them caches. */
  readonly caches: boolean
  readonly #written = new Table<R>()
  /** The same by what servers may decode their paths to; null until a request needs it. */
  #meant: Table<R> | null = null
  /** Paths make a difference at all. */
  readonly #byPath: boolean
  /** And so do letters beyond ASCII. */
  readonly #foreign: boolean

  /** The routes of one listener. Of two that are alike the first counts. */
  constructor(routes: readonly R[], listener: string) {
    const here = routes.filter(({ config: { listeners } }) => listeners.length === 0 || listeners.includes(listener))
    for (const route of here) this.#written.put(route)
    this.caches = here.some(({ config }) => config.cache !== null)
    this.#byPath = here.some(({ config }) => config.path !== '/')
    this.#foreign = here.some(({ config }) => isForeign(config.path))
  }

  /** `host`: lower case, without port. `path`: path and query as received. */
  match(host: string, path: string): R | null {
    return this.#written.match(host, path)
  }

  /**
   * Whether a request on this route may ask its server for what belongs to another route, or to none, and must not be
   * cached here. The path of the route itself means what is written there.
   */
  strays(route: R, host: string, path: string): boolean {
    if (!this.#byPath) return false
    const own = route.config.path
    if (!isOdd(path, own === '/' ? 0 : own.length, this.#foreign)) return false
    const whole = pathOf(path)
    // Decoding it takes long, and no client may keep a thread busy with that.
    if (whole.length > LONGEST_READ) return true
    this.#meant ??= this.#written.meant()
    for (const meaning of meanings(whole)) {
      const other = this.#meant.match(host, meaning)
      if (other !== route && !isDeepStrictEqual(other?.config.cache, route.config.cache)) return true
    }
    return false
  }
}

/** Routes by host. */
class Table<R extends Found> {
  readonly #hosts: Map<string, ByPath<R>>
  readonly #below: Map<string, ByPath<R>>
  readonly #any: ByPath<R>

  constructor(hosts = new Map<string, ByPath<R>>(), below = new Map<string, ByPath<R>>(), any = new ByPath<R>()) {
    this.#hosts = hosts
    this.#below = below
    this.#any = any
  }

  put(route: R): void {
    const { hosts, path } = route.config
    if (hosts.length === 0) this.#any.put(path, route)
    for (const host of hosts) {
      const wild = host.startsWith('*.')
      const table = wild ? this.#below : this.#hosts
      const key = wild ? host.slice(1) : host
      if (!table.has(key)) table.set(key, new ByPath())
      table.get(key)!.put(path, route)
    }
  }

  match(host: string, path: string): R | null {
    if (this.#hosts.size > 0) {
      const found = this.#hosts.get(host)?.find(path)
      if (found) return found
    }
    if (this.#below.size > 0) {
      for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        const found = this.#below.get(host.slice(dot))?.find(path)
        if (found) return found
      }
    }
    return this.#any.find(path)
  }

  meant(): Table<R> {
    return new Table(meantBy(this.#hosts), meantBy(this.#below), this.#any.meant())
  }
}

function meantBy<R extends Found>(hosts: Map<string, ByPath<R>>): Map<string, ByPath<R>> {
  return new Map([...hosts].map(([host, routes]) => [host, routes.meant()]))
}

/** Routes by path. */
class ByPath<R extends Found> {
  readonly #routes = new Map<string, R>()
  /** Length of the longest one. */
  #longest = 0

  put(path: string, route: R): void {
    const key = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    if (this.#routes.has(key)) return
    this.#routes.set(key, route)
    this.#longest = Math.max(this.#longest, key.length)
  }

  find(path: string): R | null {
    const routes = this.#routes
    const root = routes.get('/') ?? null
    if (routes.size === (root === null ? 0 : 1)) return root
    const query = path.indexOf('?')
    let end = query < 0 ? path.length : query
    if (end > this.#longest) end = path.lastIndexOf('/', this.#longest)
    while (end > 0) {
      const route = routes.get(path.slice(0, end))
      if (route !== undefined) return route
      end = path.lastIndexOf('/', end - 1)
    }
    return root
  }

  /** A path that may mean two of them is taken for the one that does not cache. */
  meant(): ByPath<R> {
    const all = new ByPath<R>()
    const { yes = [], no = [] } = Object.groupBy(this.#routes, ([, { config }]) =>
      config.cache === null ? 'no' : 'yes',
    )
    for (const [path, route] of [...no, ...yes]) for (const one of meaningsOfWritten(path)) all.put(one, route)
    return all
  }
}
