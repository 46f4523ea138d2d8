/**
 * Gives everything that a configuration counts its place in the ledger's memory, by identity. A thing that the next
 * configuration has too keeps its place, so that a permit taken before comes back to the same cell; a new thing gets room
 * that is spare. What a configuration no longer has stays until no plan that has it is in use.
 *
 * Main thread only. The layout itself holds no memory: see Ledger.prepare and Ledger.wipe.
 */
import { BUCKETS } from './buckets.ts'
import { type Identities, identitiesOf, type MoreKeys, togetherOf } from './identities.ts'
import type { Limits } from './limits.ts'
import { CACHE_LINE, type LedgerPlan, QUEUE, QUEUE_ROW, SLOT, THREAD, upTo } from './plan.ts'
import { Room } from './room.ts'

/** How many things a layout has room for, by kind. */
export interface Capacity {
  readonly slots: number
  readonly queues: number
  readonly cells: number
  /** Numbers of one thread: one for a counter or gauge, BUCKETS + 1 for a histogram. */
  readonly numbers: number
}

/** Room that is always spare. Memory that is never written to costs nothing. */
const SPARE: Capacity = { slots: 64, queues: 64, cells: 64, numbers: 16 * 1024 }
const HISTOGRAM = BUCKETS + 1

/** Room for twice what a configuration has, and some more. */
export function capacityFor(config: Limits, more: MoreKeys = {}): Capacity {
  const { slots, queues, cells, counters, gauges, histograms } = identitiesOf(config, more)
  return {
    slots: slots.size * 2 + SPARE.slots,
    queues: queues.size * 2 + SPARE.queues,
    cells: cells.length * 2 + SPARE.cells,
    numbers: (counters.length + gauges.length + histograms.length * HISTOGRAM) * 2 + SPARE.numbers,
  }
}

/** Places that belong to nothing any more, as they are to be zeroed: offsets and sizes in pairs. */
export interface Freed {
  /** Numbers of slots. */
  readonly slots: readonly number[]
  readonly cells: readonly number[]
  readonly numbers: readonly number[]
}

type Kind = 'slots' | 'queues' | 'cells' | 'counters' | 'gauges' | 'histograms'
const kinds = ['slots', 'queues', 'cells', 'counters', 'gauges', 'histograms'] as const satisfies Kind[]

