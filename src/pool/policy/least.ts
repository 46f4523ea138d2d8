import type { Member, Policy } from './policy.ts'
import { type Turn, turnsOf } from './turn.ts'

/**
 * The least requests per weight first. Loads are read once a round. Of equals the one whose turn it is, by weight, is
 * first, then those after it; so servers without load get their shares too, and equals do not all fall on the first.
 */
export class Least implements Policy {
  readonly #members: readonly Member[]
  readonly #turn: Turn
  readonly #costs: Float64Array
  /** Members not named yet; from the second `next` on a heap, the best on top. */
  readonly #left: Int32Array
  #count = 0
  #from = 0
  #heaped = false

  constructor(members: readonly Member[], phase: number) {
    this.#members = members
    this.#turn = turnsOf(members, phase)
    this.#costs = new Float64Array(members.length)
    this.#left = new Int32Array(members.length)
  }

  begin(): void {
    this.#from = this.#turn.next()
    this.#count = this.#members.length
    this.#heaped = false
    for (let i = 0; i < this.#count; i++) {
      const member = this.#members[i]!
      this.#costs[i] = member.load() / member.weight
      this.#left[i] = i
    }
  }

  next(): number {
    if (this.#count === 0) return -1
    // Mostly the first one is taken; only a request for more pays for sorting.
    if (this.#count === this.#members.length) return this.#take(this.#smallest())
    if (!this.#heaped) {
      for (let i = this.#count >> 1; i >= 0; i--) this.#sink(i)
      this.#heaped = true
    }
    const index = this.#take(0)
    if (this.#count > 1) this.#sink(0)
    return index
  }

  #smallest(): number {
    let best = 0
    for (let i = 1; i < this.#count; i++) if (this.#before(this.#left[i]!, this.#left[best]!)) best = i
    return best
  }

  #take(at: number): number {
    const member = this.#left[at]!
    this.#left[at] = this.#left[--this.#count]!
    return this.#members[member]!.index
  }

  #before(a: number, b: number): boolean {
    const difference = this.#costs[a]! - this.#costs[b]!
    return difference < 0 || (difference === 0 && this.#wait(a) < this.#wait(b))
  }

  /** How many turns from the one whose turn it is. */
  #wait(member: number): number {
    return member >= this.#from ? member - this.#from : member - this.#from + this.#members.length
  }

  #sink(at: number): void {
    const left = this.#left
    const member = left[at]!
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#count) break
      if (child + 1 < this.#count && this.#before(left[child + 1]!, left[child]!)) child++
      if (!this.#before(left[child]!, member)) break
      left[at] = left[child]!
      at = child
    }
    left[at] = member
  }
}
