/**
 * The one memory where the threads meet: limits, slots, queues, bells, counters. Each thread has a Ledger of its own over
 * it. Only files of this folder use Atomics, and the store.
 */
import { Cell } from './cell.ts'
import { Counter } from './counter.ts'
import { Histogram } from './histogram.ts'
import type { Freed } from './layout.ts'
import { Oldest } from './oldest.ts'
import { CACHE_LINE, type LedgerPlan, QUEUE, QUEUE_ROW, SLOT, THREAD } from './plan.ts'
import { QueueState, ROW } from './queue-state.ts'
import { Slots } from './slots.ts'
import { Spare } from './spare.ts'

export class Ledger {
  readonly plan: LedgerPlan
  readonly #cells: Int32Array
  readonly #numbers: Float64Array
  readonly #me: number
  readonly #bell: number

  /** `me`: 0 … threads - 1 for a worker, -1 for the main thread. */
  constructor(memory: SharedArrayBuffer, plan: LedgerPlan, me: number) {
    if (me < -1 || me >= plan.threads) throw new RangeError(`the ledger has no thread ${me}`)
    this.plan = plan
    this.#cells = new Int32Array(memory, 0, plan.cells)
    this.#numbers = new Float64Array(memory, plan.cells * 4, plan.numbers)
    this.#me = me < 0 ? plan.threads : me
    this.#bell = plan.row + this.#me * plan.rowLength
    if (me < 0) this.join()
  }

