/**
 * One shard as one thread sees it: what happens to objects inside its lock. Every method but `enter` and `leave` is
 * called between these two, does a bounded amount of work and never throws. Outside the lock a thread touches only what
 * it has pinned: its draft it writes, everything else it reads (meta numbers apart).
 */
import { Blocks } from './blocks.ts'
import { Index } from './index.ts'
import type { Key } from './key-bytes.ts'
import { Lock } from './lock.ts'
import { END, EXTENT, FLAGS, METAS, OBJECT, STATE } from './object.ts'
import { EvictionQueues } from './queues.ts'
import { SHARD, type StorePlan } from './store-plan.ts'

/**
 * How many victims make room for one block before the search ends. After a few of them their neighbours go too: those
 * that were not found lately, and in the end any; at most so many for each victim.
 */
const EVICTIONS = 32
const GENTLE = 4
const ROUGH = 28
const WIDENING = 48
/** Pieces of a body are not made shorter than this, in bytes, for want of room. */
const LEAST_EXTENT = 4096

export class Shard {
  readonly number: number
  readonly cells: Int32Array
  readonly numbers: Float64Array
  readonly bytes: Buffer
  readonly blocks: Blocks
  readonly index: Index
  readonly queues: EvictionQueues
  readonly lock: Lock

  constructor(memory: SharedArrayBuffer, plan: StorePlan, number: number, me: number) {
    this.number = number
    this.cells = new Int32Array(memory)
    this.numbers = new Float64Array(memory)
    this.bytes = Buffer.from(memory)
    this.blocks = new Blocks(this.cells, plan)
    this.index = new Index(this.cells, plan)
    this.queues = new EvictionQueues(this.cells, plan)
    this.lock = new Lock(this.cells, me, me < plan.threads)
  }

  enter(): boolean {
    return this.lock.enter()
  }

  leave(): void {
    this.lock.leave()
  }

  /** A busy object of a key, pinned once; 0: no room. */
  create(key: Key): number {
    const { cells } = this
    const words = (key.length + 3) >>> 2
    const object = this.#room(OBJECT.key + words, 0)
    if (object === 0) return 0
    cells.fill(0, object, object + OBJECT.key)
    this.blocks.setOwner(object, object)
    cells[object + OBJECT.low] = key.low
    cells[object + OBJECT.high] = key.high
    cells[object + OBJECT.flags] = STATE.busy | (key.length << FLAGS.keyShift)
    cells[object + OBJECT.pins] = 1
    cells[object + OBJECT.size] = this.blocks.size(object)
    cells[object + OBJECT.headLength] = -1
    for (let i = 0; i < words; i++) cells[object + OBJECT.key + i] = key.words[i]!
    this.index.add(object)
    return object
  }

  /** A block for the head of a busy object. False: no room. */
  addHead(object: number, bytes: number): boolean {
    const { cells } = this
    const block = this.#room((bytes + 3) >>> 2, object)
    if (block === 0) return false
    cells[object + OBJECT.head] = block
    cells[object + OBJECT.size]! += this.blocks.size(block)
    return true
  }

  /** One more extent for the body of a busy object, of at most `bytes`. Returns it; 0: no room. */
  extend(object: number, bytes: number): number {
    const { cells } = this
    let capacity = bytes
    let extent = this.#room(EXTENT.bytes + ((capacity + 3) >>> 2), object)
    while (extent === 0 && capacity > LEAST_EXTENT) {
      capacity = Math.max(LEAST_EXTENT, capacity >>> 1)
      extent = this.#room(EXTENT.bytes + ((capacity + 3) >>> 2), object)
    }
    if (extent === 0) return 0
    cells[extent + EXTENT.next] = 0
    cells[extent + EXTENT.capacity] = capacity
    cells[extent + EXTENT.refs] = 1
    cells[object + OBJECT.size]! += this.blocks.size(extent)
    // Readers follow the links outside the lock, and so does the rebuild of the shard: a link is set when all else is.
    const last = cells[object + OBJECT.last]!
    Atomics.store(cells, last === 0 ? object + OBJECT.first : last + EXTENT.next, extent)
    cells[object + OBJECT.last] = extent
    return extent
  }

  /** Gives back what the body of a busy object has too much: all behind `extent`, which holds `used` bytes. */
  trim(object: number, extent: number, used: number): void {
    const { cells, blocks } = this
    let behind = cells[extent + EXTENT.next]!
    Atomics.store(cells, extent + EXTENT.next, 0)
    cells[object + OBJECT.last] = extent
    while (behind !== 0) {
      const next = cells[behind + EXTENT.next]!
      cells[object + OBJECT.size]! -= blocks.size(behind)
      blocks.give(behind)
      behind = next
    }
    if (cells[extent + EXTENT.capacity] === used) return
    cells[extent + EXTENT.capacity] = used
    cells[object + OBJECT.size]! -= blocks.trim(extent, EXTENT.bytes + ((used + 3) >>> 2))
  }

  /** Lets a busy object without a body share that of another. */
  share(object: number, from: number): void {
    const { cells, blocks } = this
    const first = cells[from + OBJECT.first]!
    if (first !== 0) cells[first + EXTENT.refs]! += 1
    let size = 0
    for (let extent = first; extent !== 0; extent = cells[extent + EXTENT.next]!) {
      blocks.setOwner(extent, object)
      size += blocks.size(extent)
    }
    cells[object + OBJECT.first] = first
    cells[object + OBJECT.last] = cells[from + OBJECT.last]!
    cells[object + OBJECT.size]! += size
  }

