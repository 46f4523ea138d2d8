import type { Cause } from '../base/cause.ts'
import type { Waiter } from '../gate/gate.ts'
import type { Server } from './server.ts'

/** The servers that one configuration has in a pool: a request is given none but these. See Seats. */
export interface Candidates {
  /** Set by `pick` when it had to put a slot back; the reader clears it. */
  contended: boolean
  readonly servers: readonly Server[]
  /** Takes a slot at a server that the request can use, or answers null. */
  pick(w: ServerRequest): Server | null
  /** The server with the ledger's slot of this number; null: it is not among them. */
  find(slot: number): Server | null
  /** Why waiting would be in vain, or null. */
  unservable(w: ServerRequest): Cause | null
  /** Whether what is freed at this server may be handed on. */
  serves(server: Server): boolean
}

/** A request that asks a pool for a slot at one of its servers. What it says of itself stays as it is while it waits. */
export interface ServerRequest extends Waiter<Server> {
  /** The request's hash for the policy (`hashKey`); 0 where the policy does not hash. */
  readonly key: number
  /** Index of the server its cookie names (`Sticky.find`), or -1. */
  readonly prefer: number
  /** Of the pool that it asks, in the configuration by which it was routed. */
  readonly candidates: Candidates
  /** Whether an attempt at this server has failed already; it is not given again. */
  triedServer(index: number): boolean
  /** It waits in vain: no server is left that could serve it. It is out of the queue already. Must not throw. */
  refused(cause: Cause): void
}
