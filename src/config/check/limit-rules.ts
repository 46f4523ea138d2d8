/** Rules about limits: what is let in against what can be held. */
import { UNLIMITED } from '../model.ts'
import { count } from '../refusal.ts'
import type { Check } from './ground.ts'
import { capacityOf, serversAtWork, sumText } from './ground.ts'

const listenerExceedsPools: Check = (ground) => {
  for (const listener of ground.config.listeners) {
    // Where no connection is to wait outside, a surplus is room for idle clients, as every listener needs it.
    if (listener.whenFull === null || !ground.isWritten(['listeners', listener.name, 'maxConnections'])) continue
    if (listener.maxConnections === UNLIMITED) continue
    const routes = ground.routesOf(listener)
    const pools = [...new Set(routes.map(({ to }) => to))].map((name) => ground.pool(name))
    if (pools.length === 0 || pools.some((pool) => capacityOf(pool) === UNLIMITED)) continue
    let atServers = 0
    let waiting = 0
    for (const pool of pools) {
      atServers += capacityOf(pool)
      waiting += pool.queue.max
    }
    for (const route of routes) if (route.maxConnections < UNLIMITED) waiting += route.queue.max
    const surplus = listener.maxConnections - atServers - waiting
    if (surplus <= 0) continue
    const sums = pools.map((pool) => `${pool.name}: ${sumText(pool)}`).join(', ')
    ground.say('listener-exceeds-pools', ['listeners', listener.name, 'whenFull'], {
      says: `nobody waits at listener ${listener.name} before ${listener.maxConnections} connections are open, but behind it only ${atServers} requests fit at the servers (${sums}) and ${waiting} in queues: the next ones are refused there, although clients are to wait`,
      fix: `let them wait there: raise queue.max of the ${pools.length === 1 ? 'pool' : 'pools'} by ${surplus}; or write whenFull: 'refuse'`,
    })
  }
}

const queueWithoutLimit: Check = (ground) => {
  for (const pool of ground.config.pools) {
    if (pool.queue.max === 0 || capacityOf(pool) < UNLIMITED) continue
    const open = serversAtWork(pool).filter(({ maxConnections }) => maxConnections === UNLIMITED)
    ground.say('queue-without-limit', ['pools', pool.name, 'queue', 'max'], {
      says: `nobody will ever wait in the queue of pool ${pool.name}: ${open.map(({ name }) => name).join(', ')} ${open.length === 1 ? 'has' : 'have'} no maxConnections, and neither has the pool`,
      fix: 'give every server maxConnections, as many as it can serve well at once; or remove the queue',
    })
  }
  for (const [index, route] of ground.config.routes.entries()) {
    if (route.queue.max === 0 || route.maxConnections < UNLIMITED) continue
    ground.say('queue-without-limit', ['routes', index, 'queue', 'max'], {
      says: `nobody will ever wait in the queue of route ${route.name}: it has no maxConnections`,
      fix: 'give the route maxConnections, or move the queue to its pool',
    })
  }
}

const noQueue: Check = (ground) => {
  for (const pool of ground.config.pools) {
    const capacity = capacityOf(pool)
    if (pool.queue.max > 0 || capacity === UNLIMITED) continue
    ground.say('no-queue', ['pools', pool.name], {
      says: `pool ${pool.name} holds ${count(capacity, 'request')} and has no queue: the next one is refused at once, even in a burst of a moment`,
      fix: `add queue: { max: ${Math.max(1, Math.round(capacity / 5))}, timeout: '2s' } if a short wait is better than a refusal`,
    })
  }
}

const poolLimitAboveServers: Check = (ground) => {
  for (const pool of ground.config.pools) {
    if (pool.maxConnections === UNLIMITED || pool.servers.some(({ maxConnections }) => maxConnections === UNLIMITED))
      continue
    const sum = pool.servers.reduce((total, server) => total + server.maxConnections, 0)
    if (pool.maxConnections <= sum) continue
    ground.say('pool-limit-above-servers', ['pools', pool.name, 'maxConnections'], {
      says: `pool ${pool.name} may hold ${pool.maxConnections} requests, but its servers only ${sum}`,
      fix: `remove it, or lower it to below ${sum}, or raise maxConnections of the servers`,
    })
  }
}

const routeLimitAbovePool: Check = (ground) => {
  for (const [index, route] of ground.config.routes.entries()) {
    const capacity = capacityOf(ground.pool(route.to))
    if (route.maxConnections === UNLIMITED || capacity === UNLIMITED || route.maxConnections <= capacity) continue
    ground.say('route-limit-above-pool', ['routes', index, 'maxConnections'], {
      says: `route ${route.name} may have ${route.maxConnections} requests, but pool ${route.to} holds only ${capacity}`,
      fix: `lower it to below ${capacity}, so that something is left for other routes, or remove it`,
    })
  }
}

const streamsAboveListeners: Check = (ground) => {
  const { listeners } = ground.config
  const clients = listeners.reduce((total, { maxConnections }) => Math.min(UNLIMITED, total + maxConnections), 0)
  for (const pool of ground.config.pools) {
    const path = ['pools', pool.name, 'streams', 'max']
    if (pool.streams.max === UNLIMITED || pool.streams.max <= clients || !ground.isWritten(path)) continue
    ground.say('streams-above-listeners', path, {
      says: `pool ${pool.name} may have ${pool.streams.max} streams, but the listeners let in only ${clients} connections`,
      fix: `lower it below ${clients}, so that streams leave room for requests, or raise maxConnections of the listeners`,
    })
  }
}

const retriesExceedServers: Check = (ground) => {
  for (const pool of ground.config.pools) {
    const path = ['pools', pool.name, 'retries']
    const others = pool.servers.length - 1
    if (pool.retries <= others || !ground.isWritten(path)) continue
    ground.say('retries-exceed-servers', path, {
      says: `pool ${pool.name} has ${count(others, 'other server')} to try, so ${pool.retries} retries are never made`,
      fix: `write ${others}, or add servers; each server is tried once only`,
    })
  }
}

const allWeightsZero: Check = (ground) => {
  for (const pool of ground.config.pools) {
    if (pool.servers.some(({ weight }) => weight > 0)) continue
    ground.say('all-weights-zero', ['pools', pool.name, 'servers'], {
      says: `every server of pool ${pool.name} has weight 0, which leaves only clients with a sticky cookie`,
      fix: 'give at least one server a weight of 1 or more',
    })
  }
}

export const limitRules: readonly Check[] = [
  listenerExceedsPools,
  queueWithoutLimit,
  noQueue,
  poolLimitAboveServers,
  routeLimitAbovePool,
  streamsAboveListeners,
  retriesExceedServers,
  allWeightsZero,
]
