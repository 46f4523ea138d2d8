/** The response's way: head and body from the server to the client, at the speed of the slower one; tunnels too. */

import { latin1 } from '../base/bytes.ts'
import type { Cause } from '../base/cause.ts'
import { httpDate } from '../base/clock.ts'
import { isCacheMethod } from '../cache/key/key.ts'
import type { Coding } from '../cache/serve/coding.ts'
import type { RouteConfig } from '../config/model.ts'
import type { OriginUser } from '../net/origin-connection.ts'
import type { Responder } from '../net/responder.ts'
import { dateLine } from '../wire/http/date-line.ts'
import type { Edits, FieldLine } from '../wire/http/edits.ts'
import { Field } from '../wire/http/fields.ts'
import { BodyKind, type ResponseHead } from '../wire/http/head.ts'
import { isEndless } from '../wire/http/media-type.ts'
import type { OutgoingFields } from '../wire/http/outgoing-fields.ts'
import { passInterim, passResponse, viaLine } from '../wire/http1/forward.ts'
import { wasOffered } from '../wire/http1/upgrade.ts'
import type { Attempt } from './attempt.ts'
import { codeOnTheWay } from './compression.ts'
import { Compressor, type CompressorUser } from './compressor.ts'
import type { ExchangeContext } from './context.ts'
import type { Deadlines } from './deadlines.ts'
import type { Ending } from './ending.ts'
import { type AnsweredExchange, atArrived, atLeaving } from './hook-points.ts'
import type { Streaming } from './streaming.ts'
import type { Upload } from './upload.ts'

/** The cache's part, as far as a response on its way concerns it. */
export interface ResponseCaching {
  /** The server has answered. True: the cache has taken the response. */
  answered(head: ResponseHead): boolean
  /** The response goes to the client as it came, but for these edits of the cache. */
  passOn(edits: Edits): void
  /** An unsafe request was answered: removes what it has changed. Not null: wait with the answer until all threads know. */
  invalidate(head: ResponseHead): Promise<void> | null
  /** Names of the targeted fields that rule how the response may be cached. */
  readonly targeted: readonly string[]
}

/** The exchange whose response it is. */
export interface DownloadOwner extends AnsweredExchange {
  readonly context: ExchangeContext
  /** The fields of the head that goes to the client. */
  readonly fields: OutgoingFields
  readonly responder: Responder
  readonly upload: Upload
  readonly caching: ResponseCaching
  readonly deadlines: Deadlines
  readonly ending: Ending
  readonly streaming: Streaming
  /** Tells whether a later callback still concerns the same request. */
  readonly serial: number
  /** The line that makes the client come back to its server; null where that is not wanted. */
  readonly stickyLine: FieldLine | null
  /** There is a connection to the server now. */
  connected(attempt: Attempt): void
  fail(cause: Cause, detail: string): void
  over(cut: boolean): void
}

export class Download implements OriginUser, CompressorUser {
  readonly #x: DownloadOwner
  /** The attempt whose response comes; set before its connection tells anything. */
  #attempt!: Attempt
  /** The head of the response has been seen. */
  begun = false
  #complete = false
  /** The client takes nothing at the moment, so nothing is read from the server. */
  #paused = false
  #tunnel = false
  /** Of a response that is kept back whole. */
  #trailers = ''
  /** The answer is kept back until what it has changed is known to all threads; see invalidate-target.ts. */
  #keptBack = false
  /** Compresses the body; null: it passes as it is. */
  #compressor: Compressor | null = null

  constructor(x: DownloadOwner) {
    this.#x = x
  }

  reset(): void {
    this.begun = this.#complete = this.#paused = this.#tunnel = this.#keptBack = false
    this.#trailers = ''
    this.#compressor?.close()
    this.#compressor = null
  }

  /** The response of this attempt is expected. */
  expect(attempt: Attempt): void {
    this.#attempt = attempt
  }

