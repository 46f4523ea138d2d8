/**
 * How whatever serves a request talks to the client of that request, whichever protocol the client speaks. Status, fields
 * and content go in; framing, connection handling and flow control are the implementation's, such as http1/responder.ts.
 *
 * Fields are without any that are about framing or the connection. They are used up within the call.
 */
import type { OutgoingFields } from '../wire/http/outgoing-fields.ts'

/** Where bytes were read. */
export interface ReadSource {
  /** What went wrong on the connection first; null: nothing. */
  readonly error: Error | null
  /** Whether this buffer stays untouched while the source is paused, so that it can be written from without a copy. */
  owns(buf: Buffer): boolean
}

/** A whole response that Headgate makes itself. */
export interface WholeAnswer {
  readonly status: number
  readonly reason: string
  readonly fields: OutgoingFields
  /** One character per byte. It is left out in the answer to HEAD, its length is not (RFC 9110 §9.3.2). */
  readonly body: string
}

export interface Responder {
  /** Bytes for the present request so far, framing included. */
  readonly bytes: number
  /** The final response has begun. */
  readonly begun: boolean
  /** Whether the client is still there to be answered. */
  readonly open: boolean
  /** Nothing that was given waits for the kernel. */
  readonly ready: boolean
  /** Whether trailers reach this client. */
  readonly trailers: boolean
  /** Whether this client takes a prepared answer: it asked for a whole response, over a connection that goes on. */
  readonly plain: boolean

  /** An interim response (RFC 9110 §15.2); dropped for a client that does not know them. False: it waits for the kernel. */
  interim(status: number, reason: string, fields: OutgoingFields): boolean

  /**
   * The head of the final response.
   * @param length of the content in bytes; -1: not known before its end
   * @param content whether content follows; if not (HEAD, 204, 304), a known length is stated all the same
   */
  head(status: number, reason: string, fields: OutgoingFields, length: number, content: boolean): void

  /** The head after which bytes pass both ways as they are. `protocol`: of a 101; null for CONNECT. */
  tunnel(status: number, reason: string, fields: OutgoingFields, protocol: string | null): void

  /** Content as text, one character per byte. */
  text(text: string): void
  /** Content in the buffer of a read: `flush` before that read is over. */
  data(source: ReadSource, buf: Buffer, from: number, to: number): void
  /** Content that stays untouched until the client has drained. */
  borrowed(piece: Buffer): void
  /** The last content, which stays untouched until `keeper` is disposed. `end` follows. */
  last(piece: Buffer, keeper: Disposable): void

  /** Sends what was gathered. False: something waits for the kernel, and the handler's `clientDrained` follows. */
  flush(): boolean
  /** The response is complete, with these trailers: field lines, whose names and values `eachField` visits. False: as for `flush`. */
  end(trailers: string): boolean
  /** Forgets the final response, if nothing of it has left for the client. False: some of it has, or it opened a tunnel. */
  takeBack(): boolean
  /** In a tunnel: nothing more follows. */
  endTunnel(): void

  /** An own answer, as a whole. */
  answer(answer: WholeAnswer): void
  /** One that was prepared; see `plain`. The head alone where content follows from elsewhere (`content` false). */
  prepared(answer: PreparedAnswer): void

  /** The request is done with: the client may send its next one, where the response was complete and the protocol allows. */
  finish(): void
  /** The client must see that its response is incomplete. */
  abort(): void
}

/** A response that is given to many clients. Implementations keep their form of it here. */
export class PreparedAnswer {
  readonly status: number
  readonly reason: string
  readonly fields: OutgoingFields
  readonly length: number
  /** The content, one character per byte; null: it follows from elsewhere. */
  readonly body: string | null
  #text: string | null = null

  constructor(status: number, reason: string, fields: OutgoingFields, length: number, body: string | null) {
    this.status = status
    this.reason = reason
    this.fields = fields
    this.length = length
    this.body = body
  }

  /** What `make` made of it first. */
  text(make: (answer: PreparedAnswer) => string): string {
    this.#text ??= make(this)
    return this.#text
  }
}
