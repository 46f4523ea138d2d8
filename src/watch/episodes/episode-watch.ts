/** Runs `Episodes` on the main thread. */
import { type EpisodeLine, Episodes, type GateReading } from './episodes.ts'

/** The timer functions; replaced by tests. */
export interface EpisodeTimers {
  setInterval(run: () => void, ms: number): { unref(): unknown }
  clearInterval(timer: { unref(): unknown }): void
}

const POLL = 250

/** Reads all gates four times per second and says what `Episodes` makes of it. */
export class EpisodeWatch {
  readonly #episodes = new Episodes()
  readonly #step: () => void
  readonly #say: (line: EpisodeLine) => void
  readonly #timers: EpisodeTimers
  #timer: { unref(): unknown } | null = null

  /** `read` gives all gates as they are, `now` is monotonic, ms. */
  constructor(
    read: () => readonly GateReading[],
    say: (line: EpisodeLine) => void,
    now: () => number,
    timers: EpisodeTimers = { setInterval, clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout) },
  ) {
    this.#say = say
    this.#timers = timers
    this.#step = () => {
      for (const line of this.#episodes.step(now(), read())) say(line)
    }
  }

  start(): void {
    if (this.#timer !== null) return
    this.#step()
    this.#timer = this.#timers.setInterval(this.#step, POLL)
    this.#timer.unref()
  }

  /** Reads a last time and ends the episodes under way. */
  stop(): void {
    if (this.#timer === null) return
    this.#timers.clearInterval(this.#timer)
    this.#timer = null
    this.#step()
    for (const line of this.#episodes.finish()) this.#say(line)
  }
}
