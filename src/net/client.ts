/**
 * A client's connection: reads request heads one after the other, hands bodies to whoever serves the request, keeps
 * pipelined bytes until their turn, and closes in a way that does not destroy an answer still under way.
 *
 * One request is served at a time (RFC 9112 §9.3.2: answers in order). While one is served the connection goes on
 * reading, within a bound, so that a client that leaves is noticed.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import { Timer } from '../base/wheel.ts'
import type { Hop } from '../wire/forward.ts'
import { BodyDecoder, type BodySink } from '../wire/framing.ts'
import { BodyKind, RequestHead } from '../wire/head.ts'
import { parseRequest } from '../wire/request.ts'
import { SLAB } from './buffers.ts'
import type { ClientContext } from './client-context.ts'
import type { ClientSide } from './client-side.ts'
import { Http1Responder } from './http1-responder.ts'
import { IdleClient } from './idle-clients.ts'
import type { ReadSource } from './responder.ts'
import type { Serving } from './serving.ts'
import type { Stream } from './stream.ts'
import type { StreamOwner } from './stream-owner.ts'

const empty = Buffer.alloc(0)
/** How long a closing connection is still read, so that unread bytes do not turn our FIN into a RST (RFC 9112 §9.6). */
const LINGER = 2000
/** Bytes of further requests that are kept while one is served. */
const AHEAD = 64 * 1024

let spare = new RequestHead()

type Phase = 'idle' | 'head' | 'serving' | 'lingering' | 'closed'

export class Client implements StreamOwner, BodySink, ClientSide {
  readonly stream: Stream
  readonly source: ReadSource
  readonly context: ClientContext
  readonly hop: Hop
  readonly port: number
  readonly body = new BodyDecoder()
  readonly responder: Http1Responder = new Http1Responder(this)
  /** ms (monotonic) when the first byte of the present request was seen. */
  since = 0
  /** Bytes read since the present request began. */
  bytesIn = 0
  #phase: Phase = 'idle'
  #serving: Serving | null = null
  #wantsBody = false
  #paused = false
  #ended = false
  #tunnel = false
  #asks: 'answer' | 'upgrade' | 'tunnel' = 'answer'
  #stopping = false
  /** Bytes read that nobody has used yet. */
  #kept: Buffer = empty
  // What is being used up right now; `to` is 0 outside of a read.
  #buf: Buffer = empty
  #at = 0
  #to = 0
  readonly #timer: Timer<Client>
  readonly #seat: Disposable
  readonly #idle: IdleClient

  /** `seat`: the connection's place among the listener's, given back when it is over. */
  constructor(stream: Stream, context: ClientContext, hop: Hop, port: number, seat: Disposable) {
    this.#seat = seat
    this.stream = stream
    this.source = stream
    this.context = context
    this.hop = hop
    this.port = port
    this.#timer = new Timer(this as Client, onTimer)
    stream.owner = this
    this.#idle = new IdleClient(this, context.idle, context.config.timeouts.keepAlive)
    this.#await(this.#idle.patience)
  }

  connected(): void {}

