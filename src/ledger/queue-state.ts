/**
 * A queue as all threads see it. The waiters themselves are in their threads (gate.ts). Here are their total number
 * (bounded), and for each thread the arrival numbers of those to be served first. A thread that frees something reads
 * them and hands it to the thread where the oldest waits: first in, first out over all threads, except that a thread's
 * own waiter goes first when it is only a few places younger (slackOf), because waking a thread costs 30 to 60 µs.
 * So at most an eighth of the waiters, and never more than SLACK, overtake an older one (those whose own deadline fires
 * at that instant aside); in a queue of fewer than eight none does.
 *
 * Per row: joined (waiters of this thread), called (something was left for it, or it should look again), unconstrained
 * (number of its oldest waiter that can use anything), constrained (of its oldest that cannot), excluded (bits of what
 * that one cannot use). Only the thread itself writes all of these but called.
 *
 * What other threads read here may be outdated by the time they act. That costs a slot a detour and never loses it: a
 * thread passes on what it has no use for.
 *
 * Length and joined change together as used and held do (slots.ts), so that a killed thread's part can be taken back.
 */
import { type LedgerPlan, QUEUE, QUEUE_ROW } from './plan.ts'
import { type LimitInForce, type Voice, voices } from './voice.ts'

/** Most places by which a thread's own waiter may be younger than another thread's oldest and still go first. */
export const SLACK = 8

/** The same for `length` waiters: in a short queue every place counts. */
export function slackOf(length: number): number {
  return Math.min(SLACK, length >> 3)
}

/** The last two are not the queue's: spare.ts has idle connections of a listener there. */
export const ROW = {
  joined: 0,
  called: 1,
  unconstrained: 2,
  constrained: 3,
  excluded: 4,
  idleSince: 5,
  asked: 6,
} as const