  /** From now on slots may be handed to this thread. A worker calls it once, before anything else. */
  join(): void {
    Atomics.store(this.#cells, this.plan.alive + this.#me, 1)
    this.ring(this.#me)
  }

  /** Whether a worker thread has joined and was not taken back. */
  alive(thread: number): boolean {
    return Atomics.load(this.#cells, this.plan.alive + thread) === 1
  }

  /** Throws RangeError when there are none of that key; so do the others below. */
  slots(key: string): Slots {
    return new Slots(this.#cells, this.plan, this.#me, key)
  }

  queue(key: string): QueueState {
    return new QueueState(this.#cells, this.plan, this.#me, key)
  }

  cell(key: string): Cell {
    return new Cell(this.#cells, find(this.plan.at, key))
  }

  counter(key: string): Counter {
    return new Counter(this.#numbers, this.plan, this.#me, find(this.plan.counters, key))
  }

  /** A counter that also goes down; a dead thread's part of it is zeroed. */
  gauge(key: string): Counter {
    return new Counter(this.#numbers, this.plan, this.#me, find(this.plan.gauges, key))
  }

  /** Idle connections of a listener. */
  spare(listener: string): Spare {
    const idle = this.gauge(`listener:${listener}:idle`)
    return new Spare(this.#cells, this.plan, this.#me, this.queue(`queue:listener:${listener}`), idle)
  }

  /** A moment per thread, under the key of a gauge. */
  oldest(key: string): Oldest {
    return new Oldest(this.#numbers, this.plan, this.#me, find(this.plan.gauges, key))
  }

  histogram(key: string): Histogram {
    return new Histogram(this.#numbers, this.plan, this.#me, find(this.plan.histograms, key))
  }

  /** Wakes a thread and has it look again at every gate. */
  ring(thread: number): void {
    const { at, queues, row, rowLength } = this.plan
    for (const key in queues) Atomics.store(this.#cells, at[key]! + QUEUE.rows + thread * QUEUE_ROW + ROW.called, 1)
    const bell = row + thread * rowLength
    // Notifies also when the bell was rung already: the thread that rang may have been killed just before it notified.
    Atomics.store(this.#cells, bell, 1)
    Atomics.notify(this.#cells, bell)
  }

  /** Wakes a worker thread, this one too, for something that is not at the gates. Does nothing for the main thread. */
  wake(thread: number): void {
    const { row, rowLength, threads } = this.plan
    if (thread >= threads) return
    const bell = row + thread * rowLength
    Atomics.store(this.#cells, bell, 1)
    Atomics.notify(this.#cells, bell)
  }

  /** Wakes all threads, this one included: after a limit was raised or a server became usable. */
  ringAll(): void {
    for (let k = 0; k < this.plan.rows; k++) this.ring(k)
  }

  /** Whether the bell was rung since the last call; asking clears it. */
  takeRing(): boolean {
    return Atomics.exchange(this.#cells, this.#bell, 0) === 1
  }

  /**
   * Calls `onRing` now and whenever the bell rang, until `signal` aborts. Rings that come together are one call. Does not
   * keep the event loop alive. Rejects with what `onRing` throws.
   */
  async listen(onRing: () => void, signal: AbortSignal): Promise<void> {
    const cells = this.#cells
    const bell = this.#bell
    const wake = (): void => this.ring(this.#me)
    signal.addEventListener('abort', wake, { once: true })
    try {
      while (!signal.aborted) {
        Atomics.store(cells, bell, 0)
        onRing()
        // No timeout, ever: such waits pile up inside V8. One is outstanding at a time.
        const wait = Atomics.waitAsync(cells, bell, 0)
        if (wait.async) await wait.value
        else await new Promise((resolve) => setImmediate(resolve)) // rung meanwhile: let sockets have their turn first
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /**
   * Takes back everything a dead thread held, what was on its way to it, and its places in queues; then has all others
   * look again. Main thread only, after the worker's exit event: the thread must not run any more.
   */
  reclaim(thread: number): void {
    const { plan } = this
    const cells = this.#cells
    Atomics.store(cells, plan.alive + thread, 0)
    const held = plan.row + thread * plan.rowLength + THREAD.held
    for (const key in plan.slots) {
      const n = Atomics.exchange(cells, held + plan.slots[key]!, 0)
      if (n !== 0) Atomics.sub(cells, plan.at[key]! + SLOT.used, n)
    }
    // Other dead threads too: this one may have handed them something just before it died.
    for (let k = 0; k < plan.threads; k++) if (!this.alive(k)) this.#sweep(k)
    for (const key in plan.queues) {
      const at = plan.at[key]!
      const row = at + QUEUE.rows + thread * QUEUE_ROW
      for (const cell of Object.values(ROW)) if (cell !== ROW.joined) Atomics.store(cells, row + cell, 0)
      Atomics.sub(cells, at + QUEUE.length, Atomics.exchange(cells, row + ROW.joined, 0))
    }
    for (const key in plan.gauges) this.#numbers[thread * plan.numberRow + plan.gauges[key]!] = 0
    this.ringAll()
  }

  /** Sets free what is on its way to a dead thread. */
  #sweep(thread: number): void {
    const { plan } = this
    const cells = this.#cells
    const handed = plan.row + thread * plan.rowLength + plan.handed
    for (const key in plan.slots) {
      const slot = plan.slots[key]!
      const n = Atomics.exchange(cells, handed + slot, 0)
      if (n === 0) continue
      const around = plan.within[slot]!
      Atomics.sub(cells, plan.at[key]! + SLOT.used, n)
      if (around >= 0) Atomics.sub(cells, around * CACHE_LINE + SLOT.used, n)
    }
  }

  /** Writes the limits and bounds of what is new in this plan. Main thread, once, before any other thread has the plan. */
  prepare(): void {
    const { initial } = this.plan
    for (let i = 0; i < initial.length; i += 2) Atomics.store(this.#cells, initial[i]!, initial[i + 1]!)
  }

  /**
   * Zeroes what belongs to nothing any more (LedgerLayout.release).
   * @throws Error when something of it is in use: a generation was declared over too early
   */
  wipe({ slots, cells, numbers }: Freed): void {
    const { plan } = this
    for (const slot of slots) {
      if (Atomics.load(this.#cells, slot * CACHE_LINE + SLOT.used) !== 0)
        throw new Error(`slot ${slot} is still in use`)
    }
    for (let i = 0; i < cells.length; i += 2) {
      for (let at = cells[i]!; at < cells[i]! + cells[i + 1]!; at++) Atomics.store(this.#cells, at, 0)
    }
    for (let k = 0; k < plan.rows; k++) {
      for (let i = 0; i < numbers.length; i += 2) {
        const at = k * plan.numberRow + numbers[i]!
        this.#numbers.fill(0, at, at + numbers[i + 1]!)
      }
    }
  }
}

function find(places: Readonly<Record<string, number>>, key: string): number {
  const place = places[key]
  if (place === undefined) throw new RangeError(`the ledger has no ${key}`)
  return place
}
