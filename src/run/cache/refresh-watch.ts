/** Runs `RefreshEpisodes` on the main thread. The threads are asked only when a counter shows that refreshes failed. */
import { explained } from '../../cache/object/reasons.ts'
import { added, type RouteRefreshes } from '../../exchange/cache/refresh-results.ts'
import { RefreshEpisodes, type RefreshLine, type RefreshReading } from '../../watch/episodes/refresh-episodes.ts'

export interface RefreshDependencies {
  /** Refreshes that failed, over all threads, since the start. */
  failed(): number
  /** The results on each thread. */
  ask(): Promise<readonly (readonly RouteRefreshes[])[]>
  say(line: RefreshLine): void
}

const POLL = 1000

export class RefreshWatch {
  readonly #dependencies: RefreshDependencies
  readonly #episodes = new RefreshEpisodes()
  readonly #timer: NodeJS.Timeout
  #failed = 0
  #asking = false

  constructor(dependencies: RefreshDependencies) {
    this.#dependencies = dependencies
    this.#timer = setInterval(() => void this.look(), POLL).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Looks now. */
  async look(now = Date.now()): Promise<void> {
    const failed = this.#dependencies.failed()
    if (this.#asking || (failed === this.#failed && !this.#episodes.open)) return
    this.#failed = failed
    this.#asking = true
    try {
      const routes = added(await this.#dependencies.ask())
      for (const line of this.#episodes.step(now, routes.map(readingOf))) this.#dependencies.say(line)
    } finally {
      this.#asking = false
    }
  }
}

function readingOf({ last, ...route }: RouteRefreshes): RefreshReading {
  return { ...route, last: last && { ...last, ...explained(last.reason) } }
}
