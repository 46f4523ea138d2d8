/** The response's way: head and body from the server to the client, at the speed of the slower one; tunnels too. */

import { latin1 } from '../base/bytes.ts'
import type { Cause } from '../base/cause.ts'
import { httpDate, lately } from '../base/clock.ts'
import { isCacheMethod } from '../cache/key/key.ts'
import type { OriginUser } from '../net/http1/origin-connection.ts'
import { dateLine } from '../wire/http/date-line.ts'
import type { FieldLine } from '../wire/http/edits.ts'
import { Field } from '../wire/http/fields.ts'
import { BodyKind, type ResponseHead } from '../wire/http/head.ts'
import { isEndless } from '../wire/http/media-type.ts'
import { passInterim, passResponse, viaLine } from '../wire/http1/forward.ts'
import { wasOffered } from '../wire/http1/upgrade.ts'
import { invalidate } from './cache/invalidate-target.ts'
import { codeOnTheWay } from './compression.ts'
import { Compressor, type CompressorUser } from './compressor.ts'
import { armTimer, becomeStream, expectTunnel, occupantOf } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import { atArrived, atLeaving } from './hook-points.ts'

export class Download implements OriginUser, CompressorUser {
  readonly #x: Exchange
  /** The head of the response has been seen. */
  begun = false
  #complete = false
  #held = false
  #tunnel = false
  /** Of a response that is kept back whole. */
  #trailers = ''
  /** The answer is kept back until what it has changed is known to all threads; see invalidation.ts. */
  #keptBack = false
  /** Compresses the body; null: it passes as it is. */
  #compressor: Compressor | null = null

  constructor(x: Exchange) {
    this.#x = x
  }

  reset(): void {
    this.begun = this.#complete = this.#held = this.#tunnel = this.#keptBack = false
    this.#trailers = ''
    this.#compressor?.close()
    this.#compressor = null
  }

  /** Forgets the response of which nothing has left for the client yet. False: some of it has, or it opened a tunnel. */
  takeBack(): boolean {
    if (this.#tunnel || !this.#x.responder.takeBack()) return false
    this.reset()
    return true
  }

  originConnected(): void {
    const x = this.#x
    const { origin, route } = x
    if (origin === null || route === null) return
    x.connectTook = lately() - x.connectFrom
    x.go({ at: 'connected', route, origin })
  }

  originInterim(head: ResponseHead): void {
    const x = this.#x
    const { head: request, responder, origin } = x
    if (head.status === 100 && !request.expectContinue) return // nobody asked for it (RFC 9110 §10.1.1)
    if (!responder.interim(head.status, head.reason, passInterim(x.fields, head))) {
      this.#held = true
      origin?.transport.pause()
    }
    if (head.status === 100) this.#x.upload.continued()
  }

  originHead(received: ResponseHead): void {
    const x = this.#x
    let head: ResponseHead | null = received
    const { head: request, responder, poolConfig, route, server } = x
    if (route !== null && server !== null) route.pool.responses[server.index]!.add(1)
    x.attempt?.answered(head.status)
    x.tenure.answered()
    const { arrived } = x.listener.hooks
    if (arrived !== null) head = atArrived(x, arrived, head)
    if (head === null) return
    if (head.status === 101 || (request.isConnect && head.status < 300)) return this.#openTunnel(head)
    const changed = isCacheMethod(request.method) ? null : invalidate(x, head)
    if (changed !== null) this.#keepBack(changed)
    if (x.caching.waits && x.caching.answered(head)) return
    this.begun = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.releaseStreamPermit() // an upgrade that was declined is a request like any other
    const endless = isEndless(head, poolConfig.streams.types)
    if (poolConfig.streams.after > 0 && !endless) x.streamAt = x.sentAt + poolConfig.streams.after
    // What is kept back is short, and leaves all at once.
    const { bodyKind } = head
    const chunked = bodyKind === BodyKind.chunked
    const fields = passResponse(x.fields, head, chunked && responder.trailers)
    // RFC 9110 §6.6.1: what comes without Date is passed on with one.
    if (!head.has(Field.date)) fields.edits.add(dateLine(httpDate()))
    const coding = this.#keptBack ? null : codeOnTheWay(x, head, fields.edits)
    const tie = tieTo(x)
    if (tie !== null) fields.edits.add(tie)
    x.caching.passOn(fields.edits)
    const via = viaLine(head, x.listener.config.via)
    if (via !== null) fields.edits.add(via)
    const known = coding === null && !chunked && bodyKind !== BodyKind.close
    const content = bodyKind !== BodyKind.none
    responder.head(
      head.status,
      head.reason,
      atLeaving(x, head.status, fields),
      known ? head.contentLength : -1,
      content,
    )
    if (coding !== null && content) this.#compressor = new Compressor(coding, this, x.context.wheel)
    x.expect('between_bytes_timeout', poolConfig.timeouts.betweenBytes)
    if (!endless) return
    becomeStream(x)
    armTimer(x)
  }

  #keepBack(changed: Promise<void>): void {
    const x = this.#x
    const { serial } = x
    this.#keptBack = true
    const go = (): void => {
      if (x.serial === serial) this.#letGo()
    }
    changed.then(go, (error: unknown) => {
      x.context.defect(error)
      go()
    })
  }

  /** What was kept back leaves, and the rest follows. */
  #letGo(): void {
    const x = this.#x
    this.#keptBack = false
    if (this.#complete) return this.#finish(x.responder.end(this.#trailers))
    x.origin?.transport.resume()
    this.originRead()
  }

