/**
 * The heap of a shard: two-level segregated fit (Masmano, Ripoll, Crespo, Real: TLSF, ECRTS 2004). Finding, splitting
 * and merging take the same few steps however full the heap is. Free blocks lie in lists by size: LISTS per power of two,
 * with bitmaps that tell which are not empty. Neighbours that are free are merged at once.
 *
 * A block is two words of header and then what it holds: size in words and two flags; and the object it belongs to, so
 * that what stands in the way of a large piece can be asked to go. A free block also has links to its neighbours in the
 * list and, as its last word, its size. The heap ends with a header of size 0 that is never free.
 *
 * Blocks are named by the word after their header. Everything here happens inside the shard's lock.
 */
import { LEVELS, LISTS, SHARD, type StorePlan } from './store-plan.ts'

/** Words before what a block holds. */
export const HEADER = 2
const LEAST = 6
const FREE = 1
const PREVIOUS_FREE = 1 << 30
const SIZE = 0x0ffffffe
/** Places in a free block. */
const NEXT = 2
const PREVIOUS = 3

export class Blocks {
  readonly #cells: Int32Array
  readonly #heap: number
  readonly #end: number

  constructor(cells: Int32Array, plan: StorePlan) {
    this.#cells = cells
    this.#heap = plan.heap
    this.#end = plan.words - HEADER
  }

  /** Words in use, headers included. */
  get used(): number {
    return this.#cells[SHARD.used]!
  }

  /** Words of the whole heap. */
  get capacity(): number {
    return this.#end - this.#heap
  }

  /** Words of a block, its header included. */
  size(block: number): number {
    return this.#cells[block - HEADER]! & SIZE
  }

  /** The object a block belongs to; 0: none that could give it up. */
  owner(block: number): number {
    return this.#cells[block - 1]!
  }

  setOwner(block: number, object: number): void {
    this.#cells[block - 1] = object
  }

  /** The block behind a block; 0 at the end of the heap. */
  after(block: number): number {
    const next = block + this.size(block)
    return next - HEADER >= this.#end ? 0 : next
  }