  heard(buf: Buffer, n: number): void {
    if (this.#phase === 'lingering') return
    if (this.#phase === 'idle') this.#begin()
    if (this.#wantsBody && this.stream.intake.filled(n) && !this.body.done) this.stream.intake.startBulk()
    if (this.#kept.length === 0) this.#use(buf, 0, n)
    else {
      this.#kept = Buffer.concat([this.#kept, buf.subarray(0, n)])
      this.#again()
    }
    if (this.#tunnel && n < SLAB && !this.#paused) this.stream.intake.endBulk(true)
  }

  /** Uses up buf[at, to): bodies, heads, and what has to wait. */
  #use(buf: Buffer, at: number, to: number): void {
    this.#buf = buf
    this.#at = at
    this.#to = to
    while (this.#at < this.#to && this.#step()) {}
    if (this.#at < this.#to && this.#phase !== 'lingering' && this.#phase !== 'closed') this.#keep()
    this.#buf = empty
    this.#at = this.#to = 0
    if (this.#phase === 'idle') this.#next()
    if (this.#ended) this.#atEnd()
  }

  /** One head or one stretch of body; false when the rest has to wait. */
  #step(): boolean {
    if (this.#serving !== null) {
      if (!this.#wantsBody || this.body.done) return false
      this.#readBody(this.#serving)
      return true
    }
    if (this.#phase === 'lingering' || this.#phase === 'closed') return false
    if (this.#phase === 'idle') {
      if (!this.stream.flowing) return false
      this.#begin()
    }
    const { limits } = this.context.config
    const next = parseRequest(spare, this.#buf, this.#at, this.#to, limits)
    if (next === 0) return false
    if (next < 0) {
      this.bytesIn = this.#to - this.#at
      this.#at = this.#to
      this.#malformed(spare.error ?? 'request_line_bad', spare.detail)
      return false
    }
    this.bytesIn = next - this.#at
    this.#at = next
    this.#phase = 'serving'
    this.#off()
    this.body.reset(spare.bodyKind, spare.contentLength, 'request', limits, limits.body)
    this.#asks = spare.isConnect ? 'tunnel' : spare.upgrade === null ? 'answer' : 'upgrade'
    spare = this.context.user.request(this, spare)
    return true
  }

  #begin(): void {
    this.#phase = 'head'
    this.#idle.end()
    this.since = lately()
    this.bytesIn = 0
    this.#await(this.context.config.timeouts.header)
  }

  #readBody(serving: Serving): void {
    const at = this.body.decode(this.#buf, this.#at, this.#to, this)
    if (at < 0) {
      this.#at = this.#to
      this.#wantsBody = false
      serving.requestBad(this.body.error ?? 'chunk_bad', this.body.detail)
      return
    }
    this.bytesIn += at - this.#at
    this.#at = at
    if (this.body.done) {
      this.#off()
      serving.requestEnd()
    } else if (!this.#paused && !this.#tunnel) this.#await(this.context.config.timeouts.body)
    serving.requestRead()
  }

  bodyData(buf: Uint8Array, from: number, to: number): void {
    this.#serving?.requestData(buf as Buffer, from, to)
  }

  /** Serves the request that was just handed over. */
  serve(serving: Serving, head: RequestHead): void {
    this.#serving = serving
    this.responder.start(head)
  }

  /** Whether there is (more of) a body to be read. */
  get bodyLeft(): boolean {
    return !this.body.done
  }

  /** From now on the body is handed over as it comes, starting with what is here. `patient`: it may be long in coming. */
  readBody(patient: boolean): void {
    if (this.#wantsBody || this.body.done) return
    this.#wantsBody = true
    if (!patient) this.#await(this.context.config.timeouts.body)
    if (this.#to > 0) {
      // Within a read: hand over what it brought, so that head and body leave in one write.
      if (this.#at < this.#to && this.#serving !== null) this.#readBody(this.#serving)
      return
    }
    this.resumeBody()
    this.#again()
    if (this.#ended && !this.body.done && !this.#tunnel) this.#cut()
  }

  /** The client was told to go on with its body: it may not be long in coming any more. */
  awaitBody(): void {
    if (this.#wantsBody && !this.body.done && !this.#paused) this.#await(this.context.config.timeouts.body)
  }

  /** From now on all bytes are handed over as they are, until the connection closes. */
  tunnel(): void {
    this.#tunnel = true
    this.body.reset(BodyKind.close, 0, 'request', this.context.config.limits, 0)
    this.#wantsBody = false
    this.readBody(true)
    this.#off()
  }

  pauseBody(): void {
    if (this.#paused) return
    this.#paused = true
    this.#off()
    this.stream.pause()
  }

  resumeBody(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#wantsBody && !this.body.done && !this.#tunnel) this.#await(this.context.config.timeouts.body)
    this.stream.resume()
  }

  /** Whether the connection may serve another request after this one. */
  get lasting(): boolean {
    return !this.#stopping && !this.context.crowded && (!this.#ended || this.#more) && !this.#hasOther
  }

  /** After a refusal, what follows may be the other protocol, with bytes a third party chose: no requests (RFC 9931). */
  get #hasOther(): boolean {
    return this.#asks !== 'answer' && (this.#asks === 'tunnel' || this.#more)
  }

  get #more(): boolean {
    return this.#kept.length > 0 || this.#at < this.#to
  }

  /** The client sent FIN. */
  get halfClosed(): boolean {
    return this.#ended
  }

  /** The answer is out. `keep`: go on with the next request on this connection. */
  finish(keep: boolean): void {
    this.#serving = null
    this.#wantsBody = false
    this.stream.intake.endBulk(true)
    if (!keep || !this.body.done || this.#stopping || this.#hasOther) return this.close()
    this.#phase = 'idle'
    if (this.#to === 0) this.#next()
  }

  /** Goes on with the next request once the answers before it are out: who does not read them gets no more to store. */
  #next(): void {
    if (!this.stream.flowing) {
      this.pauseBody()
      return this.#await(this.context.config.timeouts.send)
    }
    if (this.#idle.begin()) this.#await(this.#idle.patience)
    this.resumeBody()
    this.#again()
    if (this.#ended && this.#phase === 'idle') this.close() // it said so while the answer was on its way
  }

  /** Closes after what was written is out. Reads on for a while where bytes may still be coming. */
  close(): void {
    this.#serving = null
    if (this.#phase === 'closed' || this.#phase === 'lingering') return
    const unread = !this.body.done || this.#more || this.#asks === 'tunnel' || this.#phase === 'head'
    this.#kept = empty
    this.#phase = 'lingering'
    this.#idle.end()
    if (unread && !this.#ended) {
      this.stream.end()
      this.#paused = true
      this.resumeBody()
      this.#await(LINGER)
    } else {
      this.stream.finish()
      this.#await(this.context.config.timeouts.send || LINGER)
    }
  }

  /** Drops the connection. `cut`: with RST, because the answer is incomplete and must not pass for whole. */
  drop(cut: boolean): void {
    if (this.#phase === 'closed') return
    if (cut) this.stream.reset()
    else this.stream.destroy()
    this.#gone()
  }

  /** Ends the connection for a reason of ours; whoever is being served is told it. */
  abort(cause: Cause, detail: string): void {
    this.#stopping = true
    if (this.#serving !== null) this.#serving.requestBad(cause, detail)
    else this.drop(false)
  }

  /** Takes no further request; an idle connection is closed at once. */
  stop(): void {
    this.#stopping = true
    if (this.#phase === 'idle') this.close()
  }

  ended(): void {
    this.#ended = true
    this.#atEnd()
  }

  #atEnd(): void {
    if (this.#phase === 'serving' && this.#serving !== null) {
      // A body that nobody wants yet may be complete in what is kept; it is known once it is read.
      if (this.#wantsBody && !this.body.done && !this.#tunnel) this.#cut()
      else this.#serving.clientEnded()
    } else if (this.#phase === 'lingering') {
      if (this.stream.settled()) this.drop(false)
    } else if ((this.#kept.length === 0 && this.stream.settled()) || this.#phase === 'head') this.drop(false)
  }

  #cut(): void {
    const serving = this.#serving
    this.#wantsBody = false
    serving?.requestBad('client_gone', 'the client closed before its body was complete')
  }

  drained(): void {
    if (this.#serving !== null) this.#serving.clientDrained()
    else if (this.#phase === 'lingering' && this.#ended) this.drop(false)
    else if (this.#phase === 'idle') this.#next()
  }

  closed(): void {
    const serving = this.#serving
    this.#gone()
    serving?.clientGone()
  }

  #gone(): void {
    this.#phase = 'closed'
    this.#idle.end()
    this.#serving = null
    this.#kept = empty
    this.#off()
    this.#seat[Symbol.dispose]()
    this.context.left(this)
  }

  #malformed(cause: Cause, detail: string): void {
    this.#off()
    this.#phase = 'serving'
    this.body.reset(BodyKind.close, 0, 'request', this.context.config.limits, 0)
    spare = this.context.user.malformed(this, spare, cause, detail)
  }

  #keep(): void {
    this.#kept = Buffer.from(this.#buf.subarray(this.#at, this.#to))
    if (this.#serving !== null && this.#kept.length > AHEAD) this.pauseBody()
  }

  /** Goes on with what was kept. */
  #again(): void {
    if (this.#kept.length === 0) return
    const kept = this.#kept
    this.#kept = empty
    this.#use(kept, 0, kept.length)
  }

  #await(ms: number): void {
    if (ms > 0) this.context.wheel.arm(this.#timer, lately() + ms)
    else this.#off()
  }

  #off(): void {
    this.context.wheel.disarm(this.#timer)
  }

  timeout(): void {
    switch (this.#phase) {
      case 'head':
        spare.reset() // it may hold the head of somebody else
        this.bytesIn = this.#kept.length
        this.#kept = empty
        return this.#malformed('client_header_timeout', 'the head was not complete in time')
      case 'serving':
        if (this.#wantsBody && !this.body.done) {
          this.#wantsBody = false
          this.#serving?.requestBad('client_body_timeout', 'the body paused for too long')
        }
        return
      case 'idle':
        if (this.#idle.over || !this.stream.flowing) return this.close()
        if (this.context.crowded) return this.drop(false)
        this.#idle.list(lately())
        return this.#await(this.#idle.patience)
      default:
        return this.drop(false)
    }
  }
}

function onTimer(client: Client): void {
  client.timeout()
}
