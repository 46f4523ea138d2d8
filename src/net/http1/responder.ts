/**
 * The responder of an HTTP/1 connection. All that HTTP/1 says of framing and of keeping a connection towards a client is
 * here (RFC 9112 §6, §7, §9). A connection has one, as it serves one request at a time.
 */

import type { RequestHead } from '../../wire/http/head.ts'
import type { OutgoingFields } from '../../wire/http/outgoing-fields.ts'
import { chunkHead } from '../../wire/http1/framing.ts'
import { type Framing, interimText, responseText, tunnelText } from '../../wire/http1/response-text.ts'
import type { PreparedAnswer, ReadSource, Responder, WholeAnswer } from '../responder.ts'
import { OutputBuffer } from '../transport/output-buffer.ts'
import type { Transport } from '../transport/transport.ts'

/** The connection whose responder it is. */
export interface RespondingConnection {
  readonly transport: Transport
  /** Whether it may serve another request after this one. */
  readonly persistent: boolean
  /** There is (more of) a body to be read. */
  readonly bodyLeft: boolean
  /** The response is out. `keep`: go on with the next request. */
  finish(keep: boolean): void
  /** Drops it. `cut`: with RST, because the response is incomplete and must not pass for whole. */
  drop(cut: boolean): void
}

export class Http1Responder implements Responder {
  readonly #client: RespondingConnection
  readonly #out = new OutputBuffer()
  #minor: 0 | 1 = 1
  #keepAlive = false
  #isHead = false
  #framing: Framing = 'none'
  /** The connection goes on after this response. */
  #keep = false
  #complete = false
  #tunnel = false
  /** Bytes of interim responses. */
  #interim = 0
  begun = false

  constructor(client: RespondingConnection) {
    this.#client = client
  }

  /** The next request is served. */
  start(head: RequestHead): void {
    this.#out.reset()
    this.#out.open(this.#client.transport)
    this.#minor = head.minor
    this.#keepAlive = head.keepAlive
    this.#isHead = head.isHead
    this.#framing = 'none'
    this.#interim = 0
    this.begun = this.#keep = this.#complete = this.#tunnel = false
  }

  get bytes(): number {
    return this.#interim + this.#out.bytes
  }

  get open(): boolean {
    return this.#client.transport.open
  }

  get ready(): boolean {
    return this.#client.transport.writable
  }

  get trailers(): boolean {
    return this.#minor === 1
  }

  get plain(): boolean {
    return this.#minor === 1 && !this.#isHead && this.#persistent
  }

  /** Nothing of this request is left in the connection, and neither side wants it closed (RFC 9112 §9.3). */
  get #persistent(): boolean {
    return this.#keepAlive && this.#client.persistent && !this.#client.bodyLeft
  }

  get #connection(): '' | 'close' | 'keep-alive' {
    if (!this.#keep) return 'close'
    return this.#minor === 1 ? '' : 'keep-alive'
  }

  interim(status: number, reason: string, fields: OutgoingFields): boolean {
    if (this.#minor === 0) return this.ready // RFC 9110 §15.2
    const text = interimText(status, reason, fields.text())
    this.#interim += text.length
    const { transport } = this.#client
    transport.write(text)
    this.#out.open(transport) // a final response that is taken back does not take it along
    return transport.writable
  }

  head(status: number, reason: string, fields: OutgoingFields, length: number, content: boolean): void {
    this.begun = true
    // Content of unknown length is chunked for clients that can read it (RFC 9112 §7.1), so that a cut shows.
    if (!content) this.#framing = 'none'
    else if (length >= 0) this.#framing = 'length'
    else this.#framing = this.#minor === 1 ? 'chunked' : 'close'
    this.#keep = this.#framing !== 'close' && this.#persistent
    this.#out.text(responseText(status, reason, fields.text(), this.#framing, length, this.#connection))
  }

  tunnel(status: number, reason: string, fields: OutgoingFields, protocol: string | null): void {
    this.begun = this.#tunnel = true
    this.#out.text(tunnelText(status, reason, fields.text(), protocol))
  }

  text(text: string): void {
    if (text === '') return
    const chunked = this.#framing === 'chunked'
    this.#out.text(chunked ? `${chunkHead(text.length)}${text}\r\n` : text)
  }

  data(source: ReadSource, buf: Buffer, from: number, to: number): void {
    const chunked = this.#framing === 'chunked'
    if (chunked) this.#out.text(chunkHead(to - from))
    this.#out.data(source, buf, from, to)
    if (chunked) this.#out.text('\r\n')
  }

  borrowed(piece: Buffer): void {
    const chunked = this.#framing === 'chunked'
    if (chunked) this.#out.text(chunkHead(piece.length))
    this.#out.borrowed(piece, 0, piece.length)
    if (chunked) this.#out.text('\r\n')
  }

  last(piece: Buffer, keeper: Disposable): void {
    if (this.#framing !== 'chunked') return this.#out.lastBorrowed(piece, keeper)
    this.#out.text(chunkHead(piece.length))
    this.#out.lastBorrowed(piece, keeper)
    this.#out.text('\r\n')
  }

  flush(): boolean {
    return this.#out.flush()
  }

  end(trailers: string): boolean {
    this.#complete = true
    if (this.#framing === 'chunked') this.#out.text(`0\r\n${trailers}\r\n`)
    return this.#out.flush()
  }

  takeBack(): boolean {
    if (this.#tunnel || !this.#out.takeBack()) return false
    this.begun = this.#keep = this.#complete = false
    return true
  }

  endTunnel(): void {
    this.#out.flush()
    this.#client.transport.end()
  }

  answer({ status, reason, fields, body }: WholeAnswer): void {
    this.head(status, reason, fields, body.length, !this.#isHead)
    if (!this.#isHead) this.#out.text(body)
    this.end('')
  }

  prepared(answer: PreparedAnswer): void {
    this.begun = this.#keep = true
    this.#framing = 'length'
    this.#out.text(answer.text(preparedText))
  }

  finish(): void {
    this.#client.finish(this.#complete && this.#keep)
  }

  abort(): void {
    this.#client.drop(true)
  }
}

function preparedText({ status, reason, fields, length, body }: PreparedAnswer): string {
  const head = responseText(status, reason, fields.text(), status === 204 ? 'none' : 'length', length, '')
  return body === null ? head : head + body
}

/** An own answer on a connection that closes after it, where no request was read. */
export function closingAnswer({ status, reason, fields, body }: WholeAnswer): string {
  return responseText(status, reason, fields.text(), 'length', body.length, 'close') + body
}