  /** Makes a busy object the current one of its key. The one before it goes. What was taken away stays so. */
  finish(object: number): void {
    const { cells, queues } = this
    if ((cells[object + OBJECT.flags]! & FLAGS.state) === STATE.gone) return
    const old = this.index.twin(object, STATE.current)
    cells[object + OBJECT.flags] = (cells[object + OBJECT.flags]! & ~FLAGS.state) | STATE.current
    if (old === 0) queues.enter(object)
    else {
      queues.inherit(object, old)
      this.remove(old)
    }
  }

  /** Hides a current or busy object from look-ups; it is freed when it is no longer pinned. */
  remove(object: number): void {
    const { cells } = this
    if ((cells[object + OBJECT.flags]! & FLAGS.state) === STATE.gone) return
    this.index.remove(object)
    this.queues.leave(object)
    cells[object + OBJECT.flags]! |= STATE.gone
    if (cells[object + OBJECT.pins] === 0) this.#free(object, 0)
  }

  /** Tells that a body will not be whole, unless it has ended. */
  end(object: number, reason: number): void {
    const { cells } = this
    if (cells[object + OBJECT.end] === END.open) Atomics.store(cells, object + OBJECT.end, END.given + reason)
  }

  /** Ends a busy object that will not be whole, and makes it gone. The pin of its draft stays. */
  giveUp(object: number, reason: number): void {
    this.end(object, reason)
    this.remove(object)
  }

  unpin(object: number): void {
    const { cells } = this
    cells[object + OBJECT.pins]! -= 1
    if (cells[object + OBJECT.pins] !== 0) return
    if ((cells[object + OBJECT.flags]! & FLAGS.state) === STATE.gone) this.#free(object, 0)
  }

  /** The blocks of an object, in no order. */
  blocksOf(object: number): number[] {
    const { cells } = this
    const blocks = [object]
    if (cells[object + OBJECT.head] !== 0) blocks.push(cells[object + OBJECT.head]!)
    for (let at = cells[object + OBJECT.first]!; at !== 0; at = cells[at + EXTENT.next]!) blocks.push(at)
    return blocks
  }

  /** A block of so many words, for which objects are evicted; 0: too much of the shard is in use. */
  #room(words: number, owner: number): number {
    const { blocks } = this
    let block = blocks.take(words, owner)
    for (let i = 0; block === 0 && i < EVICTIONS; i++) {
      const victim = this.queues.victim()
      if (victim === 0) return 0
      const hole = this.#evict(victim, 0)
      block = blocks.take(words, owner)
      // Holes that are made here and there may never join into one that is large enough: clear what lies behind one.
      if (block !== 0 || i < GENTLE) continue
      if (this.#widen(hole, blocks.enough(words), i >= ROUGH)) block = blocks.take(words, owner)
    }
    return block
  }

  /** Evicts what lies behind a hole until that has `size` words. False: something does not go. */
  #widen(from: number, size: number, rough: boolean): boolean {
    const { blocks } = this
    let hole = from
    for (let i = 0; i < WIDENING; i++) {
      if (blocks.size(hole) >= size) return true
      const next = blocks.after(hole)
      const owner = next === 0 ? 0 : blocks.owner(next)
      if (owner === 0 || !this.#canGo(owner, rough)) return false
      hole = this.#evict(owner, next)
    }
    return false
  }

  #canGo(object: number, rough: boolean): boolean {
    const { cells } = this
    const flags = cells[object + OBJECT.flags]!
    if ((flags & FLAGS.state) !== STATE.current || cells[object + OBJECT.pins] !== 0) return false
    if (!rough && (flags & FLAGS.freq) !== 0) return false
    const first = cells[object + OBJECT.first]!
    return first === 0 || cells[first + EXTENT.refs] === 1 // or else its body would stay
  }

  /** Frees a current object that is not pinned, `last` of its blocks at the end. Returns the hole that this one left. */
  #evict(object: number, last: number): number {
    this.queues.mourn(object)
    this.numbers[SHARD.evicted]! += 1
    this.index.remove(object)
    this.queues.leave(object)
    return this.#free(object, last)
  }

  #free(object: number, last: number): number {
    const { cells, blocks } = this
    const head = cells[object + OBJECT.head]!
    const first = cells[object + OBJECT.first]!
    const mine = first !== 0 && --cells[first + EXTENT.refs]! === 0
    for (let extent = first; extent !== 0; ) {
      const next = cells[extent + EXTENT.next]!
      if (mine && extent !== last) blocks.give(extent)
      // What another object shares has that one as its owner; if it still names this one, it has none that could go.
      else if (!mine && blocks.owner(extent) === object) blocks.setOwner(extent, 0)
      extent = next
    }
    if (head !== 0 && head !== last) blocks.give(head)
    if (last === 0 || last === object) return blocks.give(object)
    blocks.give(object)
    return blocks.give(last)
  }
}

/** Meta numbers of an object begin at this place of `numbers`. */
export function metaAt(object: number): number {
  return (object + OBJECT.meta) >> 1
}

/** Refuses a number that is no meta slot. */
export function metaSlot(i: number): number {
  if (!(i >= 0 && i < METAS)) throw new RangeError(`there is no meta number ${i}`)
  return i
}
