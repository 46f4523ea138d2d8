/**
 * Answers that are compressed on their way from a server to a client: which ones, and how their heads change. Heads
 * change as those of stored responses do; see cache/serve/coding.ts.
 */
import {
  CODED,
  type Coding,
  codingFor,
  hasDatedRange,
  mayCode,
  strongForms,
  VARY_BY_CODING,
  weakTagLine,
  withVary,
} from '../cache/serve/coding.ts'
import type { RouteConfig } from '../config/model.ts'
import { type Edits, FieldName } from '../wire/http/edits.ts'
import { isWeakTag, parseEntityTags } from '../wire/http/entity-tag.ts'
import { fieldList } from '../wire/http/field-list.ts'
import { Field } from '../wire/http/fields.ts'
import type { RequestHead, ResponseHead } from '../wire/http/head.ts'
import { listHas } from '../wire/http1/connection.ts'
import { hasRoom } from './compressor.ts'

const IF_NONE_MATCH = new FieldName('If-None-Match')

/**
 * Edits what the server is asked where answers may have been compressed here.
 *
 * The client has the weak form of a tag of which the server may know the strong one alone. Both say the same by the
 * weak comparison of If-None-Match (RFC 9110 §13.1.2), but some servers compare letter by letter. They stand in one
 * line, as nginx refuses a request with two.
 */
export function askForPlain(head: RequestHead, compress: RouteConfig['compress'], edits: Edits): void {
  if (compress === null) return
  // A date says nothing about the form that the client has a part of: it gets all.
  if (hasDatedRange(head, edits) && coded(head, compress) !== null) {
    edits.remove(Field.range)
    edits.remove(Field.ifRange)
  }
  const known = edits.list(head, Field.ifNoneMatch)
  const strong = known === null ? '' : strongForms(known)
  if (strong !== '') edits.set(IF_NONE_MATCH.line(`${known}, ${strong}`))
}

/** The request whose answer may be compressed. */
export interface CodedFor {
  readonly head: RequestHead
  /** What is changed about it on its way to the server. */
  readonly edits: Edits
  readonly compress: RouteConfig['compress']
  /** Names of the targeted fields that rule how the answer may be cached. */
  readonly targeted: readonly string[]
}

/**
 * The coding in which an answer goes to its client, and edits its head accordingly; null: it goes as it came.
 */
export function codeOnTheWay(request: CodedFor, head: ResponseHead, edits: Edits): Coding | null {
  const { compress, targeted } = request
  if (compress === null) return null
  if (head.status === 304) {
    editUnchanged(request.head, head, coded(request.head, compress), edits)
    return null
  }
  // What a trailer says of the body would be lost, or wrong.
  if (head.has(Field.trailer) || head.count === 0) return null
  const answer = { status: head.status, fields: head.text.slice(head.spans[0]!, head.text.length - 2) }
  if (!mayCode(answer, head.contentLength, compress, targeted)) return null
  if (withVary(answer) !== answer) edits.add(VARY_BY_CODING)
  const coding = request.edits.has(request.head, Field.range) ? null : coded(request.head, compress)
  if (coding === null || !(request.head.isHead || hasRoom())) return null
  edits.remove(Field.acceptRanges)
  edits.add(CODED[coding])
  weaken(head, edits)
  return coding
}

/**
 * 304 is about the form that the client has. One with a strong tag would not be about the weak one (RFC 9111 §4.3.4), so
 * it has the tag that the client knows.
 */
function editUnchanged(request: RequestHead, head: ResponseHead, coding: Coding | null, edits: Edits): void {
  const etag = head.get(Field.etag)
  const known = coding === null || etag === null || isWeakTag(etag) ? null : fieldList(request, 'if-none-match')
  const tags = known === null ? null : parseEntityTags(known)
  if (tags === null || tags === '*' || !tags.includes(`W/${etag}`)) return
  const named = (head.list(Field.vary) ?? '').toLowerCase()
  if (!listHas(named, 0, named.length, 'accept-encoding') && named !== '*') edits.add(VARY_BY_CODING)
  weaken(head, edits)
}

/** The weak form of a strong tag in its place. */
function weaken(head: ResponseHead, edits: Edits): void {
  const etag = head.get(Field.etag)
  if (etag !== null && !isWeakTag(etag)) edits.set(weakTagLine(etag))
}

/** The coding that this client gets; null: none. */
function coded(request: RequestHead, compress: { readonly encodings: readonly Coding[] }): Coding | null {
  const accept = fieldList(request, 'accept-encoding')
  if (accept === null) return null
  const control = fieldList(request, 'cache-control')?.toLowerCase() ?? ''
  return listHas(control, 0, control.length, 'no-transform') ? null : codingFor(accept, compress.encodings)
}