export class LedgerLayout {
  readonly #threads: number
  readonly #geometry: Pick<
    LedgerPlan,
    'rows' | 'cells' | 'numbers' | 'alive' | 'row' | 'rowLength' | 'handed' | 'numberRow'
  >
  /** Cells of a queue with its rows. */
  readonly #queueSize: number
  readonly #rooms: Readonly<Record<'slots' | 'queues' | 'cells' | 'numbers', Room>>
  /** Where each thing is, by key. A slot's place is its number. */
  readonly #places: Readonly<Record<Kind, Map<string, number>>> = {
    slots: new Map(),
    queues: new Map(),
    cells: new Map(),
    counters: new Map(),
    gauges: new Map(),
    histograms: new Map(),
  }
  /** What the plans in use have, the newest first. */
  readonly #plans = new Map<LedgerPlan, Identities>()

  constructor(threads: number, capacity: Capacity) {
    this.#threads = threads
    const rows = threads + 1
    const slots = upTo(capacity.slots, CACHE_LINE)
    this.#queueSize = upTo(QUEUE.rows + rows * QUEUE_ROW, CACHE_LINE)
    const queuesAt = slots * CACHE_LINE
    const cellsAt = queuesAt + capacity.queues * this.#queueSize
    const alive = upTo(cellsAt + capacity.cells, CACHE_LINE)
    const row = upTo(alive + rows, CACHE_LINE)
    const handed = THREAD.held + slots
    const rowLength = handed + slots
    const numberRow = upTo(capacity.numbers, CACHE_LINE / 2)
    const cells = row + rows * rowLength
    this.#geometry = { rows, cells, numbers: numberRow * rows, alive, row, rowLength, handed, numberRow }
    this.#rooms = {
      slots: new Room(0, slots),
      queues: new Room(queuesAt, cellsAt),
      cells: new Room(cellsAt, cellsAt + capacity.cells),
      numbers: new Room(0, numberRow),
    }
  }

  /**
   * A plan for a configuration. It also has what older plans have that are still in use, so that the newest ledger reaches
   * everything.
   * @throws RangeError when there is too little room, or the number of threads is another; nothing has changed then
   */
  plan(config: Limits, more: MoreKeys = {}): LedgerPlan {
    if (config.threads !== this.#threads) {
      throw new RangeError(`a ledger for ${this.#threads} threads cannot serve ${config.threads}`)
    }
    const own = identitiesOf(config, more)
    const all = togetherOf([own, ...this.#plans.values()])
    const fresh = this.#place(all)
    const plan = this.#planOf(all, fresh)
    const older = [...this.#plans]
    this.#plans.clear()
    this.#plans.set(plan, own)
    for (const [one, its] of older) this.#plans.set(one, its)
    return plan
  }

  /**
   * A plan is no longer in use: all that was counted by it has come back. What no other plan has is free.
   * @returns what has to be zeroed (Ledger.wipe) before the next plan is made
   */
  release(plan: LedgerPlan): Freed {
    const gone = this.#plans.get(plan)
    const freed = { slots: [] as number[], cells: [] as number[], numbers: [] as number[] }
    if (gone === undefined) return freed
    this.#plans.delete(plan)
    const left = [...this.#plans.values()]
    for (const kind of kinds) {
      const kept = new Set(left.flatMap((one) => [...keysOf(one, kind)]))
      for (const key of keysOf(gone, kind)) {
        const at = this.#places[kind].get(key)
        if (kept.has(key) || at === undefined) continue
        const size = this.#sizeOf(kind)
        if (kind === 'slots') freed.slots.push(at)
        if (kind === 'slots') freed.cells.push(at * CACHE_LINE, CACHE_LINE)
        else (kind === 'queues' || kind === 'cells' ? freed.cells : freed.numbers).push(at, size)
        this.#remove(kind, key, at)
      }
    }
    return freed
  }

  /** Finds a place for all that has none; answers with what is new. */
  #place(all: Identities): ReadonlySet<string> {
    const fresh: [Kind, string, number][] = []
    for (const kind of kinds) {
      for (const key of keysOf(all, kind)) {
        if (this.#places[kind].has(key)) continue
        const at = this.#roomOf(kind).take(this.#sizeOf(kind))
        if (at === null) {
          for (const [of, name, place] of fresh) this.#remove(of, name, place)
          throw new RangeError(`the ledger has no room left for ${kind}`)
        }
        this.#places[kind].set(key, at)
        fresh.push([kind, key, at])
      }
    }
    return new Set(fresh.filter(([kind]) => kind === 'slots' || kind === 'queues').map(([, key]) => key))
  }

  #planOf(all: Identities, fresh: ReadonlySet<string>): LedgerPlan {
    const at: Record<string, number> = {}
    const slots: Record<string, number> = {}
    const queues: Record<string, readonly number[]> = {}
    const within: number[] = []
    const initial: number[] = []
    for (const [key, { limit, around }] of all.slots) {
      const slot = this.#at('slots', key)
      slots[key] = slot
      while (within.length <= slot) within.push(-1)
      within[slot] = around === null ? -1 : this.#at('slots', around)
      at[key] = slot * CACHE_LINE
      if (fresh.has(key)) initial.push(at[key] + SLOT.limit, limit)
      if (!key.startsWith('server:')) continue
      at[`admin:${key.slice('server:'.length)}`] = at[key] + SLOT.admin
      at[`health:${key.slice('server:'.length)}`] = at[key] + SLOT.health
    }
    for (const [key, { bound, slots: own }] of all.queues) {
      at[key] = this.#at('queues', key)
      queues[key] = own.map((slot) => this.#at('slots', slot))
      if (fresh.has(key)) initial.push(at[key] + QUEUE.bound, bound)
    }
    for (const key of all.cells) at[key] = this.#at('cells', key)
    const numbers = (kind: 'counters' | 'gauges' | 'histograms'): Record<string, number> =>
      Object.fromEntries(all[kind].map((key) => [key, this.#at(kind, key)]))
    return {
      threads: this.#threads,
      ...this.#geometry,
      at,
      slots,
      within,
      queues,
      counters: numbers('counters'),
      gauges: numbers('gauges'),
      histograms: numbers('histograms'),
      initial,
    }
  }

  #at(kind: Kind, key: string): number {
    const at = this.#places[kind].get(key)
    if (at === undefined) throw new RangeError(`the ledger has no ${key}`)
    return at
  }

  #remove(kind: Kind, key: string, at: number): void {
    this.#places[kind].delete(key)
    this.#roomOf(kind).give(at, this.#sizeOf(kind))
  }

  #roomOf(kind: Kind): Room {
    return this.#rooms[kind === 'counters' || kind === 'gauges' || kind === 'histograms' ? 'numbers' : kind]
  }

  #sizeOf(kind: Kind): number {
    if (kind === 'queues') return this.#queueSize
    return kind === 'histograms' ? HISTOGRAM : 1
  }
}

function keysOf(all: Identities, kind: Kind): Iterable<string> {
  return kind === 'slots' || kind === 'queues' ? all[kind].keys() : all[kind]
}

/** The plan of a layout of its own for one configuration. */
export function planLedger(config: Limits, more: MoreKeys = {}): LedgerPlan {
  return new LedgerLayout(config.threads, capacityFor(config, more)).plan(config, more)
}

/** The memory of a plan with limits and bounds written in and everything else zero. Main thread, once. */
export function createMemory(plan: LedgerPlan): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(plan.cells * 4 + plan.numbers * 8)
  const cells = new Int32Array(memory, 0, plan.cells)
  for (let i = 0; i < plan.initial.length; i += 2) cells[plan.initial[i]!] = plan.initial[i + 1]!
  return memory
}
