/** What the threads that race in a store are told and what they write down. */
import type { StoreMemory } from '../../src/store/memory.ts'

/** Cells of a board: what is counted over all threads, and from `bells` on a bell for each thread. */
export const BOARD = { stop: 0, faults: 1, filled: 2, read: 3, grown: 4, passed: 5, bells: 8 } as const

export interface StoreRace {
  readonly memory: StoreMemory
  readonly me: number
  readonly board: SharedArrayBuffer
  readonly seed: number
}
