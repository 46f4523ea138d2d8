/**
 * Numbers of which each thread writes its own, so that a plain write is enough and never wrong; a reader puts the parts
 * of all threads together. Aligned 64-bit numbers are read and written whole on every machine Node runs on.
 */
import type { LedgerPlan } from './plan.ts'

export abstract class ThreadNumbers {
  protected readonly numbers: Float64Array
  /** Where this thread's part begins. */
  protected readonly mine: number
  /** Where the first thread's part begins, from there to the next thread's, and behind the last. */
  protected readonly from: number
  protected readonly step: number
  protected readonly end: number

  /** `place`: in a row of numbers. */
  constructor(numbers: Float64Array, { numberRow, rows }: LedgerPlan, me: number, place: number) {
    this.numbers = numbers
    this.mine = me * numberRow + place
    this.from = place
    this.step = numberRow
    this.end = rows * numberRow
  }
}
