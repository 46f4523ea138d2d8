/**
 * An object that this thread fills: kind and meta first, then the head, then the body, then `finish`. Others may read it
 * meanwhile (Store.join). Each key has at most one draft. The leader must finish or give up; a thread that dies gives
 * up.
 *
 * A body that grows past what the store takes is refused by `append`. The draft can then be given up, or let pass by for
 * its present readers (`outgrow`). For that it must have taken room before its head was there (`reserve`): a reader
 * may have told its client of the body by then, and must get the whole of it.
 */

import { END, EXTENT, OBJECT, REASON } from './object.ts'
import { PinnedObject } from './pinned-object.ts'
import type { Pins } from './pins.ts'
import { metaAt, metaSlot, type Shard } from './shard.ts'
import { begin } from './slide.ts'
import { MAX_HEAD, type StorePlan } from './store-plan.ts'
import { Window } from './window.ts'

/** Bytes that a body of unknown length has room for from the first, in two pieces: so many does it take to pass by. */
const START = 8 * 1024

export class Draft {
  readonly #pins: Pins
  readonly #shard: Shard
  readonly #plan: StorePlan
  readonly #entry: number
  #object: number
  #length = 0
  /** The extent that is being filled, where the next byte goes, and how many have room there. */
  #extent = 0
  #at = 0
  #room = 0
  /** The body is another object's, and does not grow. */
  #shared = false
  /** Bytes were refused: the body will never be whole. */
  #refused = false

  /** For an object that was just created with this entry. */
  constructor(pins: Pins, shard: Shard, plan: StorePlan, object: number, entry: number) {
    this.#pins = pins
    this.#shard = shard
    this.#plan = plan
    this.#object = object
    this.#entry = entry
  }

  /** Neither finished nor given up yet. */
  get open(): boolean {
    return this.#object !== 0
  }

  /** An Int32 whose meaning is the caller's. Before the head. */
  set kind(kind: number) {
    this.#shard.cells[this.#filled() + OBJECT.kind] = kind
  }

  /** `i`: 0 … METAS - 1, else RangeError. Before the head. */
  setMeta(i: number, value: number): void {
    this.#shard.numbers[metaAt(this.#filled()) + metaSlot(i)] = value
  }

