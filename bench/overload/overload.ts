/**
 * Overload, open loop: more requests than the origin can carry, at a constant rate, whatever comes back. Beside each
 * other: proxies with the same limits, and no proxy at all.
 */
import type { Context } from '../context.ts'
import { shareCores } from '../cores.ts'
import { rotated } from '../figures.ts'
import { Helper } from '../helper.ts'
import { headgate } from '../peers/headgate.ts'
import type { Peer } from '../peers/peer.ts'
import { freePort } from '../ports.ts'
import { usageOf } from '../proc.ts'
import type { Point } from '../results.ts'
import { type Running, startProxy } from '../running.ts'
import { simpleJob } from '../simple-job.ts'
import { CAPACITY, SLOTS } from './capacity.ts'
import type { StormOrder, StormOutcome, StormReport } from './generator.ts'
import type { OriginOrder, OriginReport } from './origin.ts'
import { SHARE, storePages } from './pages.ts'

/** Load offered, relative to the capacity of the origin. */
const FACTORS = [0.5, 1, 2, 4]
const QUICK_FACTORS = [2]
/** Requests per second before and after the storm. */
const CALM = CAPACITY / 5
/** Seconds before, of, and after the storm. */
const LENGTHS = [1.5, 7, 3] as const
const QUICK_LENGTHS = [0.8, 2.5, 1] as const
/** How long a client waits for its answer, in ms. */
const PATIENCE = 5000
/** The line before the origin: how many, and for how long in ms. */
const QUEUE = { max: 200, timeout: 1000 }
/** More clients than come. */
const CLIENTS = 8000
/** From one look at the memory to the next, in ms. */
const LOOK = 200
/** How late the generator may be (p99), in ms, before its numbers say more about the machine than about a proxy. */
const LATE = 5
/** Name of what has no proxy. */
export const NOBODY = 'no proxy'

/** Name of Headgate with stored pages. */
export const GRACE = 'headgate, cache and grace'
/** The load at which pages are asked for, too. */
const GRACE_FACTOR = 4
/** Room for the pages. */
const ROOM = { size: 64, objects: 1000 }

/** One of those compared. */
interface Subject {
  readonly who: string
  /** null: clients talk to the origin. */
  readonly peer: Peer | null
  /** Whether some of the requests are for pages that it has stored, and that are stale. */
  readonly pages: boolean
}

/** Who is measured at a load, in the order in which they are shown. */
export function subjectsAt(factor: number, peers: readonly Peer[]): Subject[] {
  const caching = factor === GRACE_FACTOR ? peers.filter((peer) => peer === headgate) : []
  return [
    ...peers.map((peer) => ({ who: peer.name, peer, pages: false })),
    { who: NOBODY, peer: null, pages: false },
    ...caching.map((peer) => ({ who: GRACE, peer, pages: true })),
  ]
}

/** How many points a run will have. */
export function countPoints({ peers, quick }: Pick<Context, 'peers' | 'quick'>): number {
  const factors = quick ? QUICK_FACTORS : FACTORS
  return factors.reduce((sum, factor) => sum + subjectsAt(factor, peers).length, 0)
}

export async function runOverload(context: Context): Promise<Point[]> {
  const { progress, peers, quick } = context
  const points: Point[] = []
  for (const [k, factor] of (quick ? QUICK_FACTORS : FACTORS).entries()) {
    for (const subject of rotated(subjectsAt(factor, peers), k)) {
      const { who } = subject
      progress.say(`overload: ${who}, ${factor} times what the origin can carry`)
      try {
        const point = await measure(context, subject, factor)
        if (point === null) continue
        points.push(point)
        if (point.late > LATE)
          context.warn(
            `overload, ${who}, ${factor} ×: the generator was ${point.late.toFixed(0)} ms late; the machine is too busy for this to count`,
          )
      } catch (error) {
        context.warn(`overload, ${who}: ${(error as Error).message}`)
      } finally {
        progress.step()
      }
    }
  }
  // Shown in one order, whatever the order in which they were taken.
  const order = ({ who, factor }: Point): number => subjectsAt(factor, peers).findIndex((one) => one.who === who)
  return points.sort((a, b) => a.factor - b.factor || order(a) - order(b))
}

async function measure(context: Context, subject: Subject, factor: number): Promise<Point | null> {
  const { yard, quick } = context
  const { who, peer, pages } = subject
  const cores = shareCores(context.cores, 1)
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(
    new Helper<OriginOrder, OriginReport>(yard, new URL('origin.ts', import.meta.url), cores.load),
  )
  let port = await freePort()
  await origin.ask({ do: 'listen', port })
  let proxy: Running | null = null
  if (peer !== null) {
    const cache = pages ? { ...ROOM, folder: yard.memoryFolder() } : null
    const limits = { serverConnections: SLOTS, queue: QUEUE, cache }
    const job = await simpleJob(yard, [`127.0.0.1:${port}`], CLIENTS, limits)
    const cannot = peer.cannot(job)
    if (cannot !== null) {
      context.warn(`overload: without ${peer.name}, which ${cannot}`)
      return null
    }
    proxy = stack.use(await startProxy(yard, peer, job, cores.proxy))
    port = job.port
    if (pages) await storePages(port, origin)
  }
  const generator = stack.use(
    new Helper<StormOrder, StormReport>(yard, new URL('generator.ts', import.meta.url), cores.load),
  )
  const [before, during, after] = quick ? QUICK_LENGTHS : LENGTHS
  const storm = { rate: CAPACITY * factor, seconds: during }
  const phases = [{ rate: CALM, seconds: before }, storm, { rate: CALM, seconds: after }] as const
  const memory = new Memory(proxy)
  stack.defer(() => memory.stop())
  await generator.ask({ port, phases, patience: PATIENCE, pages: pages ? SHARE : null })
  memory.before()
  let report = await generator.next()
  while ('over' in report) report = await generator.next()
  memory.stop()
  const { most } = await origin.ask({ do: 'read' })
  return pointOf(who, factor, report, most, memory)
}

/** Good answers per second that are possible when a share of what is offered needs no origin. */
export function possibleOf(offered: number, stored: number): number {
  return Math.min(CAPACITY, offered * (1 - stored)) + offered * stored
}

function pointOf(who: string, factor: number, outcome: StormOutcome, most: number, memory: Memory): Point {
  const { storm, recovery, late, pages } = outcome
  const share = storm.goodput / possibleOf(storm.offered, pages === null ? 0 : 1 / SHARE.every)
  const { rssBefore, rssMost, rssAfter } = memory
  const point = { who, factor, ...storm, share, most, rssBefore, rssMost, rssAfter, recovery, late }
  return pages === null ? point : { ...point, pages }
}

/** Looks at the resident memory of a proxy all the time. */
class Memory {
  rssBefore = Number.NaN
  rssMost = Number.NaN
  rssAfter = Number.NaN
  readonly #proxy: Running | null
  readonly #timer: NodeJS.Timeout

  constructor(proxy: Running | null) {
    this.#proxy = proxy
    this.#timer = setInterval(() => this.#look(), LOOK)
  }

  before(): void {
    this.rssBefore = this.#look()
    this.rssMost = this.rssBefore
  }

  stop(): void {
    clearInterval(this.#timer)
    if (Number.isNaN(this.rssAfter)) this.rssAfter = this.#look()
  }

  #look(): number {
    const rss = this.#proxy === null ? Number.NaN : usageOf(this.#proxy.pids).rss
    this.rssMost = Math.max(this.rssMost, rss)
    return rss
  }
}
