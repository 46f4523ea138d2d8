/**
 * Reads the head of a server's response (RFC 9112 §4, §5, §6), as strictly as a request's: a response that can be read
 * in two ways ends here and not in a client or a cache.
 */
import { CR, HTAB, isDigit, LF, latin1, SP } from '../../base/bytes.ts'
import { Field } from '../http/fields.ts'
import { BodyKind, type HeadLimits, type ResponseHead } from '../http/head.ts'
import { Codings, codingsOf, lengthOf } from '../http/length.ts'
import { connectionOptions, Option, persists } from './connection.ts'
import { hex, scanFields } from './scan.ts'

/**
 * Parses the response head that begins at buf[start], an answer to a request with this method.
 *
 * @param end end of the bytes that are there
 * @returns offset after the head; 0: it is not complete, call again from the same start with more bytes; -1: head.error
 * and head.detail say why. `head` is valid until the next call with it. 101 and 2xx to CONNECT have bodyKind none: what
 * follows them is the tunnel.
 */
export function parseResponse(
  head: ResponseHead,
  buf: Uint8Array,
  start: number,
  end: number,
  limits: HeadLimits,
  requestMethod: string,
): number {
  head.reset()
  const stop = Math.min(end, start + limits.head)
  const lineStop = Math.min(stop, start + limits.line + 2)
  let i = statusEnd(head, buf, start, lineStop)
  const reason = i + 1
  if (i > 0) i = lineEnd(head, buf, i, lineStop)
  if (i === 0) {
    if (lineStop - start === limits.line + 2)
      return head.fail(head.tooLarge, `status line of more than ${limits.line} bytes`)
    return headShort(head, start, lineStop, limits)
  }
  if (i < 0) return -1
  const reasonTo = i - 2
  i = scanFields(head, buf, i, start, stop, limits.fields)
  if (i === 0) return headShort(head, start, stop, limits)
  if (i < 0) return -1
  head.text = latin1(buf, start, i)
  if (reason < reasonTo) head.reason = head.text.slice(reason - start, reasonTo - start)
  return finish(head, requestMethod) > 0 ? i : -1
}

function headShort(head: ResponseHead, start: number, stop: number, limits: HeadLimits): 0 | -1 {
  return stop - start === limits.head ? head.fail(head.tooLarge, `head of more than ${limits.head} bytes`) : 0
}

// An imported name is read from its module at each use, a constant of this module is compiled in.
const cr = CR
const lf = LF
const sp = SP
const tab = HTAB
const zero = 0x30

const STATUS = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e, -1, SP, -1, -1, -1] // 'HTTP/1.d ddd', -1: a digit

/** Reads version and status. Returns the offset after the three digits, 0 or -1. */
function statusEnd(head: ResponseHead, buf: Uint8Array, at: number, stop: number): number {
  if (
    at + 12 > stop ||
    buf[at]! !== 0x48 ||
    buf[at + 1]! !== 0x54 ||
    buf[at + 2]! !== 0x54 ||
    buf[at + 3]! !== 0x50 ||
    buf[at + 4]! !== 0x2f ||
    buf[at + 5]! !== 0x31 ||
    buf[at + 6]! !== 0x2e ||
    buf[at + 8]! !== sp
  ) {
    return statusOdd(head, buf, at, stop)
  }
  const minor = buf[at + 7]! - zero
  const hundreds = buf[at + 9]! - zero
  const tens = buf[at + 10]! - zero
  const ones = buf[at + 11]! - zero
  if (minor < 0 || minor > 1 || hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) {
    return statusOdd(head, buf, at, stop)
  }
  head.minor = minor === 1 ? 1 : 0
  head.status = hundreds * 100 + tens * 10 + ones
  return at + 12
}

/** What is wrong with a status line; 0 while it is only short. */
function statusOdd(head: ResponseHead, buf: Uint8Array, at: number, stop: number): number {
  for (let k = 0; k < STATUS.length; k++) {
    if (at + k >= stop) return 0
    const c = buf[at + k]!
    const wanted = STATUS[k]!
    if (wanted === -1 ? !isDigit(c) : c !== wanted) return head.fail('response_bad', `status line: byte ${hex(c)}`)
    if (k === 7 && c > 0x31) return head.fail('response_bad', 'status line: not HTTP/1.0 or HTTP/1.1')
  }
  // RFC 9110 §15: from 100 to 599.
  return head.fail('response_bad', `status ${latin1(buf, at + 9, at + 12)}`)
}

/**
 * The reason phrase and the end of the line. RFC 9112 §4 wants a space even before an empty reason; many servers leave
 * it out, and nothing can be misread without it.
 */
function lineEnd(head: ResponseHead, buf: Uint8Array, at: number, stop: number): number {
  let i = at
  if (i < stop && buf[i]! === sp) {
    i++
    while (i < stop && (buf[i]! >= sp ? buf[i]! !== 0x7f : buf[i]! === tab)) i++
  }
  if (i >= stop) return 0
  if (buf[i]! !== cr) return head.fail('response_bad', `status line: byte ${hex(buf[i]!)}`)
  if (i + 1 >= stop) return 0
  if (buf[i + 1]! !== lf) return head.fail('response_bad', 'status line: CR without LF')
  return i + 2
}

const LENGTH = 1 << Field.contentLength
const CODING = 1 << Field.transferEncoding

/** Judges the whole head. Returns 1, or -1 with head.error. */
function finish(head: ResponseHead, method: string): 1 | -1 {
  const options = connectionOptions(head)
  head.keepAlive = persists(head.minor, options)
  head.namesOthers = (options & Option.other) !== 0
  if (head.status === 101) head.upgrade = (options & Option.upgrade) !== 0 ? head.list(Field.upgrade) : null
  if ((head.seen & CODING) !== 0) {
    // RFC 9112 §6.1: in HTTP/1.0 the framing is to be treated as faulty; §6.3: both together ought to be an error.
    if (head.minor === 0) return head.fail('response_bad', 'Transfer-Encoding in HTTP/1.0')
    if ((head.seen & LENGTH) !== 0) return head.fail('response_bad', 'Transfer-Encoding and Content-Length')
    const codings = codingsOf(head)
    if (codings === Codings.empty) return head.fail('response_bad', 'an empty transfer coding')
    if (codings === Codings.repeated) return head.fail('response_bad', 'chunked more than once')
    if (codings !== Codings.chunked)
      return head.fail('response_transfer_coding', 'a transfer coding other than chunked')
  } else if ((head.seen & LENGTH) !== 0) {
    head.contentLength = lengthOf(head)
    if (head.contentLength < 0) return head.fail('response_bad', 'Content-Length is not one length')
  }
  head.bodyKind = kindOf(head, method)
  if (head.bodyKind === BodyKind.close) head.keepAlive = false
  return 1
}

/** RFC 9112 §6.3. */
function kindOf(head: ResponseHead, method: string): BodyKind {
  const status = head.status
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return BodyKind.none
  if (method === 'CONNECT' && status < 300) return BodyKind.none
  if ((head.seen & CODING) !== 0) return BodyKind.chunked
  return (head.seen & LENGTH) !== 0 ? BodyKind.length : BodyKind.close
}
