/** Runs `DescriptorEpisodes` on the main thread. */
import { monotonic } from '../../base/clock.ts'
import { type Config, UNLIMITED } from '../../config/model.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { DescriptorEpisodes, type DescriptorLine } from '../../watch/episodes/descriptor-episodes.ts'

const POLL = 250
/** Descriptors of the process itself, and of each of its threads. */
const OWN = 100
const OWN_PER_THREAD = 20
/** Recommended at least where nothing bounds the clients. */
const UNBOUNDED = 65_536

export class DescriptorWatch {
  readonly #episodes: DescriptorEpisodes
  readonly #look: () => DescriptorLine | null
  readonly #say: (line: DescriptorLine) => void
  readonly #timer: NodeJS.Timeout

  /** `limit`: descriptors the process may open; Infinity where that is not known. */
  constructor(config: Config, ledger: Ledger, limit: number, say: (line: DescriptorLine) => void) {
    const refused = ledger.counter('descriptors:refused')
    const unconnected = ledger.counter('descriptors:unconnected')
    const unaccepted = ledger.counter('descriptors:unaccepted')
    this.#episodes = new DescriptorEpisodes(Number.isFinite(limit) ? limit : null, neededBy(config))
    this.#say = say
    this.#look = () =>
      this.#episodes.step(monotonic(), {
        refused: refused.total(),
        unconnected: unconnected.total(),
        unaccepted: unaccepted.total(),
      })
    this.#timer = setInterval(() => this.#report(this.#look()), POLL).unref()
  }

  /** Looks a last time and ends the episode under way. */
  stop(): void {
    clearInterval(this.#timer)
    this.#report(this.#look())
    this.#report(this.#episodes.finish())
  }

  #report(line: DescriptorLine | null): void {
    if (line !== null) this.#say(line)
  }
}

/** With so many descriptors every admitted client can have a request at a server. */
function neededBy({ listeners, threads }: Config): number {
  let clients = 0
  for (const { maxConnections, whenFull } of listeners) {
    if (maxConnections === UNLIMITED) return UNBOUNDED
    clients += maxConnections + (whenFull?.max ?? 0)
  }
  // A third is kept for servers and everything else that has to go on; see net/listen/descriptors.ts.
  return clients * 2 + OWN + OWN_PER_THREAD * threads
}
