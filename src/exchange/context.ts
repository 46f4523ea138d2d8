/** What exchanges of one thread share. Made once by the worker; nothing in it changes from request to request. */
import type { Cause } from '../base/cause.ts'
import type { Wheel } from '../base/wheel.ts'
import type { Tree } from '../cache/purge/trees.ts'
import type { Config } from '../config/model.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Descriptors } from '../net/listen/descriptors.ts'
import type { WholeAnswer } from '../net/responder.ts'
import type { Server } from '../pool/server.ts'
import type { Incidents } from './answer/incident-log.ts'
import type { CacheResult } from './cache/cache-state.ts'
import type { Exchange } from './exchange.ts'
import type { Occupants } from './occupants.ts'
import type { Diagnosis, ExchangeRecord } from './record.ts'
import type { Route, Routes } from './routing/route.ts'

/** An answer Headgate gives itself. */
export interface Refusal {
  readonly cause: Cause
  readonly verdict: Diagnosis
  readonly incident: string
  /** Accept of the request, null where there was none or no request. */
  readonly accept: string | null
}

/** Counts what happens, in the ledger. */
export interface ExchangeCounters {
  began(): void
  /** An answer came about with or without the cache; see Caching. */
  cached(result: CacheResult): void
  /** A fetch in the background for what is stale has ended: with an answer that renews it, or not. */
  refreshed(ok: boolean): void
  /** It joined a line, its route's or its pool's. */
  joined(route: Route, ofRoute: boolean): void
  /**
   * Times in ms, -1 never. `cause` null: it went well. `ofRoute`: the line it stood in was its route's, not its pool's.
   * `server`: that it was at last; null: it came to none.
   */
  ended(
    route: Route | null,
    ofRoute: boolean,
    server: Server | null,
    cause: Cause | null,
    queued: number,
    firstByte: number,
    total: number,
  ): void
}

/** What came of a purge that a client ordered. */
export type Purged =
  /** `says`: in a sentence. */
  | { readonly done: true; readonly says: string }
  | { readonly done: false; readonly cause: 'purge_full' | 'purge_saturated'; readonly says: string }

export interface ExchangeContext {
  readonly config: Config
  readonly wheel: Wheel
  readonly descriptors: Descriptors
  /** Routes by listener name. */
  readonly routes: ReadonlyMap<string, Routes>
  /** Connections in use, by listener name. */
  readonly listeners: ReadonlyMap<string, Slots>
  /** Where records go; null: nobody wants them, so none are made. */
  readonly log: ((record: ExchangeRecord) => void) | null
  /** Refused and failed exchanges, for those who look one up. */
  readonly incidents: Incidents
  readonly tally: ExchangeCounters
  /** What holds slots for long, and open streams. */
  readonly occupants: Occupants
  /** Whether a listener believes what a peer says of others. */
  trusts(listener: string): (address: string) => boolean
  /** Why the exchange ended as it did. */
  verdict(x: Exchange, cause: Cause, detail: string): Diagnosis
  /** The page for somebody who is refused, or whose request failed. Its cause has a status. */
  refuse(refusal: Refusal): WholeAnswer
  /** An exception in the code of an exchange; the exchange ends as `internal`. */
  defect(error: unknown): void
  /** Orders what is stored under these beginnings of keys to go; resolves when it is in effect on all threads, or was not taken. */
  purge(targets: readonly string[]): Promise<Purged>
  /** A client has changed all of this: its former state goes from the cache. Resolves when that is in effect on all threads. */
  changed(trees: readonly Tree[]): Promise<void>
  /** An exchange for a request that nobody waits for. */
  background(): Exchange
  /** The exchange is over and may serve again. */
  release(x: Exchange): void
}
