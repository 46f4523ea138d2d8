/** What a client gets whose request was refused or failed, and what is noted of it. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import type { Responder } from '../../net/responder.ts'
import { Field } from '../../wire/http/fields.ts'
import type { Ending } from '../ending.ts'
import type { ExchangeView } from '../generation.ts'
import { atLeaving } from '../hook-points.ts'
import type { Diagnosis } from '../record.ts'
import { incidentId } from './incident-id.ts'

/** An exchange that has failed. */
export interface FailedExchange extends ExchangeView {
  readonly context: { readonly log: unknown }
  readonly responder: Responder
  readonly ending: Ending
  readonly attempt: { readonly holdsPermit: boolean } | null
}

/** Notes the diagnosis and answers, if the client is still there and no answer has begun. True when it did. */
export function answerFailure(x: FailedExchange, cause: Cause, detail: string): boolean {
  const { head, responder, ending } = x
  const { generation } = x.listener
  const row = rowOf(cause)
  const incident = incidentId(wall())
  const diagnosis = diagnose(x, cause, detail)
  ending.makeIncident(incident)
  if (row.status === 0 || responder.begun || !responder.open) return false
  ending.answer(row.status)
  const answer = generation.refuse({ cause, diagnosis, incident, accept: head.get(Field.accept) })
  atLeaving(x, answer.status, answer.fields)
  responder.answer(answer)
  return true
}

/** The same for a log line alone, where a stale copy is served instead of a refusal or failure. */
export function noteInstead(x: FailedExchange, cause: Cause, detail: string): void {
  if (x.context.log !== null) diagnose(x, cause, detail)
}

function diagnose(x: FailedExchange, cause: Cause, detail: string): Diagnosis {
  const { route, attempt, admission, lastAttempt } = x
  // A request that has a permit noted how full everything was when it got it.
  if (rowOf(cause).shed && route !== null && attempt?.holdsPermit !== true)
    admission.note(route, lastAttempt?.server ?? null)
  const diagnosis = x.listener.generation.diagnose(x, cause, detail)
  x.ending.diagnose(diagnosis)
  return diagnosis
}
