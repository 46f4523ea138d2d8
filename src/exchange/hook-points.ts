/** The points in the life of an exchange at which rules are asked; see rules/hooks.ts. */

import type { Cause } from '../base/cause.ts'
import type { WholeAnswer } from '../net/responder.ts'
import type { HookDecision, Hooks, HookView } from '../rules/hooks.ts'
import { Edits } from '../wire/http/edits.ts'
import type { RequestHead, ResponseHead } from '../wire/http/head.ts'
import { type OutgoingFields, ownFields } from '../wire/http/outgoing-fields.ts'
import { editedRequest, editedResponse } from '../wire/http1/edited-head.ts'
import type { Attempt } from './attempt.ts'
import type { ExchangeView } from './generation.ts'
import type { Stage } from './stage.ts'

/** The exchange that comes to a hook. */
export interface HookedExchange extends ExchangeView {
  /** What is changed about the request on its way to the server. */
  readonly edits: Edits
  /** Answers, and is over. */
  answer(answer: WholeAnswer): null
}

/** One whose request has just been received. */
export interface ReceivedExchange extends HookedExchange {
  /** The request is this one from now on. */
  replaceHead(head: RequestHead): void
}

/** One whose server has answered. */
export interface AnsweredExchange extends HookedExchange {
  attemptFailed(attempt: Attempt, cause: Cause, detail: string, unsent: boolean): void
  /** No server is needed any more. */
  withdraw(): void
}

/** The request's head is received. The next stage; null: it is answered; undefined: it goes on, perhaps with another head. */
export function atReceived(
  x: ReceivedExchange,
  hook: NonNullable<Hooks['received']>,
): Stage<'failed'> | null | undefined {
  const edits = new Edits()
  const decision = hook(viewOf(x), edits)
  if (decision !== null) return decided(x, decision)
  if (edits.empty) return undefined
  const head = editedRequest(x.head, edits)
  if (head === null) throw new Error('a rule made a request that is none')
  x.replaceHead(head)
  return undefined
}

/** A server is about to be asked. As above. */
export function atAsking(x: HookedExchange, hook: NonNullable<Hooks['asking']>): Stage<'failed'> | null | undefined {
  const decision = hook(viewOf(x), x.edits)
  return decision === null ? undefined : decided(x, decision)
}

/** A response head is here. The head that counts from now on; null: the response is not used. */
export function atArrived(
  x: AnsweredExchange,
  attempt: Attempt,
  hook: NonNullable<Hooks['arrived']>,
  response: ResponseHead,
): ResponseHead | null {
  const edits = new Edits()
  const decision = hook(viewOf(x), response, edits)
  if (decision === null) {
    const head = edits.empty ? response : editedResponse(response, edits, x.head.method)
    if (head === null) throw new Error('a rule made a response that is none')
    return head
  }
  if ('cause' in decision) x.attemptFailed(attempt, decision.cause, decision.detail, false)
  else {
    x.withdraw()
    decided(x, decision)
  }
  return null
}

/** The fields of a final response are about to go out. The same fields. */
export function atLeaving(x: ExchangeView, status: number, fields: OutgoingFields): OutgoingFields {
  const { leaving } = x.listener.hooks
  if (leaving !== null) leaving(viewOf(x), status, fields.edits)
  return fields
}

function decided(x: HookedExchange, decision: NonNullable<HookDecision>): Stage<'failed'> | null {
  if ('cause' in decision) return { at: 'failed', cause: decision.cause, detail: decision.detail }
  const { status, reason, lines, body } = decision.answer
  const answer: WholeAnswer = { status, reason, fields: ownFields(...lines), body }
  return x.answer(answer)
}

function viewOf(x: ExchangeView): HookView {
  return {
    request: x.head,
    listener: x.listener.config.name,
    peer: x.client.hop.peer,
    route: x.route?.config.name ?? null,
    server: x.lastAttempt?.server.name ?? null,
    background: x.background,
  }
}
