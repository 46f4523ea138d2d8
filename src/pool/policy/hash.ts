/**
 * Consistent hashing with bounded load. Each server has points on a ring, made from its name; a key belongs to the
 * first point at or after it, and then to the next ones. A server that comes or goes moves only the keys of its own
 * points. With a bound, a server that has its share of the load already is passed over (Mirrokni, Thorup, Zadimoghaddam,
 * "Consistent Hashing with Bounded Loads"), and named after all others.
 */
import { hashKey, stir } from '../hash-key.ts'
import type { Member, Policy, Random } from './policy.ts'
import { gcd, Round } from './round.ts'

/** Points per unit of weight, and on the whole ring at most (unless there are more servers than that). */
const POINTS = 160
const RING = 1 << 17

export class Hash implements Policy {
  readonly #members: readonly Member[]
  readonly #bound: number
  readonly #round: Round
  readonly #points: Float64Array
  readonly #owners: Int32Array
  /** Members that were passed over, in the order of the ring. */
  readonly #over: Int32Array
  #overs = 0
  #overAt = 0
  #at = 0
  #steps = 0
  /** Requests per unit of share at which a member is passed over; Infinity: never. */
  #most = Number.POSITIVE_INFINITY

  /** `bound`: a server takes at most this times its share of the requests before the next one does; 0: unbounded. */
  constructor(members: readonly Member[], bound: number, random: Random) {
    this.#members = members
    this.#bound = bound
    this.#round = new Round(members.length, random)
    this.#over = new Int32Array(members.length)
    const ring = ringOf(members)
    this.#points = ring.points
    this.#owners = ring.owners
  }

  begin(key: number): void {
    this.#round.begin()
    this.#overs = 0
    this.#overAt = 0
    this.#steps = 0
    this.#at = this.#find(key)
    if (this.#bound > 0) this.#most = this.#reckon()
  }

  next(): number {
    // A ring has some hundred points for each server. When nearly all were named, walking on costs more than it tells.
    const enough = 8 * this.#members.length + 64
    while (this.#steps < this.#owners.length && this.#steps < enough) {
      const member = this.#owners[this.#at]!
      this.#steps++
      if (++this.#at === this.#owners.length) this.#at = 0
      if (this.#round.named(member)) continue
      this.#round.name(member)
      if (!this.#atBound(member)) return this.#members[member]!.index
      this.#over[this.#overs++] = member
    }
    const other = this.#round.other()
    if (other >= 0) return this.#members[other]!.index
    return this.#overAt < this.#overs ? this.#members[this.#over[this.#overAt++]!]!.index : -1
  }

  #atBound(member: number): boolean {
    if (this.#most === Number.POSITIVE_INFINITY) return false
    const it = this.#members[member]!
    return it.load() >= Math.ceil(this.#most * it.share())
  }

  #reckon(): number {
    let load = 1 // the request that asks
    let share = 0
    for (let i = 0; i < this.#members.length; i++) {
      const its = this.#members[i]!.share()
      if (its === 0) continue
      share += its
      load += this.#members[i]!.load()
    }
    return share === 0 ? Number.POSITIVE_INFINITY : (this.#bound * load) / share
  }

  /** The first point at or after the key, going round. */
  #find(key: number): number {
    let low = 0
    let high = this.#points.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#points[middle]! < key) low = middle + 1
      else high = middle
    }
    return low === this.#points.length ? 0 : low
  }
}

function ringOf(members: readonly Member[]): { points: Float64Array; owners: Int32Array } {
  let unit = 0
  let sum = 0
  for (const { weight } of members) {
    unit = gcd(weight, unit)
    sum += weight
  }
  const perWeight = Math.min(POINTS / unit, RING / sum)
  const counts = members.map((member) => Math.max(1, Math.round(member.weight * perWeight)))
  // Points that coincide go by name, so that the ring is the same whatever the order of the configuration. A point and
  // the rank of its owner fit into one double, which the numeric sort of a typed array handles.
  const byName = members.map((_, i) => i).sort((a, b) => (members[a]!.name < members[b]!.name ? -1 : 1))
  const points = new Float64Array(counts.reduce((all, count) => all + count, 0))
  let at = 0
  for (let rank = 0; rank < byName.length; rank++) {
    const name = hashKey(members[byName[rank]!]!.name)
    const count = counts[byName[rank]!]!
    for (let k = 1; k <= count; k++) points[at++] = stir(name ^ Math.imul(k, 0x9e3779b1)) * 0x100000 + rank
  }
  points.sort()
  const owners = new Int32Array(points.length)
  for (let i = 0; i < points.length; i++) {
    owners[i] = byName[points[i]! % 0x100000]!
    points[i] = Math.floor(points[i]! / 0x100000)
  }
  return { points, owners }
}
