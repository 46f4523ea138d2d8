/**
 * Things that are due after a time. Timers of a process are late by a good part of a millisecond, which would make a
 * server of 20 ms one of 20.7; so the lateness is measured and taken off, and the mean is what was asked for.
 */

/** One bucket for each ms of a turn. A power of two. */
const BUCKETS = 16_384
/** How much of what is left of the lateness each one takes off. */
const WEIGHT = 0.01

export class DueList<T> {
  readonly #buckets: { readonly thing: T; readonly at: number }[][] = Array.from({ length: BUCKETS }, () => [])
  readonly #finish: (thing: T) => void
  #count = 0
  /** The ms whose bucket is looked at next. */
  #next = 0
  /** By how much the process is late, in ms. */
  #late = 0.5

  constructor(finish: (thing: T) => void) {
    this.#finish = finish
  }

  /** `delay` in ms, at most 16 seconds. */
  add(thing: T, delay: number): void {
    const now = performance.now()
    if (this.#count++ === 0) {
      this.#next = Math.floor(now)
      this.#wait()
    }
    const at = now + delay
    const bucket = Math.max(Math.round(at - this.#late), this.#next)
    this.#buckets[bucket % BUCKETS]!.push({ thing, at })
  }

  #wait(): void {
    setTimeout(() => this.#turn(), 1)
  }

  #turn(): void {
    const now = performance.now()
    for (; this.#next <= now; this.#next++) {
      const bucket = this.#buckets[this.#next % BUCKETS]!
      if (bucket.length === 0) continue
      for (const { thing, at } of bucket.splice(0)) {
        this.#count--
        this.#late = Math.max(0, this.#late + (now - at) * WEIGHT)
        this.#finish(thing)
      }
    }
    if (this.#count > 0) this.#wait()
  }
}
