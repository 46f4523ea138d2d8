/** Reads the results of the attempts at all servers, and runs `ServerEpisodes` on them, on the main thread. */
import { attemptCauses, errorStatuses, systemCodes } from '../../base/attempt-causes.ts'
import type { Config } from '../../config/model.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { ServerEpisodes, type ServerLine, type ServerReading } from '../../watch/episodes/server-episodes.ts'
import { counted } from './server-usage.ts'

const POLL = 250

export class ServerWatch {
  readonly #read: () => ServerReading[]
  readonly #say: (line: ServerLine) => void
  readonly #now: () => number
  readonly #episodes = new ServerEpisodes()
  #timer: NodeJS.Timeout | undefined

  /** `now`: monotonic, ms. */
  constructor(config: Config, ledger: Ledger, say: (line: ServerLine) => void, now: () => number) {
    this.#read = serverReader(config, ledger)
    this.#say = say
    this.#now = now
  }

  start(): void {
    this.#step()
    this.#timer = setInterval(() => this.#step(), POLL).unref()
  }

  /** Reads a last time and ends the episodes under way. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#step()
    for (const line of this.#episodes.finish(this.#read())) this.#say(line)
  }

  #step(): void {
    for (const line of this.#episodes.step(this.#now(), this.#read())) this.#say(line)
  }
}

/** Makes the function that reads all servers; what does not change is looked up once. */
function serverReader(config: Config, ledger: Ledger): () => ServerReading[] {
  const readers = config.pools.flatMap((pool) =>
    pool.servers.map((server) => {
      const counter = (name: string) => ledger.counter(`server:${pool.name}/${server.name}:${name}`)
      const [requests, responses, failures, errors] = ['requests', 'responses', 'failures', '5xx'].map(counter)
      const named = <N extends string>(kind: string, names: readonly N[]) =>
        counted(names, (name) => counter(`${kind}:${name}`).total()) as Record<string, number>
      const details = () => ({
        causes: named('failed', attemptCauses),
        codes: named('code', systemCodes),
        statuses: named('status', errorStatuses),
        retried: counter('retried').total(),
      })
      return (): ServerReading => ({
        pool: pool.name,
        server: server.name,
        // The sums first: their parts were counted before them.
        failures: failures!.total(),
        errors: errors!.total(),
        requests: requests!.total(),
        responses: responses!.total(),
        details,
      })
    }),
  )
  return () => readers.map((read) => read())
}
