/** What holds the slots of pools and routes for long, and which streams are open, read from the ledger: exact over all threads. */
import { steady } from '../../base/clock.ts'
import type { Config } from '../../config/model.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type OccupantKind, occupantKinds, occupantsKey, oldestKey, slotOccupantsKey } from '../../ledger/occupancy.ts'
import type { Oldest } from '../../ledger/oldest.ts'

/** The one that has lasted longest, on which route, and for how long, in ms. */
export interface Longest {
  readonly route: string
  readonly age: number
}

export interface Occupancy {
  /** How many of each kind. */
  readonly kinds: Readonly<Record<OccupantKind, number>>
  /** Among those that hold slots, and among streams; null: there is none. */
  readonly slot: Longest | null
  readonly stream: Longest | null
}

type Read = () => Record<OccupantKind, number>

interface RouteRead {
  readonly name: string
  readonly pool: string
  readonly kinds: Read
  readonly slot: Oldest
  readonly stream: Oldest
}

export class OccupancyReader {
  readonly #routes: readonly RouteRead[]
  readonly #pools = new Map<string, { readonly servers: readonly Read[]; readonly holders: () => number }>()

  /** Looks up once what does not change. */
  constructor(config: Config, ledger: Ledger) {
    const read = (of: string): Read => {
      const gauges = occupantKinds.map((kind) => ledger.gauge(occupantsKey(of, kind)))
      return () => {
        const [stream, kept, answer, waiting] = gauges.map((gauge) => gauge.total())
        return { stream: stream!, kept: kept!, answer: answer!, waiting: waiting! }
      }
    }
    this.#routes = config.routes.map(({ name, to }) => ({
      name,
      pool: to,
      kinds: read(`route:${name}`),
      slot: ledger.oldest(oldestKey(name, 'slot')),
      stream: ledger.oldest(oldestKey(name, 'stream')),
    }))
    for (const { name, servers } of config.pools) {
      const holders = ledger.gauge(slotOccupantsKey(name))
      this.#pools.set(name, {
        servers: servers.map((server) => read(`server:${name}/${server.name}`)),
        holders: () => holders.total(),
      })
    }
  }

  /** How many hold a slot of the pool for long. */
  holders(pool: string): number {
    return this.#pools.get(pool)?.holders() ?? 0
  }

  /** At each server of a pool, in its order. */
  ofServers(pool: string): Occupancy['kinds'][] {
    return this.#pools.get(pool)?.servers.map((kinds) => kinds()) ?? []
  }

  ofPool(pool: string): Occupancy {
    return together(this.#routes.filter((route) => route.pool === pool))
  }

  ofRoute(name: string): Occupancy {
    return together(this.#routes.filter((route) => route.name === name))
  }
}

function together(routes: readonly RouteRead[]): Occupancy {
  const kinds = { stream: 0, kept: 0, answer: 0, waiting: 0 }
  let slot: Longest | null = null
  let stream: Longest | null = null
  const now = steady()
  for (const route of routes) {
    const own = route.kinds()
    for (const kind of occupantKinds) kinds[kind] += own[kind]
    slot = longer(slot, route.name, route.slot.earliest(), now)
    stream = longer(stream, route.name, route.stream.earliest(), now)
  }
  return { kinds, slot, stream }
}

function longer(longest: Longest | null, route: string, since: number, now: number): Longest | null {
  if (since === 0) return longest
  const age = Math.max(0, now - since)
  return longest !== null && longest.age >= age ? longest : { route, age }
}
