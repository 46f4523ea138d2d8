/**
 * Server episodes: connects to a server fail, or its answers break off, or it answers with errors. With another server
 * to go to, no client notices, and without an access log nothing would show it. It is logged in two lines: when it
 * began, with what the failures have in common, and when it was over, with what it cost. Pure: time and readings are
 * arguments.
 */
import { type Cause, rowOf } from '../../base/cause.ts'
import { seconds } from './episodes.ts'

type Counts = Readonly<Record<string, number>>

/** What has become of the attempts at one server. Counts run from the start of the process. */
export interface ServerReading {
  readonly pool: string
  readonly server: string
  /** Attempts that were begun, final responses that began, attempts that failed, responses that were 5xx. */
  readonly requests: number
  readonly responses: number
  readonly failures: number
  readonly errors: number
  /** What failures and errors are made of. Only asked for when one of the two has grown. */
  details(): ServerDetails
}

/** Counts by name; names that never came are left out. */
export interface ServerDetails {
  readonly causes: Counts
  /** Error codes of the system: `ECONNREFUSED`. */
  readonly codes: Counts
  /** Statuses from 500 on. */
  readonly statuses: Counts
  /** Failed attempts after which another server was tried. */
  readonly retried: number
}

/** A line for the log. */
export interface ServerLine {
  readonly level: 'warn' | 'info'
  readonly phase: 'begin' | 'end'
  /** `failures` of connects and answers, or `errors`: answers that are 5xx. */
  readonly kind: 'failures' | 'errors'
  readonly pool: string
  readonly server: string
  readonly message: string
  /** Totals of the episode so far. `duration` in ms. */
  readonly duration: number
  readonly requests: number
  readonly failed: number
  readonly causes?: Counts
  readonly codes?: Counts
  readonly retried?: number
  readonly statuses?: Counts
}

/** Failures are over when for this long none came, and an answer did. */
const QUIET = 30_000
/** Errors count within this time. */
const WINDOW = 60_000
/** How often the counts are kept for it. */
const STEP = 1000

const none: ServerDetails = { causes: {}, codes: {}, statuses: {}, retried: 0 }

/** Where the counts stood at a moment. */
interface Mark {
  readonly at: number
  readonly requests: number
  readonly responses: number
  readonly failures: number
  readonly errors: number
  readonly details: ServerDetails
}

interface Memory {
  last: Mark
  failures: Episode | null
  errors: Episode | null
  /** Marks of the last WINDOW, the oldest first; that one may be older. */
  readonly seen: Mark[]
}

interface Episode {
  /** Where the counts stood when it began. */
  readonly from: Mark
  readonly began: number
  /** When the last failure was seen, and how many good answers there had been by then. */
  active: number
  good: number
}

export class ServerEpisodes {
  readonly #servers = new Map<string, Memory>()

  /** What is to be logged at `now` (monotonic, ms). A server's first reading only tells where its counts stand. */
  step(now: number, readings: readonly ServerReading[]): ServerLine[] {
    const lines: ServerLine[] = []
    for (const reading of readings) {
      const key = `${reading.pool}\n${reading.server}`
      const memory = this.#servers.get(key)
      const mark = markOf(reading, now, memory?.last)
      if (memory === undefined) {
        this.#servers.set(key, { last: mark, failures: null, errors: null, seen: [mark] })
        continue
      }
      for (const line of [followFailures(memory, mark, reading), followErrors(memory, mark, reading)])
        if (line !== null) lines.push(line)
      memory.last = mark
    }
    return lines
  }

  /** Ends all episodes, for a process that stops. `readings`: the last ones. */
  finish(readings: readonly ServerReading[]): ServerLine[] {
    const lines: ServerLine[] = []
    for (const reading of readings) {
      const memory = this.#servers.get(`${reading.pool}\n${reading.server}`)
      if (memory === undefined) continue
      const { failures, errors, last } = memory
      if (failures !== null)
        lines.push(line('end', 'failures', reading, failures, last, 'had not recovered when Headgate stopped'))
      if (errors !== null)
        lines.push(line('end', 'errors', reading, errors, last, 'had not recovered when Headgate stopped'))
      memory.failures = memory.errors = null
    }
    return lines
  }
}

