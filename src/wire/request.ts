/**
 * Reads the head of a request (RFC 9112 §3, §5, §6), strictly: what parsers can disagree on is refused. The bytes are
 * scanned once in their order, and what concerns the whole head is judged at its end, so that the result is the same
 * however the bytes were cut into reads.
 */
import { BACKSLASH, CR, equalsLower, isDigit, LF, latin1, QUERY, QUESTION, SP, TARGET, TOKEN } from '../base/bytes.ts'
import { connectionOptions, Option, persists, takesTrailers } from './connection.ts'
import { Field } from './fields.ts'
import { BodyKind, type HeadLimits, type RequestHead } from './head.ts'
import { hostEnd, hostName } from './host.ts'
import { Codings, codingsOf, lengthOf } from './length.ts'
import { hex, scanFields } from './scan.ts'
import { readTarget } from './target.ts'

/**
 * Parses the request head that begins at buf[start]. One empty line before it is passed over (RFC 9112 §2.2), more are not.
 *
 * @param end end of the bytes that are there
 * @returns offset after the head; 0: it is not complete, call again from the same start with more bytes; -1: head.error
 * and head.detail say why. `head` is valid until the next call with it.
 */
export function parseRequest(
  head: RequestHead,
  buf: Uint8Array,
  start: number,
  end: number,
  limits: HeadLimits,
): number {
  head.reset()
  let from = start
  if (from < end && buf[from]! === CR) {
    if (from + 1 >= end) return 0
    if (buf[from + 1]! !== LF) return head.fail('line_ending_bad', 'CR without LF before the request')
    from += 2
  }
  const stop = Math.min(end, from + limits.head)
  const lineStop = Math.min(stop, from + limits.line + 2)
  let i = from
  while (i < lineStop && TOKEN[buf[i]!]! === 1) i++
  if (i >= lineStop) return lineShort(head, from, lineStop, limits)
  const methodTo = i
  if (buf[i]! !== SP || i === from) return lineBad(head, buf, i, from, lineStop, limits, 'method')
  const targetFrom = ++i
  while (i < lineStop && TARGET[buf[i]!]! === 1) i++
  if (i < lineStop && buf[i]! === BACKSLASH && inQuery(buf, targetFrom, i))
    while (i < lineStop && QUERY[buf[i]!]! === 1) i++
  if (i >= lineStop) return lineShort(head, from, lineStop, limits)
  const targetTo = i
  if (buf[i]! !== SP || i === targetFrom) return lineBad(head, buf, i, from, lineStop, limits, 'target')
  i++
  if (
    i + 10 <= lineStop &&
    buf[i]! === 0x48 &&
    buf[i + 1]! === 0x54 &&
    buf[i + 2]! === 0x54 &&
    buf[i + 3]! === 0x50 &&
    buf[i + 4]! === 0x2f &&
    buf[i + 5]! === 0x31 &&
    buf[i + 6]! === 0x2e &&
    buf[i + 7]! === 0x31 &&
    buf[i + 8]! === CR &&
    buf[i + 9]! === LF
  ) {
    i += 10
  } else {
    i = versionEnd(head, buf, i, from, lineStop, limits)
    if (i <= 0) {
      if (i < 0) name(head, buf, from, methodTo, targetFrom, targetTo)
      return i
    }
  }
  i = scanFields(head, buf, i, from, stop, limits.fields)
  if (i === 0) {
    if (stop - from < limits.head) return 0
    i = head.fail('head_too_large', `head of more than ${limits.head} bytes`)
  }
  if (i > 0) {
    head.text = latin1(buf, from, i)
    head.method = methodOf(head.text, methodTo - from, buf, from)
    if (finish(head, targetFrom - from, targetTo - from) > 0) return i
  }
  name(head, buf, from, methodTo, targetFrom, targetTo)
  return -1
}

/** The line does not end before `stop`: wait for more, or it is too long. */
function lineShort(head: RequestHead, from: number, stop: number, limits: HeadLimits): 0 | -1 {
  if (stop - from === limits.line + 2)
    return head.fail('target_too_long', `request line of more than ${limits.line} bytes`)
  if (stop - from === limits.head) return head.fail('head_too_large', `head of more than ${limits.head} bytes`)
  return 0
}

/** buf[i] may not stand in this part of the line. */
function lineBad(
  head: RequestHead,
  buf: Uint8Array,
  i: number,
  from: number,
  stop: number,
  limits: HeadLimits,
  part: string,
): 0 | -1 {
  const c = buf[i]!
  if (c === LF) return head.fail('line_ending_bad', 'request line: LF without CR')
  if (c === CR) {
    if (i + 1 >= stop) return lineShort(head, from, stop, limits)
    if (buf[i + 1]! !== LF) return head.fail('line_ending_bad', 'request line: CR without LF')
    return head.fail('request_line_bad', `the line ends within the ${part}`)
  }
  if (c === SP) return head.fail('request_line_bad', `empty ${part}`)
  const cause = part === 'target' ? 'target_bad' : 'request_line_bad'
  return head.fail(cause, `byte ${hex(c)} in the ${part}`)
}

function inQuery(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (buf[i] === QUESTION) return true
  return false
}

const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, -1, 0x2e, -1, CR, LF] // 'HTTP/d.d' CRLF, -1: a digit

