/** An exchange at the gate of its pool: which servers it can use and would like to have, and its place in the queue. */
import type { Cause } from '../base/cause.ts'
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import type { Candidates, ServerRequest } from '../pool/pool.ts'
import type { Server } from '../pool/server.ts'
import type { Retries } from './retry.ts'
import type { Route } from './routing/route.ts'

/** The exchange that waits. */
export interface PoolWaiterOwner {
  readonly retries: Retries
  readonly route: Route | null
  /** Its turn has come. */
  poolAdmitted(permit: Permit<Server>): void
  /** No server of the pool is left that could serve it. */
  refused(cause: Cause): void
}

export class PoolWaiter extends QueuedWaiter<Server> implements ServerRequest {
  readonly #x: PoolWaiterOwner
  /** The request's hash for the pool's policy; 0 where the policy does not hash. */
  key = 0

  constructor(x: PoolWaiterOwner) {
    super()
    this.#x = x
  }

  reset(): void {
    this.arrival = this.key = 0
  }

  /** Which server it would like to have, by this hash. */
  aim(key: number): void {
    this.key = key
  }

  get prefer(): number {
    return this.#x.retries.prefer
  }

  /** Asked only while the exchange has a route. */
  get candidates(): Candidates {
    return this.#x.route!.upstream.pool.candidates
  }

  triedServer(index: number): boolean {
    return this.#x.retries.hasTried(index)
  }

  override granted(permit: Permit<Server>): void {
    this.#x.poolAdmitted(permit)
  }

  refused(cause: Cause): void {
    this.#x.refused(cause)
  }
}
