/** An exchange at the gate of its route: its place in the queue. */
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'

/** The exchange that waits. */
export interface RouteWaiterOwner {
  /** Its turn has come. */
  routeAdmitted(permit: Permit<Slots>): void
}

export class RouteWaiter extends QueuedWaiter<Slots> {
  readonly #x: RouteWaiterOwner

  constructor(x: RouteWaiterOwner) {
    super()
    this.#x = x
  }

  reset(): void {
    this.arrival = 0
  }

  override granted(permit: Permit<Slots>): void {
    this.#x.routeAdmitted(permit)
  }
}
