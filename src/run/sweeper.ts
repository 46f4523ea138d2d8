/**
 * Goes through the store on the main thread, a little at a time: always, to free the memory of what nobody will use
 * again, and faster while there are orders that not everything has been compared with. Others who want to look at all of
 * it share its way, as there is one place in the store from which a walk goes on.
 */
import type { Hold } from '../store/hold.ts'
import { type Store, StoreBusy } from '../store/store.ts'

/** Chains of the index at a time. */
const CHAINS = 128
/**
 * How long a step and the pause after it last, in ms; a step is CHAINS at least. The main thread has other things to do,
 * and the processor too: where somebody purges all day, `steady` goes on all day.
 */
const paces = {
  idle: { step: 0, pause: 25 },
  steady: { step: 2, pause: 8 },
  hurried: { step: 5, pause: 5 },
} as const

/** What is swept, and who wants to know. */
export interface Sweeping {
  /** Looks at one object. */
  visit(hold: Hold): void
  /** How much depends on the end of the walk. */
  pace(): keyof typeof paces
  /** Everything has been visited that was there when the last walk ended. */
  walked(): void
}

export class Sweeper {
  readonly #store: Store
  readonly #sweeping: Sweeping
  /** Walks of others, under way or in line; the sweeper rests meanwhile. */
  #walkers = 0
  #walks = Promise.resolve()
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
    // Never put off: who hurries it again and again would keep it from ever going on.
    if (this.#timer !== undefined && pause < this.#pause) this.#next(pause)
  }

  /** The whole store; an object may be met twice. Walks follow each other. */
  walk(visit: (hold: Hold) => void): Promise<void> {
    this.#walkers++
    const done = this.#walks.then(async () => {
      // It goes on where the sweeper is, so the first end is not its own.
      for (let ends = 0; ends < 2; ) {
        if (this.#step(visit) === 'end') ends++
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    this.#walks = done.catch(() => {}).then(() => void this.#walkers--)
    return done
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
    // What a dead thread held in a shard whose lock could not be had then.
    this.#store.heard()
    if (this.#walkers > 0) return
    const until = performance.now() + paces[this.#sweeping.pace()].step
    do {
      const came = this.#step((hold) => this.#sweeping.visit(hold))
      if (came === 'end') this.#sweeping.walked()
      if (came === 'busy') return
    } while (this.#sweeping.pace() !== 'idle' && performance.now() < until)
  }

  #step(visit: (hold: Hold) => void): 'end' | 'on' | 'busy' {
    try {
      return this.#store.each(visit, CHAINS) ? 'end' : 'on'
    } catch (error) {
      if (error instanceof StoreBusy) return 'busy'
      throw error
    }
  }
}
