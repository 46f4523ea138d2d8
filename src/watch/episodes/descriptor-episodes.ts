/**
 * What is said of scarce file descriptors: one line when clients or requests begin to be refused for want of them, and
 * one when that is over, with what it cost and the limit to set. Pure: time and readings are arguments.
 */
import { seconds } from './episodes.ts'

/** Counts since the start of the process. */
export interface DescriptorReading {
  /** Clients that were answered 503 as soon as they had connected. */
  readonly refused: number
  /** Requests for which no connection to a server could be opened, for want of a descriptor or a local port. */
  readonly unconnected: number
  /** Connections the system could not accept; they may have been lost without an answer. */
  readonly unaccepted: number
}

/** A line for the log. */
export interface DescriptorLine extends DescriptorReading {
  readonly level: 'warn' | 'info'
  readonly phase: 'begin' | 'end'
  readonly message: string
  /** ms since it began. */
  readonly duration: number
  /** What the process may open; null where that is not known. */
  readonly limit: number | null
}

/** It is over when for this long no client was refused, in ms. */
const QUIET = 5000

export class DescriptorEpisodes {
  readonly #limit: number | null
  readonly #needed: number
  #last: DescriptorReading = { refused: 0, unconnected: 0, unaccepted: 0 }
  #episode: { readonly began: number; readonly from: DescriptorReading; active: number } | null = null

  /** `limit`: descriptors the process may open, null where not known; `needed`: how many the configuration can use. */
  constructor(limit: number | null, needed: number) {
    this.#limit = limit
    this.#needed = needed
  }

  /** What is to be logged at `now` (monotonic, ms). */
  step(now: number, reading: DescriptorReading): DescriptorLine | null {
    const from = this.#last
    this.#last = reading
    if (sum(reading) > sum(from)) {
      if (this.#episode !== null) {
        this.#episode.active = now
        return null
      }
      this.#episode = { began: now, from, active: now }
      const message = `file descriptors are scarce${this.#may()}: ${textOf(costs(from, reading))} (local_resources). ${this.#remedy()}`
      return this.#line('warn', 'begin', message, 0, costs(from, reading))
    }
    const episode = this.#episode
    return episode === null || now - episode.active < QUIET
      ? null
      : this.#ended('there are enough file descriptors again')
  }

  /** Ends an episode under way, for a process that stops. */
  finish(): DescriptorLine | null {
    return this.#episode === null ? null : this.#ended('file descriptors were scarce when Headgate stopped,')
  }

  #ended(how: string): DescriptorLine {
    const { began, active, from } = this.#episode!
    this.#episode = null
    const cost = costs(from, this.#last)
    const message = `${how} after ${seconds(active - began)}: ${textOf(cost)}. ${this.#remedy()}`
    return this.#line('info', 'end', message, active - began, cost)
  }

  #may(): string {
    return this.#limit === null ? '' : `, this process may open ${this.#limit}`
  }

  #remedy(): string {
    const to = Math.max(this.#needed, (this.#limit ?? 0) * 2)
    return `Raise the limit to ${to}: LimitNOFILE=${to} in systemd, ulimit -n ${to} in a shell; or lower maxConnections of the listeners`
  }

  #line(
    level: DescriptorLine['level'],
    phase: DescriptorLine['phase'],
    message: string,
    duration: number,
    cost: DescriptorReading,
  ): DescriptorLine {
    return { level, phase, message, duration: Math.round(duration), limit: this.#limit, ...cost }
  }
}

function sum({ refused, unconnected, unaccepted }: DescriptorReading): number {
  return refused + unconnected + unaccepted
}

function costs(from: DescriptorReading, to: DescriptorReading): DescriptorReading {
  return {
    refused: to.refused - from.refused,
    unconnected: to.unconnected - from.unconnected,
    unaccepted: to.unaccepted - from.unaccepted,
  }
}

function textOf({ refused, unconnected, unaccepted }: DescriptorReading): string {
  const parts: string[] = []
  if (refused > 0) parts.push(`${refused} ${refused === 1 ? 'connection' : 'connections'} refused with 503`)
  if (unconnected > 0) {
    const what = unconnected === 1 ? 'request' : 'requests'
    parts.push(`${unconnected} ${what} for which no connection to a server could be opened`)
  }
  if (unaccepted > 0) parts.push(`${unaccepted} that the system could not accept`)
  return parts.join(', ')
}
