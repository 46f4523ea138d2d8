/** Servers that are an address of this very Headgate: what is sent to them comes back, until loop detection ends it. */
import { isIP } from 'node:net'
import type { Machine } from './machine.ts'
import type { Address, Config, ListenerConfig, RouteConfig } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeAt } from './notice.ts'
import type { Places } from './places.ts'

/** A request that a route takes; only requests that come back to the same route make a circle. */
interface Sample {
  readonly host: string
  readonly path: string
}

/** One notice for each server that leads in a circle, or to an admin API that asks for no token. */
export function checkCircles(config: Config, places: Places, machine: Machine): Notice[] {
  const notices: Notice[] = []
  const told = new Set<string>()
  const say = (pool: string, index: number, says: string, fix: string): void => {
    const path = ['pools', pool, 'servers', index]
    const key = `${pool} ${index}`
    if (!told.has(key)) notices.push(noticeAt(places, path, 'value', 'points-at-itself', { says, fix }))
    told.add(key)
  }
  const own = machine.addresses ?? []

  for (const pool of config.pools) {
    const { admin } = config
    if (admin === null || !admin.required || admin.token !== null) continue
    for (const [index, { name, address }] of pool.servers.entries()) {
      if (!reaches(address, admin.bind, own)) continue
      const fix = 'write the address of the application, or give the admin API a token'
      say(pool.name, index, `${name} is the admin API of this Headgate: visitors could give it orders`, fix)
    }
  }
  for (const listener of config.listeners) {
    for (const route of config.routes) {
      const sample = sampleOf(route)
      if (routeFor(config, listener, sample) !== route) continue
      const pool = config.pools.find(({ name }) => name === route.to)
      for (const [index, { name, address }] of pool?.servers.entries() ?? []) {
        const first = listenerAt(config, address, own)
        if (first === null || !comesBack(config, first, { listener, route, sample }, own)) continue
        const says = `${name} is listener ${first.name} of this Headgate: what route ${route.name} sends there comes back to listener ${listener.name}, in a circle`
        say(route.to, index, says, 'write the address of the application, or let the listener have another port')
      }
    }
  }
  return notices
}

interface Begin {
  readonly listener: ListenerConfig
  readonly route: RouteConfig
  readonly sample: Sample
}

/** Whether a request that arrives at `at` can come to where it began. */
function comesBack(config: Config, at: ListenerConfig, begin: Begin, own: readonly string[]): boolean {
  const seen = new Set<ListenerConfig>()
  const open = [at]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const route = routeFor(config, next, begin.sample)
    if (next === begin.listener && route === begin.route) return true
    for (const { address } of config.pools.find(({ name }) => name === route?.to)?.servers ?? []) {
      const further = listenerAt(config, address, own)
      if (further !== null) open.push(further)
    }
  }
  return false
}

/** A request that is the route's by its host and path. */
function sampleOf({ hosts, path }: RouteConfig): Sample {
  // A name that no configuration has; below a wildcard any label does.
  return { host: hosts[0]?.replace('*', 'any') ?? 'any.invalid', path }
}

/** The route that takes a request: an exact host before a wildcard before any, then the longest path, then the first. */
function routeFor(config: Config, listener: ListenerConfig, { host, path }: Sample): RouteConfig | null {
  let best: RouteConfig | null = null
  let most = -1
  for (const route of config.routes) {
    if (route.listeners.length > 0 && !route.listeners.includes(listener.name)) continue
    if (route.path !== '/' && path !== route.path && !path.startsWith(`${route.path}/`)) continue
    const byHost = hostRank(route.hosts, host)
    const rank = byHost < 0 ? -1 : byHost * 10_000 + route.path.length
    if (rank > most) {
      best = route
      most = rank
    }
  }
  return best
}

function hostRank(hosts: readonly string[], host: string): number {
  if (hosts.length === 0) return 0
  if (hosts.includes(host)) return 1000
  return Math.max(-1, ...hosts.map((one) => (one.startsWith('*.') && host.endsWith(one.slice(1)) ? one.length : -1)))
}

function listenerAt(config: Config, address: Address, own: readonly string[]): ListenerConfig | null {
  return config.listeners.find(({ bind }) => bind.some((one) => reaches(address, one, own))) ?? null
}

/** Whether connecting to `server` reaches what listens at `bind`; `own` are the addresses of this machine. */
function reaches(server: Address, bind: Address, own: readonly string[]): boolean {
  if ('path' in server || 'path' in bind) return 'path' in server && 'path' in bind && server.path === bind.path
  if (server.port !== bind.port || bind.port === 0) return false
  const everywhere = bind.host === '' || bind.host === '::' || bind.host === '0.0.0.0'
  // What localhost stands for is IPv4 or IPv6, but one of them written out is that one alone.
  if (!everywhere)
    return (
      server.host === bind.host ||
      ([server.host, bind.host].includes('localhost') && isLoopbackName(server.host) && isLoopbackName(bind.host))
    )
  if (isIP(server.host) === 6 && bind.host === '0.0.0.0') return false
  return isLoopback(server.host) || server.host === '0.0.0.0' || server.host === '::' || own.includes(server.host)
}

/** The addresses that `localhost` stands for. */
function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

function isLoopback(host: string): boolean {
  return isLoopbackName(host) || (isIP(host) === 4 && host.startsWith('127.'))
}
