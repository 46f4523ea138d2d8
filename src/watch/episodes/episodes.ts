/**
 * Limit episodes: while a gate refuses or lines up there may be thousands of access log lines per second, and yet the
 * operator wants to hear of it in two: when it began, with the setting to look at, and when it was over, with what it
 * cost. Pure: time and readings are arguments.
 */
import { type Cause, causeNames } from '../../base/cause.ts'
import { UNLIMITED } from '../../config/model.ts'

/** One gate as it is now. Counts run from the start of the process. */
export interface GateReading {
  /** Named as in diagnoses: `pool shop`. */
  readonly gate: string
  /** What it counts. */
  readonly counts: 'connections' | 'requests' | 'streams'
  readonly used: number
  readonly limit: number
  /** Length of its line now. */
  readonly waiting: number
  readonly admitted: number
  /** That joined the line. */
  readonly queued: number
  /** Refused for its limit, by cause; causes that never came may be missing. */
  readonly refused: Readonly<Partial<Record<Cause, number>>>
  /** Longest wait in its line since the last reading, ms; null where that is not known. */
  readonly longest: number | null
  /** The setting that holds the limit, and its `file:line`, as in diagnoses. */
  readonly setting: string | null
  readonly place: string | null
}

/** A line for the log. */
export interface EpisodeLine {
  readonly level: 'warn' | 'info'
  readonly phase: 'begin' | 'still' | 'end'
  readonly gate: string
  readonly message: string
  /** Totals of the episode so far. `duration` in ms. */
  readonly duration: number
  readonly admitted: number
  readonly queued: number
  readonly refused: Readonly<Partial<Record<Cause, number>>>
  readonly peakQueue: number
}

/** An episode is over when for this long no request was refused and none waited. */
const QUIET = 5000
/** A long one is logged again, so that the end of the log shows that it goes on. */
const REMIND = 60_000

/** What is remembered of a gate between two readings. */
interface Memory {
  last: GateReading
  episode: Episode | null
}

interface Episode {
  readonly began: number
  /** Last reading in which a request was refused or waited. */
  active: number
  told: number
  admitted: number
  queued: number
  peakQueue: number
  longest: number | null
  readonly refused: Partial<Record<Cause, number>>
}

export class Episodes {
  readonly #gates = new Map<string, Memory>()

