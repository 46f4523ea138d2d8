/**
 * Whether a server is up, from what checks found. A server counts as up until checks fail (as in HAProxy), so a start never
 * waits for a first round of checks.
 *
 * Busy is not dead. A check that gets no answer in time says one thing of a server that answers its requests meanwhile,
 * and another of one that answers none: the first has more to do than it can do at once, and taking it out would put the
 * same load on the others and fell them one by one; the second hangs. So a time-out counts only where the server got
 * nothing done since the check before, whatever its limit is and however full it is. Refusals and bad answers always count.
 */
import type { Health } from './server.ts'

/** What a check found. `unknown`: it could not be made for want of something on this machine. */
export type CheckResult = 'good' | 'bad' | 'timeout' | 'unknown'

/** The streak of one server. */
export class HealthStreak {
  readonly #rise: number
  readonly #fall: number
  #health: Health
  #against = 0

  /** `rise`, `fall`: findings in a row that turn it up or down, 1 or more. `health`: what it is taken for at first. */
  constructor(rise: number, fall: number, health: Health) {
    this.#rise = rise
    this.#fall = fall
    this.#health = health
  }

  get health(): Health {
    return this.#health
  }

  /**
   * Whether a finding is left out of account because the server is only busy.
   * @param working it got something done since the finding before
   */
  spares(finding: CheckResult, working: boolean): boolean {
    return finding === 'timeout' && working && this.#health === 'up'
  }

  /** Takes in a finding. True when that turned the server up or down. */
  heard(finding: CheckResult, working: boolean): boolean {
    if (finding === 'unknown' || this.spares(finding, working)) return false
    return finding === 'good'
      ? this.#count(this.#health === 'down', this.#rise, 'up')
      : this.#count(this.#health === 'up', this.#fall, 'down')
  }

  #count(speaksAgainst: boolean, needed: number, to: Health): boolean {
    this.#against = speaksAgainst ? this.#against + 1 : 0
    if (this.#against < needed) return false
    this.#health = to
    this.#against = 0
    return true
  }
}
