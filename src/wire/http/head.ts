/**
 * Heads of requests and responses. One decode of the bytes into `text`, and offsets into it: a field becomes a string
 * only when asked for. Heads are objects that are used again and again; a parser overwrites all of them.
 * Nothing else changes one: what is changed on the way is collected as edits, see edits.ts.
 */
import { equalsLower } from '../../base/bytes.ts'
import type { Cause } from '../../base/cause.ts'

/** Bounds of a head. `line`: bytes of the start line without its CRLF. `head`: bytes from the start line to the end of the empty line. `fields`: how many. */
export interface HeadLimits {
  readonly line: number
  readonly head: number
  readonly fields: number
}

/** How the end of a message's content is found (RFC 9112 §6.3). */
export const BodyKind = { none: 0, length: 1, chunked: 2, close: 3 } as const
export type BodyKind = (typeof BodyKind)[keyof typeof BodyKind]

/** What requests and responses have in common. */
export abstract class Head {
  /** The whole head as latin1, first byte of the start line to the end of the empty line. */
  text = ''
  /** Number of fields. */
  count = 0
  /** Four offsets into `text` per field: name from, name to, value from, value to, without the space around the value. */
  spans: Int32Array = new Int32Array(4 * 32)
  /** Field number of each field. */
  ids: Uint8Array = new Uint8Array(32)
  /** Bit n: the field with number n (1 … 31) is there; there more than once. */
  seen = 0
  twice = 0
  /** Bit n - 32: a field with number n (32 … 63) is there. */
  seenHigh = 0
  bodyKind: BodyKind = BodyKind.none
  /** Content-Length as stated, -1 where there is none. In a HEAD or 304 response it does not say what follows. */
  contentLength = -1
  /** Whether the sender keeps the connection, by its version and Connection. */
  keepAlive = false
  minor: 0 | 1 = 1
  /** There is a '_' in a field's name. */
  underscores = false
  /** Connection names a field or option other than close, keep-alive, upgrade and TE. */
  namesOthers = false
  /** Why the head was refused, and the place, for the operator; null while all is well. */
  error: Cause | null = null
  detail = ''

  /** The causes of this side for a bad field, a bad end of line, and too much. */
  abstract readonly badField: Cause
  abstract readonly badEnding: Cause
  abstract readonly tooLarge: Cause

  /** Forgets everything of the message before. */
  protected resetHead(): void {
    this.text = ''
    this.count = 0
    this.seen = 0
    this.twice = 0
    this.seenHigh = 0
    this.bodyKind = BodyKind.none
    this.contentLength = -1
    this.keepAlive = false
    this.minor = 1
    this.underscores = false
    this.namesOthers = false
    this.error = null
    this.detail = ''
  }

  /** Notes why the head is refused. Always -1, so that a parser can return it. */
  fail(cause: Cause, detail: string): -1 {
    this.error = cause
    this.detail = detail
    this.keepAlive = false
    return -1
  }

  /** Makes room for more fields; what is there stays. */
  grow(): void {
    const spans = new Int32Array(this.spans.length * 2)
    spans.set(this.spans)
    this.spans = spans
    const ids = new Uint8Array(this.ids.length * 2)
    ids.set(this.ids)
    this.ids = ids
  }

  /** Whether a field with this number (of `Field`, not `other`) is there. */
  has(id: number): boolean {
    return ((id < 32 ? this.seen : this.seenHigh) & (1 << (id & 31))) !== 0
  }

  /** Value of the first field with this number, null where there is none. */
  get(id: number): string | null {
    if (((id < 32 ? this.seen : this.seenHigh) & (1 << (id & 31))) === 0) return null
    for (let i = 0; i < this.count; i++) if (this.ids[i] === id) return this.value(i)
    return null
  }

  /** Values of all fields with this number as one list joined by ', ' (RFC 9110 §5.3), null where there is none. */
  list(id: number): string | null {
    if (((id < 32 ? this.seen : this.seenHigh) & (1 << (id & 31))) === 0) return null
    let all: string | null = null
    for (let i = 0; i < this.count; i++) {
      if (this.ids[i] === id) all = all === null ? this.value(i) : `${all}, ${this.value(i)}`
    }
    return all
  }

  /** Value of field i, 0 ≤ i < count. */
  value(i: number): string {
    return this.text.slice(this.spans[i * 4 + 2]!, this.spans[i * 4 + 3]!)
  }

  /** Name of field i as the sender wrote it. */
  name(i: number): string {
    return this.text.slice(this.spans[i * 4]!, this.spans[i * 4 + 1]!)
  }

  /** Value of the first field of this name, given in lower case; null where there is none. */
  find(lowerName: string): string | null {
    for (let i = 0; i < this.count; i++) {
      if (equalsLower(this.text, this.spans[i * 4]!, this.spans[i * 4 + 1]!, lowerName)) return this.value(i)
    }
    return null
  }
}

/** A request's head. Of a refused one, `method` and `target` are set as soon as the request line was complete. */
export class RequestHead extends Head {
  readonly badField: Cause = 'field_bad'
  readonly badEnding: Cause = 'line_ending_bad'
  readonly tooLarge: Cause = 'head_too_large'
  /** As received; methods are case-sensitive. */
  method = ''
  /** The request target as received. */
  target = ''
  /** Path and query to forward; '*' for the asterisk form, host and port for CONNECT. Never empty, not normalised. */
  path = ''
  /** The effective host in lower case, without port and without a trailing dot; '' only in HTTP/1.0 without Host. */
  host = ''
  /** Host to forward: the authority of an absolute-form target, else the Host value as received ('' in HTTP/1.0 without). */
  authority = ''
  /** Value of Upgrade where Connection lists it (HTTP/1.1 only), else null. */
  upgrade: string | null = null
  /** The client waits for a 100 before it sends content (RFC 9110 §10.1.1). */
  expectContinue = false
  /** Whether the method is idempotent (RFC 9110 §9.2.2). */
  idempotent = false
  isHead = false
  isConnect = false
  /** The client takes trailers: `TE: trailers`, with TE named by Connection. */
  teTrailers = false

  reset(): void {
    this.resetHead()
    this.method = ''
    this.target = ''
    this.path = ''
    this.host = ''
    this.authority = ''
    this.upgrade = null
    this.expectContinue = false
    this.idempotent = false
    this.isHead = false
    this.isConnect = false
    this.teTrailers = false
  }
}

/** A response's head, interim ones (1xx) too. */
export class ResponseHead extends Head {
  readonly badField: Cause = 'response_bad'
  readonly badEnding: Cause = 'response_bad'
  readonly tooLarge: Cause = 'response_head_too_large'
  /** 100 … 599. */
  status = 0
  reason = ''
  /** In a 101: the protocol it switches to; else null. */
  upgrade: string | null = null

  reset(): void {
    this.resetHead()
    this.status = 0
    this.reason = ''
    this.upgrade = null
  }
}
