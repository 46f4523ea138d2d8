/** The heads with which a stored response goes to clients: whole, in parts, or as "you have it already". Write them as latin1. */

import { httpDate } from '../base/clock.ts'
import { type ByteRange, contentRange, multipartLength, multipartType, unsatisfiedRange } from '../wire/byte-range.ts'
import { BodyKind } from '../wire/head.ts'
import { linesOf, valueIn, withoutLines } from './lines.ts'
import type { StoredHead } from './stored-head.ts'

/** What this delivery adds to the stored head. */
export interface DeliveryOut {
  /** Age of the response in whole seconds (RFC 9111 §4, §5.1); negative: it is not told, see ageTold of judge.ts. */
  readonly age: number
  /** Value of Cache-Status for this cache, '' for none. What other caches said stands before it. */
  readonly cacheStatus: string
  readonly connection: '' | 'close' | 'keep-alive'
  /** Further whole lines with CRLF, or ''. Via belongs here. */
  readonly extra: string
}

/**
 * The whole response.
 * @param framing how the content is framed; `length` -1: not known. With `none` (HEAD) a known length is stated too.
 */
export function wholeHead(
  stored: StoredHead,
  framing: { readonly bodyKind: BodyKind; readonly length: number },
  out: DeliveryOut,
): string {
  let frame = ''
  // RFC 9110 §8.6: no Content-Length with 204.
  if (framing.bodyKind === BodyKind.chunked) frame = 'Transfer-Encoding: chunked\r\n'
  else if (framing.bodyKind !== BodyKind.close && framing.length >= 0 && stored.status !== 204)
    frame = `Content-Length: ${framing.length}\r\n`
  return `HTTP/1.1 ${stored.status} ${stored.reason}\r\n${stored.fields}${frame}${added(out)}`
}

/** Describe the content, which a 304 does not have and its receiver does (RFC 9110 §15.4.5). */
const OF_CONTENT = new Set(['content-type', 'content-encoding', 'content-language', 'content-range'])

/** 304: what the client has is still right. It carries all that helps to update the client's copy. */
export function notModifiedHead(stored: StoredHead, out: DeliveryOut): string {
  return `HTTP/1.1 304 Not Modified\r\n${withoutLines(stored.fields, OF_CONTENT)}${added(out)}`
}

/** 206 with one range of a content of `length` bytes (RFC 9110 §15.3.7.1). */
export function partialHead(stored: StoredHead, range: ByteRange, length: number, out: DeliveryOut): string {
  const part = `Content-Range: ${contentRange(range, length)}\r\nContent-Length: ${range[1] - range[0]}\r\n`
  return `HTTP/1.1 206 Partial Content\r\n${withoutLines(stored.fields, OF_PART)}${part}${added(out)}`
}

const OF_PART = new Set(['content-range'])
const OF_PARTS = new Set(['content-range', 'content-type'])

/** 206 with several ranges (§15.3.7.2). The parts tell the stored Content-Type: see partHead of wire/byte-range.ts. */
export function multipartHead(
  stored: StoredHead,
  boundary: string,
  ranges: readonly ByteRange[],
  length: number,
  out: DeliveryOut,
): string {
  const bytes = multipartLength(boundary, valueIn(stored.fields, 'content-type'), ranges, length)
  const parts = `Content-Type: ${multipartType(boundary)}\r\nContent-Length: ${bytes}\r\n`
  return `HTTP/1.1 206 Partial Content\r\n${withoutLines(stored.fields, OF_PARTS)}${parts}${added(out)}`
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
export function unsatisfiableHead(stored: StoredHead, length: number, out: DeliveryOut, now: number): string {
  const own = `Date: ${httpDate(now)}\r\nContent-Range: ${unsatisfiedRange(length)}\r\nContent-Length: 0\r\n`
  return `HTTP/1.1 416 Range Not Satisfiable\r\n${linesOf(stored.fields, OF_REFUSAL)}${own}${ends(out)}`
}

function added(out: DeliveryOut): string {
  return out.age < 0 ? ends(out) : `Age: ${out.age}\r\n${ends(out)}`
}

function ends(out: DeliveryOut): string {
  const status = out.cacheStatus === '' ? '' : `Cache-Status: ${out.cacheStatus}\r\n`
  const connection = out.connection === '' ? '' : `Connection: ${out.connection}\r\n`
  return `${status}${connection}${out.extra}\r\n`
}
