/**
 * Occupancy episodes: a few answers that last can hold most of what a pool may have in use, long before any client is turned
 * away. The operator hears of it in two lines, while they are open: when they have come to hold more than half, with the
 * oldest to look at, and when they hold less again. Pure: time and readings are arguments.
 */
import { seconds } from './episodes.ts'

/** One pool or server as it is now. */
export interface OccupancyReading {
  /** `pool shop`, `server 10.0.0.1:80 of pool shop`. */
  readonly of: string
  /** Its maxConnections; that of all servers together for a pool without its own. */
  readonly limit: number
  /** Open streams, which hold no slot; streams and answers that hold one. */
  readonly streams: number
  readonly kept: number
  readonly answers: number
  /** For how long the oldest that holds a slot has done so, in ms. */
  readonly age: number
}

/** A line for the log. */
export interface OccupancyLine {
  readonly level: 'warn' | 'info'
  readonly phase: 'begin' | 'end'
  readonly of: string
  readonly message: string
  /** Of the episode so far, in ms. */
  readonly duration: number
  readonly streams: number
  readonly kept: number
  readonly answers: number
  readonly limit: number
}

/** From when on answers that flow count, in ms: pages and most downloads are over by then. */
const OLD = 10_000
/** An episode is over when for this long they held half or less. */
const QUIET = 5000

interface Episode {
  readonly began: number
  last: number
}

export class OccupancyEpisodes {
  readonly #episodes = new Map<string, Episode>()

  /** What is to be logged at `now` (monotonic, ms). `oldest`: what is known of the oldest, as ` (GET /events for 12 s)`; or ''. */
  step(now: number, readings: readonly OccupancyReading[], oldest: (of: string) => string = () => ''): OccupancyLine[] {
    const lines: OccupancyLine[] = []
    for (const reading of readings) {
      const { of } = reading
      const episode = this.#episodes.get(of)
      if (holdsMost(reading)) {
        if (episode !== undefined) episode.last = now
        else {
          this.#episodes.set(of, { began: now, last: now })
          lines.push(began(reading, oldest(of)))
        }
      } else if (episode !== undefined && now - episode.last >= QUIET) {
        this.#episodes.delete(of)
        lines.push(ended(reading, episode.last - episode.began))
      }
    }
    return lines
  }

  /** Of which of them an episode would begin. */
  coming(readings: readonly OccupancyReading[]): string[] {
    return readings.filter((one) => holdsMost(one) && !this.#episodes.has(one.of)).map(({ of }) => of)
  }
}

function holdsMost({ limit, streams, kept, answers, age }: OccupancyReading): boolean {
  const all = streams + kept + (age >= OLD ? answers : 0)
  return all * 2 > limit
}

function began({ of, limit, streams, kept, answers }: OccupancyReading, oldest: string): OccupancyLine {
  const parts: string[] = []
  if (streams > 0) parts.push(`${many(streams, 'open stream')} beside the requests`)
  if (kept > 0) parts.push(`${many(kept, 'stream')} in slots, as streams.max had no room`)
  if (answers > 0) parts.push(`${many(answers, 'answer')} that still ${answers === 1 ? 'flows' : 'flow'}, in slots`)
  const message = `${of} has ${parts.join(', ')}: more than half of its ${limit} connections${oldest}; headgate ctl status shows them`
  // Streams of the budget take nothing from requests, unless the server has one worker for each connection.
  const level = kept + answers > 0 ? 'warn' : 'info'
  return { level, phase: 'begin', of, message, duration: 0, streams, kept, answers, limit }
}

function ended({ of, limit, streams, kept, answers }: OccupancyReading, duration: number): OccupancyLine {
  const message = `streams and long answers hold half of the connections of ${of} or less again, after ${seconds(duration)}`
  return { level: 'info', phase: 'end', of, message, duration: Math.round(duration), streams, kept, answers, limit }
}

function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
