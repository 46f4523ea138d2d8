/** What a request's head means as a whole, and when that is refused: target, Host, Connection, framing, Expect. */
import { equalsLower } from '../../base/bytes.ts'
import { Field } from '../http/fields.ts'
import { BodyKind, type RequestHead } from '../http/head.ts'
import { hostEnd, hostName } from '../http/host.ts'
import { Codings, codingsOf, lengthOf } from '../http/length.ts'
import { connectionOptions, Option, persists, takesTrailers } from './connection.ts'
import { readTarget } from './target.ts'

/**
 * Sets all of the head that follows from its request line and fields.
 * @param targetFrom where the target is in head.text
 * @returns 1, or -1 with head.error
 */
export function judgeRequest(head: RequestHead, targetFrom: number, targetTo: number): 1 | -1 {
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
  const value = head.text.slice(from, to)
  if (value !== lastAuthority) {
    const end = hostEnd(head.text, from, to)
    if (end < 0) return head.fail('host_bad', from === to ? 'empty Host' : 'Host is not a host')
    lastAuthority = value
    lastHost = hostName(head.text, from, end)
  }
  if (head.authority === '') {
    head.authority = value
    head.host = lastHost
  }
  return 1
}

// The last valid Host, as most requests have the same one; it need not be checked and lowered again. At first one that
// cannot come: an empty Host can, and is not valid.
let lastAuthority = ' '
let lastHost = ''

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
