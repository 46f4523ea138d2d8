/**
 * A client of another protocol than HTTP/1, without a socket: its request is handed over as a head and pieces of content,
 * its response comes back as status, names with values, and content.
 */
import { monotonic } from '../../src/base/clock.ts'
import type { ClientRequest } from '../../src/net/client-request.ts'
import type { RequestHandler } from '../../src/net/request-handler.ts'
import type { PreparedAnswer, ReadSource, Responder, WholeAnswer } from '../../src/net/responder.ts'
import { RequestHead } from '../../src/wire/http/head.ts'
import { eachField, type OutgoingFields } from '../../src/wire/http/outgoing-fields.ts'
import { parseRequest } from '../../src/wire/http1/request.ts'

const LIMITS = { line: 8192, head: 65_536, fields: 100 }

export type Pairs = readonly (readonly [name: string, value: string])[]

export class MemoryResponder implements Responder {
  status = 0
  fields: Pairs = []
  /** As stated; -1: not known before the end. */
  length = -1
  content = ''
  ending: Pairs = []
  readonly interims: { readonly status: number; readonly fields: Pairs }[] = []
  ended: 'open' | 'whole' | 'cut' = 'open'
  bytes = 0
  begun = false
  open = true
  ready = true
  readonly trailers = true
  readonly plain: boolean
  /** Resolves when the response is whole, or was cut. */
  readonly done: Promise<void>
  readonly #resolve: () => void
  /** Some of the final response has left, so that it cannot be taken back. */
  #left = false

  constructor(plain: boolean) {
    this.plain = plain
    const { promise, resolve } = Promise.withResolvers<void>()
    this.done = promise
    this.#resolve = resolve
  }

  /** The value of a field; null: it has none of that name. */
  field(name: string): string | null {
    return this.fields.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
  }

  interim(status: number, _reason: string, fields: OutgoingFields): boolean {
    this.interims.push({ status, fields: pairsOf(fields) })
    return this.ready
  }

  head(status: number, _reason: string, fields: OutgoingFields, length: number): void {
    this.begun = true
    this.status = status
    this.fields = pairsOf(fields)
    this.length = length
    // As on a connection, what is given leaves when the present turn is over.
    queueMicrotask(() => {
      this.#left = this.begun
    })
  }

  tunnel(status: number, reason: string, fields: OutgoingFields): void {
    this.head(status, reason, fields, -1)
    this.#left = true
  }

  text(text: string): void {
    this.bytes += text.length
    this.content += text
  }

  data(_source: ReadSource, buf: Buffer, from: number, to: number): void {
    this.text(buf.toString('latin1', from, to))
  }

  borrowed(piece: Buffer): void {
    this.data(this.nowhere, piece, 0, piece.length)
  }

  readonly nowhere: ReadSource = { error: null, owns: () => false }

  last(piece: Buffer, keeper: Disposable): void {
    this.borrowed(piece)
    keeper[Symbol.dispose]()
  }

  flush(): boolean {
    return this.ready
  }

  end(trailers: string): boolean {
    const pairs: [string, string][] = []
    eachField(trailers, (name, value) => pairs.push([name, value]))
    this.ending = pairs
    return this.ready
  }

  takeBack(): boolean {
    if (this.#left) return false
    this.begun = false
    this.status = 0
    this.fields = []
    this.content = ''
    return true
  }

  endTunnel(): void {
    this.ended = 'whole'
  }

  answer({ status, reason, fields, body }: WholeAnswer): void {
    this.head(status, reason, fields, body.length)
    this.text(body)
  }

  prepared({ status, reason, fields, length, body }: PreparedAnswer): void {
    this.head(status, reason, fields, length)
    if (body !== null) this.text(body)
  }

  finish(): void {
    this.ended = 'whole'
    this.#resolve()
  }

  abort(): void {
    this.ended = 'cut'
    this.#resolve()
  }
}

export class MemoryClient implements ClientRequest {
  readonly responder: MemoryResponder
  readonly head: RequestHead
  readonly hop
  readonly port = 4711
  readonly startedAt = monotonic()
  readonly bytesIn = 0
  readonly source: ReadSource = { error: null, owns: () => false }
  readonly body = { received: 0, trailers: '' }
  halfClosed = false
  #handler: RequestHandler | null = null
  readonly #pieces: Buffer[]
  #wanted = false
  #paused = false

  /** `request`: start line and fields with CRLF between them; `pieces` of the content. */
  constructor(request: string, pieces: readonly string[] = [], peer = '192.0.2.1') {
    this.#pieces = pieces.map((piece) => Buffer.from(piece, 'latin1'))
    this.head = headOf(request, pieces.join('').length)
    this.responder = new MemoryResponder(!this.head.isHead)
    this.hop = { name: 'gate', peer, proto: 'https', trusted: false, xForwarded: true, forwarded: false } as const
  }

  get bodyLeft(): boolean {
    return this.#pieces.length > 0
  }

  serve(handler: RequestHandler): void {
    this.#handler = handler
  }

  readBody(): void {
    this.#wanted = true
    this.#give()
  }

  awaitBody(): void {}

  pauseBody(): void {
    this.#paused = true
  }

  resumeBody(): void {
    this.#paused = false
    this.#give()
  }

  /** Every piece is a read of its own, as on a connection. */
  #give(): void {
    const handler = this.#handler
    while (handler !== null && this.#wanted && !this.#paused && this.#pieces.length > 0) {
      const piece = this.#pieces.shift()!
      handler.requestData(piece, 0, piece.length)
      if (this.#pieces.length === 0) handler.requestEnd()
      handler.requestRead()
    }
  }

  tunnel(): void {}

  /** The client takes what waits for it. */
  drain(): void {
    this.responder.ready = true
    this.#handler?.clientDrained()
  }

  /** The client is gone. */
  leave(): void {
    this.responder.open = false
    this.#handler?.clientGone()
  }
}

function pairsOf(fields: OutgoingFields): Pairs {
  const pairs: [string, string][] = []
  fields.each((name, value) => pairs.push([name, value]))
  return pairs
}

function headOf(request: string, length: number): RequestHead {
  const own = length > 0 ? `Content-Length: ${length}\r\n` : ''
  const bytes = Buffer.from(`${request}\r\n${own}\r\n`, 'latin1')
  const head = new RequestHead()
  if (parseRequest(head, bytes, 0, bytes.length, LIMITS) <= 0) throw new Error(`no request: ${head.detail}`)
  return head
}
