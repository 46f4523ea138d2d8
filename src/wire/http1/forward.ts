/**
 * The heads that leave Headgate. They are rebuilt: start line, Host, framing, Connection, Via and forwarding fields are
 * written anew from what was understood, so that nothing ambiguous can pass. All other fields go through as they came; see
 * wire/http/outgoing-fields.ts.
 */

import { type Edits, type FieldLine, FieldName } from '../http/edits.ts'
import { Field } from '../http/fields.ts'
import { forwardedLines, type Hop } from '../http/forwarded.ts'
import { BodyKind, type RequestHead, type ResponseHead } from '../http/head.ts'
import { lengthIn } from '../http/length.ts'
import { type OutgoingFields, passingText } from '../http/outgoing-fields.ts'

export { clientOf, type Hop } from '../http/forwarded.ts'
export { isInCdnLoop, isLoop } from '../http/via.ts'

/** Written anew where needed, or for this hop only. Proxy-Authorization and its kin are for us, and we ask for none. */
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
 * forwardsLeft() is 0 is not to be sent on. Proxy never passes: programs behind CGI get it as HTTP_PROXY and send what they
 * ask for there (CVE-2016-5385), and no client needs it.
 * @param edits an Upgrade that they remove is not asked for
 * @param by our name in Via; '': we do not stand there
 */
export function requestToServer(head: RequestHead, hop: Hop, edits: Edits, host = '', by = hop.name): string {
  let drop = OF_THIS_HOP | (1 << Field.host) | (1 << Field.proxy)
  if (head.bodyKind !== BodyKind.chunked) drop |= 1 << Field.trailer
  if (!head.expectContinue) drop |= 1 << Field.expect
  if (!hop.trusted) drop |= OF_PROXIES
  else {
    if (hop.xForwarded) drop |= 1 << Field.xForwardedFor
    if (hop.forwarded) drop |= 1 << Field.forwarded
  }
  const left = forwardsLeft(head)
  if (left >= 0) drop |= 1 << Field.maxForwards
  const fields = passingText(head, drop, edits)
  let own = left > 0 ? `Max-Forwards: ${left - 1}\r\n` : ''
  if (head.bodyKind === BodyKind.length) own += `Content-Length: ${head.contentLength}\r\n`
  else if (head.bodyKind === BodyKind.chunked) own += 'Transfer-Encoding: chunked\r\n'
  const upgrade = edits.upgrade(head)
  if (upgrade !== null) {
    own += `Connection: ${head.teTrailers ? 'upgrade, TE' : 'upgrade'}\r\nUpgrade: ${upgrade}\r\n`
  } else if (head.teTrailers) own += 'Connection: TE\r\n'
  if (head.teTrailers) own += 'TE: trailers\r\n'
  const via = viaLine(head, by)?.text ?? ''
  return `${head.method} ${edits.path || head.path} HTTP/1.1\r\nHost: ${head.authority || host}\r\n${fields}${own}${via}${forwardedLines(head, hop)}${edits.text()}\r\n`
}

const VIA = new FieldName('Via')
/** The lines of a name, for both versions. Of few names, all from the configuration. */
const viaLines = new Map<string, readonly [FieldLine, FieldLine]>()
let lastBy = ''
let lastVia: readonly [FieldLine, FieldLine] | null = null

/** The line of Via about a message that came with this head; null where `by` is ''. */
export function viaLine(head: { readonly minor: 0 | 1 }, by: string): FieldLine | null {
  if (by === '') return null
  if (by !== lastBy || lastVia === null) {
    lastBy = by
    lastVia = viaLines.get(by) ?? [VIA.line(`1.0 ${by}`), VIA.line(`1.1 ${by}`)]
    viaLines.set(by, lastVia)
  }
  return lastVia[head.minor]
}

/**
 * What passes to the client of a final response, or of a 101. Framing, Connection and Upgrade are the responder's.
 * @param trailers whether the trailers that Trailer announces can follow
 */
export function passResponse(into: OutgoingFields, head: ResponseHead, trailers: boolean): OutgoingFields {
  return into.received(head, trailers ? OF_THIS_HOP : OF_THIS_HOP | (1 << Field.trailer))
}

/** What passes to the client of an interim response (100, 102, 103; RFC 9110 §15.2). */
export function passInterim(into: OutgoingFields, head: ResponseHead): OutgoingFields {
  return into.received(head, OF_THIS_HOP | (1 << Field.trailer))
}

/**
 * How often a TRACE or OPTIONS request may still be forwarded by its Max-Forwards (RFC 9110 §7.6.2); -1: as often as one
 * likes. With 0 it may not be forwarded but is answered here. requestToServer counts down.
 */
export function forwardsLeft(head: RequestHead): number {
  if ((head.seen & (1 << Field.maxForwards)) === 0 || (head.method !== 'OPTIONS' && head.method !== 'TRACE')) return -1
  const value = head.get(Field.maxForwards)!
  return lengthIn(value, 0, value.length)
}
