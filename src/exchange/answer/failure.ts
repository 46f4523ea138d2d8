/** What a client gets whose request was refused or failed, and what is noted of it. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { Field } from '../../wire/http/fields.ts'
import { noteCrowd } from '../crowd.ts'
import type { Exchange } from '../exchange.ts'
import { atLeaving } from '../hook-points.ts'
import { incidentId } from './incident-id.ts'

/** Notes the diagnosis and answers, if there is still somebody to answer and no answer has begun. True when it did. */
export function answerFailure(x: Exchange, cause: Cause, detail: string): boolean {
  const { head, responder } = x
  const { generation } = x.listener
  const row = rowOf(cause)
  if (row.shed) noteCrowd(x)
  x.incident = incidentId(wall())
  x.diagnosis = generation.diagnose(x, cause, detail)
  if (row.status === 0 || responder.begun || !responder.open) return false
  x.status = row.status
  const { diagnosis, incident } = x
  const answer = generation.refuse({ cause, diagnosis, incident, accept: head.get(Field.accept) })
  atLeaving(x, answer.status, answer.fields)
  responder.answer(answer)
  return true
}

/** The same for a log line alone, where a stale copy is served instead of a refusal or failure. */
export function noteInstead(x: Exchange, cause: Cause, detail: string): void {
  if (x.context.log === null) return
  if (rowOf(cause).shed) noteCrowd(x)
  x.diagnosis = x.listener.generation.diagnose(x, cause, detail)
}
