/**
 * What each thread pins, in shared memory, so that it can be given back when the thread dies: three words per pin, shard,
 * object, and the first extent that its reader still needs where the body passes by (slide.ts; 0: it needs all there is). An entry is written and cleared inside the lock of the shard it names, so it is either true or the shard is
 * thrown away (rebuild.ts). Which entries are free only the thread itself knows; a new thread of the same number begins
 * with a table that was given back whole.
 */
import { PIN_WORDS, type StorePlan, tableWords } from './store-plan.ts'

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
  /** The first extent that the reader needs of a body that passes by; 0: it has passed none. */
  readonly extent: number
}

export class PinTable {
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
      this.#used += PIN_WORDS
      cells[this.#row] = (this.#used - this.#row - START) / PIN_WORDS
    }
    cells[entry + 1] = object
    cells[entry + 2] = 0
    cells[entry] = (shard + 1) | (draft ? DRAFT : 0)
    return entry
  }

  /** Strikes out a pin of our own. */
  clear(entry: number): void {
    this.#cells[entry] = 0
    this.#free.push(entry)
  }

  /** Notes the first extent that a pin of our own needs; see Pin. */
  need(entry: number, extent: number): void {
    this.#cells[entry + 2] = extent
  }

  /** What was noted by `need`. */
  needs(entry: number): number {
    return this.#cells[entry + 2]!
  }

  /** All pins of a thread. */
  pinsOf(thread: number): Pin[] {
    const cells = this.#cells
    const row = thread * this.#rowWords
    const pins: Pin[] = []
    const end = row + START + Atomics.load(cells, row) * PIN_WORDS
    for (let entry = row + START; entry < end; entry += PIN_WORDS) {
      const word = Atomics.load(cells, entry)
      if (word === 0) continue
      const shard = (word & ~DRAFT) - 1
      pins.push({ entry, shard, object: cells[entry + 1]!, draft: (word & DRAFT) !== 0, extent: cells[entry + 2]! })
    }
    return pins
  }

  /** Strikes out a pin of a thread that has ended. */
  strike(pin: Pin): void {
    this.#cells[pin.entry] = 0
  }
}
