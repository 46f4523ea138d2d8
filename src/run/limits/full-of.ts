/** What a gate is full of, at the moment in which it refuses an exchange. */
import type { Cause } from '../../base/cause.ts'
import type { Config } from '../../config/model.ts'
import type { ExchangeView } from '../../exchange/generation.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { OccupancyReader } from '../status/occupancy.ts'
import { occupancyAdvice } from './occupancy-advice.ts'

export class FullOf {
  readonly #reader: OccupancyReader

  constructor(config: Config, ledger: Ledger) {
    this.#reader = new OccupancyReader(config, ledger)
  }

  /** The advice that names what holds it; null: the advice of the cause is the right one. */
  advice(x: ExchangeView, cause: Cause): string | null {
    const { route } = x
    if (route === null) return null
    const { name, to } = route.config
    if (cause === 'streams_full') {
      return occupancyAdvice(cause, this.#reader.ofPool(to), route.upstream.streams.used, `pool ${to}`)
    }
    const ofRoute = cause === 'route_full' || (isOfQueue(cause) && x.admission.gate === 'route')
    if (!ofRoute && cause !== 'pool_full' && !isOfQueue(cause)) return null
    // Most refusals are for want of capacity: one look shows that.
    if (this.#reader.holders(to) === 0) return null
    if (ofRoute) return occupancyAdvice(cause, this.#reader.ofRoute(name), route.slots.used, `route ${name}`)
    return occupancyAdvice(cause, this.#reader.ofPool(to), route.upstream.pool.slots.used, `pool ${to}`)
  }
}

function isOfQueue(cause: Cause): boolean {
  return cause === 'queue_full' || cause === 'queue_timeout'
}
