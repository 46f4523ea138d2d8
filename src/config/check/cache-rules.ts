/** Rules about what is stored: for which clients, for how long, and in how much room. */
import { defaults } from '../defaults.ts'
import type { RouteCacheConfig, RouteConfig } from '../model.ts'
import { duration, size } from '../quantity.ts'
import type { Check, Ground } from './ground.ts'

/** One answer may take this part of the store before it is worth a word: it would push out that much of the others. */
const LARGEST_SHARE = 4

interface Caching {
  readonly route: RouteConfig
  readonly cache: RouteCacheConfig
  readonly path: readonly (string | number)[]
}

function caching({ config }: Ground): Caching[] {
  return config.routes.flatMap((route, index) =>
    route.cache === null ? [] : [{ route, cache: route.cache, path: ['routes', index, 'cache'] }],
  )
}

const unusedCache: Check = (ground) => {
  if (!ground.isWritten(['cache']) || caching(ground).length > 0) return
  ground.say('unused-cache', ['cache'], {
    says: 'the store of the cache is configured, and no route caches',
    fix: 'add cache: true to a route, or remove it',
  })
}

const objectBeyondCache: Check = (ground) => {
  const { size: whole, maxObject } = ground.config.cache
  if (caching(ground).length === 0 || maxObject * LARGEST_SHARE <= whole) return
  ground.say(
    'object-beyond-cache',
    ground.isWritten(['cache', 'maxObject']) ? ['cache', 'maxObject'] : ['cache', 'size'],
    {
      says: `one answer may take ${size(maxObject)} of the ${size(whole)} for all: a few of them push out everything else`,
      fix: `lower cache.maxObject to '${size(Math.floor(whole / LARGEST_SHARE))}' or less, or raise cache.size`,
    },
  )
}

const graceBeyondPressure: Check = (ground) => {
  for (const { cache, path } of caching(ground)) {
    // The model has put the two in order already: equal means that the one that was written, or its default, is not longer.
    if (!ground.isWritten([...path, 'grace']) || cache.graceUnderPressure !== cache.grace) continue
    const grace = duration(cache.grace)
    if (ground.isWritten([...path, 'graceUnderPressure'])) {
      ground.say('grace-beyond-pressure', [...path, 'graceUnderPressure'], {
        says: `grace is ${grace} without any pressure, so it cannot grow with it`,
        fix: `raise graceUnderPressure above ${grace}, or remove it`,
      })
    } else {
      ground.say('grace-beyond-default', [...path, 'grace'], {
        says: `copies that have been stale for ${grace} are given away on an ordinary day, and none that is older when servers are full or down: graceUnderPressure is ${defaults.routeCache.graceUnderPressure} where it is not written`,
        fix: `write graceUnderPressure above ${grace}, or lower grace (10s spares the servers as well)`,
      })
    }
  }
}

const ttlBeyondMax: Check = (ground) => {
  for (const { cache, path } of caching(ground)) {
    const longest = Math.max(cache.defaultTtl, ...cache.ttl.map(({ ttl }) => ttl))
    if (longest <= cache.maxTtl) continue
    ground.say('ttl-beyond-max', [...path, 'maxTtl'], {
      says: `answers are to be fresh for ${duration(longest)}, and for no longer than ${duration(cache.maxTtl)}`,
      fix: `raise maxTtl to '${duration(longest)}', or lower ttl and defaultTtl`,
    })
  }
}

const keyTooNarrow: Check = (ground) => {
  for (const { route, cache, path } of caching(ground)) {
    if (!cache.key.host && route.hosts.length !== 1) {
      const hosts = route.hosts.length === 0 ? 'any host' : `${route.hosts.length} hosts`
      ground.say('key-too-narrow', [...path, 'key', 'host'], {
        says: `the route takes requests for ${hosts}, and one host is given the answers of another`,
        fix: 'remove host: false, or give the route a single host',
      })
    }
    if (!cache.key.path) {
      ground.say('key-too-narrow', [...path, 'key', 'path'], {
        says: 'the path is not part of the key: whatever is asked for below the route gets the same answer',
        fix: 'remove path: false, unless the route is for one page',
      })
    }
  }
}

const purgeEveryone: Check = (ground) => {
  for (const { cache, path } of caching(ground)) {
    const all = cache.purge.find((network) => network.endsWith('/0'))
    if (all === undefined) continue
    ground.say('purge-everyone', [...path, 'purge'], {
      says: `${all} lets everybody purge: whoever likes can send all requests to the servers`,
      fix: "name the addresses that publish, or write 'loopback' or 'private'",
    })
  }
}

export const cachingRules: readonly Check[] = [
  unusedCache,
  objectBeyondCache,
  graceBeyondPressure,
  ttlBeyondMax,
  keyTooNarrow,
  purgeEveryone,
]
