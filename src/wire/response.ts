/**
 * Reads the head of a server's response (RFC 9112 §4, §5, §6), as strictly as a request's: a response that can be read
 * in two ways ends here and not in a client or a cache.
 */
import { CR, HTAB, isDigit, LF, latin1, SP } from '../base/bytes.ts'
import { connectionOptions, Option, persists } from './connection.ts'
import { Field } from './fields.ts'
import { BodyKind, type HeadLimits, type ResponseHead } from './head.ts'
import { Codings, codingsOf, lengthOf } from './length.ts'
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

const STATUS = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e, -1, SP, -1, -1, -1] // 'HTTP/1.d ddd', -1: a digit

/** Reads version and status. Returns the offset after the three digits, 0 or -1. */
function statusEnd(head: ResponseHead, buf: Uint8Array, at: number, stop: number): number {
  for (let k = 0; k < STATUS.length; k++) {
    if (at + k >= stop) return 0
    const c = buf[at + k]!
    const wanted = STATUS[k]!
    if (wanted === -1 ? !isDigit(c) : c !== wanted) return head.fail('response_bad', `status line: byte ${hex(c)}`)
  }
  if (buf[at + 7]! > 0x31) return head.fail('response_bad', 'status line: not HTTP/1.0 or HTTP/1.1')
  head.minor = buf[at + 7]! === 0x31 ? 1 : 0
  const status = (buf[at + 9]! - 0x30) * 100 + (buf[at + 10]! - 0x30) * 10 + buf[at + 11]! - 0x30
  if (status < 100 || status > 599) return head.fail('response_bad', `status ${status}`) // RFC 9110 §15
  head.status = status
  return at + STATUS.length
}

/**
 * The reason phrase and the end of the line. RFC 9112 §4 wants a space even before an empty reason; many servers leave
 * it out, and nothing can be misread without it.
 */
function lineEnd(head: ResponseHead, buf: Uint8Array, at: number, stop: number): number {
  let i = at
  if (i < stop && buf[i]! === SP) {
    i++
    while (i < stop && (buf[i]! >= SP ? buf[i]! !== 0x7f : buf[i]! === HTAB)) i++
  }
  if (i >= stop) return 0
  if (buf[i]! !== CR) return head.fail('response_bad', `status line: byte ${hex(buf[i]!)}`)
  if (i + 1 >= stop) return 0
  if (buf[i + 1]! !== LF) return head.fail('response_bad', 'status line: CR without LF')
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
