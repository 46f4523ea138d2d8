/** Counts the exchanges on one route, at the route, its pool and the pool's streams. */
import type { Cause } from '../base/cause.ts'
import type { RouteConfig } from '../config/model.ts'
import type { RouteCounters as Counted, ExchangeGate } from '../exchange/routing/route.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Histogram } from '../ledger/histogram.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { GateCounters, gateCauses } from './counters.ts'

export class RouteCounters implements Counted {
  readonly #route: GateCounters
  readonly #pool: GateCounters
  readonly #streams: GateCounters
  readonly #requests: Counter
  readonly #poolRequests: Counter
  readonly #queue: Histogram
  readonly #firstByte: Histogram
  readonly #total: Histogram

  constructor(ledger: Ledger, { name, to }: Pick<RouteConfig, 'name' | 'to'>) {
    this.#route = new GateCounters(ledger, `route:${name}`, gateCauses.route)
    this.#pool = new GateCounters(ledger, `pool:${to}`, gateCauses.pool)
    this.#streams = new GateCounters(ledger, `streams:${to}`, gateCauses.streams)
    this.#requests = ledger.counter(`route:${name}:requests`)
    this.#poolRequests = ledger.counter(`pool:${to}:requests`)
    this.#queue = ledger.histogram(`pool:${to}:queue`)
    this.#firstByte = ledger.histogram(`pool:${to}:firstByte`)
    this.#total = ledger.histogram(`pool:${to}:total`)
  }

  joined(gate: ExchangeGate): void {
    ;(gate === 'route' ? this.#route : this.#pool).waited.add(1)
  }

  ended(gate: ExchangeGate, cause: Cause | null, queued: number, firstByte: number, total: number): void {
    this.#requests.add(1)
    this.#poolRequests.add(1)
    if (firstByte >= 0) {
      this.#pool.admitted.add(1)
      this.#queue.record(queued)
      this.#firstByte.record(firstByte)
      this.#total.record(total)
    }
    if (cause === null) return
    if (cause === 'streams_full') this.#streams.refused(cause)
    else (gate === 'route' || cause === 'route_full' ? this.#route : this.#pool).refused(cause)
  }
}
