/**
 * The fields with which a stored response goes to clients: whole, in parts, or as "you have it already". Framing is the
 * responder's.
 */
import { httpDate } from '../../base/clock.ts'
import { type ByteRange, contentRange, multipartType, unsatisfiedRange } from '../../wire/http/byte-range.ts'
import { dateLine } from '../../wire/http/date-line.ts'
import { FieldName } from '../../wire/http/edits.ts'
import { linesOf, withoutLines } from '../../wire/http/field-lines.ts'
import type { OutgoingFields } from '../../wire/http/outgoing-fields.ts'
import type { StoredHead } from '../object/stored-head.ts'

/** What this delivery adds to the stored head. */
export interface DeliveryOut {
  /** Age of the response in whole seconds (RFC 9111 §4, §5.1); negative: it is not told, see ageTold of judge.ts. */
  readonly age: number
  /** Value of Cache-Status for this cache, '' for none. What other caches said stands before it. */
  readonly cacheStatus: string
  /** Lines of the server for this client alone, whole ones with CRLF, or ''. */
  readonly own: string
}

/** The whole response. */
export function wholeFields(into: OutgoingFields, stored: StoredHead, out: DeliveryOut): OutgoingFields {
  return added(into.stored(stored.fields + out.own), out)
}

/** Describe the content, which a 304 does not have and its receiver does (RFC 9110 §15.4.5). */
const OF_CONTENT = new Set(['content-type', 'content-encoding', 'content-language', 'content-range'])

/** 304: what the client has is still right. It carries all that helps to update the client's copy. */
export function notModifiedFields(into: OutgoingFields, stored: StoredHead, out: DeliveryOut): OutgoingFields {
  return added(into.stored(withoutLines(stored.fields, OF_CONTENT) + out.own), out)
}

const OF_PART = new Set(['content-range'])
const OF_PARTS = new Set(['content-range', 'content-type'])
const CONTENT_RANGE = new FieldName('Content-Range')
const CONTENT_TYPE = new FieldName('Content-Type')
const AGE = new FieldName('Age')
const CACHE_STATUS = new FieldName('Cache-Status')

/** 206 with one range of a content of `length` bytes (RFC 9110 §15.3.7.1). */
export function partialFields(
  into: OutgoingFields,
  stored: StoredHead,
  range: ByteRange,
  length: number,
  out: DeliveryOut,
): OutgoingFields {
  into.stored(withoutLines(stored.fields, OF_PART) + out.own)
  into.edits.add(CONTENT_RANGE.line(contentRange(range, length)))
  return added(into, out)
}

/** 206 with several ranges (§15.3.7.2). The parts tell the stored Content-Type: see partHead of wire/http/byte-range.ts. */
export function multipartFields(
  into: OutgoingFields,
  stored: StoredHead,
  boundary: string,
  out: DeliveryOut,
): OutgoingFields {
  into.stored(withoutLines(stored.fields, OF_PARTS) + out.own)
  into.edits.add(CONTENT_TYPE.line(multipartType(boundary)))
  return added(into, out)
}

/**
 * What a 416 tells of the representation: which one it was, so that the client knows whether it is still the one of which
 * it has a part; and which clients may read the answer. Nothing that says how long it may be kept: a cache behind this one that
 * kept it would have it for the whole.
 */
const OF_REFUSAL = new Set([
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cross-origin-resource-policy',
  'etag',
  'last-modified',
  'vary',
])

/**
 * 416: none of the ranges is in a content of `length` bytes (RFC 9110 §15.5.17). It is an answer of this moment, and has
 * its Date and no Age (§6.6.1).
 * @param now ms since the epoch
 */
export function unsatisfiableFields(
  into: OutgoingFields,
  stored: StoredHead,
  length: number,
  out: DeliveryOut,
  now: number,
): OutgoingFields {
  into.stored(linesOf(stored.fields, OF_REFUSAL) + out.own)
  into.edits.add(dateLine(httpDate(now)))
  into.edits.add(CONTENT_RANGE.line(unsatisfiedRange(length)))
  return ends(into, out)
}

function added(into: OutgoingFields, out: DeliveryOut): OutgoingFields {
  if (out.age >= 0) into.edits.add(AGE.line(String(out.age)))
  return ends(into, out)
}

function ends(into: OutgoingFields, out: DeliveryOut): OutgoingFields {
  if (out.cacheStatus !== '') into.edits.add(CACHE_STATUS.line(out.cacheStatus))
  return into
}
