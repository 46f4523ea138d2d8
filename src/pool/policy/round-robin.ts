import type { Member, Policy, Random } from './policy.ts'
import { Round } from './round.ts'
import { type Turn, turnsOf } from './turn.ts'

/** Members passed over by weight in one round before the rest come in any order; bounds the work when all are full. */
const BY_WEIGHT = 8

/**
 * Smooth weighted round robin. What a full server turns away goes to all others by their weights: among those left the
 * same reckoning is done anew, with credits that are kept from round to round.
 */
export class RoundRobin implements Policy {
  readonly #members: readonly Member[]
  readonly #turn: Turn
  readonly #round: Round
  readonly #credits: Float64Array
  #named = 0

  constructor(members: readonly Member[], phase: number, random: Random) {
    this.#members = members
    this.#turn = turnsOf(members, phase)
    this.#round = new Round(members.length, random)
    this.#credits = new Float64Array(members.length)
  }

  begin(): void {
    this.#round.begin()
    this.#named = 0
  }

  next(): number {
    const named = this.#named++
    if (named === 0) return this.#members[this.#round.name(this.#turn.next())]!.index
    const member = named <= BY_WEIGHT ? this.#substitute() : this.#round.other()
    return member < 0 ? -1 : this.#members[member]!.index
  }

  #substitute(): number {
    const members = this.#members
    const credits = this.#credits
    let best = -1
    let sum = 0
    for (let i = 0; i < members.length; i++) {
      if (this.#round.named(i)) continue
      const { weight } = members[i]!
      sum += weight
      credits[i] = credits[i]! + weight
      if (best < 0 || credits[i]! > credits[best]!) best = i
    }
    if (best < 0) return -1
    credits[best] = credits[best]! - sum
    return this.#round.name(best)
  }
}
