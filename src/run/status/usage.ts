/** What is in use now and what has happened so far, read from the ledger. */
import { causeNames } from '../../base/cause.ts'
import type { Config } from '../../config/model.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Voice } from '../../ledger/voice.ts'
import type { AdminState, Server } from '../../pool/server.ts'
import { gateCauses, listenerCauses } from '../counters.ts'
import {
  type Attempts,
  type Causes,
  counted,
  readAttempts,
  readEnded,
  type ShownHealth,
  shownHealth,
} from './server-usage.ts'

/** One limit: how much of it is in use, and its queue. `limit` and `bound` may be UNLIMITED. */
export interface GateUsage {
  readonly name: string
  readonly inUse: number
  readonly limit: number
  /** Which voices set the limit and the bound in force. */
  readonly limitBy: Voice
  readonly boundBy: Voice
  /** How many wait, and how many may. */
  readonly waiting: number
  readonly bound: number
  /** Refused since the start. */
  readonly refused: number
}

export interface PoolUsage extends GateUsage {
  /** Requests that have waited in the queue since the start. */
  readonly queued: number
  readonly requests: number
  readonly streams: { readonly inUse: number; readonly limit: number; readonly limitBy: Voice }
  readonly servers: readonly ServerUsage[]
  /** The causes that have ended its exchanges. */
  readonly causes: Causes
}

export interface ServerUsage extends Attempts {
  readonly name: string
  readonly inUse: number
  readonly limit: number
  readonly limitBy: Voice
  readonly adminState: AdminState
  readonly health: ShownHealth
  /** The causes that have ended the exchanges whose last server it was. */
  readonly causes: Causes
}

export interface Usage {
  readonly requests: number
  readonly listeners: readonly GateUsage[]
  readonly routes: readonly GateUsage[]
  readonly pools: readonly PoolUsage[]
  /** How often each cause has ended an exchange; causes that never did are left out. */
  readonly causes: Causes
}

/** Reads it all; cheap enough to be done several times a second. */
export function readUsage(config: Config, ledger: Ledger, servers: ReadonlyMap<string, readonly Server[]>): Usage {
  const gate = (kind: 'listener' | 'route' | 'pool', name: string): GateUsage => {
    const key = `${kind}:${name}`
    const slots = ledger.slots(key)
    const queue = ledger.queue(`queue:${key}`)
    let refused = 0
    for (const cause of kind === 'listener' ? listenerCauses : gateCauses[kind])
      refused += ledger.counter(`${key}:${cause}`).total()
    const [limitBy, boundBy] = [slots.voice, queue.voice]
    return {
      name,
      inUse: slots.used,
      limit: slots.limit,
      limitBy,
      waiting: queue.length,
      bound: queue.bound,
      boundBy,
      refused,
    }
  }
  return {
    requests: ledger.counter('requests').total(),
    listeners: config.listeners.map(({ name }) => gate('listener', name)),
    routes: config.routes.map(({ name }) => gate('route', name)),
    pools: config.pools.map((pool) => {
      const { name } = pool
      const streams = ledger.slots(`streams:${name}`)
      return {
        ...gate('pool', name),
        queued: ledger.counter(`pool:${name}:waited`).total(),
        requests: ledger.counter(`pool:${name}:requests`).total(),
        streams: { inUse: streams.used, limit: streams.limit, limitBy: streams.voice },
        servers: (servers.get(name) ?? []).map((server) => ({
          name: server.name,
          inUse: server.slots.used,
          limit: server.slots.limit,
          limitBy: server.slots.voice,
          adminState: server.adminState,
          health: shownHealth(server, pool),
          ...readAttempts(ledger, `${name}/${server.name}`),
          causes: readEnded(ledger, `server:${name}/${server.name}`),
        })),
        causes: readEnded(ledger, `pool:${name}`),
      }
    }),
    causes: counted(causeNames, (cause) => ledger.counter(`cause:${cause}`).total()),
  }
}
