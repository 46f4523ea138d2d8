/** What a diagnosis and a record need to see of an exchange. */
import type { ClientRequest } from '../net/client-request.ts'
import type { RequestHead } from '../wire/http/head.ts'
import type { Admission } from './admission.ts'
import type { Attempt } from './attempt.ts'
import type { ListenerScope } from './generation.ts'
import type { Route } from './routing/route.ts'

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
  /** The last attempt at a server, whoever owns it by now; null: there was none. */
  readonly lastAttempt: Attempt | null
}
