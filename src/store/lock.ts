/**
 * The lock of a shard: one word, 0 or the owner's number plus one, so that a thread that died inside is known. Sections
 * last microseconds, so a thread that finds it taken spins a little; a worker then naps on the word. No thread is notified: an owner
 * killed between setting free and notifying would leave the others asleep, while a nap that ends by itself cannot be
 * missed. The main thread never naps, and gives up: the owner may be dead, and only main can find out.
 *
 * Nothing inside a section throws. Everything a dead owner left half done is thrown away with the shard (rebuild.ts).
 */
import { SHARD } from './store-plan.ts'

const SPINS = 200
/** About 5 ms. */
const MAIN_SPINS = 100_000
/** ms. */
const NAP = 0.1

// Node 24 has it not; there the spin is only a little hotter.
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {})

export class Lock {
  readonly #cells: Int32Array
  readonly #me: number
  readonly #spins: number
  readonly #naps: boolean

  /** `naps`: this thread may block. */
  constructor(cells: Int32Array, me: number, naps: boolean) {
    this.#cells = cells
    this.#me = me + 1
    this.#spins = naps ? SPINS : MAIN_SPINS
    this.#naps = naps
  }

  /** Takes the lock. False only on a thread that may not block: it is taken for longer than a section lasts. */
  enter(): boolean {
    return Atomics.compareExchange(this.#cells, SHARD.lock, 0, this.#me) === 0 || this.#contend()
  }

  leave(): void {
    Atomics.store(this.#cells, SHARD.lock, 0)
  }

  /** Takes over the lock of a thread that has ended. False: it does not have it. */
  inherit(thread: number): boolean {
    return Atomics.compareExchange(this.#cells, SHARD.lock, thread + 1, this.#me) === thread + 1
  }

  #contend(): boolean {
    const cells = this.#cells
    for (;;) {
      for (let i = 0; i < this.#spins; i++) {
        const owner = Atomics.load(cells, SHARD.lock)
        if (owner === 0 && Atomics.compareExchange(cells, SHARD.lock, 0, this.#me) === 0) return true
        if (owner === this.#me) throw new Error('a thread enters a shard twice')
        pause()
      }
      if (!this.#naps) return false
      const owner = Atomics.load(cells, SHARD.lock)
      if (owner !== 0) Atomics.wait(cells, SHARD.lock, owner, NAP)
    }
  }
}
