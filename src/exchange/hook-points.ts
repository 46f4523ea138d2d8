/** What becomes of an exchange at the points where rules have their say; see rules/hooks.ts. */
import type { WholeAnswer } from '../net/responder.ts'
import type { ExchangeView, HookDecision, Hooks } from '../rules/hooks.ts'
import { Edits } from '../wire/http/edits.ts'
import type { ResponseHead } from '../wire/http/head.ts'
import { type OutgoingFields, ownFields } from '../wire/http/outgoing-fields.ts'
import { editedRequest, editedResponse } from '../wire/http1/edited-head.ts'
import type { Exchange } from './exchange.ts'
import type { Stage } from './stage.ts'

/** The request's head is received. The next stage; null: it is answered; undefined: it goes on, perhaps with another head. */
export function atReceived(x: Exchange, hook: NonNullable<Hooks['received']>): Stage<'failed'> | null | undefined {
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
export function atAsking(x: Exchange, hook: NonNullable<Hooks['asking']>): Stage<'failed'> | null | undefined {
  const decision = hook(viewOf(x), x.edits)
  return decision === null ? undefined : decided(x, decision)
}

/** A response head is here. The head that counts from now on; null: the response is not used. */
export function atArrived(
  x: Exchange,
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
  if ('cause' in decision) x.attemptFailed(decision.cause, decision.detail, false)
  else {
    x.withdraw()
    decided(x, decision)
  }
  return null
}

/** The fields of a final response are about to go out. The same fields. */
export function atLeaving(x: Exchange, status: number, fields: OutgoingFields): OutgoingFields {
  const { leaving } = x.listener.hooks
  if (leaving !== null) leaving(viewOf(x), status, fields.edits)
  return fields
}

function decided(x: Exchange, decision: NonNullable<HookDecision>): Stage<'failed'> | null {
  if ('cause' in decision) return { at: 'failed', cause: decision.cause, detail: decision.detail }
  const { status, reason, lines, body } = decision.answer
  const answer: WholeAnswer = { status, reason, fields: ownFields(...lines), body }
  return x.answer(answer)
}

function viewOf(x: Exchange): ExchangeView {
  return {
    request: x.head,
    listener: x.listener.config.name,
    peer: x.client.hop.peer,
    route: x.route?.config.name ?? null,
    server: x.server?.name ?? null,
    background: x.background,
  }
}
