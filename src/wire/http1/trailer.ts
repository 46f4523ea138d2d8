/** The trailer section of a chunked body (RFC 9112 §7.1.2), by the same rules as header fields. */
import { COLON, CR, HTAB, LF, latin1, SP, TOKEN } from '../../base/bytes.ts'
import { Field, fieldNames } from '../http/fields.ts'
import type { HeadLimits } from '../http/head.ts'
import { skipSpace, trimSpace } from '../http/list.ts'
import { hex } from './scan.ts'

const At = { lineFirst: 0, name: 1, value: 2, lineLf: 3, endLf: 4 } as const
type At = (typeof At)[keyof typeof At]

/** Reads trailers in pieces of any size. Trailers are rare, so it goes byte by byte. */
export class TrailerReader {
  /** What was read and may be passed on, `Name: value` CRLF each. */
  lines = ''
  done = false
  /** Why read() returned -1. */
  detail = ''
  #at: At = At.lineFirst
  #line = ''
  #bytes = 0
  #fields = 0
  #limits: HeadLimits = { line: 0, head: 0, fields: 0 }
  #strict = true

  /**
   * Makes it ready for the next section, of at most limits.head bytes and limits.fields fields. `strict`: a field that
   * frames a message makes the section bad; else it is dropped as every other field that may not be here.
   */
  reset(limits: HeadLimits, strict: boolean): void {
    this.#strict = strict
    this.lines = ''
    this.done = false
    this.detail = ''
    this.#at = At.lineFirst
    this.#line = ''
    this.#bytes = 0
    this.#fields = 0
    this.#limits = limits
  }

  /** Reads buf[start, end). Returns the offset where it stopped, after the empty line when `done`; -1 when it is bad. */
  read(buf: Uint8Array, start: number, end: number): number {
    let from = start
    for (let i = start; i < end; i++) {
      if (++this.#bytes > this.#limits.head) return this.#fail('trailer section too large')
      const c = buf[i]!
      switch (this.#at) {
        case At.lineFirst:
          if (c === CR) this.#at = At.endLf
          else if (TOKEN[c]! === 0) return this.#fail(`trailer: byte ${hex(c)} in the name`)
          else if (++this.#fields > this.#limits.fields) return this.#fail('too many trailers')
          else this.#at = At.name
          break
        case At.name:
          if (c === COLON) this.#at = At.value
          else if (TOKEN[c]! === 0) return this.#fail(`trailer: byte ${hex(c)} in the name`)
          break
        case At.value:
          if (c === CR) this.#at = At.lineLf
          else if (c < SP ? c !== HTAB : c === 0x7f) return this.#fail(`trailer: byte ${hex(c)} in the value`)
          break
        case At.lineLf:
          if (c !== LF) return this.#fail('trailer: CR without LF')
          this.#line += latin1(buf, from, Math.max(i - 1, from))
          if (!this.#take()) return this.#fail('trailer: Content-Length or Transfer-Encoding')
          from = i + 1
          break
        case At.endLf:
          if (c !== LF) return this.#fail('trailer: CR without LF')
          this.done = true
          return i + 1
      }
    }
    // The CR may be the last byte of this read; it is no part of the line.
    const to = this.#at === At.lineLf ? end - 1 : end
    if (this.#at !== At.endLf && to > from) this.#line += latin1(buf, from, to)
    return end
  }

  #fail(detail: string): -1 {
    this.detail = detail
    return -1
  }

  /**
   * A line is complete. False where it would frame a request: no client sends that but to smuggle something past a
   * reader that does as it says. A server's is dropped like the rest (RFC 9110 §6.5.1): its response is right without.
   */
  #take(): boolean {
    const line = this.#line
    this.#line = ''
    this.#at = At.lineFirst
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const lowerName = name.toLowerCase().replaceAll('_', '-') // as servers behind CGI read it
    if (this.#strict && (lowerName === 'content-length' || lowerName === 'transfer-encoding')) return false
    if (isTrailerName(lowerName)) {
      const from = skipSpace(line, colon + 1, line.length)
      this.lines += `${name}: ${line.slice(from, trimSpace(line, from, line.length))}\r\n`
    }
    return true
  }
}

const UNFIT = ['allow', 'alt-svc', 'clear-site-data', 'content-disposition', 'content-language', 'content-location']
const UNFIT_PREFIXES = ['access-control-', 'if-', 'proxy-', 'sec-', 'x-forwarded-', 'x-http-method']

/**
 * Whether a field may be passed on in a trailer section. Fields for framing, routing, authentication, request modifiers,
 * response control and the content's format may not (RFC 9110 §6.5.1). Of those Headgate knows only ETag (RFC 9110
 * §8.8.3) and Proxy-Status (RFC 9209 §2) may; fields that it does not know may.
 */
export function isTrailerName(lowerName: string): boolean {
  const id = fieldNames.indexOf(lowerName)
  if (id > 0) return id === Field.etag || id === Field.proxyStatus
  return !UNFIT.includes(lowerName) && !UNFIT_PREFIXES.some((prefix) => lowerName.startsWith(prefix))
}
