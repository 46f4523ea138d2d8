/** What the exchanges of one thread share, whatever their generation. Made once by the worker, and lasts as long as it does. */
import type { Cause } from '../base/cause.ts'
import type { Wheel } from '../base/wheel.ts'
import type { Tree } from '../cache/purge/trees.ts'
import type { Descriptors } from '../net/listen/descriptors.ts'
import type { Server } from '../pool/server.ts'
import type { Incidents } from './answer/incident-log.ts'
import type { CacheResult } from './cache/cache-report.ts'
import type { Occupants } from './occupants.ts'
import type { AttemptListener } from './outcome.ts'
import type { ExchangeRecord } from './record.ts'
import type { ExchangeGate, Route } from './routing/route.ts'

/** Counts what happens, in the ledger. */
export interface ExchangeCounters {
  began(): void
  /** An answer came about with or without the cache; see Caching. */
  cached(result: CacheResult): void
  /** A fetch in the background for what is stale has ended: with an answer that renews it, or not. */
  refreshed(ok: boolean): void
  /** It joined a queue, its route's or its pool's. */
  joined(route: Route, gate: ExchangeGate): void
  /**
   * Times in ms, -1 never. `cause` null: it went well. `gate`: the one it came to last.
   * `server`: the last one it was sent to; null: it was sent to none.
   */
  ended(
    route: Route | null,
    gate: ExchangeGate,
    server: Server | null,
    cause: Cause | null,
    queued: number,
    firstByte: number,
    total: number,
  ): void
}

/** The result of a purge that a client ordered. */
export type Purged =
  /** `says`: in a sentence. */
  | { readonly done: true; readonly says: string }
  | { readonly done: false; readonly cause: 'purge_full' | 'purge_saturated'; readonly says: string }

export interface ExchangeContext {
  readonly wheel: Wheel
  readonly descriptors: Descriptors
  /** Where records go; null: no log wants them, so none are made. */
  readonly log: ((record: ExchangeRecord) => void) | null
  /** Refused and failed exchanges, to be looked up by their id. */
  readonly incidents: Incidents
  readonly counters: ExchangeCounters
  /** Is told how attempts at servers end. */
  readonly attempts: AttemptListener
  /** What holds slots for long, and open streams. */
  readonly occupants: Occupants
  /** An exception in the code of an exchange; the exchange ends as `internal`. */
  defect(error: unknown): void
  /** Orders what is stored under these beginnings of keys to go; resolves when it is in effect on all threads, or was not taken. */
  purge(targets: readonly string[]): Promise<Purged>
  /** A client has changed all of this: its former state goes from the cache. Resolves when that is in effect on all threads. */
  changed(trees: readonly Tree[]): Promise<void>
}
