/**
 * The index of a shard: chains of objects by hash. A key may be there twice: the current object and the busy one that
 * is to replace it. Objects are their own entries, so the index costs one word per chain. Inside the lock only.
 */
import type { Key } from './key-bytes.ts'
import { FLAGS, OBJECT } from './object.ts'
import type { StorePlan } from './store-plan.ts'

export class Index {
  readonly #cells: Int32Array
  readonly #start: number
  readonly #mask: number

  constructor(cells: Int32Array, plan: StorePlan) {
    this.#cells = cells
    this.#start = plan.index
    this.#mask = plan.chains - 1
  }

  /** The object of a key in a state; 0: none. */
  find(key: Key, state: number): number {
    const cells = this.#cells
    const { high } = key
    const words = (key.length + 3) >>> 2
    const wanted = state | (key.length << FLAGS.keyShift)
    let object = cells[this.#start + (key.low & this.#mask)]!
    search: for (; object !== 0; object = cells[object + OBJECT.chain]!) {
      if (cells[object + OBJECT.high] !== high) continue
      if ((cells[object + OBJECT.flags]! & ~(FLAGS.freq | FLAGS.queue)) !== wanted) continue
      const at = object + OBJECT.key
      for (let i = 0; i < words; i++) if (cells[at + i] !== key.words[i]) continue search
      return object
    }
    return 0
  }

  /** The other object of the same key that is in a state; 0: none. */
  twin(object: number, state: number): number {
    const cells = this.#cells
    const key = cells[object + OBJECT.flags]! >>> FLAGS.keyShift
    const wanted = state | (key << FLAGS.keyShift)
    let other = cells[this.#chain(object)]!
    search: for (; other !== 0; other = cells[other + OBJECT.chain]!) {
      if (other === object || cells[other + OBJECT.high] !== cells[object + OBJECT.high]) continue
      if ((cells[other + OBJECT.flags]! & ~(FLAGS.freq | FLAGS.queue)) !== wanted) continue
      for (let i = 0; i < (key + 3) >>> 2; i++) {
        if (cells[other + OBJECT.key + i] !== cells[object + OBJECT.key + i]) continue search
      }
      return other
    }
    return 0
  }

  add(object: number): void {
    const cells = this.#cells
    const chain = this.#chain(object)
    cells[object + OBJECT.chain] = cells[chain]!
    cells[chain] = object
  }

  remove(object: number): void {
    const cells = this.#cells
    let at = this.#chain(object)
    while (cells[at] !== object) {
      if (cells[at] === 0) return
      at = cells[at]! + OBJECT.chain
    }
    cells[at] = cells[object + OBJECT.chain]!
  }

  /** The first object of chain number `n`; 0: it is empty. */
  first(n: number): number {
    return this.#cells[this.#start + n]!
  }

  /** Begins anew, empty. */
  reset(): void {
    this.#cells.fill(0, this.#start, this.#start + this.#mask + 1)
  }

  #chain(object: number): number {
    return this.#start + (this.#cells[object + OBJECT.low]! & this.#mask)
  }
}
