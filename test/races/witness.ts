/**
 * What the racing threads themselves count, beside the ledger and by other means, to bear witness that its limits were
 * kept. A thread's own part is written right after the sum, as in the ledger, so that a killed thread's can be undone.
 */
const INSIDE = 0
const MOST = 1
const BROKEN = 2
const STOP = 3
const GRANTS = 4
const GO = 5
const HEEDED = 6
const OWN = 16

export class Witness {
  readonly memory: SharedArrayBuffer
  readonly #cells: Int32Array
  readonly #own: number

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(4 * (OWN + 16)), me = 0) {
    this.memory = memory
    this.#cells = new Int32Array(memory)
    this.#own = OWN + me
  }

  /** Called by who has just been let in, where at most `limit` may be. */
  enter(limit: number): void {
    const cells = this.#cells
    const own = this.#own
    const inside = Atomics.add(cells, INSIDE, 1) + 1
    cells[own]! += 1
    if (inside > limit) Atomics.add(cells, BROKEN, 1)
    if (inside > Atomics.load(cells, MOST)) Atomics.store(cells, MOST, inside)
    Atomics.add(cells, GRANTS, 1)
  }

  /** Called just before giving back. */
  exit(): void {
    const cells = this.#cells
    const own = this.#own
    Atomics.sub(cells, INSIDE, 1)
    cells[own]! -= 1
  }

  /** Undoes what a dead thread counted; before the ledger takes back its slots. */
  forget(thread: number): void {
    Atomics.sub(this.#cells, INSIDE, Atomics.exchange(this.#cells, OWN + thread, 0))
  }

  /** How often somebody was let in beyond the limit. */
  get broken(): number {
    return Atomics.load(this.#cells, BROKEN)
  }

  get inside(): number {
    return Atomics.load(this.#cells, INSIDE)
  }

  /** The most that were inside at once, roughly. */
  get most(): number {
    return Atomics.load(this.#cells, MOST)
  }

  /** How many were let in. */
  get grants(): number {
    return Atomics.load(this.#cells, GRANTS)
  }

  /** Has the racers begin, those that come later too. */
  go(): void {
    Atomics.store(this.#cells, GO, 1)
    Atomics.notify(this.#cells, GO)
  }

  /** Blocks the thread until go. */
  wait(): void {
    Atomics.wait(this.#cells, GO, 0)
  }

  /** Asks the racers to come to an end. */
  get stop(): boolean {
    return Atomics.load(this.#cells, STOP) === 1
  }

  set stop(yes: boolean) {
    Atomics.store(this.#cells, STOP, yes ? 1 : 0)
  }

  /** Says, once, that this racer has seen stop and will act by it from now on. */
  heed(): void {
    Atomics.add(this.#cells, HEEDED, 1)
  }

  /** How many racers have seen stop. */
  get heeded(): number {
    return Atomics.load(this.#cells, HEEDED)
  }
}
