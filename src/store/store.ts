/**
 * The cache's memory, shared by all threads: from a key to an object with a kind, sixteen numbers, a head and a body.
 * What these mean is the caller's. It is bounded in bytes; what was not asked for lately goes (queues.ts). Objects stay
 * while they are being read, and may be read while they grow.
 *
 * Each thread has a Store of its own over the same memory. The main thread's, number `threads`, is for looking, removing
 * and reclaiming; it fills nothing and never blocks.
 */
import { Draft } from './draft.ts'
import { Key } from './key-bytes.ts'
import type { StoreMemory } from './memory.ts'
import { FLAGS, OBJECT, REASON, STATE } from './object.ts'
import type { Pin } from './pin-table.ts'
import { PinnedObject } from './pinned-object.ts'
import { Pins } from './pins.ts'
import { rebuild } from './rebuild.ts'
import { Shard } from './shard.ts'
import { release } from './slide.ts'
import { REMOVALS, SHARD, type StorePlan } from './store-plan.ts'

/** Chains of the index that are passed over inside one section. */
const CHAINS = 16

/** Thrown to the main thread when a shard stays locked: its owner is slow, or dead and not yet reclaimed. Try later. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy'
}

/** What a store holds. Bytes count all blocks in use, what is being filled and read included. */
export interface Usage {
  readonly objects: number
  readonly bytes: number
  readonly capacity: number
  /** Objects that went to make room, and shards that were lost with a thread, since the start. */
  readonly evicted: number
  readonly resets: number
}

export class Store {
  readonly plan: StorePlan
  readonly #shards: readonly Shard[]
  readonly #shift: number
  readonly #pins: Pins
  readonly #key: Key
  readonly #fills: boolean
  /** Pins of dead threads that the main thread could not give back yet. */
  readonly #orphans = new Set<Pin>()
  #walkShard = 0
  #walkChain = 0

  /**
   * `me`: 0 … threads - 1 for a worker, `threads` for the main thread. `ring` wakes a thread, this one included, which
   * then calls `heard` of its Store soon.
   */
  constructor(memory: StoreMemory, me: number, ring: (thread: number) => void) {
    const { plan } = memory
    if (!(me >= 0 && me <= plan.threads)) throw new RangeError(`the store has no thread ${me}`)
    this.plan = plan
    this.#shards = memory.shards.map((shard, number) => new Shard(shard, plan, number, me))
    this.#shift = 32 - Math.log2(plan.shards)
    this.#pins = new Pins(memory.control, plan, me, ring)
    this.#key = new Key(plan.seed)
    this.#fills = me < plan.threads
  }

  /** Longest body in bytes. */
  get maxObject(): number {
    return this.plan.maxObject
  }

