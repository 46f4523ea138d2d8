/**
 * Idle client connections of one listener, as all threads see them: those that may be closed to make room for newcomers.
 * The connections are in their threads. Here are their number, the moment since when each thread's oldest is idle, and
 * how many places other threads ask of it.
 *
 * What others read may be outdated when they act: a thread that is asked for more than it has asks on.
 */
import type { Counter } from './counter.ts'
import { type LedgerPlan, QUEUE, QUEUE_ROW } from './plan.ts'
import { older, type QueueState, ROW } from './queue-state.ts'

export class Spare {
  readonly #cells: Int32Array
  readonly #rows: number
  readonly #me: number
  readonly #threads: number
  readonly #alive: number
  readonly #queue: QueueState
  readonly #idle: Counter

  /** `queue`: the listener's queue. `idle`: the gauge of its idle connections. */
  constructor(cells: Int32Array, plan: LedgerPlan, me: number, queue: QueueState, idle: Counter) {
    const at = plan.at[queue.key]
    if (at === undefined) throw new RangeError(`the ledger has no ${queue.key}`)
    this.#cells = cells
    this.#rows = at + QUEUE.rows
    this.#me = me
    this.#threads = plan.threads
    this.#alive = plan.alive
    this.#queue = queue
    this.#idle = idle
  }

  /** Idle connections over all threads, those included that have been idle for too short a time to be closed. */
  get total(): number {
    return this.#idle.total()
  }

  /** One of this thread's connections became idle (1), or is no longer (-1). */
  count(n: 1 | -1): void {
    this.#idle.add(n)
  }

  /** Shows the other threads since when this thread's oldest idle connection is idle, as a `momentOf`; 0: there is none. */
  publish(since: number): void {
    Atomics.store(this.#cells, this.#rows + this.#me * QUEUE_ROW + ROW.idleSince, since)
  }

  /** The other thread with the connection that has been idle longest; -1: none. `since`: only what is older than that; 0: any. */
  longest(since: number): number {
    const cells = this.#cells
    let found = -1
    let moment = since
    for (let k = 0; k < this.#threads; k++) {
      if (k === this.#me) continue
      const at = Atomics.load(cells, this.#rows + k * QUEUE_ROW + ROW.idleSince)
      if (at === 0 || (moment !== 0 && !older(at, moment))) continue
      if (Atomics.load(cells, this.#alive + k) !== 1) continue
      found = k
      moment = at
    }
    return found
  }

  /** Asks another thread to close `n` of its idle connections. A thread that dies has closed all of its own. */
  ask(thread: number, n: number): void {
    Atomics.add(this.#cells, this.#rows + thread * QUEUE_ROW + ROW.asked, n)
    this.#queue.call(thread)
  }

  /** How many connections all threads were asked to close and have not looked at yet. */
  get pending(): number {
    let n = 0
    for (let k = 0; k < this.#threads; k++) n += Atomics.load(this.#cells, this.#rows + k * QUEUE_ROW + ROW.asked)
    return n
  }

  /** How many this thread was asked to close since it last looked; looking clears it. */
  takeAsked(): number {
    const at = this.#rows + this.#me * QUEUE_ROW + ROW.asked
    return Atomics.load(this.#cells, at) === 0 ? 0 : Atomics.exchange(this.#cells, at, 0)
  }
}

/** A moment of `monotonic` in whole ms on a scale that all threads share, never 0. Wraps round after 49 days; see `older`. */
export function momentOf(at: number): number {
  return (performance.timeOrigin + at) | 0 || 1
}
