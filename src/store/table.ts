/**
 * What each thread pins, in shared memory, so that it can be given back when the thread dies: two words per pin, shard
 * and object. An entry is written and cleared inside the lock of the shard it names, so it is either true or the shard is
 * thrown away (rebuild.ts). Which entries are free only the thread itself knows; a new thread of the same number begins
 * with a table that was given back whole.
 */
import { type StorePlan, tableWords } from './plan.ts'

const DRAFT = 1 << 30
/** Words before the entries; the first is how many entries were ever used. */
const START = 16

/** One pin, as others see it. */
export interface Pin {
  readonly entry: number
  readonly shard: number
  readonly object: number
  /** The object is being filled by the thread that pins it. */
  readonly draft: boolean
}

export class Table {
  readonly #cells: Int32Array
  readonly #row: number
  readonly #rowWords: number
  readonly #end: number
  readonly #free: number[] = []
  #used: number

  constructor(control: SharedArrayBuffer, plan: StorePlan, me: number) {
    this.#cells = new Int32Array(control)
    this.#rowWords = tableWords(plan)
    this.#row = me * this.#rowWords
    this.#end = this.#row + this.#rowWords
    this.#used = this.#row + START
  }

  /** No further pin has a place. */
  get full(): boolean {
    return this.#free.length === 0 && this.#used === this.#end
  }

  /** Writes down a pin; the table must not be full. Returns its entry. */
  put(shard: number, object: number, draft: boolean): number {
    const cells = this.#cells
    let entry = this.#free.pop()
    if (entry === undefined) {
      entry = this.#used
      this.#used += 2
      cells[this.#row] = (this.#used - this.#row - START) >> 1
    }
    cells[entry + 1] = object
    cells[entry] = (shard + 1) | (draft ? DRAFT : 0)
    return entry
  }

  /** Strikes out a pin of our own. */
  clear(entry: number): void {
    this.#cells[entry] = 0
    this.#free.push(entry)
  }

  /** All pins of a thread. */
  pinsOf(thread: number): Pin[] {
    const cells = this.#cells
    const row = thread * this.#rowWords
    const pins: Pin[] = []
    const end = row + START + Atomics.load(cells, row) * 2
    for (let entry = row + START; entry < end; entry += 2) {
      const word = Atomics.load(cells, entry)
      if (word === 0) continue
      const shard = (word & ~DRAFT) - 1
      pins.push({ entry, shard, object: cells[entry + 1]!, draft: (word & DRAFT) !== 0 })
    }
    return pins
  }

  /** Strikes out a pin of a thread that has ended. */
  strike(pin: Pin): void {
    this.#cells[pin.entry] = 0
  }
}
