import type { Cause } from '../base/cause.ts'
import type { Waiter } from '../gate/gate.ts'
import type { Server } from './server.ts'

/** Who asks a pool for a slot at one of its servers. What it says of itself stays as it is while it waits. */
export interface ServerRequest extends Waiter<Server> {
  /** The request's hash for the policy (`hashKey`); 0 where the policy does not hash. */
  readonly key: number
  /** Index of the server its cookie names (`Sticky.find`), or -1. */
  readonly prefer: number
  /** Whether an attempt at this server has failed already; it is not given again. */
  triedServer(index: number): boolean
  /** It waits in vain: no server is left that could serve it. It is out of the line already. Must not throw. */
  refused(cause: Cause): void
}
