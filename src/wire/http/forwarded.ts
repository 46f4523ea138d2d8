/** X-Forwarded-For, -Proto, -Host, -Port and Forwarded (RFC 7239): what a request says of those it came through. */
import { Field } from './fields.ts'
import type { RequestHead } from './head.ts'
import { isIPv4, isIPv6 } from './host.ts'
import { quotedElementEnd } from './list.ts'

/** What the next hop is told of the connection a request came by. One object per client connection. */
export interface Hop {
  /** Our pseudonym in Via. */
  readonly name: string
  /** Address of the peer, without port and brackets, an IPv4-mapped one as IPv4; `unix` where it has none. */
  readonly peer: string
  readonly proto: 'http' | 'https'
  /** The peer is a trusted proxy: what it says is kept and added to. What others say is dropped. */
  readonly trusted: boolean
  /** Which of the two kinds are sent. */
  readonly xForwarded: boolean
  readonly forwarded: boolean
}

/** The X-Forwarded-* and Forwarded lines that the hop adds; those it replaces have to be left out by the caller. */
export function forwardedLines(head: RequestHead, hop: Hop): string {
  let lines = ''
  if (hop.xForwarded) {
    const peer = isAddress(hop.peer) ? hop.peer : 'unknown'
    const before = hop.trusted ? head.list(Field.xForwardedFor) : null
    lines =
      before === null || before === '' ? `X-Forwarded-For: ${peer}\r\n` : `X-Forwarded-For: ${before}, ${peer}\r\n`
    if (!hop.trusted || !head.has(Field.xForwardedProto)) lines += `X-Forwarded-Proto: ${hop.proto}\r\n`
    if (head.authority !== '' && (!hop.trusted || !head.has(Field.xForwardedHost))) {
      lines += `X-Forwarded-Host: ${head.authority}\r\n`
    }
  }
  if (hop.forwarded) {
    const before = hop.trusted ? head.list(Field.forwarded) : null
    const host = head.authority === '' ? '' : `;host=${quoted(head.authority)}`
    const element = `for=${nodeOf(hop.peer)}${host};proto=${hop.proto}`
    lines += before === null || before === '' ? `Forwarded: ${element}\r\n` : `Forwarded: ${before}, ${element}\r\n`
  }
  return lines
}

/** An address as a node of RFC 7239 §6: IPv6 in brackets and quotes. */
function nodeOf(peer: string): string {
  if (!isAddress(peer)) return 'unknown'
  return peer.includes(':') ? `"[${peer}]"` : peer
}

/** A peer without one is a unix socket. */
function isAddress(peer: string): boolean {
  return peer !== '' && peer !== 'unix'
}

/** A validated host with port is a token unless it has a colon. */
function quoted(authority: string): string {
  return authority.includes(':') ? `"${authority}"` : authority
}

/**
 * The client's address by what trusted proxies say: the right-most address of X-Forwarded-For (else of Forwarded) that is
 * not trusted itself; the left-most where all are. An entry that is no address ends the search at the address before it,
 * as nothing vouches for what stands further left.
 */
export function clientOf(head: RequestHead, peer: string, trusted: (address: string) => boolean): string {
  if (!trusted(peer)) return peer
  const x = head.list(Field.xForwardedFor)
  const entries = x === null ? forwardedFor(head.list(Field.forwarded)) : x.split(',')
  let client = peer
  for (let i = entries.length - 1; i >= 0; i--) {
    const address = addressIn(entries[i]!.trim())
    if (address === '') return client
    client = address
    if (!trusted(address)) return client
  }
  return client
}

/** The `for` parameters of a Forwarded value, unquoted; '' where an element has none. */
function forwardedFor(value: string | null): string[] {
  const nodes: string[] = []
  if (value === null) return nodes
  for (let at = 0; at < value.length; ) {
    const end = quotedElementEnd(value, at, value.length)
    const match = /(?:^|;)[ \t]*for[ \t]*=[ \t]*(?:"([^"\\]*)"|([^;"\s]*))/i.exec(value.slice(at, end))
    nodes.push(match === null ? '' : (match[1] ?? match[2] ?? ''))
    at = end + 1
  }
  return nodes
}

