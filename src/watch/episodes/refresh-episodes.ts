/**
 * Refresh episodes: while a server fails, visitors get stale copies and notice nothing, for hours maybe, until no copy may
 * be used any more. The operator hears of it in two lines: when the refreshes on a route begin to fail, with what to look
 * at, and when they succeed again. Pure: time and readings are arguments.
 */
import { seconds } from './episodes.ts'

/** What is known of the refreshes on one route. Moments in ms since the epoch. */
export interface RefreshReading {
  readonly route: string
  /** When the last answer came that was stored or confirmed; 0: never. */
  readonly came: number
  /** Refreshes that failed since the start. It may fall when a thread dies. */
  readonly failed: number
  /** The last of them; null: there was none. */
  readonly last: RefreshFailure | null
}

export interface RefreshFailure {
  readonly at: number
  /** null: not one URL, as the route stores without regard to host or path. */
  readonly url: string | null
  /** Its name, and its sentence and remedy. */
  readonly reason: string
  readonly says: string
  readonly fix: string
  /** Of the answer; 0: there was none. */
  readonly status: number
}

/** A line for the log. */
export interface RefreshLine {
  readonly level: 'warn' | 'info'
  readonly phase: 'begin' | 'end'
  readonly route: string
  readonly message: string
  /** Refreshes that failed in the episode so far; `duration` of it in ms. */
  readonly failed: number
  readonly duration: number
  readonly url: string | null
  readonly reason: string
  readonly status: number | null
}

/** A page is tried again after a minute at the latest: when for longer than that nothing failed, and something came, it is over. */
const QUIET = 90_000

interface Memory {
  last: RefreshReading
  /** null: all is well. */
  episode: { readonly began: number; failed: number } | null
}

export class RefreshEpisodes {
  readonly #routes = new Map<string, Memory>()

  /** Whether one is under way, so that it is worth reading on. */
  get open(): boolean {
    return [...this.#routes.values()].some(({ episode }) => episode !== null)
  }

  /** What is to be logged at `now`. */
  step(now: number, readings: readonly RefreshReading[]): RefreshLine[] {
    const lines: RefreshLine[] = []
    for (const reading of readings) {
      const { route, last, came } = reading
      if (last === null) continue
      const memory = this.#routes.get(route)
      const before = memory?.last ?? { route, came: 0, failed: 0, last: null }
      const failed = Math.max(0, reading.failed - before.failed)
      const isNew = before.last === null || last.at > before.last.at || failed > 0
      let episode = memory?.episode ?? null
      if (episode !== null) episode.failed += failed
      else if (isNew) {
        episode = { began: last.at, failed: Math.max(1, failed) }
        lines.push(began(route, last, episode.failed))
      }
      if (episode !== null && came > last.at && now - last.at >= QUIET) {
        lines.push(ended(route, last, episode.failed, last.at - episode.began))
        episode = null
      }
      this.#routes.set(route, { last: reading, episode })
    }
    return lines
  }
}

function began(route: string, last: RefreshFailure, failed: number): RefreshLine {
  const { url, reason, says, fix, status } = last
  const why = status === 0 ? reason : `${reason}, status ${status}`
  // Not as a command to copy: the URL is a visitor's.
  const more = url === null ? '' : ' headgate ctl show tells more of that URL.'
  const message = `the stale copies of route ${route} cannot be refreshed: ${failed} ${failed === 1 ? 'fetch' : 'fetches'} failed${url === null ? '' : `, the last of ${url}`} (${why}): ${says} Clients get the copies as long as grace and graceUnderPressure allow, then the failure. ${fix}${more}`
  return { level: 'warn', phase: 'begin', route, message, failed, duration: 0, url, reason, status: status || null }
}

function ended(route: string, last: RefreshFailure, failed: number, duration: number): RefreshLine {
  const { url, reason, status } = last
  const message = `the stale copies of route ${route} are refreshed again, after ${failed} ${failed === 1 ? 'fetch' : 'fetches'} failed in ${seconds(duration)}`
  return { level: 'info', phase: 'end', route, message, failed, duration, url, reason, status: status || null }
}
