/**
 * What the main thread watches and reports in its log: gates that are full, servers that fail, refreshes that
 * fail, file descriptors that are scarce.
 */
import { monotonic } from '../../base/clock.ts'
import type { Config } from '../../config/model.ts'
import type { RouteRefreshes } from '../../exchange/cache/refresh-results.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { EpisodeWatch } from '../../watch/episodes/episode-watch.ts'
import type { Logger } from '../../watch/log/app-log.ts'
import { RefreshWatch } from '../cache/refresh-watch.ts'
import { DescriptorWatch } from './descriptor-watch.ts'
import { gateReader } from './readings.ts'
import { ServerWatch } from './server-watch.ts'

type Line = Readonly<{ level: 'warn' | 'info'; message: string }>

export class Watches {
  readonly #gates: EpisodeWatch
  readonly #servers: ServerWatch
  readonly #refreshes: RefreshWatch | null
  readonly #descriptors: DescriptorWatch

  /** `openFiles`: how many descriptors the process may open. `askRefreshes`: the refreshes of each thread; null: nothing is cached. */
  constructor(
    config: Config,
    ledger: Ledger,
    log: Logger,
    openFiles: number,
    askRefreshes: (() => Promise<readonly (readonly RouteRefreshes[])[]>) | null,
  ) {
    const say = ({ level, message, ...facts }: Line): void => log[level](facts, message)
    this.#gates = new EpisodeWatch(gateReader(config, ledger), say, monotonic)
    this.#servers = new ServerWatch(config, ledger, say, monotonic)
    this.#descriptors = new DescriptorWatch(config, ledger, openFiles, say)
    const failed = (): number => ledger.counter('cache:refreshFailed').total()
    this.#refreshes = askRefreshes === null ? null : new RefreshWatch({ failed, ask: askRefreshes, say })
  }

  start(): void {
    this.#gates.start()
    this.#servers.start()
  }

  /** Reads a last time and ends the episodes under way. */
  stop(): void {
    this.#gates.stop()
    this.#servers.stop()
    this.#descriptors.stop()
    this.#refreshes?.stop()
  }
}
