/**
 * Where everything lies in the ledger's one SharedArrayBuffer. A plan is plain data: the main thread makes it (layout.ts)
 * and hands it to the workers together with the memory.
 *
 * Int32 cells first, then Float64 numbers. What all threads fight over has a cache line (16 cells) of its own per
 * thing; what only one thread writes lies in that thread's row, apart from the other rows.
 *
 *   slots    one cache line each: used, limit, admin state, health, voice (which of several limits is in force)
 *   queues   one cache line each: length, bound, arrivals, voice; then eight cells per row (see queue-state.ts)
 *   cells    one cell each, for flags found by name
 *   alive    one cell per row
 *   rows     per thread: bell, held×slots, handed×slots
 *   numbers  per thread: counters, gauges, histogram buckets
 *
 * There is one row more than threads: the last one is the main thread's. Each part has room to spare, so that a later
 * plan over the same memory can place more things.
 */

/** Int32 cells of one cache line (64 bytes). */
export const CACHE_LINE = 16
/** Cells of one thread in a queue. */
export const QUEUE_ROW = 8

/** Places inside the cache line of a slot. */
export const SLOT = { used: 0, limit: 1, admin: 2, health: 3, voice: 4 } as const
/** Places inside the cache line of a queue; the rows follow after it. */
export const QUEUE = { length: 0, bound: 1, arrivals: 2, voice: 3, rows: CACHE_LINE } as const
/** Where a thread's row has its bell and the cells of the slots it holds. */
export const THREAD = { bell: 0, held: CACHE_LINE } as const

/** Where a ledger's things lie. Offsets in cells from the start, or in numbers within a row of numbers. */
export interface LedgerPlan {
  /** Worker threads; they are numbered from 0. */
  readonly threads: number
  /** Threads and one: the main thread's row is the last. */
  readonly rows: number
  /** Size of the memory in Int32 cells and Float64 numbers; the numbers begin after the cells. */
  readonly cells: number
  readonly numbers: number
  /** Offset of everything that has a name: slots, queues, cells. */
  readonly at: Readonly<Record<string, number>>
  /** Number of each slot, by key: its place in a row's held and handed. */
  readonly slots: Readonly<Record<string, number>>
  /** By number of a slot the number of the slot around it (a server's: its pool's), or -1. */
  readonly within: readonly number[]
  /** For each queue the numbers of the slots that are handed to those that wait in it. */
  readonly queues: Readonly<Record<string, readonly number[]>>
  /** Offsets of the alive flags (one per row) and the rows; length of a row; where in it handed begins. */
  readonly alive: number
  readonly row: number
  readonly rowLength: number
  readonly handed: number
  /** Place in a row of numbers, by key, and the length of such a row. */
  readonly counters: Readonly<Record<string, number>>
  readonly gauges: Readonly<Record<string, number>>
  readonly histograms: Readonly<Record<string, number>>
  readonly numberRow: number
  /** Offset and value, in pairs, of every cell that is new in this plan and does not begin as zero. */
  readonly initial: readonly number[]
}

/** The next multiple of `unit`. */
export function upTo(n: number, unit: number): number {
  return Math.ceil(n / unit) * unit
}
