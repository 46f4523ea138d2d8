/** Runs `RefreshEpisodes` on the main thread. The threads are only asked where a counter says that there is something to hear. */
import { explained } from '../../cache/object/reasons.ts'
import { added, type RouteRefreshes } from '../../exchange/cache/refresh-results.ts'
import { RefreshEpisodes, type RefreshLine, type RefreshReading } from '../../watch/episodes/refresh-episodes.ts'

export interface RefreshGround {
  /** Refreshes that failed, over all threads, since the start. */
  failed(): number
  /** What each thread knows. */
  ask(): Promise<readonly (readonly RouteRefreshes[])[]>
  say(line: RefreshLine): void
}

const POLL = 1000

export class RefreshWatch {
  readonly #ground: RefreshGround
  readonly #episodes = new RefreshEpisodes()
  readonly #timer: NodeJS.Timeout
  #failed = 0
  #asking = false

  constructor(ground: RefreshGround) {
    this.#ground = ground
    this.#timer = setInterval(() => void this.look(), POLL).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Looks now. */
  async look(now = Date.now()): Promise<void> {
    const failed = this.#ground.failed()
    if (this.#asking || (failed === this.#failed && !this.#episodes.open)) return
    this.#failed = failed
    this.#asking = true
    try {
      const routes = added(await this.#ground.ask())
      for (const line of this.#episodes.step(now, routes.map(readingOf))) this.#ground.say(line)
    } finally {
      this.#asking = false
    }
  }
}

function readingOf({ last, ...route }: RouteRefreshes): RefreshReading {
  return { ...route, last: last && { ...last, ...explained(last.reason) } }
}
