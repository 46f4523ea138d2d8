/** Counts one thread's exchanges in the ledger, where every thread can read the sums. */
import { type Cause, causeNames } from '../base/cause.ts'
import type { CacheResult } from '../exchange/cache/cache-report.ts'
import type { ExchangeCounters } from '../exchange/context.ts'
import type { ExchangeGate, Route } from '../exchange/routing/route.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Server } from '../pool/server.ts'
import { cacheResults } from './counters.ts'

export class ThreadCounters implements ExchangeCounters {
  readonly #requests: Counter
  readonly #causes = new Map<Cause, Counter>()
  readonly #cached = new Map<CacheResult, Counter>()
  readonly #refreshed: Counter
  readonly #refreshFailed: Counter
  readonly #unconnected: Counter
  readonly #refused: Counter
  readonly #unaccepted: Counter

  constructor(ledger: Ledger) {
    this.#requests = ledger.counter('requests')
    for (const result of cacheResults) this.#cached.set(result, ledger.counter(`cache:${result}`))
    this.#refreshed = ledger.counter('cache:refreshed')
    this.#refreshFailed = ledger.counter('cache:refreshFailed')
    this.#unconnected = ledger.counter('descriptors:unconnected')
    this.#refused = ledger.counter('descriptors:refused')
    this.#unaccepted = ledger.counter('descriptors:unaccepted')
    for (const cause of causeNames) this.#causes.set(cause, ledger.counter(`cause:${cause}`))
  }

  began(): void {
    this.#requests.add(1)
  }

  ended(
    route: Route | null,
    gate: ExchangeGate,
    server: Server | null,
    cause: Cause | null,
    queued: number,
    firstByte: number,
    total: number,
  ): void {
    if (cause !== null) this.#causes.get(cause)?.add(1)
    if (cause === 'local_resources') this.#unconnected.add(1)
    if (route === null) return
    route.counters.ended(gate, cause, queued, firstByte, total)
    if (cause === null) return
    route.upstream.ended.ended(cause)
    if (server !== null) route.upstream.counters[server.index]!.ended(cause)
  }

  cached(result: CacheResult): void {
    this.#cached.get(result)?.add(1)
  }

  refreshed(ok: boolean): void {
    ;(ok ? this.#refreshed : this.#refreshFailed).add(1)
  }

  joined(route: Route, gate: ExchangeGate): void {
    route.counters.joined(gate)
  }

  /** A connection was turned away; no exchange stands for it. */
  turnedAway(cause: Cause): void {
    this.#causes.get(cause)?.add(1)
    if (cause === 'local_resources') this.#refused.add(1)
  }

  /** The system could not accept a connection. */
  acceptFailed(): void {
    this.#unaccepted.add(1)
  }
}
