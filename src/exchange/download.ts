/** The response's way: head and body from the server to the client, at the speed of the slower one; tunnels too. */
import type { Cause } from '../base/cause.ts'
import { httpDate, lately } from '../base/clock.ts'
import { isCacheMethod } from '../cache/key.ts'
import type { OriginUser } from '../net/origin.ts'
import { Outlet } from '../net/outlet.ts'
import { Field } from '../wire/fields.ts'
import { interimToClient, responseToClient } from '../wire/forward.ts'
import { chunkHead } from '../wire/framing.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import { wasOffered } from '../wire/upgrade.ts'
import type { Exchange } from './exchange.ts'
import { invalidate } from './invalidation.ts'
import type { Sequel } from './sequel.ts'

export class Download implements OriginUser {
  readonly #x: Exchange
  readonly #out = new Outlet()
  /** The head of the response has been seen. */
  begun = false
  /** How the response is framed towards the client. */
  framing: BodyKind = BodyKind.none
  #complete = false
  #held = false
  #keep = false
  #tunnel = false
  /** The client has the beginning already. */
  #sequel: Sequel | null = null

  constructor(x: Exchange) {
    this.#x = x
  }

  reset(): void {
    this.#out.reset()
    this.begun = this.#complete = this.#held = this.#keep = this.#tunnel = false
    this.framing = BodyKind.none
    this.#sequel = null
  }

  /** The client has the head and the beginning of the body from the store; what comes is to go on where that ends. */
  goOn(sequel: Sequel, framing: BodyKind, keep: boolean): void {
    this.#sequel = sequel
    this.framing = framing
    this.#keep = keep
  }

  /** Forgets the response of which nothing has left for the client yet. False: some of it has, or it opened a tunnel. */
  takeBack(): boolean {
    if (this.#tunnel || this.#sequel !== null || !this.#out.takeBack()) return false
    this.reset()
    return true
  }

  /** Whether it goes on with what came from the store. */
  get goesOn(): boolean {
    return this.#sequel !== null
  }

  /** Bytes sent to the client. */
  get bytes(): number {
    return this.#out.bytes
  }

  originConnected(): void {
    const x = this.#x
    const { origin, route } = x
    if (origin === null || route === null) return
    x.connectTook = lately() - x.connectFrom
    x.go({ at: 'connected', route, origin })
  }

  originInterim(head: ResponseHead): void {
    const { head: request, client } = this.#x
    if (this.#sequel !== null) return // the client is in the middle of a body
    // RFC 9110 §15.2: not to an HTTP/1.0 client; a 100 nobody asked for may be dropped (§10.1.1).
    if (request.minor === 0 || (head.status === 100 && !request.expectContinue)) return
    const text = interimToClient(head)
    this.#x.bytesOut += text.length
    if (!client.stream.say(text)) {
      this.#held = true
      this.#x.origin?.stream.pause()
    }
    if (head.status === 100) this.#x.upload.continued()
  }

  originHead(head: ResponseHead): void {
    const x = this.#x
    const { head: request, client, settings, route, server } = x
    if (route !== null && server !== null) route.pool.responses[server.index]!.add(1)
    if (head.status === 101 || (request.isConnect && head.status < 300)) return this.#openTunnel(head)
    if (!isCacheMethod(request.method)) invalidate(x, head)
    if (x.caching.waits && x.caching.answered(head)) return
    x.caching.passOn(head)
    if (this.#sequel !== null) {
      if (!this.#sequel.fits(head)) return x.fail('response_cut', 'fetched again, it was another response')
      this.begun = true
      x.phase = 'D'
      this.#out.open(client.stream)
      return x.expect('between_bytes_timeout', settings.timeouts.betweenBytes)
    }
    this.begun = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.releaseStream() // an upgrade that was declined is a request like any other
    if (settings.streams.after > 0) x.streamAt = x.sentAt + settings.streams.after
    // A body whose end only the closing tells is chunked for those who can read it (RFC 9112 §7.1), so that a cut shows.
    let framing = head.bodyKind
    if (framing === BodyKind.close || framing === BodyKind.chunked)
      framing = request.minor === 1 ? BodyKind.chunked : BodyKind.close
    this.framing = framing
    this.#keep = framing !== BodyKind.close && request.keepAlive && client.lasting && x.upload.done
    const connection = this.#keep ? (request.minor === 1 ? '' : 'keep-alive') : 'close'
    this.#out.open(client.stream)
    this.#out.text(
      responseToClient(head, {
        bodyKind: framing,
        contentLength: head.contentLength,
        connection,
        upgrade: false,
        // RFC 9110 §6.6.1: what comes without Date is passed on with one.
        extra: `${head.has(Field.date) ? '' : `Date: ${httpDate()}\r\n`}${x.stickyField()}${x.caching.line}`,
      }),
    )
    x.expect('between_bytes_timeout', settings.timeouts.betweenBytes)
  }

  #openTunnel(head: ResponseHead): void {
    const x = this.#x
    const { head: request, client, origin } = x
    if (origin === null) return
    const wrong = head.status === 101 ? faultOfSwitch(request.upgrade, head.upgrade) : null
    if (wrong !== null) return x.attemptFailed('response_bad', wrong, false)
    // RFC 9110 §7.8: what follows the request is the new protocol's, but not before the request is complete.
    if (!x.upload.done) return x.attemptFailed('response_bad', 'a tunnel before the request was complete', false)
    this.begun = this.#tunnel = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.deadline = 0
    this.#out.open(client.stream)
    this.#out.text(
      responseToClient(head, {
        bodyKind: BodyKind.none,
        contentLength: -1,
        connection: '',
        upgrade: head.status === 101,
        extra: x.stickyField(),
      }),
    )
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
    const chunked = this.framing === BodyKind.chunked && !this.#tunnel
    if (chunked) this.#out.text(chunkHead(to - at))
    this.#out.data(origin.stream, buf, at, to)
    if (chunked) this.#out.text('\r\n')
  }

  originRead(): void {
    if (!this.begun || this.#complete) return
    const x = this.#x
    if (!this.#out.flush()) {
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
    if (this.framing === BodyKind.chunked) this.#out.text(`0\r\n${origin.body.trailers}\r\n`)
    const out = this.#out.flush()
    x.origin = null
    if (x.upload.done) route.pool.idle[server.index]!.keep(origin, out)
    else origin.drop() // part of the request is still on its way: nothing else may follow it
    // The server is done, so its slot is free, even while the client is still reading.
    x.releaseSlot()
    if (out) return x.over(this.#keep, false)
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
    const x = this.#x
    this.#out.flush()
    // It has said its last word; the client may go on. When both have, their connections close, each when all is out.
    x.client.stream.end()
  }

  originLeft(): void {
    this.#x.over(false, false)
  }

  clientDrained(): void {
    const x = this.#x
    if (this.#complete) return x.over(this.#keep, false)
    if (!this.#held) return
    this.#held = false
    x.origin?.stream.resume()
    if (this.#tunnel) x.expect('tunnel_idle', x.settings.timeouts.tunnelIdle)
    else if (this.begun) x.expect('between_bytes_timeout', x.settings.timeouts.betweenBytes)
  }
}

/** What is wrong with a 101 that switches to these protocols, for a request that offered those; null: nothing. */
function faultOfSwitch(offered: string | null, switched: string | null): string | null {
  if (offered === null) return 'a 101 response nobody asked for'
  if (switched === null) return 'a 101 response that names no protocol'
  return wasOffered(offered, switched) ? null : 'a 101 response to a protocol that was not offered'
}
