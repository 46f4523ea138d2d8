/**
 * A number that every thread adds to in a place of its own, so that counting costs one plain write and is never wrong.
 * A reader sums the places; aligned 64-bit numbers are read and written whole on every machine Node runs on.
 */
import type { LedgerPlan } from './layout.ts'

export class Counter {
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

  /** Adds to this thread's part; a gauge also goes down. */
  add(n: number): void {
    this.#numbers[this.#own]! += n
  }

  /** This thread's part. */
  get own(): number {
    return this.#numbers[this.#own]!
  }

  /** The sum over all threads. */
  total(): number {
    let sum = 0
    for (let k = 0; k < this.#plan.rows; k++) sum += this.#numbers[this.#first + k * this.#plan.numberRow]!
    return sum
  }
}