  /** Whether a block is free: asked while the heap is walked. */
  isFree(block: number): boolean {
    return (this.#cells[block - HEADER]! & FREE) !== 0
  }

  /** The first block of the heap. */
  get start(): number {
    return this.#heap + HEADER
  }

  /** How large a free block must be for `take(words)` to find it for certain. */
  enough(words: number): number {
    return roundUp(sizeFor(words))
  }

  /** A block that holds `words`, for the object `owner`; 0: there is none. Its content is undefined. */
  take(words: number, owner: number): number {
    const cells = this.#cells
    const size = sizeFor(words)
    const list = this.#find(roundUp(size))
    if (list < 0) return 0
    const at = cells[SHARD.lists + list]!
    this.#unlink(at)
    const found = cells[at]! & SIZE
    let taken = found
    if (found - size >= LEAST) {
      taken = size
      const rest = at + size
      const restSize = found - size
      cells[rest] = restSize | FREE
      cells[rest + restSize - 1] = restSize
      this.#link(rest, restSize)
    } else cells[at + found]! &= ~PREVIOUS_FREE
    cells[at] = taken
    cells[at + 1] = owner
    cells[SHARD.used]! += taken
    return at + HEADER
  }

  /** Frees a block. Returns the free block it now is part of. */
  give(block: number): number {
    const cells = this.#cells
    let at = block - HEADER
    const header = cells[at]!
    let size = header & SIZE
    cells[SHARD.used]! -= size
    const next = at + size
    if ((cells[next]! & FREE) !== 0) {
      this.#unlink(next)
      size += cells[next]! & SIZE
    }
    if ((header & PREVIOUS_FREE) !== 0) {
      const before = cells[at - 1]!
      at -= before
      this.#unlink(at)
      size += before
    }
    cells[at] = size | FREE
    cells[at + size - 1] = size
    cells[at + size]! |= PREVIOUS_FREE
    this.#link(at, size)
    return at + HEADER
  }

  /** Makes a block hold only `words`. Returns by how many words it shrank. */
  trim(block: number, words: number): number {
    const cells = this.#cells
    const at = block - HEADER
    const size = sizeFor(words)
    const rest = (cells[at]! & SIZE) - size
    if (rest < LEAST) return 0
    cells[at] = (cells[at]! & PREVIOUS_FREE) | size
    cells[at + size] = rest
    this.give(at + size + HEADER)
    return rest
  }

  /** Begins anew with a heap that is free except for these blocks, ascending. They keep their size and content. */
  reset(kept: readonly number[]): void {
    const cells = this.#cells
    cells.fill(0, SHARD.levels, SHARD.lists + LEVELS * LISTS)
    cells[SHARD.used] = 0
    let from = this.#heap
    for (const block of kept) {
      const at = block - HEADER
      const size = cells[at]! & SIZE
      this.#fill(from, at)
      cells[at] = size | (at > from ? PREVIOUS_FREE : 0)
      cells[SHARD.used]! += size
      from = at + size
    }
    this.#fill(from, this.#end)
    cells[this.#end] = this.#end > from ? PREVIOUS_FREE : 0
    cells[this.#end + 1] = 0
  }

  // A gap of fewer words than a free block needs cannot be: sizes are those of blocks, and every block is at least that.
  #fill(from: number, to: number): void {
    const size = to - from
    if (size === 0) return
    this.#cells[from] = size | FREE
    this.#cells[to - 1] = size
    this.#link(from, size)
  }

  /** A list that is not empty and has only blocks of at least `size`, which is rounded up; -1: none. */
  #find(size: number): number {
    const cells = this.#cells
    const list = listOf(size)
    if (list >= LEVELS * LISTS) return -1
    const level = list >>> 5
    const here = cells[SHARD.bits + level]! & (-1 << (list & 31))
    if (here !== 0) return (level << 5) | lowest(here)
    const above = level === 31 ? 0 : cells[SHARD.levels]! & (-2 << level)
    if (above === 0) return -1
    const next = lowest(above)
    return (next << 5) | lowest(cells[SHARD.bits + next]!)
  }

  #link(at: number, size: number): void {
    const cells = this.#cells
    const list = listOf(size)
    const first = cells[SHARD.lists + list]!
    cells[at + NEXT] = first
    cells[at + PREVIOUS] = 0
    if (first !== 0) cells[first + PREVIOUS] = at
    cells[SHARD.lists + list] = at
    cells[SHARD.bits + (list >>> 5)]! |= 1 << (list & 31)
    cells[SHARD.levels]! |= 1 << (list >>> 5)
  }

  #unlink(at: number): void {
    const cells = this.#cells
    const next = cells[at + NEXT]!
    const previous = cells[at + PREVIOUS]!
    if (next !== 0) cells[next + PREVIOUS] = previous
    if (previous !== 0) {
      cells[previous + NEXT] = next
      return
    }
    const list = listOf(cells[at]! & SIZE)
    cells[SHARD.lists + list] = next
    if (next !== 0) return
    const level = list >>> 5
    cells[SHARD.bits + level]! &= ~(1 << (list & 31))
    if (cells[SHARD.bits + level] === 0) cells[SHARD.levels]! &= ~(1 << level)
  }
}

/** The size of a block for `words`: even, and never too small to be freed. */
function sizeFor(words: number): number {
  return Math.max(LEAST, (words + HEADER + 1) & ~1)
}

/** The list of free blocks of a size: two words apart below 64, 32 steps to each doubling above. */
function listOf(size: number): number {
  if (size < 64) return size >>> 1
  const log = 31 - Math.clz32(size)
  return ((log - 5) << 5) | ((size >>> (log - 5)) & 31)
}

/** The smallest size from which on all blocks of a list are at least `size`. */
function roundUp(size: number): number {
  if (size < 64) return size
  const step = 1 << (31 - Math.clz32(size) - 5)
  return (size + step - 1) & -step
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}
