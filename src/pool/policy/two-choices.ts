import type { Member, Policy, Random } from './policy.ts'
import { Round } from './round.ts'

/**
 * Two members drawn by weight, the one with fewer requests per weight first; then the rest. Nearly as even as looking
 * at all of them, and many proxies that see the same loads do not all run to the same server.
 */
export class TwoChoices implements Policy {
  readonly #members: readonly Member[]
  readonly #random: Random
  readonly #round: Round
  /** Where each member's part of the weight ends. */
  readonly #ends: Float64Array
  #second = -1
  #named = 0

  constructor(members: readonly Member[], random: Random) {
    this.#members = members
    this.#random = random
    this.#round = new Round(members.length, random)
    this.#ends = new Float64Array(members.length)
    let sum = 0
    for (let i = 0; i < members.length; i++) {
      sum += members[i]!.weight
      this.#ends[i] = sum
    }
  }

  begin(): void {
    this.#round.begin()
    this.#named = 0
  }

  next(): number {
    const named = this.#named++
    if (named === 0) return this.#name(this.#draw())
    if (named === 1 && this.#second >= 0) return this.#name(this.#second)
    return this.#name(this.#round.other())
  }

  #name(member: number): number {
    if (member < 0) return -1
    return this.#members[this.#round.name(member)]!.index
  }

  #draw(): number {
    const members = this.#members
    this.#second = -1
    if (members.length === 1) return 0
    const sum = this.#ends[members.length - 1]!
    const one = this.#find(this.#random() * sum)
    // The second is drawn from the others: the first one's part is left out of the range and stepped over.
    const { weight } = members[one]!
    const spot = this.#random() * (sum - weight)
    const other = this.#find(spot < this.#ends[one]! - weight ? spot : spot + weight)
    // Compared without division: loads per weight.
    const better = members[other]!.load() * weight < members[one]!.load() * members[other]!.weight
    this.#second = better ? one : other
    return better ? other : one
  }

  /** The member in whose part of the weight this spot lies. */
  #find(spot: number): number {
    let low = 0
    let high = this.#ends.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (spot < this.#ends[middle]!) high = middle
      else low = middle + 1
    }
    return low
  }
}
