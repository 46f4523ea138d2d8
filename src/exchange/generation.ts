/**
 * What came from one configuration, as the exchanges of one thread see it. It never changes: another configuration makes
 * another generation beside it, new requests go there, and an exchange ends in the one it began in.
 */
import type { Cause } from '../base/cause.ts'
import type { Config, ListenerConfig } from '../config/model.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { WholeAnswer } from '../net/responder.ts'
import type { Hooks } from '../rules/hooks.ts'
import type { RequestHead } from '../wire/http/head.ts'
import type { Admission } from './admission.ts'
import type { Attempt } from './attempt.ts'
import type { Diagnosis } from './record.ts'
import type { Route, Routes } from './routing/route.ts'

/** An answer that Headgate gives itself. */
export interface Refusal {
  readonly cause: Cause
  readonly diagnosis: Diagnosis
  readonly incident: string
  /** Accept of the request, null where there was none or no request. */
  readonly accept: string | null
}

/** What a diagnosis, a record and rules see of an exchange. */
export interface ExchangeView {
  readonly head: RequestHead
  readonly client: ClientRequest
  /** The listener it came to, in the generation that it belongs to from its head to its end. */
  readonly listener: ListenerScope
  /** No client waits for it: it fetches for the store. */
  readonly background: boolean
  /** null: it has not come that far. */
  readonly route: Route | null
  readonly admission: Admission
  /** The last attempt at a server, whatever owns it by now; null: there was none. */
  readonly lastAttempt: Attempt | null
}

export interface Generation {
  readonly config: Config
  /** Why the exchange ended as it did. */
  diagnose(x: ExchangeView, cause: Cause, detail: string): Diagnosis
  /** The page for a request that is refused or failed. Its cause has a status. */
  refuse(refusal: Refusal): WholeAnswer
  /** An exchange, or a fetch that outlives its exchange, begins in this generation; it calls `leave` once when it is over. */
  enter(): void
  leave(): void
}

/** A listener as one generation has it. */
export interface ListenerScope {
  readonly generation: Generation
  readonly config: ListenerConfig
  readonly routes: Routes
  /** Its connections. */
  readonly slots: Slots
  /** Whether it believes what this peer says of others. */
  readonly trusts: (address: string) => boolean
  readonly hooks: Hooks
}
