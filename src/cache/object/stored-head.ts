/**
 * The head of a stored response: what is kept of the received one, and what clients get of it. Kept are field lines as
 * text, in their order and with those that are repeated. Not kept is what concerned the connection it came by, its
 * length, which the stored content knows better, and its age, which is another one at each delivery.
 */

import { httpDate } from '../../base/clock.ts'
import type { CacheControl } from '../../wire/http/cache-control.ts'
import { dateLine } from '../../wire/http/date-line.ts'
import { Field, isAlias } from '../../wire/http/fields.ts'
import { type HeadLimits, ResponseHead } from '../../wire/http/head.ts'
import { namedByConnection } from '../../wire/http1/connection.ts'
import { OF_THIS_HOP } from '../../wire/http1/forward.ts'
import { parseResponse } from '../../wire/http1/response.ts'

/** For one hop (RFC 9110 §7.6.1), or for the proxy itself (RFC 9111 §3.1), or written anew at each delivery. Trailers are not stored, so nothing announces them. */
const NOT_KEPT = OF_THIS_HOP | (1 << Field.trailer) | (1 << Field.age)

/** A stored head. `fields`: whole lines with CRLF. */
export interface StoredHead {
  readonly status: number
  readonly reason: string
  readonly fields: string
}

/** Lower-case names in no-cache="…" and private="…": these fields are not stored (RFC 9111 §3.1, §5.2.2.4, §5.2.2.7). */
export type Excepted = Pick<CacheControl, 'noCacheFields' | 'privateFields'>

/**
 * The lines to keep of a response. A missing Date is added, with the time of receipt (RFC 9110 §6.6.1).
 * @param excepted by its directives
 * @param answered when the head was received, ms since the epoch
 */
export function linesToKeep(head: ResponseHead, excepted: Excepted, answered: number): string {
  const lines = endToEnd(head, (i) => !isLeftOut(head, i, excepted))
  return head.has(Field.date) ? lines : lines + dateLine(httpDate(answered)).text
}

/** The lines that linesToKeep leaves out because their server said so: they are for the client that asked. */
export function linesForOne(head: ResponseHead, excepted: Excepted): string {
  if (isNone(excepted)) return ''
  return endToEnd(head, (i) => isLeftOut(head, i, excepted))
}

/** The cookies that a 304 sets for the client that asked; '' where `stored` has them, or linesForOne. */
export function cookiesForOne(head: ResponseHead, excepted: Excepted, stored: boolean): string {
  if (stored || !head.has(Field.setCookie)) return ''
  return endToEnd(head, (i) => head.ids[i] === Field.setCookie && !isLeftOut(head, i, excepted))
}

function endToEnd(head: ResponseHead, wanted: (i: number) => boolean): string {
  const named = head.namesOthers ? namedByConnection(head) : null
  let lines = ''
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!
    if (id > 0 && id < 32 && ((NOT_KEPT >>> id) & 1) === 1) continue
    if (id === Field.other && (named !== null || head.underscores)) {
      const name = head.name(i).toLowerCase()
      // As in responses that are passed on: no name that a server could take for another one (see wire/http1/forward.ts).
      if (named?.has(name) || isAlias(name)) continue
    }
    if (wanted(i)) lines += `${head.name(i)}: ${head.value(i)}\r\n`
  }
  return lines
}

function isLeftOut(head: ResponseHead, i: number, excepted: Excepted): boolean {
  if (isNone(excepted)) return false
  const name = head.name(i).toLowerCase()
  return excepted.noCacheFields.includes(name) || excepted.privateFields.includes(name)
}

function isNone({ noCacheFields, privateFields }: Excepted): boolean {
  return noCacheFields.length === 0 && privateFields.length === 0
}

/** What was kept has been within the limits of its pool; a few lines may have come by updates. */
export const KEPT_LIMITS: HeadLimits = { line: 1 << 20, head: 1 << 24, fields: 1 << 16 }

/** A stored head as an object, for what asks for single fields. Throws if `stored` is not what was kept. */
export function readStored(stored: StoredHead): ResponseHead {
  const text = `HTTP/1.1 ${stored.status} ${stored.reason}\r\n${stored.fields}\r\n`
  const bytes = Buffer.from(text, 'latin1')
  const head = new ResponseHead()
  const end = parseResponse(head, bytes, 0, bytes.length, KEPT_LIMITS, 'GET')
  if (end !== bytes.length) throw new Error(`a stored head cannot be read: ${head.detail}`)
  return head
}
