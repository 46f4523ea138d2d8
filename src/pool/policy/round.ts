import type { Random } from './policy.ts'

/** Which members a policy has named in this round. Starting a new round forgets them all in one store. */
export class Round {
  readonly #marks: Uint32Array
  readonly #random: Random
  #round = 0
  #at = 0
  #step = 0
  #seen = 0

  constructor(size: number, random: Random) {
    this.#marks = new Uint32Array(size)
    this.#random = random
  }

  begin(): void {
    this.#round = (this.#round + 1) >>> 0
    if (this.#round === 0) {
      this.#marks.fill(0)
      this.#round = 1
    }
    this.#step = 0
  }

  named(member: number): boolean {
    return this.#marks[member] === this.#round
  }

  name(member: number): number {
    this.#marks[member] = this.#round
    return member
  }

  /**
   * Names one of those left, -1 when none is. It starts anywhere and goes by steps of a random length without a common
   * divisor with the size, so that what a full server turns away does not all fall on its neighbour.
   */
  other(): number {
    const size = this.#marks.length
    if (this.#step === 0) {
      this.#at = Math.floor(this.#random() * size)
      this.#step = coprime(1 + Math.floor(this.#random() * size), size)
      this.#seen = 0
    }
    for (; this.#seen < size; this.#seen++) {
      this.#at += this.#step
      if (this.#at >= size) this.#at -= size
      if (!this.named(this.#at)) return this.name(this.#at)
    }
    return -1
  }
}

/** The first number from `from` on, going round, that has no common divisor with `size`; 1 … size. */
function coprime(from: number, size: number): number {
  let n = from > size ? 1 : from
  while (gcd(n, size) !== 1) n = n === size ? 1 : n + 1
  return n
}

/** Greatest common divisor of two numbers above 0. */
export function gcd(a: number, b: number): number {
  while (b !== 0) {
    const rest = a % b
    a = b
    b = rest
  }
  return a
}
