/**
 * The points on a message's way at which rules may have their say. A listener has one hook for each, or null; a point
 * without a hook costs one comparison.
 */
import type { Cause } from '../base/cause.ts'
import type { Edits, FieldLine } from '../wire/http/edits.ts'
import type { RequestHead, ResponseHead } from '../wire/http/head.ts'

/** What a hook may know of the exchange. Heads are as received, or as an earlier hook has edited them; no hook changes one. */
export interface HookView {
  readonly request: RequestHead
  readonly listener: string
  /** Address of the peer; `unix` where it has none. */
  readonly peer: string
  /** null: not known yet. */
  readonly route: string | null
  readonly server: string | null
  /** Nobody waits for it: it fetches for the store. */
  readonly background: boolean
}

/** A whole answer instead of what would have followed. */
export interface HookAnswer {
  readonly status: number
  readonly reason: string
  readonly lines: readonly FieldLine[]
  /** One character per byte. */
  readonly body: string
}

/** null: it goes on, with the edits. Else how it ends: with a cause, as any failure, or with an answer. */
export type HookDecision = null | { readonly cause: Cause; readonly detail: string } | { readonly answer: HookAnswer }

export interface Hooks {
  /** The head of a request is received. What is edited counts for routing and for the cache. */
  readonly received: ((view: HookView, edits: Edits) => HookDecision) | null
  /** A server is about to be asked. What is edited is for the server alone. Not called again for another try. */
  readonly asking: ((view: HookView, edits: Edits) => HookDecision) | null
  /** A server's final response head is here. What is edited counts for the cache. A cause may lead to another try. */
  readonly arrived: ((view: HookView, response: ResponseHead, edits: Edits) => HookDecision) | null
  /** A final response head is about to go to the client, whatever it comes from. It is decided by now: only edits. */
  readonly leaving: ((view: HookView, status: number, edits: Edits) => void) | null
}

export const NO_HOOKS: Hooks = { received: null, asking: null, arrived: null, leaving: null }