/** Whether arrival number `a` came before `b`. Numbers wrap round after 2³¹ arrivals, so only their distance counts. */
export function older(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

export class QueueState {
  readonly key: string
  /** Threads that may have waiters. */
  readonly rows: number
  readonly #cells: Int32Array
  readonly #at: number
  readonly #row: number
  readonly #me: number
  readonly #alive: number
  readonly #bells: number
  /** In row 0, the handed cells of the slots that are handed to its waiters. */
  #handed: readonly number[]
  readonly #rowLength: number
  #unconstrained = 0
  #constrained = 0
  #excluded = 0

  constructor(cells: Int32Array, plan: LedgerPlan, me: number, key: string) {
    const slots = plan.queues[key]
    const at = plan.at[key]
    if (slots === undefined || at === undefined) throw new RangeError(`the ledger has no ${key}`)
    this.key = key
    this.#cells = cells
    this.#at = at
    this.#row = at + QUEUE.rows
    this.#me = me
    this.rows = plan.rows
    this.#alive = plan.alive
    this.#bells = plan.row
    this.#handed = slots.map((slot) => plan.row + plan.handed + slot)
    this.#rowLength = plan.rowLength
  }

  /** A newer plan over the same memory may hand other slots to those that wait. Keeps the queue and its waiters. */
  follow(plan: LedgerPlan): void {
    const slots = plan.queues[this.key]
    if (slots === undefined) throw new RangeError(`the ledger has no ${this.key}`)
    this.#handed = slots.map((slot) => plan.row + plan.handed + slot)
  }

  /** Waiters over all threads. */
  get length(): number {
    return Atomics.load(this.#cells, this.#at + QUEUE.length)
  }

  /** How many may wait; 0: none. Lowering it sends no waiter away. */
  get bound(): number {
    return Atomics.load(this.#cells, this.#at + QUEUE.bound)
  }

  /** Which voice set the bound in force. */
  get voice(): Voice {
    return voices[Atomics.load(this.#cells, this.#at + QUEUE.voice)]!
  }

  /** Puts a bound in force; see Slots.enforce. */
  enforce({ value, voice }: LimitInForce): void {
    Atomics.store(this.#cells, this.#at + QUEUE.voice, voices.indexOf(voice))
    Atomics.store(this.#cells, this.#at + QUEUE.bound, value)
  }

  /** Waiters of this thread. */
  get joined(): number {
    return this.#cells[this.#row + this.#me * QUEUE_ROW + ROW.joined]!
  }

  /** Takes a place in the queue unless it is full; `extra` places more than its bound. Publish the waiter's number next. */
  join(extra = 0): boolean {
    const cells = this.#cells
    const length = this.#at + QUEUE.length
    const joined = this.#row + this.#me * QUEUE_ROW + ROW.joined
    for (let n = Atomics.load(cells, length); n < Atomics.load(cells, this.#at + QUEUE.bound) + extra; ) {
      const seen = Atomics.compareExchange(cells, length, n, n + 1)
      if (seen === n) {
        cells[joined]! += 1
        return true
      }
      n = seen
    }
    return false
  }

  /** One of our waiters is served or gone. */
  leave(): void {
    const cells = this.#cells
    const joined = this.#row + this.#me * QUEUE_ROW + ROW.joined
    Atomics.sub(cells, this.#at + QUEUE.length, 1)
    cells[joined]! -= 1
  }

  /** The next arrival number, never 0. */
  arrive(): number {
    const n = (Atomics.add(this.#cells, this.#at + QUEUE.arrivals, 1) + 1) | 0
    return n === 0 ? this.arrive() : n
  }

  /** The number of the last arrival: for a waiter that is served at once, but may have to wait when it asks again. */
  get latest(): number {
    return Atomics.load(this.#cells, this.#at + QUEUE.arrivals) || -1 // older than the first that will come
  }

  /**
   * Shows the other threads which waiters are to be served first here; 0: none of that kind. The atomic store also makes
   * joining visible before the caller looks again for something free.
   */
  publish(unconstrained: number, constrained: number, excluded: number): void {
    const at = this.#row + this.#me * QUEUE_ROW
    if (constrained !== this.#constrained || excluded !== this.#excluded) {
      this.#excluded = excluded
      this.#constrained = constrained
      Atomics.store(this.#cells, at + ROW.excluded, excluded)
      Atomics.store(this.#cells, at + ROW.constrained, constrained)
    }
    if (unconstrained === this.#unconstrained) return
    this.#unconstrained = unconstrained
    Atomics.store(this.#cells, at + ROW.unconstrained, unconstrained)
  }

  /** Whether number `n` came before every waiter on any thread. */
  first(n: number): boolean {
    const cells = this.#cells
    for (let k = 0; k < this.rows; k++) {
      const at = this.#row + k * QUEUE_ROW
      const unconstrained = Atomics.load(cells, at + ROW.unconstrained)
      if (unconstrained !== 0 && !older(n, unconstrained)) return false
      const constrained = Atomics.load(cells, at + ROW.constrained)
      if (constrained !== 0 && !older(n, constrained)) return false
    }
    return true
  }

  /**
   * The other thread whose waiter should get what was freed, or -1. `bit`: of the freed thing. `mine`: number of our
   * own candidate, 0 when we have none. `slack`: by how many places ours may be younger and still go first.
   */
  oldestElsewhere(bit: number, mine: number, slack: number): number {
    const cells = this.#cells
    let found = -1
    let number = 0
    if (this.length === this.joined) return -1
    for (let k = 0; k < this.rows; k++) {
      const at = this.#row + k * QUEUE_ROW
      let n = Atomics.load(cells, at + ROW.unconstrained)
      const constrained = Atomics.load(cells, at + ROW.constrained)
      if (
        constrained !== 0 &&
        (n === 0 || older(constrained, n)) &&
        (Atomics.load(cells, at + ROW.excluded) & bit) === 0
      )
        n = constrained
      if (n === 0 || k === this.#me) continue
      if (mine !== 0 && !older(n, (mine - slack) | 0)) continue
      if (found >= 0 && !older(n, number)) continue
      if (Atomics.load(cells, this.#alive + k) !== 1) continue
      if (this.#underWay(k) >= Atomics.load(cells, at + ROW.joined)) continue
      found = k
      number = n
    }
    return found
  }

  /** Slots on their way to waiters of any thread. */
  get underWay(): number {
    let n = 0
    for (let k = 0; k < this.rows; k++) n += this.#underWay(k)
    return n
  }

  /** Slots on their way to a thread. No more are handed than it has waiters (two threads at once may hand one too many). */
  #underWay(thread: number): number {
    const row = thread * this.#rowLength
    let n = 0
    for (let i = 0; i < this.#handed.length; i++) n += Atomics.load(this.#cells, this.#handed[i]! + row)
    return n
  }

  /** Wakes a thread: something was left for it, or it should look again. */
  call(thread: number): void {
    Atomics.store(this.#cells, this.#row + thread * QUEUE_ROW + ROW.called, 1)
    const bell = this.#bells + thread * this.#rowLength
    if (Atomics.exchange(this.#cells, bell, 1) === 0) Atomics.notify(this.#cells, bell)
  }

  /** Calls every other thread that has waiters. */
  callOthers(): void {
    for (let k = 0; k < this.rows; k++) {
      if (k !== this.#me && Atomics.load(this.#cells, this.#row + k * QUEUE_ROW + ROW.joined) > 0) this.call(k)
    }
  }

  /** Whether this thread was called since it last asked; asking clears it. */
  takeCall(): boolean {
    const called = this.#row + this.#me * QUEUE_ROW + ROW.called
    return Atomics.load(this.#cells, called) === 1 && Atomics.exchange(this.#cells, called, 0) === 1
  }
}
