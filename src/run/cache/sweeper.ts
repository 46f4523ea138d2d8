/**
 * Goes through the store on the main thread, a little at a time: always, to free the memory of what will not be used
 * again, and faster while there are removals that not every object has been compared with. Other walks through the store
 * join in, as there is one place in it from which a walk goes on: what they meet is swept as well, so that walks that
 * never end hold up nothing.
 */
import type { PinnedObject } from '../../store/pinned-object.ts'
import { type Store, StoreBusy } from '../../store/store.ts'

/** Chains of the index at a time: few, as each object may be tried on a thousand patterns. */
const CHAINS = 16
/**
 * How long a step and the pause after it last, in ms, and how many chains it takes at most. The main thread has other
 * things to do, and the processor too: where purges come all day, `steady` goes on all day.
 */
const paces = {
  idle: { step: 2, chains: 128, pause: 25 },
  steady: { step: 2, chains: Number.POSITIVE_INFINITY, pause: 8 },
  hurried: { step: 5, chains: Number.POSITIVE_INFINITY, pause: 5 },
} as const
/** How long a step lasts while there are walks; then the main thread does whatever else it has to do. */
const WALK = 5

/** What the sweeper needs to know and reports. */
export interface Sweeping {
  /** Looks at one object. */
  visit(hold: PinnedObject): void
  /** How much depends on the end of the walk. */
  pace(): keyof typeof paces
  /** Everything has been visited that was there when the last walk ended. */
  walked(): void
}

/** A walk that joins in, from where the sweeper was to there once more. */
interface Walker {
  readonly visit: (hold: PinnedObject) => void
  readonly from: number
  /** The end of the store lies behind it. */
  turned: boolean
  readonly done: PromiseWithResolvers<void>
}

export class Sweeper {
  readonly #store: Store
  readonly #sweeping: Sweeping
  readonly #walkers = new Set<Walker>()
  /** Since the last end something could not be looked at, as its shard was locked. */
  #missed = false
  #timer: NodeJS.Timeout | undefined
  /** What the timer was set to. */
  #pause = 0

  constructor(store: Store, sweeping: Sweeping) {
    this.#store = store
    this.#sweeping = sweeping
    this.#next(paces.idle.pause)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Goes on at once, as there is something new to look for. */
  hurry(): void {
    const { pause } = paces[this.#sweeping.pace()]
    // Never later: hurrying it again and again must not keep it from going on.
    if (this.#timer !== undefined && pause < this.#pause) this.#next(pause)
  }

  /** The whole store; an object may be met twice. Any number may walk at once, at the price of one. Rejects with what `visit` throws. */
  walk(visit: (hold: PinnedObject) => void): Promise<void> {
    const walker: Walker = { visit, from: this.#store.place, turned: false, done: Promise.withResolvers() }
    this.#walkers.add(walker)
    if (this.#walkers.size === 1) setImmediate(() => this.#walk())
    return walker.done.promise
  }

  #walk(): void {
    this.#advance(WALK, Number.POSITIVE_INFINITY)
    if (this.#walkers.size > 0) setImmediate(() => this.#walk())
  }

  #next(pause: number): void {
    clearTimeout(this.#timer)
    this.#pause = pause
    this.#timer = setTimeout(() => {
      this.#sweep()
      this.#next(paces[this.#sweeping.pace()].pause)
    }, pause)
    this.#timer.unref()
  }

  #sweep(): void {
    // What a dead thread held in a shard whose lock was taken then.
    this.#store.heard()
    // Walks go faster.
    if (this.#walkers.size > 0) return
    const { step, chains } = paces[this.#sweeping.pace()]
    this.#advance(step, chains)
  }

  /** For at most about `ms`, and `most` chains. Less where no walk needs it any more, or a shard is locked. */
  #advance(ms: number, most: number): void {
    const until = performance.now() + ms
    for (let chains = 0; chains < most; chains += CHAINS) {
      const reached = this.#step()
      if (reached === 'end') this.#turn()
      this.#leave()
      if (reached === 'busy' || performance.now() >= until) return
      if (reached === 'end' && this.#walkers.size === 0 && this.#sweeping.pace() === 'idle') return
    }
  }

  #step(): 'end' | 'on' | 'busy' {
    try {
      return this.#store.each((hold) => this.#visit(hold), CHAINS) ? 'end' : 'on'
    } catch (error) {
      if (error instanceof StoreBusy) return 'busy'
      throw error
    }
  }

  #visit(hold: PinnedObject): void {
    for (const walker of this.#walkers) {
      try {
        walker.visit(hold)
      } catch (error) {
        this.#walkers.delete(walker)
        walker.done.reject(error)
      }
    }
    try {
      this.#sweeping.visit(hold)
    } catch (error) {
      if (!(error instanceof StoreBusy)) throw error
      // The objects beside it are visited all the same.
      this.#missed = true
    }
  }

  /** The end: the next step begins anew. */
  #turn(): void {
    for (const walker of this.#walkers) walker.turned = true
    if (!this.#missed) this.#sweeping.walked()
    this.#missed = false
  }

  /** A walk that is back where it began has seen all. */
  #leave(): void {
    for (const walker of this.#walkers) {
      if (!walker.turned || this.#store.place < walker.from) continue
      this.#walkers.delete(walker)
      walker.done.resolve()
    }
  }
}
