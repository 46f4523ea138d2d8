/**
 * The ghost of S3-FIFO: hashes of objects that were evicted a short while ago. Who is found here when it comes back has
 * shown that it is wanted, and goes to the main queue at once.
 *
 * Sets of four pairs, hash and time, where time counts evictions: an entry is too old when more were evicted after it
 * than the main queue has objects, so nothing needs to be taken out. A hash of another object found by chance does no
 * harm but a better place than deserved.
 */
import { SHARD, type StorePlan } from './store-plan.ts'

const WAYS = 4

export class GhostQueue {
  readonly #cells: Int32Array
  readonly #start: number
  readonly #mask: number

  constructor(cells: Int32Array, plan: StorePlan) {
    this.#cells = cells
    this.#start = plan.ghost
    this.#mask = plan.sets - 1
  }

  /** Remembers an evicted object by its hashes; the oldest of the set is forgotten. */
  add(low: number, high: number): void {
    const cells = this.#cells
    const now = ++cells[SHARD.ghostTime]!
    const set = this.#set(high)
    let oldest = set
    for (let at = set; at < set + WAYS * 2; at += 2) {
      if (cells[at] === 0) {
        oldest = at
        break
      }
      if (((cells[at + 1]! - cells[oldest + 1]!) | 0) < 0) oldest = at
    }
    cells[oldest] = low | 1
    cells[oldest + 1] = now
  }

  /** Whether it was evicted no more than `memory` evictions ago; it is forgotten with the question. */
  take(low: number, high: number, memory: number): boolean {
    const cells = this.#cells
    const set = this.#set(high)
    for (let at = set; at < set + WAYS * 2; at += 2) {
      if (cells[at] !== (low | 1)) continue
      cells[at] = 0
      return ((cells[SHARD.ghostTime]! - cells[at + 1]!) | 0) < memory
    }
    return false
  }

  /** Forgets all. */
  reset(): void {
    this.#cells.fill(0, this.#start, this.#start + (this.#mask + 1) * WAYS * 2)
  }

  #set(high: number): number {
    return this.#start + (high & this.#mask) * WAYS * 2
  }
}
