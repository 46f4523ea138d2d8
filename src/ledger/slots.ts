/**
 * A bounded count of things in use, exact over all threads.
 *
 * Invariant: used = Σ held + Σ handed over all rows, where a slot that lies within another (a server's within its
 * pool's) counts its handed tokens for both. Reclaim relies on it when a thread dies, so it must hold wherever a worker
 * can be terminated. V8 stops a thread where it looks for interrupts: on entering any function, built-in ones such as
 * Atomics.add among them, and on a loop's jump back. So each change is one call of Atomics and, directly after it, plain
 * writes to held cells. Keep it so: between the two no call, no getter, no jump back, and never the plain write first
 * (a thread killed on entering Atomics.sub has then done one half; test/races/kill.test.ts finds it within seconds).
 *
 * Held cells have one writer, so they are written plainly; reclaim reads them after the writer's thread has ended.
 */
import { type LedgerPlan, SLOT, THREAD } from './plan.ts'
import { type LimitInForce, type Voice, voices } from './voice.ts'

export class Slots {
  readonly key: string
  /** Its number in the ledger: the same on every thread, and in every plan while it is in use. */
  readonly number: number
  readonly #cells: Int32Array
  readonly #used: number
  readonly #limit: number
  readonly #voice: number
  /** Our row's held cell, of this and of the slot around it (-1: none). */
  readonly #held: number
  readonly #heldAround: number
  /** The handed cell of row 0, the length of a row, our own row. */
  readonly #handed: number
  readonly #rowLength: number
  readonly #me: number
  readonly #alive: number

  constructor(cells: Int32Array, plan: LedgerPlan, me: number, key: string) {
    const slot = plan.slots[key]
    const at = plan.at[key]
    if (slot === undefined || at === undefined) throw new RangeError(`the ledger has no slots ${key}`)
    const around = plan.within[slot]!
    const held = plan.row + me * plan.rowLength + THREAD.held
    this.key = key
    this.number = slot
    this.#cells = cells
    this.#used = at + SLOT.used
    this.#limit = at + SLOT.limit
    this.#voice = at + SLOT.voice
    this.#held = held + slot
    this.#heldAround = around < 0 ? -1 : held + around
    this.#handed = plan.row + plan.handed + slot
    this.#rowLength = plan.rowLength
    this.#me = me
    this.#alive = plan.alive
  }

  /** Slots in use over all threads, those on their way to another thread included. */
  get used(): number {
    return Atomics.load(this.#cells, this.#used)
  }

  /** The limit now: 0 … UNLIMITED. Lowering it ends nothing; after raising it, ring the threads (Ledger.ringAll). */
  get limit(): number {
    return Atomics.load(this.#cells, this.#limit)
  }

  /** Which voice set the limit in force. */
  get voice(): Voice {
    return voices[Atomics.load(this.#cells, this.#voice)]!
  }

  /** Puts a limit in force. Main thread only. The voice is for explanations only, so the order of the two stores is no matter. */
  enforce({ value, voice }: LimitInForce): void {
    Atomics.store(this.#cells, this.#voice, voices.indexOf(voice))
    Atomics.store(this.#cells, this.#limit, value)
  }

  /** More in use than the limit allows, after it was lowered: what is freed now is not handed on. */
  get over(): boolean {
    return Atomics.load(this.#cells, this.#used) > Atomics.load(this.#cells, this.#limit)
  }

  /** A look without taking: good for skipping a vain try, never a promise. */
  get open(): boolean {
    return Atomics.load(this.#cells, this.#used) < Atomics.load(this.#cells, this.#limit)
  }

  /** Slots this thread holds. */
  get held(): number {
    return this.#cells[this.#held]!
  }

  /** Takes one unless the limit is reached. Looking and taking are one act, so no thread slips between. */
  take(): boolean {
    const cells = this.#cells
    const used = this.#used
    const held = this.#held
    for (let n = Atomics.load(cells, used); n < Atomics.load(cells, this.#limit); ) {
      const seen = Atomics.compareExchange(cells, used, n, n + 1)
      if (seen === n) {
        cells[held]! += 1
        return true
      }
      n = seen
    }
    return false
  }

  /** Sets one free that this thread holds. */
  give(): void {
    const cells = this.#cells
    const held = this.#held
    Atomics.sub(cells, this.#used, 1)
    cells[held]! -= 1
  }

  /**
   * Leaves one with another thread, still counted as used; the slot around it goes along. False: that thread is dead
   * and the slot is ours as before. True also when it died this instant and main has set the slot free.
   */
  hand(thread: number): boolean {
    const cells = this.#cells
    const held = this.#held
    const around = this.#heldAround
    const handed = this.#handed + thread * this.#rowLength
    Atomics.add(cells, handed, 1)
    cells[held]! -= 1
    if (around >= 0) cells[around]! -= 1
    // Reclaim marks a thread dead before it empties handed: either it sees our token, or we see the mark.
    if (Atomics.load(cells, this.#alive + thread) === 1) return true
    return !this.#takeFrom(handed)
  }

  /** Takes over one that another thread left with us, and the slot around it. */
  collect(): boolean {
    const handed = this.#handed + this.#me * this.#rowLength
    return Atomics.load(this.#cells, handed) > 0 && this.#takeFrom(handed)
  }

  #takeFrom(handed: number): boolean {
    const cells = this.#cells
    const held = this.#held
    const around = this.#heldAround
    for (let n = Atomics.load(cells, handed); n > 0; ) {
      const seen = Atomics.compareExchange(cells, handed, n, n - 1)
      if (seen === n) {
        cells[held]! += 1
        if (around >= 0) cells[around]! += 1
        return true
      }
      n = seen
    }
    return false
  }
}
