/** The response's way: head and body from the server to the client, at the speed of the slower one; tunnels too. */
import type { Cause } from '../base/cause.ts'
import { httpDate, lately } from '../base/clock.ts'
import { isCacheMethod } from '../cache/key.ts'
import type { OriginUser } from '../net/origin.ts'
import { Field } from '../wire/fields.ts'
import { interimLines, responseLines } from '../wire/forward.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import type { Exchange } from './exchange.ts'
import { invalidate } from './invalidation.ts'
import type { Sequel } from './sequel.ts'

export class Download implements OriginUser {
  readonly #x: Exchange
  /** The head of the response has been seen. */
  begun = false
  #complete = false
  #held = false
  #tunnel = false
  /** The client has the beginning already. */
  #sequel: Sequel | null = null

  constructor(x: Exchange) {
    this.#x = x
  }

  reset(): void {
    this.begun = this.#complete = this.#held = this.#tunnel = false
    this.#sequel = null
  }

  /** The client has the head and the beginning of the body from the store; what comes is to go on where that ends. */
  goOn(sequel: Sequel): void {
    this.#sequel = sequel
  }

  /** Whether it goes on with what came from the store. */
  get goesOn(): boolean {
    return this.#sequel !== null
  }

  originConnected(): void {
    const x = this.#x
    const { origin, route } = x
    if (origin === null || route === null) return
    x.connectTook = lately() - x.connectFrom
    x.go({ at: 'connected', route, origin })
  }

  originInterim(head: ResponseHead): void {
    const { head: request, responder, origin } = this.#x
    if (this.#sequel !== null) return // the client is in the middle of a body
    if (head.status === 100 && !request.expectContinue) return // nobody asked for it (RFC 9110 §10.1.1)
    if (!responder.interim(head.status, head.reason, interimLines(head))) {
      this.#held = true
      origin?.stream.pause()
    }
    if (head.status === 100) this.#x.upload.continued()
  }

  originHead(head: ResponseHead): void {
    const x = this.#x
    const { head: request, responder, settings, route, server } = x
    if (route !== null && server !== null) route.pool.responses[server.index]!.add(1)
    x.attempt?.answered(head.status)
    if (head.status === 101 || (request.isConnect && head.status < 300)) return this.#openTunnel(head)
    if (!isCacheMethod(request.method)) invalidate(x, head)
    if (x.caching.waits && x.caching.answered(head)) return
    x.caching.passOn(head)
    if (this.#sequel !== null) {
      if (!this.#sequel.fits(head)) return x.fail('response_cut', 'fetched again, it was another response')
      this.begun = true
      x.phase = 'D'
      return x.expect('between_bytes_timeout', settings.timeouts.betweenBytes)
    }
    this.begun = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.releaseStream() // an upgrade that was declined is a request like any other
    if (settings.streams.after > 0) x.streamAt = x.sentAt + settings.streams.after
    const { bodyKind } = head
    const chunked = bodyKind === BodyKind.chunked
    // RFC 9110 §6.6.1: what comes without Date is passed on with one.
    const date = head.has(Field.date) ? '' : `Date: ${httpDate()}\r\n`
    const lines = responseLines(head, chunked && responder.trailers) + date + x.stickyField() + x.caching.line
    const length = chunked || bodyKind === BodyKind.close ? -1 : head.contentLength
    responder.head(head.status, head.reason, lines, length, bodyKind !== BodyKind.none)
    x.expect('between_bytes_timeout', settings.timeouts.betweenBytes)
  }

  #openTunnel(head: ResponseHead): void {
    const x = this.#x
    const { head: request, origin } = x
    if (origin === null) return
    if (!request.isConnect && request.upgrade === null) {
      return x.attemptFailed('response_bad', 'a 101 response nobody asked for', false)
    }
    if (!request.isConnect && head.upgrade === null) {
      return x.attemptFailed('response_bad', 'a 101 response that names no protocol', false)
    }
    // RFC 9110 §7.8: what follows the request is the new protocol's, but not before the request is complete.
    if (!x.upload.done) return x.attemptFailed('response_bad', 'a tunnel before the request was complete', false)
    this.begun = this.#tunnel = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.deadline = 0
    const lines = responseLines(head, false) + x.stickyField()
    x.responder.tunnel(head.status, head.reason, lines, request.isConnect ? null : head.upgrade)
    origin.tunnel()
    x.upload.tunnel()
    // From here on it is a stream and counts as one; what requests compete for is free again.
    x.releaseSlot()
    x.releasePlace()
    x.expect('tunnel_idle', x.settings.timeouts.tunnelIdle)
  }

  originData(buf: Buffer, from: number, to: number): void {
    const { origin } = this.#x
    if (origin === null) return
    const at = this.#sequel === null ? from : this.#sequel.skip(buf, from, to)
    if (at < 0) return this.#x.fail('response_cut', 'fetched again, it was another response')
    if (at === to) return
    this.#x.responder.data(origin.stream, buf, at, to)
  }

  originRead(): void {
    if (!this.begun || this.#complete) return
    const x = this.#x
    if (!x.responder.flush()) {
      this.#held = true
      x.origin?.stream.pause()
      x.expect(
        this.#tunnel ? 'tunnel_idle' : 'client_stalled',
        this.#tunnel ? x.settings.timeouts.tunnelIdle : x.client.context.config.timeouts.send,
      )
    } else if (this.#tunnel) x.expect('tunnel_idle', x.settings.timeouts.tunnelIdle)
    else x.expect('between_bytes_timeout', x.settings.timeouts.betweenBytes)
  }

  originEnd(): void {
    const x = this.#x
    const { origin, route, server, client } = x
    if (origin === null || route === null || server === null) return
    if (this.#sequel?.done === false) return x.fail('response_cut', 'fetched again, it was shorter')
    this.#complete = true
    const out = x.responder.end(origin.body.trailers)
    x.origin = null
    if (x.upload.done) route.pool.idle[server.index]!.keep(origin, out)
    else origin.drop() // part of the request is still on its way: nothing else may follow it
    // The server is done, so its slot is free, even while the client is still reading.
    x.releaseSlot()
    if (out) return x.over(false)
    x.phase = 'L'
    x.expect('client_stalled', client.context.config.timeouts.send)
  }

  originFailed(cause: Cause, detail: string, unsent: boolean): void {
    const x = this.#x
    if (this.begun) x.fail(cause, detail)
    else x.attemptFailed(cause, detail, unsent)
  }

  originDrained(): void {
    this.#x.upload.originDrained()
  }

  originClosed(): void {
    // It has said its last word; the client may go on. When both have, their connections close, each when all is out.
    this.#x.responder.endTunnel()
  }

  originLeft(): void {
    this.#x.over(false)
  }

  clientDrained(): void {
    const x = this.#x
    if (this.#complete) return x.over(false)
    if (!this.#held) return
    this.#held = false
    x.origin?.stream.resume()
    if (this.#tunnel) x.expect('tunnel_idle', x.settings.timeouts.tunnelIdle)
    else if (this.begun) x.expect('between_bytes_timeout', x.settings.timeouts.betweenBytes)
  }
}