/** Fields by which a trusted peer tells for which scheme and host it was asked. */
const SAYS =
  (1 << Field.xForwardedProto) | (1 << Field.xForwardedHost) | (1 << Field.xForwardedPort) | (1 << Field.forwarded)

/**
 * The scheme that the client used, as the server is told: by what a trusted peer says in X-Forwarded-Proto, else in
 * Forwarded, where the left-most element is about the client; else, or where it says neither http nor https, that of the
 * connection.
 */
export function schemeOf(head: RequestHead, hop: Hop): Hop['proto'] {
  if (!hop.trusted || (head.seen & SAYS) === 0) return hop.proto
  const said = (head.list(Field.xForwardedProto) ?? protoIn(head.list(Field.forwarded) ?? '')).split(',', 1)[0]!
  const scheme = said.trim().toLowerCase()
  return scheme === 'http' || scheme === 'https' ? scheme : hop.proto
}

/** The `proto` parameter of the left-most element of a Forwarded value, '' without. */
function protoIn(value: string): string {
  const first = value.slice(0, quotedElementEnd(value, 0, value.length))
  return /(?:^|;)[ \t]*proto[ \t]*=[ \t]*"?([a-z]+)/i.exec(first)?.[1] ?? ''
}

/**
 * What the server is told by a trusted peer of scheme, host and port, as far as it is not what schemeOf and the authority
 * say: lines with a line feed before each, the same for two requests of which the server is told the same. '' mostly.
 * @param withHost false: hosts and ports do not count
 */
export function saidBeyond(head: RequestHead, hop: Hop, withHost: boolean): string {
  if (!hop.trusted || (head.seen & SAYS) === 0) return ''
  const scheme = schemeOf(head, hop)
  const proto = head.list(Field.xForwardedProto)
  let lines = ''
  // What is missing is sent by us, or not at all.
  if (proto === null) lines += scheme === hop.proto ? '' : '\nf proto'
  else if (proto !== scheme || (scheme === hop.proto && !hop.xForwarded)) lines += `\nf proto:${proto}`
  const forwarded = withoutNodes(head.list(Field.forwarded) ?? '', withHost)
  if (forwarded !== '') lines += `\nf forwarded:${forwarded}`
  if (!withHost) return lines
  const host = head.list(Field.xForwardedHost)
  if (host !== null && (host !== head.authority || !hop.xForwarded)) lines += `\nf host:${host}`
  const port = head.list(Field.xForwardedPort)
  return port === null ? lines : `${lines}\nf port:${port}`
}

const NODES = /(^|[;,])[ \t]*(?:for|by)[ \t]*=[ \t]*(?:"[\w.:[\]-]*"|[\w.:[\]-]*)[ \t]*(?=[;,]|$)/gi
const NODES_AND_HOSTS = /(^|[;,])[ \t]*(?:for|by|host)[ \t]*=[ \t]*(?:"[\w.:[\]-]*"|[\w.:[\]-]*)[ \t]*(?=[;,]|$)/gi

/** A Forwarded value without the addresses it came through, which each client has of its own. What could be read in several ways stays. */
function withoutNodes(value: string, withHost: boolean): string {
  if (/"/.test(value.replace(/"[\w.:[\]-]*"/g, ''))) return value
  const rest = value.replace(withHost ? NODES : NODES_AND_HOSTS, '$1')
  return /^[;, \t]*$/.test(rest) ? '' : rest
}

/** The address of `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; '' for all else. */
function addressIn(entry: string): string {
  if (isIPv4(entry)) return entry
  let address = entry
  if (entry.startsWith('[')) {
    const close = entry.indexOf(']')
    if (close < 0 || !/^(?::\d{1,5})?$/.test(entry.slice(close + 1))) return ''
    address = entry.slice(1, close)
  } else {
    const colon = entry.indexOf(':')
    if (colon > 0 && isIPv4(entry.slice(0, colon)))
      return /^\d{1,5}$/.test(entry.slice(colon + 1)) ? entry.slice(0, colon) : ''
  }
  if (!isIPv6(address)) return ''
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : ''
  return isIPv4(mapped) ? mapped : address
}
