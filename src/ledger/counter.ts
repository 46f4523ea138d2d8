/** A number that every thread adds to. A gauge is one that also goes down. */
import { ThreadNumbers } from './thread-numbers.ts'

export class Counter extends ThreadNumbers {
  /** Adds to this thread's part. */
  add(n: number): void {
    this.numbers[this.mine]! += n
  }

  /** This thread's part. */
  get own(): number {
    return this.numbers[this.mine]!
  }

  /** The sum over all threads. */
  total(): number {
    let sum = 0
    for (let at = this.from; at < this.end; at += this.step) sum += this.numbers[at]!
    return sum
  }
}
