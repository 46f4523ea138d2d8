/**
 * An object that is pinned: it stays readable, whatever becomes of it in the store, until it is released. Its body may
 * still be growing. Nothing is copied: pieces are views of the shared memory, and valid until the release.
 */
import { latin1 } from '../base/bytes.ts'
import { END, EXTENT, FLAGS, OBJECT, STATE } from './object.ts'
import type { Pins } from './pins.ts'
import { metaAt, metaSlot, type Shard } from './shard.ts'

export class PinnedObject {
  /** Where the object lies. Used when another object shares its body. */
  readonly shard: Shard
  readonly #pins: Pins
  readonly #entry: number
  #object: number
  /** The extent that was read last and where in the body it begins: bodies are mostly read from front to back. */
  #extent = 0
  #start = 0
  /** The first extent that is still needed where the body passes by (0: none was passed), and where in the body it begins. */
  #first = 0
  #base = 0
  #told: (() => void) | null = null
  #seenLength = -1
  #seenHead = -1
  #seenEnd = -1
  #seenSlides = false

  /** For an object that was just pinned with this entry. */
  constructor(pins: Pins, shard: Shard, object: number, entry: number) {
    this.#pins = pins
    this.shard = shard
    this.#object = object
    this.#entry = entry
  }

  /** Its place in the shard; 0 when it was released. */
  get object(): number {
    return this.#object
  }

