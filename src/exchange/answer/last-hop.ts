/**
 * The answer of a gateway at which a request's Max-Forwards is used up (RFC 9110 §7.6.2): then it is us whom the sender
 * wants to hear.
 */
import { httpDate } from '../../base/clock.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import { dateLine } from '../../wire/http/date-line.ts'
import { fieldLine } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { ownFields } from '../../wire/http/outgoing-fields.ts'

const MESSAGE = fieldLine('Content-Type', 'message/http')
/** Fields a TRACE does not send back: they are secrets (RFC 9110 §9.3.8). */
const secret: readonly number[] = [Field.cookie, Field.authorization, Field.proxyAuthorization]

/** To OPTIONS nothing but that we are here, to TRACE the request as it reached us. */
export function lastHopAnswer(head: RequestHead): WholeAnswer {
  if (head.method !== 'TRACE') return { status: 200, reason: 'OK', fields: ownFields(dateLine(httpDate())), body: '' }
  let seen = `${head.method} ${head.target} HTTP/1.${head.minor}\r\n`
  for (let i = 0; i < head.count; i++) {
    if (!secret.includes(head.ids[i]!)) seen += `${head.name(i)}: ${head.value(i)}\r\n`
  }
  seen += '\r\n'
  return { status: 200, reason: 'OK', fields: ownFields(dateLine(httpDate()), MESSAGE), body: seen }
}
