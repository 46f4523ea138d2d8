/** All limits that can be changed while running, by the path of their setting. */
import { type Config, UNLIMITED } from '../../config/model.ts'
import type { Voice } from '../../ledger/voice.ts'
import type { Usage } from '../../run/status/usage.ts'

export interface LimitEntry {
  /** `pools.shop.queue.max`. */
  readonly path: string
  /** As it holds now; may be UNLIMITED. */
  readonly value: number
  /** Whose value it is. */
  readonly by: Voice
  /** As the configuration has it. */
  readonly configured: number
  /** What of it is taken. */
  readonly inUse: number
}

/** In the order of the configuration. */
export function limitsOf(config: Config, usage: Usage): LimitEntry[] {
  const limits: LimitEntry[] = []
  const add = (path: string, configured: number, value: number, by: Voice, inUse: number): void => {
    limits.push({ path, value, by, configured, inUse })
  }
  for (const [index, { name, maxConnections, whenFull }] of config.listeners.entries()) {
    const now = usage.listeners[index]!
    add(`listeners.${name}.maxConnections`, maxConnections, now.limit, now.limitBy, now.inUse)
    if (whenFull !== null) add(`listeners.${name}.whenFull.max`, whenFull.max, now.bound, now.boundBy, now.waiting)
  }
  for (const [index, { name, maxConnections, queue, streams, servers }] of config.pools.entries()) {
    const now = usage.pools[index]!
    add(`pools.${name}.maxConnections`, maxConnections, now.limit, now.limitBy, now.inUse)
    add(`pools.${name}.queue.max`, queue.max, now.bound, now.boundBy, now.waiting)
    add(`pools.${name}.streams.max`, streams.max, now.streams.limit, now.streams.limitBy, now.streams.inUse)
    for (const [at, server] of servers.entries()) {
      const one = now.servers[at]!
      add(`pools.${name}.servers[${at}].maxConnections`, server.maxConnections, one.limit, one.limitBy, one.inUse)
    }
  }
  for (const [index, { maxConnections, queue }] of config.routes.entries()) {
    // A route without a limit has no gate, and cannot be given one while requests are on it.
    if (maxConnections === UNLIMITED) continue
    const now = usage.routes[index]!
    add(`routes[${index}].maxConnections`, maxConnections, now.limit, now.limitBy, now.inUse)
    add(`routes[${index}].queue.max`, queue.max, now.bound, now.boundBy, now.waiting)
  }
  return limits
}
