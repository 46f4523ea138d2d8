/** Reports what holds slots for long and which streams are open: on demand, and in the log when it is much. */
import { monotonic, steady } from '../../base/clock.ts'
import { type Config, UNLIMITED } from '../../config/model.ts'
import type { OccupantReport } from '../../exchange/occupants.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { PoolOccupancy } from '../../watch/admin/occupancy-answer.ts'
import { seconds } from '../../watch/episodes/episodes.ts'
import {
  OccupancyEpisodes,
  type OccupancyLine,
  type OccupancyReading,
} from '../../watch/episodes/occupancy-episodes.ts'
import { within } from '../within.ts'
import { OccupancyReader } from './occupancy.ts'

const POLL = 1000
/** How many of the oldest of a pool are reported, of those that hold slots and of streams. */
const MOST = 5
/** How long threads may take to name them, in ms. Their numbers need no answer. */
const PATIENCE = 1000

export interface OccupancyDependencies {
  readonly config: Config
  readonly ledger: Ledger
  /** The oldest that each thread knows of. */
  ask(): Promise<readonly (readonly OccupantReport[])[]>
  say(line: OccupancyLine): void
}

interface Limited {
  readonly of: string
  readonly pool: string
  /** null: the pool as a whole. */
  readonly server: { readonly name: string; readonly index: number } | null
  limit(): number
}

export class OccupancyWatch {
  readonly #dependencies: OccupancyDependencies
  readonly #reader: OccupancyReader
  readonly #limited: readonly Limited[]
  readonly #episodes = new OccupancyEpisodes()
  readonly #timer: NodeJS.Timeout
  #looking = false

  constructor(dependencies: OccupancyDependencies) {
    this.#dependencies = dependencies
    this.#reader = new OccupancyReader(dependencies.config, dependencies.ledger)
    this.#limited = dependencies.config.pools.flatMap((pool) => limitedOf(pool, dependencies.ledger))
    this.#timer = setInterval(() => void this.look(), POLL).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Looks now, and logs what has become worth it. */
  async look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const readings = this.#limited.flatMap((limited) => this.#reading(limited))
      // Only naming the oldest costs the threads anything.
      const reports = this.#episodes.coming(readings).length > 0 ? await this.#reports() : []
      const oldest = (of: string): string => {
        const limited = this.#limited.find((one) => one.of === of)
        const here = reports.filter(({ pool, server }) => pool === limited?.pool && isAt(limited, server))
        const first = here.find(({ kind }) => kind !== 'stream') ?? here[0]
        return first === undefined ? '' : `; the oldest is ${named(first)} for ${seconds(steady() - first.since)}`
      }
      for (const line of this.#episodes.step(monotonic(), readings, oldest)) this.#dependencies.say(line)
    } finally {
      this.#looking = false
    }
  }

  /** Every pool in the order of the configuration, as it is now. */
  async now(): Promise<PoolOccupancy[]> {
    const reports = await this.#reports()
    const now = steady()
    return this.#dependencies.config.pools.map(({ name }) => {
      const { kinds } = this.#reader.ofPool(name)
      const oldest = oldestOf(reports, name).map(({ kind, route, server, method, path, since }) => ({
        kind,
        route,
        server,
        method,
        path,
        age: Math.max(0, Math.round(now - since)) / 1000,
      }))
      return { streams: kinds.stream, kept: kinds.kept, answers: kinds.answer, waiting: kinds.waiting, oldest }
    })
  }

  /** The oldest first; of threads that do not answer soon, nothing. */
  async #reports(): Promise<OccupantReport[]> {
    const reports: OccupantReport[] = []
    const asked = this.#dependencies.ask().then((all) => {
      for (const one of all) reports.push(...one)
    })
    await within(asked, PATIENCE)
    return reports.sort((a, b) => a.since - b.since)
  }

  #reading({ of, pool, server, limit }: Limited): OccupancyReading[] {
    const most = limit()
    if (most === UNLIMITED) return []
    const { kinds, slot } = this.#reader.ofPool(pool)
    const { stream, kept, answer } = server === null ? kinds : (this.#reader.ofServers(pool)[server.index] ?? kinds)
    return [{ of, limit: most, streams: stream, kept, answers: answer, age: slot?.age ?? 0 }]
  }
}

/** The oldest of a pool. Streams may be days old: they do not hide what holds slots. */
function oldestOf(reports: readonly OccupantReport[], pool: string): OccupantReport[] {
  const own = reports.filter((one) => one.pool === pool)
  const slots = own.filter(({ kind }) => kind !== 'stream').slice(0, MOST)
  return [...slots, ...own.filter(({ kind }) => kind === 'stream').slice(0, MOST)]
}

/** Whether a server is the limited one, or one of the limited pool. */
function isAt({ server }: Limited, name: string): boolean {
  return server === null || server.name === name
}

function named({ method, path, route }: OccupantReport): string {
  return `${method} ${path} on route ${route}`
}

/** A pool, and its servers where there are several: a pool's only server shows nothing that the pool does not. */
function limitedOf({ name, servers }: Config['pools'][number], ledger: Ledger): Limited[] {
  const own = ledger.slots(`pool:${name}`)
  const each = servers.map((server) => ledger.slots(`server:${name}/${server.name}`))
  const sum = (): number => {
    const all = each.reduce((n, slots) => Math.min(UNLIMITED, n + slots.limit), 0)
    return Math.min(own.limit, all)
  }
  const whole: Limited = { of: `pool ${name}`, pool: name, server: null, limit: sum }
  if (servers.length === 1) return [whole]
  return [
    whole,
    ...servers.map((server, index) => ({
      of: `server ${server.name} of pool ${name}`,
      pool: name,
      server: { name: server.name, index },
      limit: () => each[index]!.limit,
    })),
  ]
}
