/**
 * What holds slots for long on one thread, and its open streams. Plain requests never come here: an exchange enters when
 * it becomes a stream, or when it has held its slot for some seconds (see Tenure). The counts stand in the ledger, so that
 * every thread can name what fills a pool; method and path stay here, for the main thread to ask.
 */
import { steady } from '../base/clock.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type OccupantKind, occupantKinds, occupantsKey, oldestKey, slotOccupantsKey } from '../ledger/occupancy.ts'
import type { Oldest } from '../ledger/oldest.ts'
import type { Server } from '../pool/server.ts'
import type { Route } from './routing/route.ts'

/** An occupant as it is reported. */
export interface OccupantReport {
  readonly kind: OccupantKind
  readonly pool: string
  readonly route: string
  readonly server: string
  readonly method: string
  /** Without the query: that may hold secrets. */
  readonly path: string
  /** Since when, in ms of `steady`. */
  readonly since: number
}

/** Characters of a path that are kept. */
const PATH = 200

type Gauges = Readonly<Record<OccupantKind, Counter>>

/** Of one route, whatever its generation. Each set is in the order of `since`, so that its first one is the oldest. */
interface RoutePlace {
  readonly gauges: Gauges
  readonly oldestStream: Oldest
  readonly oldestSlot: Oldest
  readonly streams: Set<Occupant>
  /** Entered after some seconds, and at once: two sets, as the first have begun earlier than they came. */
  readonly late: Set<Occupant>
  readonly prompt: Set<Occupant>
}

/** Where one is counted: its route, its server and its pool. */
interface Place {
  readonly route: RoutePlace
  readonly server: Gauges
  readonly pool: Counter
}

export class Occupant {
  readonly route: Route
  readonly server: Server
  readonly method: string
  readonly path: string
  /** In ms of `steady`. */
  readonly since: number
  readonly #place: Place
  readonly #among: Set<Occupant>
  #kind: OccupantKind

  constructor(place: Place, among: Set<Occupant>, kind: OccupantKind, since: number, of: OccupantOf) {
    this.#place = place
    this.#among = among
    this.#kind = kind
    this.since = since
    this.route = of.route
    this.server = of.server
    this.method = of.method
    this.path = withoutQuery(of.path)
    among.add(this)
    this.#count(1)
    if (kind !== 'stream') place.pool.add(1)
    this.#tellOldest()
  }

  get kind(): OccupantKind {
    return this.#kind
  }

  /** It holds its slot for another reason now. */
  become(kind: Exclude<OccupantKind, 'stream'>): void {
    if (kind === this.#kind) return
    this.#count(-1)
    this.#kind = kind
    this.#count(1)
  }

  /** It holds nothing any more. */
  end(): void {
    if (!this.#among.delete(this)) return
    this.#count(-1)
    if (this.#kind !== 'stream') this.#place.pool.add(-1)
    this.#tellOldest()
  }

  #count(n: number): void {
    this.#place.route.gauges[this.#kind].add(n)
    this.#place.server[this.#kind].add(n)
  }

  #tellOldest(): void {
    const { streams, late, prompt, oldestStream, oldestSlot } = this.#place.route
    if (this.#kind === 'stream') return oldestStream.set(sinceOf(streams))
    const one = sinceOf(late)
    const other = sinceOf(prompt)
    oldestSlot.set(one > 0 && other > 0 ? Math.min(one, other) : one + other)
  }
}

/** The exchange that holds something. `path`: with query, as received. */
export interface OccupantOf {
  readonly route: Route
  readonly server: Server
  readonly method: string
  readonly path: string
}

export class Occupants {
  #ledger: Ledger
  /** By the route's name. */
  readonly #routes = new Map<string, RoutePlace>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** From now on this ledger has the gauges: another configuration may have other routes and servers. */
  follow(ledger: Ledger): void {
    this.#ledger = ledger
    for (const [name, { streams, late, prompt }] of this.#routes) {
      if (streams.size + late.size + prompt.size === 0) this.#routes.delete(name)
    }
  }

  /** Enters one. `ago`: for how long it has held its slot, in ms; 0 for what is entered as soon as it begins. */
  enter(kind: OccupantKind, of: OccupantOf, ago: number): Occupant {
    const { name, to } = of.route.config
    const route = this.#routeOf(name)
    const place = {
      route,
      server: this.#gauges(`server:${to}/${of.server.name}`),
      pool: this.#ledger.gauge(slotOccupantsKey(to)),
    }
    const among = kind === 'stream' ? route.streams : ago > 0 ? route.late : route.prompt
    return new Occupant(place, among, kind, steady() - ago, of)
  }

  /** The oldest of each route, up to `most` of those that hold slots and as many streams. */
  oldest(most: number): OccupantReport[] {
    const reports: OccupantReport[] = []
    for (const { streams, late, prompt } of this.#routes.values())
      for (const set of [late, prompt, streams]) {
        let n = 0
        for (const one of set) {
          if (n++ === most) break
          reports.push(reportOf(one))
        }
      }
    return reports
  }

  #routeOf(name: string): RoutePlace {
    let place = this.#routes.get(name)
    if (place === undefined) {
      place = {
        gauges: this.#gauges(`route:${name}`),
        oldestStream: this.#ledger.oldest(oldestKey(name, 'stream')),
        oldestSlot: this.#ledger.oldest(oldestKey(name, 'slot')),
        streams: new Set(),
        late: new Set(),
        prompt: new Set(),
      }
      this.#routes.set(name, place)
    }
    return place
  }

  #gauges(of: string): Gauges {
    const gauges = occupantKinds.map((kind) => [kind, this.#ledger.gauge(occupantsKey(of, kind))])
    return Object.fromEntries(gauges) as Gauges
  }
}

/** When the first one began; 0: there is none. */
function sinceOf(set: Set<Occupant>): number {
  for (const { since } of set) return since
  return 0
}

function reportOf({ kind, route, server, method, path, since }: Occupant): OccupantReport {
  const { name, to } = route.config
  return { kind, pool: to, route: name, server: server.name, method, path, since }
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  const end = query < 0 ? path.length : query
  return end > PATH ? `${path.slice(0, PATH)}…` : path.slice(0, end)
}
