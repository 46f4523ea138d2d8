/**
 * Decodes the content of a message as it comes in (RFC 9112 §6, §7). It keeps its place between reads, never copies
 * content, and stops exactly at the end of the message.
 *
 * Stricter than RFC 9112 §7.1.1 in one point: no space around a chunk extension's ';' and '='. No client sends it, and how
 * it is read is where parsers differ. Extensions are checked and dropped, as they concern one hop only.
 */
import { BACKSLASH, CR, DQUOTE, EQUALS, HEX, HTAB, LF, SEMICOLON, SP, TOKEN } from '../../base/bytes.ts'
import type { Cause } from '../../base/cause.ts'
import { BodyKind, type HeadLimits } from '../http/head.ts'
import { TrailerReader } from './trailer.ts'

/** Takes content. The range is valid during the call only. */
export interface BodySink {
  bodyData(buf: Uint8Array, from: number, to: number): void
}

/** Where the decoder is within a chunked body. */
const At = {
  sizeFirst: 0,
  size: 1,
  extensionName: 2,
  extensionNameMore: 3,
  extensionValue: 4,
  extensionValueMore: 5,
  extensionQuoted: 6,
  extensionEscaped: 7,
  extensionAfterQuoted: 8,
  sizeLf: 9,
  data: 10,
  dataCr: 11,
  dataLf: 12,
  trailers: 13,
} as const
type At = (typeof At)[keyof typeof At]

/** Bytes of chunk extensions that a body may have on top of as many as it has content: they cost us and bring nothing. */
const EXTENSION_BYTES = 16384
/** Most digits of a chunk size, zeros in front included. */
const SIZE_DIGITS = 16

/** One for each direction of a connection; reset() makes it ready for the next message. */
export class BodyDecoder {
  /** The content has ended. */
  done = true
  error: Cause | null = null
  detail = ''
  /** Content bytes so far, framing not counted. */
  received = 0
  #kind: BodyKind = BodyKind.none
  #at: At = At.sizeFirst
  /** Bytes left of the body, or of the chunk. */
  #left = 0
  #digits = 0
  #extension = 0
  #maxBody = 0
  #side: 'request' | 'response' = 'request'
  #trailers = new TrailerReader()