  /** Forgets the response of which nothing has left for the client yet. False: some of it has, or it opened a tunnel. */
  takeBack(): boolean {
    if (this.#tunnel || !this.#x.responder.takeBack()) return false
    this.reset()
    return true
  }

  originConnected(): void {
    this.#attempt.connected()
    this.#x.connected(this.#attempt)
  }

  originInterim(head: ResponseHead): void {
    const { head: request, responder, upload, fields } = this.#x
    if (head.status === 100 && !request.expectContinue) return // it was not asked for (RFC 9110 §10.1.1)
    if (!responder.interim(head.status, head.reason, passInterim(fields, head))) this.#pause()
    if (head.status === 100) upload.continued()
  }

  originHead(received: ResponseHead): void {
    const x = this.#x
    let head: ResponseHead | null = received
    const attempt = this.#attempt
    const { head: request, responder, caching, deadlines, ending } = x
    attempt.answered(head.status)
    const { arrived } = x.listener.hooks
    if (arrived !== null) head = atArrived(x, attempt, arrived, head)
    if (head === null) return
    if (head.status === 101 || (request.isConnect && head.status < 300)) return this.#openTunnel(head)
    const changed = isCacheMethod(request.method) ? null : caching.invalidate(head)
    if (changed !== null) this.#keepBack(changed)
    if (caching.answered(head)) return
    const { config } = attempt.route.upstream
    this.begun = true
    ending.begin(head.status)
    x.admission.releaseStream() // an upgrade that was declined is a request like any other
    const endless = isEndless(head, config.streams.types)
    if (config.streams.after > 0 && !endless) deadlines.becomeStreamAt(attempt.sentAt + config.streams.after)
    const { bodyKind } = head
    const chunked = bodyKind === BodyKind.chunked
    const fields = passResponse(x.fields, head, chunked && responder.trailers)
    // RFC 9110 §6.6.1: a response without Date is passed on with one.
    if (!head.has(Field.date)) fields.edits.add(dateLine(httpDate()))
    const { compress } = attempt.route.config
    // What is kept back is short, and leaves all at once.
    const coding = compress === null || this.#keptBack ? null : this.#code(head, compress)
    if (x.stickyLine !== null) fields.edits.add(x.stickyLine)
    caching.passOn(fields.edits)
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
    deadlines.expect('between_bytes_timeout', config.timeouts.betweenBytes)
    if (!endless) return
    x.streaming.becomeStream()
    deadlines.arm()
  }

  #code(head: ResponseHead, compress: RouteConfig['compress']): Coding | null {
    const { head: request, edits, fields, caching } = this.#x
    return codeOnTheWay({ head: request, edits, compress, targeted: caching.targeted }, head, fields.edits)
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
    this.#keptBack = false
    if (this.#complete) return this.#finish(this.#x.responder.end(this.#trailers))
    this.#attempt.resume()
    this.originRead()
  }

  #openTunnel(head: ResponseHead): void {
    const x = this.#x
    const attempt = this.#attempt
    const { head: request, edits, ending } = x
    const wrong = head.status === 101 ? faultOfSwitch(edits.upgrade(request), head.upgrade) : null
    if (wrong !== null) return x.attemptFailed(attempt, 'response_bad', wrong, false)
    // RFC 9110 §7.8: what follows the request is the new protocol's, but not before the request is complete.
    if (!x.upload.done)
      return x.attemptFailed(attempt, 'response_bad', 'a tunnel before the request was complete', false)
    this.begun = this.#tunnel = true
    ending.begin(head.status)
    const fields = passResponse(x.fields, head, false)
    if (x.stickyLine !== null) fields.edits.add(x.stickyLine)
    const via = viaLine(head, x.listener.config.via)
    if (via !== null) fields.edits.add(via)
    x.responder.tunnel(
      head.status,
      head.reason,
      atLeaving(x, head.status, fields),
      head.status === 101 ? head.upgrade : null,
    )
    attempt.origin?.tunnel()
    x.upload.tunnel()
    x.streaming.becomeTunnel()
    x.streaming.expectTunnel()
  }

