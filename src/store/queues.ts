/**
 * Which object goes when room is needed: S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache
 * eviction", SOSP 2023). New objects enter a small queue, a tenth of the heap; an object found more than once there moves
 * to the main queue, the others leave. In the main queue an object found since its last turn gets another. So a scan of
 * objects that are not asked for twice passes through the small queue and leaves the main queue alone.
 *
 * Different from the paper: queues are measured in bytes, an object that is pinned keeps its place for another turn, and
 * the search for a victim is bounded, because it happens under the lock.
 */
import { GhostQueue } from './ghost.ts'
import { FLAGS, OBJECT, QUEUE } from './object.ts'
import { SHARD, type StorePlan } from './store-plan.ts'

/** Places of a queue, from its place in the shard. */
const NEWEST = 0
const OLDEST = 1
const WORDS = 2
const OBJECTS = 3

/** Turns after which an object goes however often it was found, and after which the search ends. */
const PATIENCE = 320
const TURNS = 384

export class EvictionQueues {
  readonly #cells: Int32Array
  readonly #ghost: GhostQueue
  readonly #smallShare: number

  constructor(cells: Int32Array, plan: StorePlan) {
    this.#cells = cells
    this.#ghost = new GhostQueue(cells, plan)
    this.#smallShare = Math.floor((plan.words - plan.heap) / 10)
  }

  /** Objects in both queues. */
  get objects(): number {
    return this.#cells[SHARD.small + OBJECTS]! + this.#cells[SHARD.main + OBJECTS]!
  }

  /** Enters an object: into the main queue when it was evicted a short while ago. */
  enter(object: number): void {
    const cells = this.#cells
    const memory = cells[SHARD.main + OBJECTS]! + 16 // a young store has no main queue yet
    const known = this.#ghost.take(cells[object + OBJECT.low]!, cells[object + OBJECT.high]!, memory)
    this.#push(object, known ? QUEUE.main : QUEUE.small)
  }

  /** Enters an object in the place of one that it replaces: what is known of the old one holds for it as well. */
  inherit(object: number, old: number): void {
    const flags = this.#cells[old + OBJECT.flags]!
    this.#cells[object + OBJECT.flags]! |= flags & FLAGS.freq
    this.#push(object, flags & FLAGS.queue)
  }

  /** It was found. */
  touch(object: number): void {
    const flags = this.#cells[object + OBJECT.flags]!
    if ((flags & FLAGS.freq) !== FLAGS.freq) this.#cells[object + OBJECT.flags] = flags + 1
  }

  /** Takes an object out; nothing happens when it is in no queue. */
  leave(object: number): void {
    const cells = this.#cells
    const queue = cells[object + OBJECT.flags]! & FLAGS.queue
    if (queue === QUEUE.none) return
    const place = queue === QUEUE.small ? SHARD.small : SHARD.main
    const newer = cells[object + OBJECT.newer]!
    const older = cells[object + OBJECT.older]!
    if (newer === 0) cells[place + NEWEST] = older
    else cells[newer + OBJECT.older] = older
    if (older === 0) cells[place + OLDEST] = newer
    else cells[older + OBJECT.newer] = newer
    cells[place + WORDS]! -= cells[object + OBJECT.size]!
    cells[place + OBJECTS]! -= 1
    cells[object + OBJECT.flags]! &= ~FLAGS.queue
  }

  /** Remembers an object that is evicted. */
  mourn(object: number): void {
    this.#ghost.add(this.#cells[object + OBJECT.low]!, this.#cells[object + OBJECT.high]!)
  }

  /** The object that should go next, still in its queue and not pinned; 0: none was found in a bounded search. */
  victim(): number {
    const cells = this.#cells
    for (let turn = 0; turn < TURNS; turn++) {
      const small = this.#fromSmall(turn)
      const object = cells[(small ? SHARD.small : SHARD.main) + OLDEST]!
      if (object === 0) return 0
      const flags = cells[object + OBJECT.flags]!
      const freq = flags & FLAGS.freq
      const pinned = cells[object + OBJECT.pins]! > 0
      const wanted = turn < PATIENCE && freq > (small ? 1 : 0)
      if (!pinned && !wanted) return object
      this.leave(object)
      if (small && wanted) cells[object + OBJECT.flags]! &= ~FLAGS.freq
      else if (!small && freq > 0) cells[object + OBJECT.flags]! -= 1
      this.#push(object, small && !wanted ? QUEUE.small : QUEUE.main)
    }
    return 0
  }

  /** Which queue is asked. When one offers only what is pinned, both are asked in turn. */
  #fromSmall(turn: number): boolean {
    const cells = this.#cells
    if (cells[SHARD.main + OBJECTS] === 0) return true
    if (cells[SHARD.small + OBJECTS] === 0) return false
    return turn < PATIENCE ? cells[SHARD.small + WORDS]! >= this.#smallShare : (turn & 1) === 1
  }

  /** Begins anew, empty. */
  reset(): void {
    this.#cells.fill(0, SHARD.small, SHARD.small + 8)
    this.#ghost.reset()
  }

  #push(object: number, queue: number): void {
    const cells = this.#cells
    const place = queue === QUEUE.small ? SHARD.small : SHARD.main
    const newest = cells[place + NEWEST]!
    cells[object + OBJECT.newer] = 0
    cells[object + OBJECT.older] = newest
    if (newest === 0) cells[place + OLDEST] = object
    else cells[newest + OBJECT.newer] = object
    cells[place + NEWEST] = object
    cells[place + WORDS]! += cells[object + OBJECT.size]!
    cells[place + OBJECTS]! += 1
    cells[object + OBJECT.flags]! |= queue
  }
}