  /**
   * @param length the content's length where kind is `length`; not used otherwise
   * @param limits bound the trailer section: its bytes by `head`, its fields by `fields`
   * @param maxBody content bytes allowed, 0 for any number. A larger stated length sets `error` here already.
   */
  reset(kind: BodyKind, length: number, side: 'request' | 'response', limits: HeadLimits, maxBody: number): void {
    this.#kind = kind
    this.#side = side
    this.#maxBody = maxBody
    this.#at = At.sizeFirst
    this.#left = kind === BodyKind.length ? length : 0
    this.#digits = 0
    this.#extension = 0
    this.received = 0
    this.error = null
    this.detail = ''
    this.done = kind === BodyKind.none || (kind === BodyKind.length && length === 0)
    if (kind === BodyKind.chunked) this.#trailers.reset(limits, side === 'request')
    else if (maxBody > 0 && this.#left > maxBody) this.#tooLarge()
  }

  /**
   * The trailer section as lines `Name: value` CRLF, complete when `done`; '' where there is none. Names that may not be
   * in a trailer section (RFC 9110 §6.5.1) are left out.
   */
  get trailers(): string {
    return this.#kind === BodyKind.chunked ? this.#trailers.lines : ''
  }

  /**
   * Decodes buf[start, end) and gives the content in it to `sink`.
   * @returns offset where it stopped: `end`, or after the body when `done`; -1 with `error` set when the framing is bad
   */
  decode(buf: Uint8Array, start: number, end: number, sink: BodySink): number {
    if (this.error !== null) return -1
    if (this.done || start >= end) return start
    if (this.#kind === BodyKind.chunked) return this.#chunked(buf, start, end, sink)
    if (this.#kind === BodyKind.close) {
      if (this.#maxBody > 0 && this.received + end - start > this.#maxBody) return this.#tooLarge()
      this.received += end - start
      sink.bodyData(buf, start, end)
      return end
    }
    const to = end - start < this.#left ? end : start + this.#left
    this.#left -= to - start
    this.received += to - start
    this.done = this.#left === 0
    sink.bodyData(buf, start, to)
    return to
  }

  /** The peer has closed its side. True when that ends the body properly, or it had ended; false when it was cut short. */
  closed(): boolean {
    if (this.#kind === BodyKind.close && this.error === null) this.done = true
    return this.done
  }

  #fail(detail: string): -1 {
    this.error = this.#side === 'request' ? 'chunk_bad' : 'response_bad'
    this.detail = detail
    return -1
  }

  #tooLarge(): -1 {
    this.error = this.#side === 'request' ? 'body_too_large' : 'response_bad'
    this.detail = `content of more than ${this.#maxBody} bytes`
    this.done = false
    return -1
  }

  #chunked(buf: Uint8Array, start: number, end: number, sink: BodySink): number {
    let i = start
    while (i < end) {
      if (this.#at === At.data) {
        const to = end - i < this.#left ? end : i + this.#left
        this.#left -= to - i
        this.received += to - i
        if (this.#left === 0) this.#at = At.dataCr
        const from = i
        i = to
        sink.bodyData(buf, from, to)
      } else if (this.#at === At.trailers) {
        i = this.#trailers.read(buf, i, end)
        if (i < 0) return this.#fail(this.#trailers.detail)
        this.done = this.#trailers.done
        return i
      } else if (!this.#step(buf[i]!)) return -1
      else i++
    }
    return i
  }

  /** One byte of framing. */
  #step(c: number): boolean {
    switch (this.#at) {
      case At.sizeFirst:
      case At.size:
        return this.#size(c)
      case At.sizeLf:
        if (c !== LF) return this.#fail('chunk size: CR without LF') > 0
        this.#at = this.#left === 0 ? At.trailers : At.data
        if (this.#maxBody > 0 && this.received + this.#left > this.#maxBody) return this.#tooLarge() > 0
        return true
      case At.dataCr:
        if (c !== CR) return this.#fail('chunk longer than its size') > 0
        this.#at = At.dataLf
        return true
      case At.dataLf:
        if (c !== LF) return this.#fail('chunk end: CR without LF') > 0
        this.#at = At.sizeFirst
        this.#digits = 0
        return true
      default:
        if (++this.#extension > EXTENSION_BYTES + this.received) return this.#fail('too many chunk extensions') > 0
        return this.#extend(c)
    }
  }

  #size(c: number): boolean {
    const digit = HEX[c]!
    if (digit !== 255) {
      this.#left = this.#digits === 0 ? digit : this.#left * 16 + digit
      if (++this.#digits > SIZE_DIGITS || this.#left > Number.MAX_SAFE_INTEGER)
        return this.#fail('chunk size too large') > 0
      this.#at = At.size
      return true
    }
    if (this.#at === At.sizeFirst) return this.#fail('no chunk size') > 0
    return this.#afterPart(c)
  }

  /** A size or a whole extension ends with CR, or with the ';' of the next one. */
  #afterPart(c: number): boolean {
    if (c === CR) this.#at = At.sizeLf
    else if (c === SEMICOLON) this.#at = At.extensionName
    else return this.#fail('chunk size line') > 0
    return true
  }

  /** `;name`, `;name=token` or `;name="text"` (RFC 9112 §7.1.1). */
  #extend(c: number): boolean {
    switch (this.#at) {
      case At.extensionNameMore:
        if (c === EQUALS) {
          this.#at = At.extensionValue
          return true
        }
        return TOKEN[c]! === 1 || this.#afterPart(c)
      case At.extensionValueMore:
        return TOKEN[c]! === 1 || this.#afterPart(c)
      case At.extensionAfterQuoted:
        return this.#afterPart(c)
      case At.extensionQuoted:
        if (c === DQUOTE) this.#at = At.extensionAfterQuoted
        else if (c === BACKSLASH) this.#at = At.extensionEscaped
        else return isText(c) || this.#fail('chunk extension') > 0
        return true
      case At.extensionEscaped:
        this.#at = At.extensionQuoted
        return isText(c) || this.#fail('chunk extension') > 0
      case At.extensionValue:
        if (c === DQUOTE) {
          this.#at = At.extensionQuoted
          return true
        }
        this.#at = At.extensionValueMore
        return TOKEN[c]! === 1 || this.#fail('chunk extension') > 0
      default:
        this.#at = At.extensionNameMore
        return TOKEN[c]! === 1 || this.#fail('chunk extension') > 0
    }
  }
}

function isText(c: number): boolean {
  return c === HTAB || (c >= SP && c !== 0x7f)
}

/** What stands before a chunk of this many bytes, more than 0: its size and CRLF. CRLF has to follow the bytes. */
export function chunkHead(size: number): string {
  return `${size.toString(16)}\r\n`
}

/** The end of a chunked body, with trailer lines as BodyDecoder gives them. */
export function lastChunk(trailers: string): string {
  return trailers === '' ? '0\r\n\r\n' : `0\r\n${trailers}\r\n`
}