function markOf(reading: ServerReading, at: number, last: Mark | undefined): Mark {
  const { requests, responses, failures, errors } = reading
  const same = last === undefined ? failures + errors === 0 : failures === last.failures && errors === last.errors
  return { at, requests, responses, failures, errors, details: same ? (last?.details ?? none) : reading.details() }
}

function followFailures(memory: Memory, now: Mark, reading: ServerReading): ServerLine | null {
  const { last, failures: episode } = memory
  const good = now.responses
  if (now.failures > last.failures) {
    if (episode === null) {
      memory.failures = { from: last, began: now.at, active: now.at, good }
      return line('begin', 'failures', reading, memory.failures, now, 'fails')
    }
    episode.active = now.at
    episode.good = good
  } else if (episode !== null && now.at - episode.active >= QUIET && good > episode.good) {
    memory.failures = null
    return line('end', 'failures', reading, episode, now, 'answers again')
  }
  return null
}

function followErrors(memory: Memory, now: Mark, reading: ServerReading): ServerLine | null {
  const { seen, last, errors: episode } = memory
  if (last.at - seen.at(-1)!.at >= STEP) seen.push(last)
  while (seen.length > 1 && seen[1]!.at <= now.at - WINDOW) seen.shift()
  const from = seen[0]!
  const errors = now.errors - from.errors
  const share = errors / Math.max(1, now.responses - from.responses)
  const good = now.responses - now.errors
  if (episode === null) {
    // One error among many is an answer like any other.
    const many = (errors >= 3 && share >= 0.5) || (errors >= 10 && share >= 0.05)
    if (!many || now.errors === last.errors) return null
    memory.errors = { from, began: now.at, active: now.at, good }
    return line('begin', 'errors', reading, memory.errors, now, 'answers with errors')
  }
  if (now.errors > last.errors) {
    episode.active = now.at
    episode.good = good
  } else if (good > episode.good && (errors === 0 || share < 0.02)) {
    memory.errors = null
    return line('end', 'errors', reading, episode, now, 'answers without errors again')
  }
  return null
}

function line(
  phase: ServerLine['phase'],
  kind: ServerLine['kind'],
  { pool, server }: ServerReading,
  { from, began, active }: Episode,
  now: Mark,
  how: string,
): ServerLine {
  const isEnd = phase === 'end'
  const duration = Math.round(active - began)
  const who = `server ${server} of pool ${pool}`
  const after = isEnd ? `, after ${seconds(duration)}` : ''
  const common = { level: isEnd ? 'info' : 'warn', phase, kind, pool, server, duration } as const
  if (kind === 'errors') {
    const statuses = grown(now.details.statuses, from.details.statuses)
    const failed = sum(statuses)
    const requests = Math.max(failed, now.responses - from.responses)
    const message = `${who} ${how}${after}: ${failed} of ${requests} answers were 5xx (${list(statuses)})${isEnd ? '' : '; its own log says why'}`
    return { ...common, message, requests, failed, statuses }
  }
  const causes = grown(now.details.causes, from.details.causes)
  const codes = grown(now.details.codes, from.details.codes)
  const retried = now.details.retried - from.details.retried
  const failed = sum(causes)
  const requests = Math.max(failed, now.requests - from.requests)
  const system = Object.keys(codes).length === 0 ? '' : `; ${list(codes)}`
  const elsewhere = retried === 0 ? '' : `, ${retried} of them tried at another server`
  const [first] = Object.keys(causes)
  const advice = isEnd || first === undefined ? '' : `. ${rowOf(first as Cause).advice}`
  const message = `${who} ${how}${after}: ${failed} of ${requests} requests failed (${list(causes)}${system})${elsewhere}${advice}`
  return { ...common, message, requests, failed, causes, codes, retried }
}

/** What has come since, by name, the most frequent first. */
function grown(now: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(now)
      .map(([name, n]): [string, number] => [name, n - (before[name] ?? 0)])
      .filter(([, n]) => n > 0)
      .toSorted(([, a], [, b]) => b - a),
  )
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, n) => total + n, 0)
}

function list(counts: Counts): string {
  // Keys that are numbers stand in their own order in an object.
  return Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, n]) => `${n} ${name}`)
    .join(', ')
}
