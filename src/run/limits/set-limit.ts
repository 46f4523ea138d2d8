/** Limits that can be changed while running, by the path of their setting. */
import { type Config, UNLIMITED } from '../../config/model.ts'
import type { EffectiveLimits } from './effective-limits.ts'

/**
 * Sets the limit at `path` (`listeners.web.maxConnections`, `pools.shop.queue.max`,
 * `pools.shop.servers[0].maxConnections` …) to `value`, 0 … UNLIMITED; 0 lets nothing in, which only a program can ask
 * for: operators are held to what a file may have (config/live-limit.ts). Lowering it ends nothing that is under way;
 * ring the threads afterwards, so that waiters are admitted at once. Throws RangeError for a path or a value that is none.
 */
export function setLimit(config: Config, limits: EffectiveLimits, path: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > UNLIMITED) {
    throw new RangeError(`${path} cannot be ${value}: a limit is a whole number from 0 to ${UNLIMITED}`)
  }
  const key = keyOf(config, path)
  if (key === null) {
    throw new RangeError(`${path} is no limit that can be changed while running; such are ${examples(config)}`)
  }
  limits.say(key, 'operator', value)
}

function keyOf(config: Config, path: string): string | null {
  const match =
    /^(listeners|pools)\.(.+?)\.(?:servers\[(\d+)\]\.)?(maxConnections|queue\.max|whenFull\.max|streams\.max)$/.exec(
      path,
    )
  if (match !== null) {
    const [, part, name = '', index, setting] = match
    if (part === 'listeners') {
      if (index !== undefined || !config.listeners.some((l) => l.name === name)) return null
      if (setting === 'maxConnections') return `listener:${name}`
      return setting === 'whenFull.max' ? `queue:listener:${name}` : null
    }
    const pool = config.pools.find((p) => p.name === name)
    if (pool === undefined) return null
    if (index !== undefined) {
      const server = pool.servers[Number(index)]
      return server === undefined || setting !== 'maxConnections' ? null : `server:${name}/${server.name}`
    }
    if (setting === 'maxConnections') return `pool:${name}`
    if (setting === 'queue.max') return `queue:pool:${name}`
    return setting === 'streams.max' ? `streams:${name}` : null
  }
  const route = /^routes\[(\d+)\]\.(maxConnections|queue\.max)$/.exec(path)
  if (route === null) return null
  const to = config.routes[Number(route[1])]
  // A route without a limit has no gate; one cannot be put into its way while requests are on it.
  if (to === undefined || to.maxConnections === UNLIMITED) return null
  return route[2] === 'maxConnections' ? `route:${to.name}` : `queue:route:${to.name}`
}

function examples(config: Config): string {
  const listener = config.listeners[0]?.name ?? 'web'
  const pool = config.pools[0]?.name ?? 'shop'
  return `listeners.${listener}.maxConnections, pools.${pool}.queue.max, pools.${pool}.servers[0].maxConnections`
}
