/** What is in use right now and what has happened so far, read from the ledger. */
import { type Cause, causeNames } from '../base/cause.ts'
import type { Config } from '../config/model.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Server } from '../pool/server.ts'
import { gateCauses, listenerCauses } from './tally.ts'

/** One limit: how much of it is in use, and its line. `limit` and `bound` may be UNLIMITED. */
export interface GateUsage {
  readonly name: string
  readonly inUse: number
  readonly limit: number
  /** Who waits, and how many may. */
  readonly waiting: number
  readonly bound: number
  /** Turned away since the start. */
  readonly refused: number
}

export interface PoolUsage extends GateUsage {
  /** Requests that have waited in the line since the start. */
  readonly queued: number
  readonly requests: number
  readonly streams: { readonly inUse: number; readonly limit: number }
  readonly servers: readonly ServerUsage[]
}

export interface ServerUsage {
  readonly name: string
  readonly inUse: number
  readonly limit: number
  readonly orders: Server['orders']
  readonly health: Server['health']
}

export interface Usage {
  readonly requests: number
  readonly listeners: readonly GateUsage[]
  readonly routes: readonly GateUsage[]
  readonly pools: readonly PoolUsage[]
  /** How often each cause has ended an exchange; causes that never did are left out. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>
}

/** Reads it all; cheap enough to be done several times a second. */
export function readUsage(config: Config, ledger: Ledger, servers: ReadonlyMap<string, readonly Server[]>): Usage {
  const gate = (kind: 'listener' | 'route' | 'pool', name: string): GateUsage => {
    const key = `${kind}:${name}`
    const slots = ledger.slots(key)
    const line = ledger.line(`line:${key}`)
    let refused = 0
    for (const cause of kind === 'listener' ? listenerCauses : gateCauses[kind])
      refused += ledger.counter(`${key}:${cause}`).total()
    return { name, inUse: slots.used, limit: slots.limit, waiting: line.length, bound: line.bound, refused }
  }
  const causes: Partial<Record<Cause, number>> = {}
  for (const cause of causeNames) {
    const n = ledger.counter(`cause:${cause}`).total()
    if (n > 0) causes[cause] = n
  }
  return {
    requests: ledger.counter('requests').total(),
    listeners: config.listeners.map(({ name }) => gate('listener', name)),
    routes: config.routes.map(({ name }) => gate('route', name)),
    pools: config.pools.map(({ name }) => {
      const streams = ledger.slots(`streams:${name}`)
      return {
        ...gate('pool', name),
        queued: ledger.counter(`pool:${name}:waited`).total(),
        requests: ledger.counter(`pool:${name}:requests`).total(),
        streams: { inUse: streams.used, limit: streams.limit },
        servers: (servers.get(name) ?? []).map((server) => ({
          name: server.name,
          inUse: server.slots.used,
          limit: server.slots.limit,
          orders: server.orders,
          health: server.health,
        })),
      }
    }),
    causes,
  }
}
