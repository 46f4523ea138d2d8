/**
 * What an object is in a shard's memory: a block with this header, its meta numbers and its key; a block with its head;
 * and a chain of extents with its body. Several objects may share a chain (a head is made fresh, the body stays); the
 * first extent counts them. A body that turns out not to fit is kept in part: see slide.ts.
 */

/** Words from the start of an object. */
export const OBJECT = {
  /** The next object of the same chain of the index; 0: none. */
  chain: 0,
  low: 1,
  high: 2,
  flags: 3,
  /** Neighbours in its queue. */
  newer: 4,
  older: 5,
  /** How often it is pinned; its draft counts as one. */
  pins: 6,
  /** Words of all its blocks. */
  size: 7,
  head: 8,
  /** Bytes of the head; -1: there is none yet. */
  headLength: 9,
  first: 10,
  last: 11,
  /** Bytes of the body that may be read. */
  length: 12,
  end: 13,
  /** Bits of the threads that want to hear of changes. */
  watch: 14,
  kind: 15,
  /** Its body passes by (slide.ts): the number of the thread that fills it, plus one; 0: it stays. */
  slides: 16,
  /** That thread waits for room. */
  wants: 17,
  /** Bytes of all extents, while the body passes by. */
  room: 18,
  meta: 20,
  key: 52,
} as const

/** Meta numbers of an object. */
export const METAS = 16

/** Flags: how often it was found (0 … 3), its queue, its state; the length of its key lies above. */
export const FLAGS = { freq: 3, queue: 12, state: 48, keyShift: 8 } as const
export const QUEUE = { none: 0, small: 4, main: 8 } as const
/** Busy: it is being filled. Current: it is the one that is found. Gone: it can no longer be found, and lives while it is pinned. */
export const STATE = { busy: 16, current: 32, gone: 48 } as const

/** How a body ends: not yet, whole, or given up; a reason is added to the last. */
export const END = { open: 0, whole: 1, given: 2 } as const

/** Why a draft was given up, as far as the store itself does it. Callers use numbers from 16. */
export const REASON = { died: 0, dropped: 1 } as const

/** Words from the start of an extent; its bytes follow. `readers`: how many still need it, while the body passes by. */
export const EXTENT = { next: 0, capacity: 1, refs: 2, readers: 3, bytes: 4 } as const
