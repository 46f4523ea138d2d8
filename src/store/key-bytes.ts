/**
 * A key as the store compares it: its bytes as words, and two hashes of them. One is made per thread and used again for
 * every look-up, so that looking up allocates nothing.
 *
 * The mixing is that of MurmurHash3 (Austin Appleby, public domain): two 32-bit lanes over the same words with different
 * constants, from a secret seed: chains are walked under a lock, and must not be made long on purpose.
 */
import { MAX_KEY } from './store-plan.ts'

export class Key {
  /** The bytes, four to a word, the last word filled up with zeros. */
  readonly words = new Int32Array(MAX_KEY / 4)
  length = 0
  /** Chooses the chain in a shard. */
  low = 0
  /** Chooses the shard and the set in the ghost. */
  high = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed | 0
  }

  /** Takes a key: latin1 text of at most MAX_KEY characters, else RangeError. */
  set(text: string): this {
    const { words } = this
    const { length } = text
    if (length > MAX_KEY) throw new RangeError('the key is too long')
    const whole = length & ~3
    let a = this.#seed
    let b = this.#seed ^ 0x2f0b4c47
    let seen = 0
    let at = 0
    let i = 0
    for (; i < whole; i += 4) {
      const c0 = text.charCodeAt(i)
      const c1 = text.charCodeAt(i + 1)
      const c2 = text.charCodeAt(i + 2)
      const c3 = text.charCodeAt(i + 3)
      seen |= c0 | c1 | c2 | c3
      const word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24)
      words[at++] = word
      a = laneA(a, word)
      b = laneB(b, word)
    }
    if (i < length) {
      let word = 0
      for (let shift = 0; i < length; i++, shift += 8) {
        const code = text.charCodeAt(i)
        seen |= code
        word |= code << shift
      }
      words[at] = word
      a = laneA(a, word)
      b = laneB(b, word)
    }
    if (seen > 255) throw new RangeError('the key is not latin1')
    this.length = length
    this.low = finish(a ^ length)
    this.high = finish(b ^ length ^ this.low)
    return this
  }
}

function laneA(h: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  const x = h ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0
}

function laneB(h: number, word: number): number {
  const k = Math.imul(word, 0x239b961b)
  const x = h ^ Math.imul((k << 16) | (k >>> 16), 0x38b34ae5)
  return (Math.imul((x << 17) | (x >>> 15), 5) + 0x0bcaa747) | 0
}

function finish(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}