  /** What is to be logged at `now` (monotonic, ms). A gate's first reading only tells where its counts stand. */
  step(now: number, readings: readonly GateReading[]): EpisodeLine[] {
    const lines: EpisodeLine[] = []
    const gone = new Set(this.#gates.keys())
    for (const reading of readings) {
      gone.delete(reading.gate)
      const memory = this.#gates.get(reading.gate)
      if (memory === undefined) {
        this.#gates.set(reading.gate, { last: reading, episode: null })
        continue
      }
      const line = follow(memory, reading, now)
      if (line !== null) lines.push(line)
      memory.last = reading
    }
    for (const gate of gone) {
      const { last, episode } = this.#gates.get(gate)!
      this.#gates.delete(gate)
      if (episode !== null) lines.push(ended(last, episode, 'is no longer configured'))
    }
    return lines
  }

  /** Ends all episodes, for a process that stops. */
  finish(): EpisodeLine[] {
    const lines: EpisodeLine[] = []
    for (const memory of this.#gates.values()) {
      if (memory.episode !== null) lines.push(ended(memory.last, memory.episode, 'was full when Headgate stopped'))
      memory.episode = null
    }
    return lines
  }
}

function follow(memory: Memory, now: GateReading, at: number): EpisodeLine | null {
  const { last } = memory
  const queued = grown(now.queued, last.queued)
  let refused = 0
  for (const cause of causeNames) refused += grown(now.refused[cause], last.refused[cause])
  const active = queued > 0 || refused > 0 || now.waiting > 0

  if (memory.episode === null && !active) return null
  const isNew = memory.episode === null
  memory.episode ??= {
    began: at,
    active: at,
    told: at,
    admitted: 0,
    queued: 0,
    peakQueue: 0,
    longest: null,
    refused: {},
  }
  const episode = memory.episode
  if (active) episode.active = at
  episode.admitted += grown(now.admitted, last.admitted)
  episode.queued += queued
  episode.peakQueue = Math.max(episode.peakQueue, now.waiting)
  if (now.longest !== null) episode.longest = Math.max(episode.longest ?? 0, now.longest)
  for (const cause of causeNames) {
    const more = grown(now.refused[cause], last.refused[cause])
    if (more > 0) episode.refused[cause] = (episode.refused[cause] ?? 0) + more
  }

  if (isNew) return began(now, episode)
  if (at - episode.active >= QUIET) {
    memory.episode = null
    return ended(now, episode, 'has room again')
  }
  if (at - episode.told < REMIND) return null
  episode.told = at
  return line(
    'warn',
    'still',
    now,
    episode,
    at,
    `${now.gate} ${serverless(episode) ? 'still has no usable server' : 'is still full'} after ${seconds(at - episode.began)}: ${soFar(episode)}`,
  )
}

/** Whether its limit had no part in it: requests were turned away only for want of a server. */
function serverless({ refused, queued, peakQueue }: Episode): boolean {
  const { no_server: n = 0, ...others } = refused
  return n > 0 && queued === 0 && peakQueue === 0 && Object.keys(others).length === 0
}

/** A count that became smaller belongs to something new (a thread, a gate of the same name): it starts from nothing. */
function grown(now = 0, before = 0): number {
  return now >= before ? now - before : now
}

function began(now: GateReading, episode: Episode): EpisodeLine {
  const { gate, used, limit, counts, waiting, setting, place } = now
  if (serverless(episode)) {
    const message = `${gate} has no usable server: refused ${causesOf(episode.refused)}`
    return line('warn', 'begin', now, episode, episode.began, message)
  }
  const use = limit === UNLIMITED ? `${used} ${counts} in use` : `${used} of ${limit} ${counts} in use`
  const line1 = waiting > 0 ? `, ${waiting} waiting` : ''
  const refused = causesOf(episode.refused)
  const turned = refused === '' ? '' : `, refused ${refused}`
  const where = setting === null ? '' : `; see ${setting}${place === null ? '' : ` at ${place}`}`
  return line('warn', 'begin', now, episode, episode.began, `${gate} is full: ${use}${line1}${turned}${where}`)
}

function ended(now: GateReading, episode: Episode, how: string): EpisodeLine {
  // It was over when it was last seen, not when we were sure of it.
  const over = serverless(episode) ? 'had no usable server, which was over' : how
  const message = `${now.gate} ${over} after ${seconds(episode.active - episode.began)}: ${soFar(episode)}`
  return line('info', 'end', now, episode, episode.active, message)
}

function line(
  level: EpisodeLine['level'],
  phase: EpisodeLine['phase'],
  now: GateReading,
  episode: Episode,
  at: number,
  message: string,
): EpisodeLine {
  const { admitted, queued, peakQueue } = episode
  const refused = { ...episode.refused }
  return {
    level,
    phase,
    gate: now.gate,
    message,
    duration: Math.round(at - episode.began),
    admitted,
    queued,
    refused,
    peakQueue,
  }
}

function soFar(episode: Episode): string {
  const { admitted, queued, peakQueue, longest } = episode
  const parts = [`${admitted} let in`]
  if (queued > 0 || peakQueue > 0) {
    const wait = longest === null ? '' : `, longest wait ${seconds(longest)}`
    parts.push(`${queued} lined up (at most ${peakQueue} at once${wait})`)
  }
  const refused = causesOf(episode.refused)
  parts.push(refused === '' ? 'none refused' : `refused ${refused}`)
  return parts.join(', ')
}

function causesOf(refused: Episode['refused']): string {
  const counts = Object.entries(refused).toSorted(([, a], [, b]) => b - a)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return total === 0 ? '' : `${total} (${counts.map(([cause, count]) => `${count} ${cause}`).join(', ')})`
}

/** A time as people read it: `4.2 s`, `3 min 5 s`. */
export function seconds(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`
}