/** Reads what is not simply HTTP/1.1, byte by byte. Returns the offset after CRLF, 0, or -1. */
function versionEnd(
  head: RequestHead,
  buf: Uint8Array,
  at: number,
  from: number,
  stop: number,
  limits: HeadLimits,
): number {
  for (let k = 0; k < VERSION.length; k++) {
    if (at + k >= stop) return lineShort(head, from, stop, limits)
    const c = buf[at + k]!
    const wanted = VERSION[k]!
    if (wanted === -1 ? isDigit(c) : c === wanted) continue
    if (k === 9) return head.fail('line_ending_bad', 'request line: CR without LF')
    if (c === CR || c === LF) return lineBad(head, buf, at + k, from, stop, limits, 'version')
    return head.fail('request_line_bad', k === 8 ? `byte ${hex(c)} after the version` : `byte ${hex(c)} in the version`)
  }
  const major = buf[at + 5]!
  const minor = buf[at + 7]!
  if (major !== 0x31 || minor > 0x31) {
    return head.fail('version_unsupported', `HTTP/${String.fromCharCode(major)}.${String.fromCharCode(minor)}`)
  }
  head.minor = minor === 0x31 ? 1 : 0
  return at + VERSION.length
}

/** Sets method and target of a refused request, for the log. */
function name(
  head: RequestHead,
  buf: Uint8Array,
  from: number,
  methodTo: number,
  targetFrom: number,
  targetTo: number,
): void {
  head.method = latin1(buf, from, methodTo)
  head.target = latin1(buf, targetFrom, targetTo)
  head.isHead = head.method === 'HEAD'
}

/** The method as one of few constants where it is well known, so that comparing it is cheap. */
function methodOf(text: string, length: number, buf: Uint8Array, from: number): string {
  switch (buf[from]! | (buf[from + 1]! << 8) | (buf[from + 2]! << 16) | (length << 24)) {
    case 0x03544547:
      return 'GET'
    case 0x03545550:
      return 'PUT'
    case 0x04414548:
      if (text.startsWith('HEAD')) return 'HEAD'
      break
    case 0x04534f50:
      if (text.startsWith('POST')) return 'POST'
      break
  }
  return text.slice(0, length)
}

/** Judges the whole head. Returns 1, or -1 with head.error. */
function finish(head: RequestHead, targetFrom: number, targetTo: number): 1 | -1 {
  const method = head.method
  if (method === 'GET') head.idempotent = true
  else if (method !== 'POST') {
    head.isHead = method === 'HEAD'
    head.isConnect = method === 'CONNECT'
    head.idempotent =
      head.isHead || method === 'PUT' || method === 'DELETE' || method === 'OPTIONS' || method === 'TRACE'
  }
  if (readTarget(head, targetFrom, targetTo) < 0 || readHost(head) < 0) return -1
  const options = connectionOptions(head)
  head.keepAlive = persists(head.minor, options)
  if (options > Option.keepAlive) {
    head.namesOthers = (options & Option.other) !== 0
    head.teTrailers = (options & Option.te) !== 0 && takesTrailers(head)
    // RFC 9110 §7.8: Upgrade in an HTTP/1.0 request is to be ignored.
    if ((options & Option.upgrade) !== 0 && head.minor === 1) head.upgrade = head.list(Field.upgrade)
  }
  if ((head.seen & FRAMING) !== 0 && readFraming(head) < 0) return -1
  return (head.seen & (1 << Field.expect)) === 0 ? 1 : readExpect(head)
}

/**
 * RFC 9112 §3.2: exactly one valid Host in HTTP/1.1, and one at most in HTTP/1.0. An empty Host is for URIs without an
 * authority; http and https URIs have one, so here it is not valid. It is checked also where the target replaces it.
 */
function readHost(head: RequestHead): 1 | -1 {
  const bit = 1 << Field.host
  if ((head.seen & bit) === 0) return head.minor === 0 ? 1 : head.fail('host_bad', 'no Host')
  if ((head.twice & bit) !== 0) return head.fail('host_bad', 'more than one Host')
  let i = 0
  while (head.ids[i]! !== Field.host) i++
  const from = head.spans[i * 4 + 2]!
  const to = head.spans[i * 4 + 3]!
  const end = hostEnd(head.text, from, to)
  if (end < 0) return head.fail('host_bad', from === to ? 'empty Host' : 'Host is not a host')
  if (head.authority === '') {
    head.authority = head.text.slice(from, to)
    head.host = hostName(head.text, from, end)
  }
  return 1
}

const LENGTH = 1 << Field.contentLength
const CODING = 1 << Field.transferEncoding
const FRAMING = LENGTH | CODING

/** RFC 9112 §6.3 for requests. */
function readFraming(head: RequestHead): 1 | -1 {
  if ((head.seen & CODING) !== 0) {
    if (head.minor === 0) return head.fail('transfer_encoding_bad', 'Transfer-Encoding in HTTP/1.0')
    if ((head.seen & LENGTH) !== 0) return head.fail('framing_conflict', 'Transfer-Encoding and Content-Length')
    const codings = codingsOf(head)
    if (codings === Codings.unknown) return head.fail('transfer_encoding_unknown', 'a coding before chunked')
    if (codings === Codings.repeated) return head.fail('transfer_encoding_bad', 'chunked more than once')
    if (codings === Codings.empty) return head.fail('transfer_encoding_bad', 'an empty coding')
    if (codings === Codings.unframed) return head.fail('transfer_encoding_bad', 'chunked is not the last coding')
    head.bodyKind = BodyKind.chunked
    return 1
  }
  const length = lengthOf(head)
  if (length < 0) return head.fail('content_length_bad', 'Content-Length is not one length')
  head.contentLength = length
  head.bodyKind = BodyKind.length
  return 1
}

/** RFC 9110 §10.1.1: 100-continue is the only expectation; an HTTP/1.0 client cannot have any. */
function readExpect(head: RequestHead): 1 | -1 {
  if (head.minor === 0) return 1
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.expect) continue
    if (equalsLower(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!, '100-continue')) continue
    return head.fail('expectation_unknown', 'Expect is not 100-continue')
  }
  head.expectContinue = head.bodyKind === BodyKind.chunked || head.contentLength > 0
  return 1
}