  get key(): string {
    const from = (this.#object + OBJECT.key) * 4
    const length = this.shard.cells[this.#object + OBJECT.flags]! >>> FLAGS.keyShift
    return latin1(this.shard.bytes, from, from + length)
  }

  /** What the draft was said to be; an Int32. */
  get kind(): number {
    return this.shard.cells[this.#object + OBJECT.kind]!
  }

  /** A number that came with the object. `i`: 0 … METAS - 1, else RangeError. */
  meta(i: number): number {
    return this.shard.numbers[metaAt(this.#object) + metaSlot(i)]!
  }

  /** Changes one for all threads. Each number is read and written whole; of two threads that write at once one wins. */
  setMeta(i: number, value: number): void {
    if (this.#object === 0) throw new Error('a hold is used after its release')
    this.shard.numbers[metaAt(this.#object) + metaSlot(i)] = value
  }

  /** What was read and written before is not moved behind this, nor what follows before it: for numbers that belong together. */
  fence(): void {
    Atomics.add(this.shard.cells, this.#object + OBJECT.watch, 0)
  }

  /** Whether there is a head: always, unless the object is still busy. Kind and meta come before it. */
  get headed(): boolean {
    return Atomics.load(this.shard.cells, this.#object + OBJECT.headLength) >= 0
  }

  /** The head, latin1; empty until there is one. */
  headText(): string {
    const length = Atomics.load(this.shard.cells, this.#object + OBJECT.headLength)
    const from = this.shard.cells[this.#object + OBJECT.head]! * 4
    return length <= 0 ? '' : latin1(this.shard.bytes, from, from + length)
  }

  /** Bytes of the body so far. */
  get length(): number {
    // The cell has the lower 32 bits, which is all there is unless the body passes by.
    const cell = Atomics.load(this.shard.cells, this.#object + OBJECT.length)
    return this.#base + ((cell - this.#base) >>> 0)
  }

  /** It turned out not to fit, and passes by: it goes on for its readers, but what all have passed is there no longer. */
  get slides(): boolean {
    return Atomics.load(this.shard.cells, this.#object + OBJECT.slides) !== 0
  }

  /** The reader is done with all before this place, and no socket sends from there any more: where the body passes by, room is made of it. */
  pass(at: number): void {
    if (!this.slides) return
    const { cells } = this.shard
    const from = this.#first === 0 ? cells[this.#object + OBJECT.first]! : this.#first
    let to = from
    for (;;) {
      const next = Atomics.load(cells, to + EXTENT.next)
      const end = this.#base + cells[to + EXTENT.capacity]!
      if (end > at || next === 0) break
      this.#base = end
      to = next
    }
    if (to === from) return
    this.#first = to
    if (this.#start < this.#base) {
      this.#extent = to
      this.#start = this.#base
    }
    this.#pins.pass(this.shard, this.#object, this.#entry, from, to)
  }

  /** The body is complete: `length` is final. Ask this before `length`. */
  get whole(): boolean {
    return Atomics.load(this.shard.cells, this.#object + OBJECT.end) === END.whole
  }

  /** Why no more of the body comes (the reason given, or one of REASON); -1: it was not given up. */
  get abandoned(): number {
    return Math.max(-1, Atomics.load(this.shard.cells, this.#object + OBJECT.end) - END.given)
  }

  /** Whether it is still the object that is found under its key. Another thread may change that at any moment. */
  get current(): boolean {
    return (this.shard.cells[this.#object + OBJECT.flags]! & FLAGS.state) === STATE.current
  }

  /** Whether it is current, or is being filled under its key. Another thread may change that at any moment. */
  get findable(): boolean {
    return (this.shard.cells[this.#object + OBJECT.flags]! & FLAGS.state) !== STATE.gone
  }

  /** Bytes [from, to) of the body, which must be there, without copying. Valid until the release. */
  pieces(from: number, to: number): Buffer[] {
    const { cells, bytes } = this.shard
    if (!(from >= 0 && to <= this.length)) throw new RangeError('these bytes are not there')
    if (this.#extent === 0 || from < this.#start) {
      if (from < this.#base) throw new RangeError('these bytes have passed by')
      this.#extent = cells[this.#object + OBJECT.first]!
      this.#start = 0
    }
    const found: Buffer[] = []
    for (let at = from; at < to; ) {
      const end = this.#start + cells[this.#extent + EXTENT.capacity]!
      if (at < end) {
        const upTo = Math.min(end, to)
        const base = (this.#extent + EXTENT.bytes) * 4 - this.#start
        found.push(bytes.subarray(base + at, base + upTo))
        at = upTo
      } else {
        this.#start = end
        this.#extent = Atomics.load(cells, this.#extent + EXTENT.next)
      }
    }
    return found
  }

  /**
   * Has `told` called from Store.heard whenever there is more: a head, bytes, that it passes by, the end. What is there already counts as
   * new. The last call comes when the object is whole or abandoned. Null: no more calls.
   */
  follow(told: (() => void) | null): void {
    this.#told = told
    if (told === null) this.#pins.unfollow(this)
    else this.#pins.follow(this)
  }

  /** Whether something is new since the last `tell`; if not, the thread is rung when there is. */
  get stirred(): boolean {
    const { cells } = this.shard
    const watch = this.#object + OBJECT.watch
    const bit = 1 << (this.#pins.me & 31)
    if ((Atomics.load(cells, watch) & bit) === 0) Atomics.or(cells, watch, bit)
    return (
      Atomics.load(cells, this.#object + OBJECT.end) !== this.#seenEnd ||
      Atomics.load(cells, this.#object + OBJECT.length) !== this.#seenLength ||
      Atomics.load(cells, this.#object + OBJECT.headLength) !== this.#seenHead ||
      // A reader that has read all there is must pass it, or no room is made for more.
      this.slides !== this.#seenSlides
    )
  }

  /** Calls the follower. */
  tell(): void {
    const { cells } = this.shard
    this.#seenEnd = Atomics.load(cells, this.#object + OBJECT.end)
    this.#seenHead = Atomics.load(cells, this.#object + OBJECT.headLength)
    this.#seenLength = Atomics.load(cells, this.#object + OBJECT.length)
    this.#seenSlides = this.slides
    if (this.#seenEnd !== END.open) this.#pins.unfollow(this)
    this.#told?.()
  }

  /** Lets go. Once; its pieces must not be used any more, nor by a socket that has not sent them yet. */
  release(): void {
    const object = this.#object
    if (object === 0) return
    if (this.#told !== null) this.follow(null)
    this.#object = 0
    this.#pins.unpin(this.shard, object, this.#entry)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