  originData(buf: Buffer, from: number, to: number): void {
    const { origin } = this.#attempt
    if (origin === null) return
    if (this.#compressor !== null) return this.#compressor.take(buf, from, to)
    const { responder } = this.#x
    // What is kept back outlives the buffer of this read; no more is read meanwhile.
    if (this.#keptBack) responder.text(latin1(buf, from, to))
    else responder.data(origin.source, buf, from, to)
  }

  originRead(): void {
    if (!this.begun || this.#complete) return
    const { deadlines, responder } = this.#x
    // The compressor's first piece takes the head along.
    if (this.#keptBack || this.#compressor?.work() === true) {
      this.#attempt.pause()
      return deadlines.clear()
    }
    if (!responder.flush()) return this.#stall()
    this.#expectMore()
  }

  originEnd(): void {
    const attempt = this.#attempt
    const { origin } = attempt
    if (origin === null) return
    const { responder, upload, deadlines } = this.#x
    const compressor = this.#compressor
    const { trailers } = origin
    const later = this.#keptBack || compressor !== null
    if (compressor !== null) compressor.end()
    else this.#complete = true
    if (this.#keptBack) this.#trailers = trailers
    // What is kept back or compressed lies in the buffer of the connection no more.
    const out = later || responder.end(trailers)
    // The server is done, so its slot is free, even while the client is still reading. While part of the request is on its
    // way nothing else may follow it on the connection.
    attempt.complete(upload.done, out)
    if (later) deadlines.clear()
    else this.#finish(out)
  }

  /** Nothing more follows. `out`: all of it has left. */
  #finish(out: boolean): void {
    const x = this.#x
    if (out) return x.over(false)
    x.ending.enter('L')
    x.deadlines.expect('client_stalled', x.listener.config.timeouts.send)
  }

  originFailed(cause: Cause, detail: string, unsent: boolean): void {
    if (this.begun) this.#x.fail(cause, detail)
    else this.#x.attemptFailed(this.#attempt, cause, detail, unsent)
  }

  originDrained(): void {
    this.#x.upload.originDrained()
  }

  originClosed(): void {
    // The server sends nothing more; the client may go on. When both have ended, each connection closes once all is out.
    this.#x.responder.endTunnel()
    this.#x.streaming.expectTunnel()
  }

  originLeft(): void {
    this.#x.over(false)
  }

  clientDrained(): void {
    const x = this.#x
    if (this.#keptBack) return
    if (this.#complete) return x.over(false)
    if (!this.#paused) return
    this.#paused = false
    // The server has its turn when the compressor is done with what it has.
    if (this.#compressor !== null) {
      x.deadlines.clear()
      if (!this.#compressor.work()) this.codedAll()
      return this.#compressor.resume()
    }
    this.#attempt.resume()
    if (this.begun) this.#expectMore()
  }

  /** It is the server's turn. */
  #expectMore(): void {
    if (this.#tunnel) return this.#x.streaming.expectTunnel()
    const { timeouts } = this.#attempt.route.upstream.config
    this.#x.deadlines.expect('between_bytes_timeout', timeouts.betweenBytes)
  }

  #pause(): void {
    this.#paused = true
    this.#attempt.pause()
  }

  /** The client takes no more at the moment. */
  #stall(): void {
    this.#pause()
    if (this.#tunnel) this.#x.streaming.expectTunnel()
    else this.#x.deadlines.expect('client_stalled', this.#x.listener.config.timeouts.send)
  }

  coded(piece: Buffer): boolean {
    const { responder } = this.#x
    responder.borrowed(piece)
    if (responder.flush()) return true
    this.#stall()
    return false
  }

  codedAll(): void {
    if (this.#paused || this.#attempt.origin === null) return
    this.#attempt.resume()
    this.#expectMore()
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

/** What is wrong with a 101 that switches to these protocols, for a request that offered those; null: nothing. */
function faultOfSwitch(offered: string | null, switched: string | null): string | null {
  if (offered === null) return 'a 101 response that was not asked for'
  if (switched === null) return 'a 101 response that names no protocol'
  return wasOffered(offered, switched) ? null : 'a 101 response to a protocol that was not offered'
}
