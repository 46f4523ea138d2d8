/**
 * Reads the head of a request (RFC 9112 §3, §5, §6), strictly: what parsers can disagree on is refused. The bytes are
 * scanned once in their order, and what concerns the whole head is judged at its end, so that the result is the same
 * however the bytes were cut into reads.
 */
import { BACKSLASH, CR, isDigit, LF, latin1, QUERY, QUESTION, SP, TARGET, TOKEN } from '../../base/bytes.ts'
import type { HeadLimits, RequestHead } from '../http/head.ts'
import { judgeRequest } from './request-rules.ts'
import { hex, scanFields } from './scan.ts'

// An imported name is read from its module at each use, a constant of this module is compiled in.
const token = TOKEN
const targetTable = TARGET
const cr = CR
const lf = LF
const sp = SP

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
  if (from < end && buf[from]! === cr) {
    if (from + 1 >= end) return 0
    if (buf[from + 1]! !== lf) return head.fail('line_ending_bad', 'CR without LF before the request')
    from += 2
  }
  const stop = Math.min(end, from + limits.head)
  const lineStop = Math.min(stop, from + limits.line + 2)
  let i = from
  while (i < lineStop && token[buf[i]!]! === 1) i++
  if (i >= lineStop) return lineShort(head, from, lineStop, limits)
  const methodTo = i
  if (buf[i]! !== sp || i === from) return lineBad(head, buf, i, from, lineStop, limits, 'method')
  const targetFrom = ++i
  while (i < lineStop && targetTable[buf[i]!]! === 1) i++
  if (i < lineStop && buf[i]! === BACKSLASH && inQuery(buf, targetFrom, i))
    while (i < lineStop && QUERY[buf[i]!]! === 1) i++
  if (i >= lineStop) return lineShort(head, from, lineStop, limits)
  const targetTo = i
  if (buf[i]! !== sp || i === targetFrom) return lineBad(head, buf, i, from, lineStop, limits, 'target')
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
    buf[i + 8]! === cr &&
    buf[i + 9]! === lf
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
    if (judgeRequest(head, targetFrom - from, targetTo - from) > 0) return i
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
