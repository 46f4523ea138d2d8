/** The request's way: its head and body from the client to the server, at the speed of the slower one. */
import { latin1 } from '../base/bytes.ts'
import type { Cause } from '../base/cause.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { OriginConnection } from '../net/origin-connection.ts'
import type { RequestHandler } from '../net/request-handler.ts'
import type { Edits } from '../wire/http/edits.ts'
import type { RequestHead } from '../wire/http/head.ts'
import type { Attempt } from './attempt.ts'
import { askForPlain } from './compression.ts'
import type { Deadlines } from './deadlines.ts'
import type { Streaming } from './streaming.ts'

/** The exchange whose request it is. */
export interface UploadOwner {
  readonly head: RequestHead
  readonly client: ClientRequest
  readonly deadlines: Deadlines
  /** The head of the final response has come. */
  readonly answered: boolean
  /** What is changed about the head on its way to a server. */
  readonly edits: Edits
  readonly streaming: Streaming
  fail(cause: Cause, detail: string): void
  readonly admission: { readonly queued: boolean }
  /** What is on its way to the client: a server's response, or a stored one. */
  readonly download: { clientDrained(): void }
  readonly delivery: { readonly begun: boolean; clientDrained(): void }
  readonly caching: { handOver(): void }
  over(cut: boolean): void
}

/** Content up to this many bytes is kept as text, so that it can be sent again. */
const KEPT = 16 * 1024

export class Upload implements RequestHandler {
  readonly #x: UploadOwner
  /** null until the request is sent for the first time. */
  #attempt: Attempt | null = null
  #origin: OriginConnection | null = null
  /** It has been sent once at least. */
  begun = false
  /** The request has been handed over completely. */
  done = false
  /** The content so far; null: it is too long, or did not come at once, to be sent again. */
  #kept: string | null = ''
  /** What was gathered has been sent at least once. */
  #flushed = false
  #tunnel = false
  /** The request has been edited for a server whose responses may be compressed here. */
  #edited = false

  constructor(x: UploadOwner) {
    this.#x = x
  }

  reset(): void {
    this.restart()
    this.begun = this.#tunnel = false
  }

  /** What is sent next is another request. */
  restart(): void {
    this.#attempt = this.#origin = null
    this.done = this.#flushed = this.#edited = false
    this.#kept = ''
  }

  /** Sends the request, or once more what was sent of it (see `repeatable`). */
  start(attempt: Attempt): void {
    const { origin } = attempt
    if (origin === null) return // dropped meanwhile
    const { head, client, deadlines, edits } = this.#x
    const { config } = attempt.route.upstream
    if (!this.#edited) askForPlain(head, attempt.route.config.compress, edits)
    this.#edited = true
    this.#attempt = attempt
    this.#origin = origin
    this.begun = true
    attempt.sent()
    // The head is written anew: another server may need another Host, and the cache may ask otherwise by now.
    origin.send({ head, edits, hop: client.hop, host: attempt.server.host, via: config.via })
    if (this.done) this.#sendAgain(origin)
    else if (client.bodyLeft) client.readBody(head.expectContinue)
    else {
      this.done = true
      origin.end('')
    }
    const out = origin.flush()
    this.#flushed = true
    if (!out) this.#pause(attempt)
    if (this.done) this.#sent(attempt)
    else if (head.expectContinue) deadlines.expect('first_byte_timeout', config.timeouts.firstByte)
    else if (out) deadlines.clear() // it is the client's turn
  }

  #sendAgain(origin: OriginConnection): void {
    if (this.#kept !== null && this.#kept !== '') origin.text(this.#kept)
    origin.end(this.#x.client.body.trailers)
  }

  /** Another exchange has sent the request already. */
  takeOver(): void {
    this.begun = this.done = true
    this.#kept = null
  }

  /** The server wants the body: it is the client's turn. */
  continued(): void {
    if (this.done) return
    this.#x.client.awaitBody()
    this.#x.deadlines.clear()
  }

  /** All of the request was sent in one write and is at hand, so it can be sent again. */
  get repeatable(): boolean {
    return this.done && this.#kept !== null
  }

  /** Bytes pass as they are from now on. */
  tunnel(): void {
    this.#tunnel = true
    this.done = false
    this.#x.client.tunnel()
    if (this.#x.client.halfClosed) this.clientEnded()
  }

  requestData(buf: Buffer, from: number, to: number): void {
    const origin = this.#origin
    if (origin === null) return
    const kept = this.#kept
    if (kept === null || this.#flushed || kept.length + to - from > KEPT) {
      this.#kept = null
      return origin.data(this.#x.client.source, buf, from, to)
    }
    const text = latin1(buf, from, to)
    this.#kept = kept + text
    origin.text(text)
  }

  requestEnd(): void {
    this.#origin?.end(this.#x.client.body.trailers)
    this.done = true
  }

  requestRead(): void {
    const attempt = this.#attempt
    if (attempt === null || this.#origin === null) return
    // While the request is being started, its head takes this along.
    if (!this.#flushed) return
    if (!this.#origin.flush()) this.#pause(attempt)
    else if (this.#tunnel) this.#x.streaming.expectTunnel()
    if (this.done) this.#sent(attempt)
  }

  requestBad(cause: Cause, detail: string): void {
    this.#x.fail(cause, detail)
  }

  /** The server has taken what was sent. */
  originDrained(): void {
    if (this.#attempt === null) return
    this.#x.client.resumeBody()
    if (this.#tunnel) this.#x.streaming.expectTunnel()
    else if (!this.done && !this.#x.answered) this.#x.deadlines.clear()
  }

  clientEnded(): void {
    if (this.#tunnel) {
      this.#origin?.endTunnel()
      this.#x.streaming.expectTunnel()
    }
    // Half-closed after its request: it may still be reading. A client that queues is taken to have left.
    else if (this.#x.admission.queued) this.#x.fail('client_gone', 'the client closed while it was waiting')
  }

  clientDrained(): void {
    const { delivery, download } = this.#x
    if (delivery.begun) delivery.clientDrained()
    else download.clientDrained()
  }

  clientGone(): void {
    const x = this.#x
    const origin = this.#attempt?.origin ?? null
    if (!this.#tunnel || x.client.source.error !== null) {
      // What the server has got of a broken tunnel must not pass for all there was.
      if (this.#tunnel) origin?.drop(true)
      x.caching.handOver()
      x.fail('client_gone', 'the client closed the connection')
    } else if (origin === null || origin.settled) x.over(false)
    // Else both sides have ended, and the server is still taking the client's last bytes.
  }

  /** The server takes nothing at the moment. */
  #pause({ route }: Attempt): void {
    if (this.done && !this.#tunnel) return
    this.#x.client.pauseBody()
    if (!this.#x.answered) this.#x.deadlines.expect('send_timeout', route.upstream.config.timeouts.betweenBytes)
  }

  #sent(attempt: Attempt): void {
    if (this.#x.answered || this.#tunnel) return
    attempt.sent()
    this.#x.deadlines.expect('first_byte_timeout', attempt.route.upstream.config.timeouts.firstByte)
  }
}