  /**
   * Takes room for a body of `bytes`, so that nothing of it is refused later; -1: its length is not known, then as much as
   * `outgrow` needs. False: there is none.
   */
  reserve(bytes: number): boolean {
    const object = this.#filled()
    const { cells } = this.#shard
    const pieces = bytes < 0 ? [START, START] : []
    if (bytes > this.#plan.maxObject) return false
    for (let left = bytes; left > 0; left -= cells[cells[object + OBJECT.last]! + EXTENT.capacity]!) {
      if (this.#add(Math.min(left, this.#plan.maxExtent)) === 0) return false
    }
    return pieces.every((piece) => this.#add(piece) !== 0)
  }

  /** The head, latin1, once. False: it is longer than MAX_HEAD, or there is no room. */
  head(text: string): boolean {
    const object = this.#filled()
    const shard = this.#shard
    const { cells, bytes } = shard
    if (text.length > MAX_HEAD || cells[object + OBJECT.headLength] !== -1) return false
    if (text.length > 0) {
      shard.enter()
      const done = shard.addHead(object, text.length)
      shard.leave()
      if (!done) return false
      bytes.write(text, cells[object + OBJECT.head]! * 4, text.length, 'latin1')
    }
    Atomics.store(cells, object + OBJECT.headLength, text.length)
    this.#call()
    return true
  }

  /** More of the body: buf[from, to). False: it is too long or there is no room; then it can only be given up. */
  append(buf: Uint8Array, from: number, to: number): boolean {
    const object = this.#filled()
    const { bytes, cells } = this.#shard
    const length = this.#length + to - from
    if (this.#refused || this.#shared || length > this.#plan.maxObject) return this.#refuse()
    for (let at = from; at < to; ) {
      if (this.#room === 0 && !this.#extend(to - at)) return this.#refuse()
      const n = Math.min(this.#room, to - at)
      bytes.set(at === 0 && n === buf.length ? buf : buf.subarray(at, at + n), this.#at)
      this.#at += n
      this.#room -= n
      at += n
    }
    this.#length = length
    Atomics.store(cells, object + OBJECT.length, length)
    this.#call()
    return true
  }

  /** Takes over the whole body of another object of the same key, without copying. False: this draft has bytes, or room for some. */
  adopt(hold: PinnedObject): boolean {
    const object = this.#filled()
    const shard = this.#shard
    if (this.#shared || this.#refused || hold.object === 0 || hold.shard !== shard || !hold.whole) return false
    if (shard.cells[object + OBJECT.first] !== 0) return false
    shard.enter()
    shard.share(object, hold.object)
    shard.leave()
    this.#length = hold.length
    this.#shared = true
    Atomics.store(shard.cells, object + OBJECT.length, this.#length)
    this.#call()
    return true
  }

  /** Pins the object for reading what is there so far. Null: this thread can pin no more. */
  read(): PinnedObject | null {
    const object = this.#filled()
    if (this.#pins.table.full) return null
    this.#shard.enter()
    const entry = this.#pins.pin(this.#shard, object)
    this.#shard.leave()
    return new PinnedObject(this.#pins, this.#shard, object, entry)
  }

  /** The body is complete: the object becomes the current one of its key. There must be a head, and nothing refused. */
  finish(): void {
    const object = this.#filled()
    const shard = this.#shard
    const { cells } = shard
    if (cells[object + OBJECT.headLength]! < 0) throw new Error('a draft is finished without a head')
    if (this.#refused) throw new Error('a draft is finished without all of its body')
    this.#object = 0
    shard.enter()
    const extent = this.#extent === 0 ? cells[object + OBJECT.first]! : this.#extent
    if (extent !== 0 && !this.#shared) {
      const used = this.#extent === 0 ? 0 : cells[extent + EXTENT.capacity]! - this.#room
      shard.trim(object, extent, used)
    }
    Atomics.store(cells, object + OBJECT.end, END.whole)
    shard.finish(object)
    this.#pins.part(shard, object, this.#entry)
  }

  /** Gives up: readers learn the reason, 16 or more for callers. */
  abandon(reason: number): void {
    const object = this.#filled()
    this.#object = 0
    this.#shard.enter()
    this.#shard.giveUp(object, reason)
    this.#pins.part(this.#shard, object, this.#entry)
  }

  /**
   * Lets the body pass by for its present readers only, from what was appended so far. Null: it has no readers, or
   * it has no room for that, and is given up for this reason.
   */
  outgrow(reason: number): Window | null {
    const object = this.#filled()
    const shard = this.#shard
    const { cells } = shard
    this.#object = 0
    shard.enter()
    // Inside the lock: a reader that joins at this moment either reads on or has not begun to.
    if (cells[object + OBJECT.pins] === 1 || cells[object + OBJECT.first] === cells[object + OBJECT.last]) {
      shard.giveUp(object, reason)
      this.#pins.part(shard, object, this.#entry)
      return null
    }
    shard.remove(object)
    begin(shard, object, this.#pins.me)
    shard.leave()
    return new Window(this.#pins, shard, object, this.#entry, this.#length)
  }

  /** Gives up if it is still open. */
  drop(): void {
    if (this.open) this.abandon(REASON.dropped)
  }

  [Symbol.dispose](): void {
    this.drop()
  }

  #extend(wanted: number): boolean {
    const { cells } = this.#shard
    let extent = this.#extent === 0 ? cells[this.#object + OBJECT.first]! : cells[this.#extent + EXTENT.next]!
    // Without what was reserved: each piece as long as all before it, so that there are few and not much is given back.
    if (extent === 0) extent = this.#add(Math.min(Math.max(wanted, this.#length), this.#plan.maxExtent))
    if (extent === 0) return false
    this.#extent = extent
    this.#at = (extent + EXTENT.bytes) * 4
    this.#room = cells[extent + EXTENT.capacity]!
    return true
  }

  /** Another extent at the end of the chain, of at most `bytes`; 0: no room. */
  #add(bytes: number): number {
    this.#shard.enter()
    const extent = this.#shard.extend(this.#filled(), bytes)
    this.#shard.leave()
    return extent
  }

  #refuse(): false {
    this.#refused = true
    return false
  }

  #call(): void {
    const { cells } = this.#shard
    const watch = this.#object + OBJECT.watch
    if (Atomics.load(cells, watch) !== 0) this.#pins.call(Atomics.exchange(cells, watch, 0))
  }

  #filled(): number {
    if (this.#object === 0) throw new Error('a draft is used after its end')
    return this.#object
  }
}
