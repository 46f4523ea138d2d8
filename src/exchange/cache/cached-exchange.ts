/** What the cache needs of the exchange whose part it is. The exchange knows the cache; the cache knows no more of it than this. */
import type { Permit } from '../../gate/gate.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { ClientRequest } from '../../net/client-request.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import type { Edits } from '../../wire/http/edits.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import type { FailedExchange } from '../answer/failure.ts'
import type { Attempt } from '../attempt.ts'
import type { ExchangeContext } from '../context.ts'
import type { ExchangeGate, Route } from '../routing/route.ts'
import type { Delivery, DeliveryOwner } from './delivery.ts'

/** `C`: the cache's part in such an exchange. */
export interface CachedExchange<C> extends DeliveryOwner, FailedExchange {
  readonly context: ExchangeContext
  readonly head: RequestHead
  readonly client: ClientRequest
  /** What is changed about the request on its way to a server. */
  readonly edits: Edits
  readonly caching: C
  readonly delivery: Delivery
  /** No client waits for it: it fetches for the store. */
  readonly background: boolean
  /** The attempt at a server that it owns; null: there is none. */
  readonly attempt: Attempt | null
  /** A server has been asked. */
  readonly asked: boolean
  readonly isOver: boolean
  /** Tells whether a later callback still concerns the same request. */
  readonly serial: number
  readonly upload: {
    /** The request has been sent whole. */
    readonly done: boolean
    /** What is sent next is another request. */
    restart(): void
  }
  readonly retries: { askDifferently(): void }
  readonly admission: FailedExchange['admission'] & {
    comeTo(gate: ExchangeGate): void
    waitedSince(since: number): void
    holdRoutePermit(permit: Permit<Slots>): void
    takeRoutePermit(): Permit<Slots> | null
  }

  /** Answers with what is no failure, and is over. */
  answer(answer: WholeAnswer): null
  /** A server has to be asked. */
  continueToServer(): void
  /** The pool has to be asked for another server's permit. */
  continueToPool(): void
  /** The server of this attempt has to be asked. */
  ask(attempt: Attempt): void
  /** An attempt to follow the present one at the same server, with its permit. */
  passPermit(): Attempt
  /** Owns an attempt whose turn has not come yet. */
  own(attempt: Attempt): void
  /** Passes the attempt on to another owner. */
  handOverAttempt(): Attempt
  /** No server is needed any more. */
  withdraw(): void
  /** An exchange for the store alone, which asks as this one's client would. */
  detached(head: RequestHead, route: Route): CachedExchange<C>
  /** Goes on in the place of another exchange, which keeps its client. */
  takeOver(other: CachedExchange<C>): void
}