  #openTunnel(head: ResponseHead): void {
    const x = this.#x
    const { origin } = x
    if (origin === null) return
    const wrong = head.status === 101 ? faultOfSwitch(x.edits.upgrade(x.head), head.upgrade) : null
    if (wrong !== null) return x.attemptFailed('response_bad', wrong, false)
    // RFC 9110 §7.8: what follows the request is the new protocol's, but not before the request is complete.
    if (!x.upload.done) return x.attemptFailed('response_bad', 'a tunnel before the request was complete', false)
    this.begun = this.#tunnel = true
    x.firstByteAt = lately()
    x.phase = 'D'
    x.status = head.status
    x.deadline = 0
    const fields = passResponse(x.fields, head, false)
    const tie = tieTo(x)
    if (tie !== null) fields.edits.add(tie)
    const via = viaLine(head, x.listener.config.via)
    if (via !== null) fields.edits.add(via)
    x.responder.tunnel(
      head.status,
      head.reason,
      atLeaving(x, head.status, fields),
      head.status === 101 ? head.upgrade : null,
    )
    origin.tunnel()
    x.upload.tunnel()
    // From here on it is a stream and counts as one; what requests compete for is free again.
    x.releaseServerPermit()
    x.releaseRoutePermit()
    const of = occupantOf(x)
    if (of !== null) x.tenure.becomeStream(x.context.occupants, of)
    expectTunnel(x)
  }

  originData(buf: Buffer, from: number, to: number): void {
    const { origin } = this.#x
    if (origin === null) return
    if (this.#compressor !== null) return this.#compressor.take(buf, from, to)
    const { responder } = this.#x
    // What is kept back outlives the buffer of this read; no more is read meanwhile.
    if (this.#keptBack) responder.text(latin1(buf, from, to))
    else responder.data(origin.transport, buf, from, to)
  }

  originRead(): void {
    if (!this.begun || this.#complete) return
    const x = this.#x
    if (this.#keptBack) {
      x.origin?.transport.pause()
      return x.clearTimeout()
    }
    // Its first piece takes the head along.
    if (this.#compressor?.work() === true) {
      x.origin?.transport.pause()
      return x.clearTimeout()
    }
    if (!x.responder.flush()) {
      this.#held = true
      x.origin?.transport.pause()
      if (this.#tunnel) expectTunnel(x)
      else x.expect('client_stalled', x.listener.config.timeouts.send)
    } else if (this.#tunnel) expectTunnel(x)
    else x.expect('between_bytes_timeout', x.poolConfig.timeouts.betweenBytes)
  }

  originEnd(): void {
    const x = this.#x
    const { origin, route, server } = x
    if (origin === null || route === null || server === null) return
    const compressor = this.#compressor
    const later = this.#keptBack || compressor !== null
    if (compressor !== null) compressor.end()
    else this.#complete = true
    if (this.#keptBack) this.#trailers = origin.body.trailers
    // What is kept back or compressed lies in the buffer of the connection no more.
    const out = later || x.responder.end(origin.body.trailers)
    x.origin = null
    if (x.upload.done) route.pool.idle[server.index]!.keep(origin, out)
    else origin.drop() // part of the request is still on its way: nothing else may follow it
    // The server is done, so its slot is free, even while the client is still reading.
    x.releaseServerPermit()
    if (later) x.clearTimeout()
    else this.#finish(out)
  }

  /** Nothing more follows. `out`: all of it has left. */
  #finish(out: boolean): void {
    const x = this.#x
    if (out) return x.over(false)
    x.phase = 'L'
    x.expect('client_stalled', x.listener.config.timeouts.send)
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
    expectTunnel(this.#x)
  }

  originLeft(): void {
    this.#x.over(false)
  }

  clientDrained(): void {
    const x = this.#x
    if (this.#keptBack) return
    if (this.#complete) return x.over(false)
    if (!this.#held) return
    this.#held = false
    // The server has its turn when the compressor is done with what it has.
    if (this.#compressor !== null) {
      x.clearTimeout()
      if (!this.#compressor.work()) this.codedAll()
      return this.#compressor.resume()
    }
    x.origin?.transport.resume()
    if (this.#tunnel) expectTunnel(x)
    else if (this.begun) x.expect('between_bytes_timeout', x.poolConfig.timeouts.betweenBytes)
  }

  coded(piece: Buffer): boolean {
    const x = this.#x
    x.responder.borrowed(piece)
    if (x.responder.flush()) return true
    this.#held = true
    x.origin?.transport.pause()
    x.expect('client_stalled', x.listener.config.timeouts.send)
    return false
  }

  codedAll(): void {
    const x = this.#x
    if (this.#held || x.origin === null) return
    x.origin.transport.resume()
    x.expect('between_bytes_timeout', x.poolConfig.timeouts.betweenBytes)
  }

  codedEnd(): void {
    this.#complete = true
    this.#finish(this.#x.responder.end(''))
  }

  codingFailed(error: unknown): void {
    this.#x.context.defect(error)
    this.#x.over(true)
  }
}

/** The line that makes the client come back to this server; null where that is not wanted. */
function tieTo({ route, server, prefer }: Exchange): FieldLine | null {
  return route === null || server === null ? null : route.pool.pool.stickyField(prefer, server.index)
}

/** What is wrong with a 101 that switches to these protocols, for a request that offered those; null: nothing. */
function faultOfSwitch(offered: string | null, switched: string | null): string | null {
  if (offered === null) return 'a 101 response nobody asked for'
  if (switched === null) return 'a 101 response that names no protocol'
  return wasOffered(offered, switched) ? null : 'a 101 response to a protocol that was not offered'
}
