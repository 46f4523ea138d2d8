/**
 * What one thread pins and whose growth it follows. All pins of a thread are put and given back here, each together with
 * its entry in the thread's table and inside the shard's lock.
 */
import { OBJECT } from './object.ts'
import { PinTable } from './pin-table.ts'
import type { Shard } from './shard.ts'
import { pass, release } from './slide.ts'
import type { StorePlan } from './store-plan.ts'

/** A pin whose holder waits for news of the object. */
export interface Watcher {
  /** Something is new. */
  readonly stirred: boolean
  tell(): void
}

/** Looks whenever something is heard. */
export interface Listening {
  look(): void
}

export class Pins {
  readonly me: number
  readonly table: PinTable
  readonly #threads: number
  readonly #ring: (thread: number) => void
  readonly #followed = new Set<Watcher>()
  /** Bodies that pass by, filled by this thread, for which there was no room. */
  readonly #windows = new Set<Listening>()
  /** What the main thread still has to do inside locks that it did not get. */
  readonly #later = new Map<Shard, (() => void)[]>()

  constructor(control: SharedArrayBuffer, plan: StorePlan, me: number, ring: (thread: number) => void) {
    this.me = me
    this.table = new PinTable(control, plan, me)
    this.#threads = plan.threads
    this.#ring = ring
  }

  /** Pins an object, inside its shard's lock. The table must not be full. Returns the entry. */
  pin(shard: Shard, object: number): number {
    shard.cells[object + OBJECT.pins]! += 1
    return this.table.put(shard.number, object, false)
  }

  /** Gives a pin back, outside the lock: now, or later when the main thread does not get the lock. */
  unpin(shard: Shard, object: number, entry: number): void {
    if (shard.enter()) {
      const writer = this.#giveBack(shard, object, entry)
      shard.leave()
      if (writer >= 0) this.#ring(writer)
    } else {
      this.later(shard, () => {
        const writer = this.#giveBack(shard, object, entry)
        if (writer >= 0) this.#ring(writer)
      })
    }
  }

  #giveBack(shard: Shard, object: number, entry: number): number {
    const from = this.table.needs(entry)
    this.table.clear(entry)
    return release(shard, object, from)
  }

  /** A reader of a body that passes by does not need what lies before `to` any more. */
  pass(shard: Shard, object: number, entry: number, from: number, to: number): void {
    // A thread that may not block reads no bodies.
    if (!shard.enter()) return
    this.table.need(entry, to)
    const writer = pass(shard, object, from, to)
    shard.leave()
    if (writer >= 0) this.#ring(writer)
  }

  /** Whether something is put off until the lock of a shard can be had. */
  awaits(shard: Shard): boolean {
    return this.#later.has(shard)
  }

  /** Puts off what happens inside a shard's lock until `retry` gets it. */
  later(shard: Shard, act: () => void): void {
    const acts = this.#later.get(shard)
    if (acts === undefined) this.#later.set(shard, [act])
    else acts.push(act)
  }

  /** Does what was put off, as far as locks can be had. */
  retry(): void {
    for (const [shard, acts] of this.#later) {
      if (!shard.enter()) continue
      for (const act of acts) act()
      shard.leave()
      this.#later.delete(shard)
    }
  }

  follow(hold: Watcher): void {
    this.#followed.add(hold)
    // What came before the watch was set is told as well, but never from inside `follow`.
    if (hold.stirred) this.#ring(this.me)
  }

  unfollow(hold: Watcher): void {
    this.#followed.delete(hold)
  }

  /** Tells followers what is new. */
  heard(): void {
    this.retry()
    for (const hold of this.#followed) if (hold.stirred) hold.tell()
    for (const window of this.#windows) window.look()
  }

  /** Has `look` of a window called with all that is heard. */
  await(window: Listening): void {
    this.#windows.add(window)
  }

  /** No more of that. */
  unawait(window: Listening): void {
    this.#windows.delete(window)
  }

  /** The end of an object that is filled: it is let go, inside the shard's lock, which is left; threads that watch it are rung. */
  part(shard: Shard, object: number, entry: number): void {
    const bits = Atomics.exchange(shard.cells, object + OBJECT.watch, 0)
    this.table.clear(entry)
    shard.unpin(object)
    shard.leave()
    this.call(bits)
  }

  /** Rings the threads that watch an object; `bits` is what its watch was. */
  call(bits: number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      // Threads that share a bit are rung together; some of them find nothing new.
      for (let k = 31 - Math.clz32(rest & -rest); k <= this.#threads; k += 32) this.#ring(k)
    }
  }

  /** Rings every thread. */
  callAll(): void {
    for (let k = 0; k <= this.#threads; k++) this.#ring(k)
  }
}
