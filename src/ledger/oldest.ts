/** The earliest of moments, one of which each thread writes in a place of its own; see Counter. */
import type { LedgerPlan } from './layout.ts'

export class Oldest {
  readonly #numbers: Float64Array
  readonly #own: number
  readonly #first: number
  readonly #plan: LedgerPlan

  /** `place`: the number's place in a row of numbers. */
  constructor(numbers: Float64Array, plan: LedgerPlan, me: number, place: number) {
    this.#numbers = numbers
    this.#own = me * plan.numberRow + place
    this.#first = place
    this.#plan = plan
  }

  /** Sets this thread's moment, in ms of `steady`; 0: it has none. */
  set(at: number): void {
    this.#numbers[this.#own] = at
  }

  /** The earliest over all threads; 0: there is none. */
  first(): number {
    let first = 0
    for (let k = 0; k < this.#plan.rows; k++) {
      const at = this.#numbers[this.#first + k * this.#plan.numberRow]!
      if (at > 0 && (first === 0 || at < first)) first = at
    }
    return first
  }
}
