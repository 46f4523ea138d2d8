/** The request's way: its head and body from the client to the server, at the speed of the slower one. */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import type { OriginConnection } from '../net/http1/origin-connection.ts'
import type { RequestHandler } from '../net/request-handler.ts'
import { OutputBuffer } from '../net/transport/output-buffer.ts'
import { BodyKind } from '../wire/http/head.ts'
import { requestToServer } from '../wire/http1/forward.ts'
import { chunkHead } from '../wire/http1/framing.ts'
import { askForPlain } from './compression.ts'
import { expectTunnel } from './deadlines.ts'
import type { Exchange } from './exchange.ts'

export class Upload implements RequestHandler {
  readonly #x: Exchange
  readonly #out = new OutputBuffer()
  #origin: OriginConnection | null = null
  /** The request has been handed over completely. */
  done = false
  /** Characters of the head as it was sent. */
  #headLength = 0
  #tunnel = false

  constructor(x: Exchange) {
    this.#x = x
  }

  reset(): void {
    this.#out.reset()
    this.#origin = null
    this.done = false
    this.#tunnel = false
  }

  /** Sends the request, or once more what was sent of it (see `repeatable`). */
  start(origin: OriginConnection): void {
    const { head, client, edits, poolConfig, server } = this.#x
    askForPlain(this.#x)
    const again = this.#out.first
    // The head is written anew: another server may need another Host, and the cache may ask otherwise by now.
    const lines = requestToServer(head, client.hop, edits, server?.host, poolConfig.via)
    const body = again === null ? '' : again.slice(this.#headLength)
    this.#headLength = lines.length
    this.#origin = origin
    this.#out.reset()
    this.#out.open(origin.transport)
    this.#x.sentAt = lately()
    origin.expectResponse(head.method)
    this.#out.text(body === '' ? lines : lines + body)
    if (client.bodyLeft) client.readBody(head.expectContinue)
    else this.done = true
    const out = this.#out.flush()
    if (!out) this.#hold()
    if (this.done) this.#sent()
    else if (head.expectContinue) this.#x.expect('first_byte_timeout', this.#timeouts.firstByte)
    else if (out) this.#x.clearTimeout() // it is the client's turn
  }

  /** The server wants the body: it is the client's turn. */
  continued(): void {
    if (this.done) return
    this.#x.client.awaitBody()
    this.#x.clearTimeout()
  }

  /** All of the request lies in one write, so it can be sent again. */
  get repeatable(): boolean {
    return this.done && this.#out.first !== null
  }

  /** Bytes pass as they are from now on. */
  tunnel(): void {
    this.#tunnel = true
    this.done = false
    this.#x.client.tunnel()
    if (this.#x.client.halfClosed) this.clientEnded()
  }

  requestData(buf: Buffer, from: number, to: number): void {
    const chunked = this.#x.head.bodyKind === BodyKind.chunked && !this.#tunnel
    if (chunked) this.#out.text(chunkHead(to - from))
    this.#out.data(this.#x.client.source, buf, from, to)
    if (chunked) this.#out.text('\r\n')
  }

  requestEnd(): void {
    if (this.#x.head.bodyKind === BodyKind.chunked) this.#out.text(`0\r\n${this.#x.client.body.trailers}\r\n`)
    this.done = true
  }

  requestRead(): void {
    if (this.#origin === null) return
    const first = this.#out.writes === 0
    if (!this.#out.flush()) this.#hold()
    else if (this.#tunnel) expectTunnel(this.#x)
    if (this.done && !first) this.#sent()
  }

  requestBad(cause: Cause, detail: string): void {
    this.#x.fail(cause, detail)
  }

  /** The server has taken what was sent. */
  originDrained(): void {
    if (this.#origin === null) return
    this.#x.client.resumeBody()
    if (this.#tunnel) expectTunnel(this.#x)
    else if (!this.done && !this.#x.download.begun) this.#x.clearTimeout()
  }

  clientEnded(): void {
    if (this.#tunnel) {
      this.#origin?.transport.end()
      expectTunnel(this.#x)
    }
    // Half-closed after its request: it may still be reading. One who stands in a line is taken to have left it.
    else if (this.#x.queueFrom >= 0) this.#x.fail('client_gone', 'the client closed while it was waiting')
  }

  clientDrained(): void {
    const { delivery, download } = this.#x
    if (delivery.begun) delivery.clientDrained()
    else download.clientDrained()
  }

  clientGone(): void {
    const { client } = this.#x
    if (!this.#tunnel || client.source.error !== null) {
      // What the server has got of a broken tunnel must not pass for all there was.
      if (this.#tunnel) this.#origin?.drop(true)
      this.#x.caching.handOver()
      this.#x.fail('client_gone', 'the client closed the connection')
    } else if (this.#origin === null || this.#origin.transport.settled()) this.#x.over(false)
    // Else both sides have said their last word, and the server is still taking the client's.
  }

  /** The server takes nothing at the moment. */
  #hold(): void {
    if (this.done && !this.#tunnel) return
    this.#x.client.pauseBody()
    if (!this.#x.download.begun) this.#x.expect('send_timeout', this.#timeouts.betweenBytes)
  }

  #sent(): void {
    if (this.#x.download.begun || this.#tunnel) return
    this.#x.sentAt = lately()
    this.#x.expect('first_byte_timeout', this.#timeouts.firstByte)
  }

  get #timeouts() {
    return this.#x.poolConfig.timeouts
  }
}
