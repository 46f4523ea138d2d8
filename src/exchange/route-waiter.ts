/** An exchange's place in the line of its route. */
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Exchange } from './exchange.ts'

/** The exchange's place in its route's line; in the pool's line it stands itself. */
export class RouteWaiter extends QueuedWaiter<Slots> {
  readonly #x: Exchange
  constructor(x: Exchange) {
    super()
    this.#x = x
  }
  override granted(place: Permit<Slots>): void {
    this.#x.routeAdmitted(place)
  }
}
