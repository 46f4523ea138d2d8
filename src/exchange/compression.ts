/**
 * Answers that are compressed on their way from a server to a client: which ones, and how their heads change. Heads
 * change as those of stored responses do; see cache/serve/coding.ts.
 */
import { type Coding, codingFor, hasDatedRange, mayCode, strongForms, withVary } from '../cache/serve/coding.ts'
import { isWeakTag, parseEntityTags } from '../wire/http/entity-tag.ts'
import { fieldList } from '../wire/http/field-list.ts'
import { Field } from '../wire/http/fields.ts'
import type { RequestHead, ResponseHead } from '../wire/http/head.ts'
import { listHas } from '../wire/http1/connection.ts'
import { hasRoom } from './compressor.ts'
import type { Exchange } from './exchange.ts'

/** How an answer goes to its client. */
export interface Form {
  /** Null: as it came. */
  readonly coding: Coding | null
  /** Whole lines that its head has more. */
  readonly lines: string
}

const AS_IT_CAME: Form = { coding: null, lines: '' }
const VARY = 'Vary: Accept-Encoding\r\n'

/**
 * What the server is asked where answers may have been compressed here, instead of what is hidden from it: whole lines.
 * To be called once for a request.
 *
 * The client has the weak form of a tag of which the server may know the strong one alone. Both say the same by the
 * weak comparison of If-None-Match (RFC 9110 §13.1.2), but some servers compare letter by letter. They stand in one
 * line, as nginx refuses a request with two.
 */
export function askForPlain(x: Exchange): string {
  const { head, route } = x
  if (route === null || route.config.compress === null) return ''
  // A date says nothing about the form that the client has a part of: it gets all.
  if (hasDatedRange(head) && coded(head, route.config.compress) !== null) {
    head.hide(Field.range)
    head.hide(Field.ifRange)
  }
  const known = head.list(Field.ifNoneMatch)
  const strong = known === null ? '' : strongForms(known)
  if (strong === '') return ''
  head.hide(Field.ifNoneMatch)
  return `If-None-Match: ${known}, ${strong}\r\n`
}

/** The form in which an answer goes to its client. Hides from it what is not right in that form. */
export function formOf(x: Exchange, head: ResponseHead): Form {
  const { head: request, route, caching } = x
  if (route === null || route.config.compress === null) return AS_IT_CAME
  const { compress } = route.config
  if (head.status === 304) return formOfUnchanged(request, head, coded(request, compress))
  // What a trailer says of the body would be lost, or wrong.
  if (head.has(Field.trailer) || head.count === 0) return AS_IT_CAME
  const answer = { status: head.status, fields: head.text.slice(head.spans[0]!, head.text.length - 2) }
  const targeted = caching.routeCache?.settings.targeted ?? []
  if (!mayCode(answer, head.contentLength, compress, targeted)) return AS_IT_CAME
  const vary = withVary(answer) === answer ? '' : VARY
  const coding = request.has(Field.range) ? null : coded(request, compress)
  if (coding === null || !(request.isHead || hasRoom())) return { coding: null, lines: vary }
  head.hide(Field.acceptRanges)
  return { coding, lines: `${vary}Content-Encoding: ${coding}\r\n${weakened(head)}` }
}

/**
 * 304 is about the form that the client has. One with a strong tag would not be about the weak one (RFC 9111 §4.3.4), so
 * it has the tag that the client knows.
 */
function formOfUnchanged(request: RequestHead, head: ResponseHead, coding: Coding | null): Form {
  const etag = head.get(Field.etag)
  const known = coding === null || etag === null || isWeakTag(etag) ? null : fieldList(request, 'if-none-match')
  const tags = known === null ? null : parseEntityTags(known)
  if (tags === null || tags === '*' || !tags.includes(`W/${etag}`)) return AS_IT_CAME
  const named = (head.list(Field.vary) ?? '').toLowerCase()
  const vary = listHas(named, 0, named.length, 'accept-encoding') || named === '*' ? '' : VARY
  return { coding: null, lines: `${vary}${weakened(head)}` }
}

/** Hides a strong tag, and gives the line of its weak form; '' where it has none. */
function weakened(head: ResponseHead): string {
  const etag = head.get(Field.etag)
  if (etag === null || isWeakTag(etag)) return ''
  head.hide(Field.etag)
  return `ETag: W/${etag}\r\n`
}

/** The coding that this client gets; null: none. */
function coded(request: RequestHead, compress: { readonly encodings: readonly Coding[] }): Coding | null {
  const accept = fieldList(request, 'accept-encoding')
  if (accept === null) return null
  const control = fieldList(request, 'cache-control')?.toLowerCase() ?? ''
  return listHas(control, 0, control.length, 'no-transform') ? null : codingFor(accept, compress.encodings)
}
