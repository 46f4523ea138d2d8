/**
 * What a draft becomes whose body does not fit: it can no longer be found, and its body passes by (slide.ts) for those that
 * read it already, at the speed of the slowest of them. It ends whole or given up, like a draft.
 */
import { END, EXTENT, OBJECT } from './object.ts'
import type { Pins } from './pins.ts'
import type { Shard } from './shard.ts'
import { goOn } from './slide.ts'

export class Window {
  readonly #pins: Pins
  readonly #shard: Shard
  readonly #entry: number
  #object: number
  #length: number
  /** The extent that is being filled, where the next byte goes, and how many have room there. */
  #extent: number
  #at: number
  #room: number
  /** Called when there is room after `write` took less than it was given, or no reader is left; now and then without that. */
  onRoom: (() => void) | null = null

  /** For an object whose body has begun to pass by, filled by this thread with `length` bytes so far. */
  constructor(pins: Pins, shard: Shard, object: number, entry: number, length: number) {
    this.#pins = pins
    this.#shard = shard
    this.#object = object
    this.#entry = entry
    this.#length = length
    const { cells } = shard
    let extent = cells[object + OBJECT.first]!
    let start = 0
    for (let next = cells[extent + EXTENT.next]!; next !== 0; next = cells[extent + EXTENT.next]!) {
      if (start + cells[extent + EXTENT.capacity]! > length) break
      start += cells[extent + EXTENT.capacity]!
      extent = next
    }
    this.#extent = extent
    this.#at = (extent + EXTENT.bytes) * 4 + length - start
    this.#room = start + cells[extent + EXTENT.capacity]! - length
    pins.await(this)
    this.#call()
  }

  /** Neither finished nor given up yet. */
  get open(): boolean {
    return this.#object !== 0
  }

  /** How many read it still. */
  get readers(): number {
    return this.#object === 0 ? 0 : Atomics.load(this.#shard.cells, this.#object + OBJECT.pins) - 1
  }

  /** More of the body: buf[from, to). Returns how much of it had room. */
  write(buf: Uint8Array, from: number, to: number): number {
    const object = this.#filled()
    const { bytes, cells } = this.#shard
    let at = from
    while (at < to) {
      if (this.#room === 0 && !this.#next()) break
      const n = Math.min(this.#room, to - at)
      bytes.set(buf.subarray(at, at + n), this.#at)
      this.#at += n
      this.#room -= n
      at += n
      // At once where there is a next one: what is full may be taken away by its readers.
      const next = cells[this.#extent + EXTENT.next]!
      if (this.#room === 0 && next !== 0) this.#enter(next)
    }
    if (at > from) {
      this.#length += at - from
      // Its lower 32 bits; a reader knows the rest.
      Atomics.store(cells, object + OBJECT.length, this.#length | 0)
      this.#call()
    }
    return at - from
  }

  /** The body is complete. */
  finish(): void {
    this.#end(END.whole)
  }

  /** Gives up: readers learn the reason. */
  abandon(reason: number): void {
    this.#end(END.given + reason)
  }

  /** This thread was rung: perhaps because there is room. */
  look(): void {
    const object = this.#object
    if (object === 0) return
    // The reader that makes room takes that away first, so that it cannot be missed; what the extents say may change meanwhile.
    if (Atomics.load(this.#shard.cells, object + OBJECT.wants) === 0) this.onRoom?.()
  }

  #end(how: number): void {
    const object = this.#filled()
    const shard = this.#shard
    this.#object = 0
    this.onRoom = null
    this.#pins.unawait(this)
    shard.enter()
    Atomics.store(shard.cells, object + OBJECT.end, how)
    this.#pins.part(shard, object, this.#entry)
  }

  #next(): boolean {
    const shard = this.#shard
    shard.enter()
    const extent = goOn(shard, this.#filled())
    shard.leave()
    if (extent === 0) return false
    this.#enter(extent)
    return true
  }

  #enter(extent: number): void {
    this.#extent = extent
    this.#at = (extent + EXTENT.bytes) * 4
    this.#room = this.#shard.cells[extent + EXTENT.capacity]!
  }

  #call(): void {
    const { cells } = this.#shard
    const watch = this.#object + OBJECT.watch
    if (Atomics.load(cells, watch) !== 0) this.#pins.call(Atomics.exchange(cells, watch, 0))
  }

  #filled(): number {
    if (this.#object === 0) throw new Error('a window is used after its end')
    return this.#object
  }
}
