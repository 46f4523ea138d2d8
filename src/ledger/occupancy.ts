/**
 * What holds slots for long, and what streams are open: how many, by kind, on each route, at each server and in each
 * pool, and since when the oldest on each route. Each thread writes its own part; the sums are exact.
 */
import type { Limits } from './limits.ts'

/**
 * `stream`: it has a permit of the pool's budget for streams and no slot. All others hold a slot. `kept`: a stream for
 * which the budget has no room. `answer`: a response that has flowed for long. `waiting`: a request whose server has not
 * answered for long.
 */
export const occupantKinds = ['stream', 'kept', 'answer', 'waiting'] as const
export type OccupantKind = (typeof occupantKinds)[number]

/** Key of the gauge that counts a kind; `of`: `route:name`, `server:pool/name`. */
export function occupantsKey(of: string, kind: OccupantKind): string {
  return `occupants:${of}:${kind}`
}

/** Key of a pool's gauge of all that hold a slot for long. */
export function slotOccupantsKey(pool: string): string {
  return `occupants:pool:${pool}`
}

/** Key of the start of a route's oldest stream, or of the oldest that holds a slot for long; see Oldest. */
export function oldestKey(route: string, what: 'stream' | 'slot'): string {
  return `oldest:route:${route}:${what}`
}

/** All of them. */
export function occupancyKeys({ routes, pools }: Pick<Limits, 'routes' | 'pools'>): string[] {
  const keys: string[] = []
  for (const { name } of routes) {
    for (const kind of occupantKinds) keys.push(occupantsKey(`route:${name}`, kind))
    keys.push(oldestKey(name, 'stream'), oldestKey(name, 'slot'))
  }
  for (const { name, servers } of pools) {
    keys.push(slotOccupantsKey(name))
    for (const server of servers)
      for (const kind of occupantKinds) keys.push(occupantsKey(`server:${name}/${server.name}`, kind))
  }
  return keys
}
