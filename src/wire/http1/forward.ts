/**
 * The heads that leave Headgate. They are rebuilt: start line, Host, framing, Connection, Via and forwarding fields are
 * written anew from what was understood, so that nothing ambiguous can pass. All other fields go through as they came, and
 * neighbours among them as one slice of the received text.
 *
 * Invariant: fields that concern one hop only (RFC 9110 §7.6.1) never pass, and Connection cannot be used to take a field
 * away that Headgate knows to be end-to-end: no sender may name such a one there, and who does wants the next server to
 * miss what routing, authentication or caching here went by.
 */

import { Field, fieldNames } from '../http/fields.ts'
import { forwardedLines, type Hop } from '../http/forwarded.ts'
import { BodyKind, type Head, type RequestHead, type ResponseHead } from '../http/head.ts'
import { lengthIn } from '../http/length.ts'
import { namedByConnection } from './connection.ts'

export { clientOf, type Hop } from '../http/forwarded.ts'
export { isInCdnLoop, isLoop } from '../http/via.ts'

/** Written anew where needed, or for this hop only. Proxy-Authorization and its kin are for us, who ask for none. */
export const OF_THIS_HOP: number =
  (1 << Field.connection) |
  (1 << Field.contentLength) |
  (1 << Field.transferEncoding) |
  (1 << Field.te) |
  (1 << Field.upgrade) |
  (1 << Field.keepAlive) |
  (1 << Field.proxyConnection) |
  (1 << Field.proxyAuthenticate) |
  (1 << Field.proxyAuthorization) |
  (1 << Field.proxyAuthenticationInfo) |
  (1 << Field.http2Settings)

/** What only a trusted peer may say. */
const OF_PROXIES =
  (1 << Field.xForwardedFor) |
  (1 << Field.xForwardedProto) |
  (1 << Field.xForwardedHost) |
  (1 << Field.xForwardedPort) |
  (1 << Field.forwarded) |
  (1 << Field.xRealIp)

/**
 * The head of a request as it goes to a server, HTTP/1.1 whatever the client spoke. Write it as latin1.
 *
 * Host is head.authority, and `host` for an HTTP/1.0 request that has none (RFC 9112 §3.2). Content is
 * framed by head.bodyKind, as it came. Upgrade and `TE: trailers` go on where the head has them. Forwarding fields of a
 * peer that is not trusted are replaced, those of a kind we do not send dropped, X-Real-IP with them. A request whose
 * forwardsLeft() is 0 is not to be sent on.
 * @param extra whole lines with CRLF, or ''
 * @param by our name in Via; '': we do not stand there
 */
export function requestToServer(head: RequestHead, hop: Hop, extra: string, host = '', by = hop.name): string {
  let drop = OF_THIS_HOP | (1 << Field.host)
  if (head.bodyKind !== BodyKind.chunked) drop |= 1 << Field.trailer
  if (!head.expectContinue) drop |= 1 << Field.expect
  if (!hop.trusted) drop |= OF_PROXIES
  else {
    if (hop.xForwarded) drop |= 1 << Field.xForwardedFor
    if (hop.forwarded) drop |= 1 << Field.forwarded
  }
  const left = forwardsLeft(head)
  if (left >= 0) drop |= 1 << Field.maxForwards
  const fields = keptFields(head, drop)
  let own = left > 0 ? `Max-Forwards: ${left - 1}\r\n` : ''
  if (head.bodyKind === BodyKind.length) own += `Content-Length: ${head.contentLength}\r\n`
  else if (head.bodyKind === BodyKind.chunked) own += 'Transfer-Encoding: chunked\r\n'
  if (head.upgrade !== null) {
    own += `Connection: ${head.teTrailers ? 'upgrade, TE' : 'upgrade'}\r\nUpgrade: ${head.upgrade}\r\n`
  } else if (head.teTrailers) own += 'Connection: TE\r\n'
  if (head.teTrailers) own += 'TE: trailers\r\n'
  return `${head.method} ${head.path} HTTP/1.1\r\nHost: ${head.authority || host}\r\n${fields}${own}${viaLine(head, by)}${forwardedLines(head, hop)}${extra}\r\n`
}

/** The line of Via about a message that came with this head; '' where `by` is. */
export function viaLine(head: { readonly minor: number }, by: string): string {
  if (by === '') return ''
  return head.minor === 1 ? `Via: 1.1 ${by}\r\n` : `Via: 1.0 ${by}\r\n`
}

/**
 * The field lines of a final response, or of a 101, that pass on to the client. Framing, Connection and Upgrade are the
 * responder's. Write them as latin1.
 * @param trailers whether the trailers that Trailer announces can follow
 */
export function responseLines(head: ResponseHead, trailers: boolean): string {
  return keptFields(head, trailers ? OF_THIS_HOP : OF_THIS_HOP | (1 << Field.trailer))
}

/** The field lines of an interim response (100, 102, 103; RFC 9110 §15.2) that pass on to the client. */
export function interimLines(head: ResponseHead): string {
  return keptFields(head, OF_THIS_HOP | (1 << Field.trailer))
}

/**
 * The field lines of the head that pass on.
 * @param drop bit n: the field with this number does not pass
 */
function keptFields(head: Head, drop: number): string {
  const text = head.text
  const spans = head.spans
  const ids = head.ids
  const named = head.namesOthers ? namedByConnection(head) : null
  let from = -1
  let kept = ''
  for (let i = 0; i < head.count; i++) {
    const id = ids[i]!
    let keep = id >= 32 || ((drop >>> id) & 1) === 0
    if (id === Field.other) {
      if (named?.has(head.name(i).toLowerCase())) keep = false
      else if (head.underscores && isAlias(head.name(i).toLowerCase())) keep = false
    }
    if (keep) {
      if (from < 0) from = spans[i * 4]!
    } else if (from >= 0) {
      kept += text.slice(from, spans[i * 4]!)
      from = -1
    }
  }
  return from < 0 ? kept : kept + text.slice(from, text.length - 2)
}

/**
 * Whether the name is a known one with '_' for '-'. CGI, WSGI and PHP cannot tell the two apart, so `X_Forwarded_For` or
 * `Transfer_Encoding` would undo what is done with the field of that name here.
 */
export function isAlias(lowerName: string): boolean {
  return lowerName.includes('_') && fieldNames.includes(lowerName.replaceAll('_', '-'))
}

/**
 * How often a TRACE or OPTIONS request may still be forwarded by its Max-Forwards (RFC 9110 §7.6.2); -1: as often as one
 * likes. With 0 it may not be forwarded: who has it answers it. requestToServer counts down.
 */
export function forwardsLeft(head: RequestHead): number {
  if ((head.seen & (1 << Field.maxForwards)) === 0 || (head.method !== 'OPTIONS' && head.method !== 'TRACE')) return -1
  const value = head.get(Field.maxForwards)!
  return lengthIn(value, 0, value.length)
}
