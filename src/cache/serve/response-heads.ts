/**
 * The field lines with which a stored response goes to clients: whole, in parts, or as "you have it already". Write them as
 * latin1. Framing is the responder's.
 */
import { httpDate } from '../../base/clock.ts'
import { type ByteRange, contentRange, multipartType, unsatisfiedRange } from '../../wire/http/byte-range.ts'
import { linesOf, withoutLines } from '../object/field-lines.ts'
import type { StoredHead } from '../object/stored-head.ts'

/** What this delivery adds to the stored head. */
export interface DeliveryOut {
  /** Age of the response in whole seconds (RFC 9111 §4, §5.1); negative: it is not told, see ageTold of judge.ts. */
  readonly age: number
  /** Value of Cache-Status for this cache, '' for none. What other caches said stands before it. */
  readonly cacheStatus: string
  /** Further whole lines with CRLF, or ''. Via belongs here. */
  readonly extra: string
}

/** The whole response. */
export function wholeLines(stored: StoredHead, out: DeliveryOut): string {
  return stored.fields + added(out)
}

/** Describe the content, which a 304 does not have and its receiver does (RFC 9110 §15.4.5). */
const OF_CONTENT = new Set(['content-type', 'content-encoding', 'content-language', 'content-range'])

/** 304: what the client has is still right. It carries all that helps to update the client's copy. */
export function notModifiedLines(stored: StoredHead, out: DeliveryOut): string {
  return withoutLines(stored.fields, OF_CONTENT) + added(out)
}

/** 206 with one range of a content of `length` bytes (RFC 9110 §15.3.7.1). */
export function partialLines(stored: StoredHead, range: ByteRange, length: number, out: DeliveryOut): string {
  return `${withoutLines(stored.fields, OF_PART)}Content-Range: ${contentRange(range, length)}\r\n${added(out)}`
}

const OF_PART = new Set(['content-range'])
const OF_PARTS = new Set(['content-range', 'content-type'])

/** 206 with several ranges (§15.3.7.2). The parts tell the stored Content-Type: see partHead of wire/http/byte-range.ts. */
export function multipartLines(stored: StoredHead, boundary: string, out: DeliveryOut): string {
  return `${withoutLines(stored.fields, OF_PARTS)}Content-Type: ${multipartType(boundary)}\r\n${added(out)}`
}

/**
 * What a 416 tells of the representation: which one it was, so that the client knows whether it is still the one of which
 * it has a part; and who may read the answer. Nothing that says how long it may be kept: a cache behind this one that
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
export function unsatisfiableLines(stored: StoredHead, length: number, out: DeliveryOut, now: number): string {
  const own = `Date: ${httpDate(now)}\r\nContent-Range: ${unsatisfiedRange(length)}\r\n`
  return `${linesOf(stored.fields, OF_REFUSAL)}${own}${ends(out)}`
}

function added(out: DeliveryOut): string {
  return out.age < 0 ? ends(out) : `Age: ${out.age}\r\n${ends(out)}`
}

function ends(out: DeliveryOut): string {
  const status = out.cacheStatus === '' ? '' : `Cache-Status: ${out.cacheStatus}\r\n`
  return status + out.extra
}