  /** Pins the current object of a key; `hit`: it is asked for, and worth keeping for that. Null: there is none. */
  find(key: string, hit = true): PinnedObject | null {
    const shard = this.#shardOf(this.#key.set(key))
    const pins = this.#pins
    if (pins.table.full) return null
    this.#enter(shard)
    const object = shard.index.find(this.#key, STATE.current)
    if (object === 0) {
      shard.leave()
      return null
    }
    if (hit) shard.queues.touch(object)
    const entry = pins.pin(shard, object)
    shard.leave()
    return new PinnedObject(pins, shard, object, entry)
  }

  /** Makes this thread the one that fills the key. Null: it is being filled already, or there is no room. Workers only. */
  lead(key: string): Draft | null {
    if (!this.#fills) throw new Error('the main thread fills no objects')
    const shard = this.#shardOf(this.#key.set(key))
    const { table } = this.#pins
    if (table.full) return null
    this.#enter(shard)
    const object = shard.index.find(this.#key, STATE.busy) === 0 ? shard.create(this.#key) : 0
    const entry = object === 0 ? 0 : table.put(shard.number, object, true)
    shard.leave()
    return object === 0 ? null : new Draft(this.#pins, shard, this.plan, object, entry)
  }

  /** Pins the object that is being filled for a key. Null: there is none, or it has `max` readers already. */
  join(key: string, max: number): PinnedObject | null {
    const shard = this.#shardOf(this.#key.set(key))
    const pins = this.#pins
    if (pins.table.full) return null
    this.#enter(shard)
    const object = shard.index.find(this.#key, STATE.busy)
    if (object === 0 || shard.cells[object + OBJECT.pins]! > max) {
      shard.leave()
      return null
    }
    const entry = pins.pin(shard, object)
    shard.leave()
    return new PinnedObject(pins, shard, object, entry)
  }

  /**
   * Puts the same body under a new head: a response was validated again. The body is shared, not copied. False: it is
   * not current any more, the key is being filled, or there is no room. The leader of a key has Draft.adopt for this.
   */
  replaceHead(hold: PinnedObject, text: string, meta: ArrayLike<number>): boolean {
    if (!hold.current) return false
    const draft = this.lead(hold.key)
    if (draft === null) return false
    draft.kind = hold.kind
    for (let i = 0; i < meta.length; i++) draft.setMeta(i, meta[i]!)
    const done = hold.current && draft.head(text) && draft.adopt(hold)
    if (done) draft.finish()
    else draft.drop()
    return done
  }

  /** Whether the key is being filled. */
  isBusy(key: string): boolean {
    const shard = this.#shardOf(this.#key.set(key))
    this.#enter(shard)
    const object = shard.index.find(this.#key, STATE.busy)
    shard.leave()
    return object !== 0
  }

  /**
   * A number that grows when this key is removed, now and then with another one: who fetches without a draft that could be
   * taken away sees by it whether what comes is of before a removal.
   */
  removals(key: string): number {
    const shard = this.#shardOf(this.#key.set(key))
    return Atomics.load(shard.cells, removalsOf(this.#key))
  }

  /**
   * Removes what is stored under a key, and takes away what is being filled for it: that goes on for its readers,
   * but can no longer be found. False: there was nothing.
   */
  remove(key: string): boolean {
    const shard = this.#shardOf(this.#key.set(key))
    this.#enter(shard)
    const current = shard.index.find(this.#key, STATE.current)
    const busy = shard.index.find(this.#key, STATE.busy)
    if (current !== 0) shard.remove(current)
    if (busy !== 0) shard.remove(busy)
    Atomics.add(shard.cells, removalsOf(this.#key), 1)
    shard.leave()
    return current !== 0 || busy !== 0
  }

  /** The same for this very object, current or being filled. False: it could not be found any more. */
  removeHeld(hold: PinnedObject): boolean {
    const { shard } = hold
    if (hold.object === 0) return false
    this.#enter(shard)
    const { findable } = hold
    if (findable) shard.remove(hold.object)
    shard.leave()
    return findable
  }

  /**
   * Shows `visit` the current objects of the next `budget` chains of the index (a full store has one or two objects in
   * each); they are released after the visit. True: the walk came to the end and begins anew with the next call.
   */
  each(visit: (hold: PinnedObject) => void, budget: number): boolean {
    let left = budget
    while (left > 0) {
      const shard = this.#shards[this.#walkShard]!
      const holds: PinnedObject[] = []
      this.#enter(shard)
      for (let i = 0; i < CHAINS && left > 0 && holds.length === 0 && this.#walkChain < this.plan.chains; i++, left--) {
        this.#gather(shard, this.#walkChain++, holds)
      }
      shard.leave()
      try {
        for (const hold of holds) visit(hold)
      } finally {
        for (const hold of holds) hold.release()
      }
      if (this.#walkChain < this.plan.chains) continue
      this.#walkChain = 0
      this.#walkShard = (this.#walkShard + 1) % this.#shards.length
      if (this.#walkShard === 0) return true
    }
    return false
  }

  /** Where `each` goes on: 0 at the beginning, and growing until the end. */
  get place(): number {
    return this.#walkShard * this.plan.chains + this.#walkChain
  }

  /** What there is. Other threads go on meanwhile, so the numbers are of about the same moment. */
  usage(): Usage {
    const sum = (of: (shard: Shard) => number): number => this.#shards.reduce((n, shard) => n + of(shard), 0)
    return {
      objects: sum((shard) => shard.queues.objects),
      bytes: sum((shard) => shard.blocks.used) * 4,
      capacity: sum((shard) => shard.blocks.capacity) * 4,
      evicted: sum((shard) => shard.numbers[SHARD.evicted]!),
      resets: sum((shard) => shard.numbers[SHARD.resets]!),
    }
  }

  /** This thread was rung: tells followers what is new. */
  heard(): void {
    this.#pins.heard()
  }

  /**
   * Gives back everything a dead thread pinned and ends its drafts; a shard that it died in is made anew. Main thread
   * only, after the worker's exit event and before a new thread gets its number. What cannot be had at once, because
   * another thread died in the lock, is given back by a later reclaim or `heard`. Answers with how many shards were lost.
   */
  reclaim(thread: number): number {
    const { table } = this.#pins
    let lost = 0
    for (const shard of this.#shards) {
      if (!shard.lock.inherit(thread)) continue
      const others = [...this.#orphans]
      for (let k = 0; k <= this.plan.threads; k++) if (k !== thread) others.push(...table.pinsOf(k))
      rebuild(shard, others)
      lost++
      for (const pin of table.pinsOf(thread)) if (pin.shard === shard.number) table.strike(pin)
      shard.leave()
    }
    for (const pin of table.pinsOf(thread)) this.#giveBack(pin)
    this.#pins.retry()
    this.#pins.callAll()
    return lost
  }

  #giveBack(pin: Pin): void {
    const shard = this.#shards[pin.shard]!
    const { table } = this.#pins
    const end = (): void => {
      if (!pin.draft) return void release(shard, pin.object, pin.extent)
      shard.giveUp(pin.object, REASON.died)
      shard.unpin(pin.object)
    }
    if (!this.#pins.awaits(shard) && shard.enter()) {
      table.strike(pin)
      end()
      shard.leave()
    } else {
      this.#orphans.add(pin)
      table.strike(pin)
      this.#pins.later(shard, () => {
        this.#orphans.delete(pin)
        end()
      })
    }
  }

  #gather(shard: Shard, chain: number, holds: PinnedObject[]): void {
    const { cells } = shard
    for (let object = shard.index.first(chain); object !== 0; object = cells[object + OBJECT.chain]!) {
      if ((cells[object + OBJECT.flags]! & FLAGS.state) !== STATE.current || this.#pins.table.full) continue
      holds.push(new PinnedObject(this.#pins, shard, object, this.#pins.pin(shard, object)))
    }
  }

  #shardOf(key: Key): Shard {
    return this.#shards[(key.high >>> this.#shift) & (this.#shards.length - 1)]!
  }

  #enter(shard: Shard): void {
    if (!shard.enter()) throw new StoreBusy('a shard of the store is locked')
  }
}

function removalsOf(key: Key): number {
  return SHARD.removals + (key.low & (REMOVALS - 1))
}
