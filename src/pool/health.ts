/**
 * Whether a server is up, from what probes found. A server is up until checks fail (as in HAProxy), so a start never
 * waits for a first round of probes.
 *
 * Saturated is not dead: a probe that got no answer in time from a server that is at its limit proves only that the
 * server is busy with what we sent it; taking it out would load the same onto the others and fell them one by one. So
 * such probes do not count as failures, up to a bound, since a server that hangs is at its limit too.
 */
import type { Health } from './server.ts'

/** What a probe found. `unknown`: it could not be made for want of something on this machine. */
export type Finding = 'good' | 'bad' | 'timeout' | 'unknown'

/** Timeouts at the limit that are overlooked, as a multiple of `fall`. */
const PATIENCE = 10

/** The streak of one server. */
export class Streak {
  readonly #rise: number
  readonly #fall: number
  #health: Health
  #against = 0
  #overlooked = 0

  /** `rise`, `fall`: findings in a row that turn it up or down, 1 or more. `health`: what it is taken for at first. */
  constructor(rise: number, fall: number, health: Health) {
    this.#rise = rise
    this.#fall = fall
    this.#health = health
  }

  get health(): Health {
    return this.#health
  }

  /** Takes in a finding; `saturated`: the server was at its limit. True when that turned the server up or down. */
  heard(finding: Finding, saturated: boolean): boolean {
    if (finding === 'unknown') return false
    if (finding === 'good') {
      this.#overlooked = 0
      return this.#count(this.#health === 'down', this.#rise, 'up')
    }
    if (finding === 'timeout' && saturated && this.#health === 'up' && ++this.#overlooked <= PATIENCE * this.#fall)
      return false
    return this.#count(this.#health === 'up', this.#fall, 'down')
  }

  #count(speaksAgainst: boolean, needed: number, to: Health): boolean {
    this.#against = speaksAgainst ? this.#against + 1 : 0
    if (this.#against < needed) return false
    this.#health = to
    this.#against = 0
    this.#overlooked = 0
    return true
  }
}
