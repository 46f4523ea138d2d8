/** Rules about where requests go, where they come from, and where we stand. */
import { addressText } from '../address.ts'
import type { RouteConfig } from '../model.ts'
import type { Check } from './ground.ts'

const unreachableRoute: Check = (ground) => {
  const { routes } = ground.config
  for (const [index, route] of routes.entries()) {
    // The most specific route wins, so a route is only ever hidden by an earlier one for the same host and path.
    const hiding = hostsOf(route).map((host) => routes.slice(0, index).find((earlier) => hides(earlier, route, host)))
    const hidden = hostsOf(route).filter((_, i) => hiding[i] !== undefined)
    if (hidden.length === 0) continue
    const names = [...new Set(hiding.flatMap((earlier) => (earlier === undefined ? [] : [earlier.name])))]
    const all = hidden.length === hostsOf(route).length
    const forHosts = all ? '' : ` for ${hidden.join(', ')}`
    ground.say('unreachable-route', ['routes', index], {
      says: `route ${route.name} gets no request${forHosts}: ${names.join(', ')} takes the same host and path and comes before it`,
      fix: all ? 'remove it, or give it another host or path' : `remove ${hidden.join(', ')} from one of the two`,
    })
  }
}

function hostsOf(route: RouteConfig): readonly string[] {
  return route.hosts.length === 0 ? ['any host'] : route.hosts
}

function hides(earlier: RouteConfig, route: RouteConfig, host: string): boolean {
  if (earlier.path !== route.path || !hostsOf(earlier).includes(host)) return false
  if (earlier.listeners.length === 0) return true
  return route.listeners.length > 0 && route.listeners.every((name) => earlier.listeners.includes(name))
}

const unusedPool: Check = (ground) => {
  const used = new Set(ground.config.routes.map(({ to }) => to))
  for (const { name } of ground.config.pools) {
    if (used.has(name)) continue
    ground.say('unused-pool', ['pools', name], {
      says: `no route leads to pool ${name}`,
      fix: `add a route with to: '${name}', or remove the pool`,
    })
  }
}

const listenerWithoutRoute: Check = (ground) => {
  for (const listener of ground.config.listeners) {
    if (ground.routesOf(listener).length > 0) continue
    ground.say('listener-without-route', ['listeners', listener.name], {
      says: `no route applies to listener ${listener.name}, so every request there gets 404`,
      fix: `add a route for it, or '${listener.name}' to the listeners of one`,
    })
  }
}

const trustedEveryone: Check = (ground) => {
  for (const { name, trustedProxies } of ground.config.listeners) {
    const all = trustedProxies.find((network) => network.endsWith('/0'))
    if (all === undefined) continue
    ground.say('trusted-everyone', ['listeners', name, 'trustedProxies'], {
      says: `${all} trusts everybody as a proxy: any client can claim to be any address`,
      fix: "name the addresses of the proxies before this one, or write 'private' or 'loopback'",
    })
  }
}

const privilegedPort: Check = (ground) => {
  const { firstFreePort } = ground.machine
  if (firstFreePort === undefined) return
  for (const { name, bind } of ground.config.listeners) {
    for (const address of bind) {
      if (!('port' in address) || address.port === 0 || address.port >= firstFreePort) continue
      ground.say('privileged-port', ['listeners', name, 'bind'], {
        says: `this user may not listen on ${addressText(address)}: ports below ${firstFreePort} need a privilege`,
        fix: `use port ${firstFreePort} or above, or give the service CAP_NET_BIND_SERVICE (AmbientCapabilities= in systemd)`,
      })
    }
  }
}

export const reachRules: readonly Check[] = [
  unreachableRoute,
  unusedPool,
  listenerWithoutRoute,
  trustedEveryone,
  privilegedPort,
]
