/** The earliest of moments, of which each thread writes one. */
import { ThreadNumbers } from './thread-numbers.ts'

export class Oldest extends ThreadNumbers {
  /** Sets this thread's moment, in ms of `steady`; 0: it has none. */
  set(at: number): void {
    this.numbers[this.mine] = at
  }

  /** The earliest over all threads; 0: there is none. */
  earliest(): number {
    let earliest = 0
    for (let at = this.from; at < this.end; at += this.step) {
      const moment = this.numbers[at]!
      if (moment > 0 && (earliest === 0 || moment < earliest)) earliest = moment
    }
    return earliest
  }
}
