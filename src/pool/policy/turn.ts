/**
 * Whose turn it is: members by weight, spread as evenly as can be. The smooth weighted round robin of nginx (5, 1, 1
 * gives a a b a c a a) repeats itself after the sum of the weights, so it is worked out once; a turn is then one
 * look-up. Where that table would be long, members are kept in a heap by the time of their next turn.
 */
import type { Member } from './policy.ts'
import { gcd } from './round.ts'

/** An endless order of positions in a list of members. */
export interface Turn {
  next(): number
}

/** Longest table, in turns. */
const TABLE = 4096

/**
 * The turns of `members`. `phase`, a whole number from 0 on, says where in the order to begin: threads that each have
 * an order of their own must not all begin with the same server.
 */
export function turnsOf(members: readonly Member[], phase: number): Turn {
  let unit = 0
  let sum = 0
  for (const { weight } of members) {
    unit = gcd(weight, unit)
    sum += weight
  }
  // Steps of the golden ratio: any number of phases lies evenly over the order.
  const from = (phase * 0.618033988749895) % 1
  return sum / unit <= TABLE ? new Table(members, unit, sum, from) : new Heap(members, from)
}

class Table implements Turn {
  readonly #turns: Uint16Array
  #at: number

  constructor(members: readonly Member[], unit: number, sum: number, from: number) {
    this.#turns = new Uint16Array(sum / unit)
    this.#at = Math.floor(from * this.#turns.length)
    const even = this.#turns.length === members.length
    const credits = new Credits(members)
    for (let i = 0; i < this.#turns.length; i++) this.#turns[i] = even ? i : credits.next()
  }

  next(): number {
    const turn = this.#turns[this.#at]!
    if (++this.#at === this.#turns.length) this.#at = 0
    return turn
  }
}

/** Smooth weighted round robin: each turn all earn their weight, the richest goes and pays what all have earned. */
class Credits implements Turn {
  readonly #weights: Int32Array
  readonly #credits: Int32Array
  readonly #sum: number

  constructor(members: readonly Member[]) {
    this.#weights = Int32Array.from(members, (member) => member.weight)
    this.#credits = new Int32Array(members.length)
    this.#sum = this.#weights.reduce((sum, weight) => sum + weight, 0)
  }

  next(): number {
    let best = 0
    for (let i = 0; i < this.#weights.length; i++) {
      this.#credits[i] = this.#credits[i]! + this.#weights[i]!
      if (this.#credits[i]! > this.#credits[best]!) best = i
    }
    this.#credits[best] = this.#credits[best]! - this.#sum
    return best
  }
}

/** Earliest turn first: a member's turns lie 1/weight apart on an endless line. O(log n) a turn. */
class Heap implements Turn {
  readonly #heap: Int32Array
  readonly #dues: Float64Array
  readonly #gaps: Float64Array

  constructor(members: readonly Member[], from: number) {
    this.#gaps = Float64Array.from(members, (member) => 1 / member.weight)
    // The first turns lie anywhere within the first gap, else all the light ones would come together.
    this.#dues = Float64Array.from(members, (_, i) => this.#gaps[i]! * ((from + (i + 1) * 0.618033988749895) % 1))
    this.#heap = Int32Array.from(members, (_, i) => i)
    for (let i = members.length >> 1; i >= 0; i--) this.#sink(i)
  }

  next(): number {
    const first = this.#heap[0]!
    this.#dues[first] = this.#dues[first]! + this.#gaps[first]!
    this.#sink(0)
    return first
  }

  #sink(at: number): void {
    const heap = this.#heap
    const member = heap[at]!
    const due = this.#dues[member]!
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#dues[heap[child + 1]!]! < this.#dues[heap[child]!]!) child++
      if (this.#dues[heap[child]!]! >= due) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = member
  }
}
