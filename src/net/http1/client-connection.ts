/**
 * A client's connection: reads request heads one after the other, hands bodies to the handler of the request, keeps
 * pipelined bytes until their turn, and closes in a way that does not destroy an answer still under way.
 *
 * One request is served at a time (RFC 9112 §9.3.2: answers in order). While one is served the connection goes on
 * reading, within a bound, so that a client that leaves is noticed.
 */
import type { Cause } from '../../base/cause.ts'
import { lately } from '../../base/clock.ts'
import { Timer } from '../../base/wheel.ts'
import type { ListenerConfig } from '../../config/model.ts'
import { BodyKind, RequestHead } from '../../wire/http/head.ts'
import type { Hop } from '../../wire/http1/forward.ts'
import { BodyDecoder, type BodySink } from '../../wire/http1/framing.ts'
import { parseRequest } from '../../wire/http1/request.ts'
import type { ClientRequest } from '../client-request.ts'
import type { ClientConnectionContext, ListenerClient } from '../listen/client-context.ts'
import { IdleClient } from '../listen/idle-clients.ts'
import type { RequestHandler } from '../request-handler.ts'
import type { ReadSource } from '../responder.ts'
import { READ_BUFFER_SIZE } from '../transport/buffers.ts'
import type { Transport } from '../transport/transport.ts'
import type { TransportOwner } from '../transport/transport-owner.ts'
import { Http1Responder } from './responder.ts'

const empty = Buffer.alloc(0)
/** How long a closing connection is still read, so that unread bytes do not turn our FIN into a RST (RFC 9112 §9.6). */
const LINGER = 2000
/** Bytes of further requests that are kept while one is served. */
const AHEAD = 64 * 1024

let spare = new RequestHead()

type Phase = 'idle' | 'head' | 'serving' | 'lingering' | 'closed'

export class ClientConnection implements TransportOwner, BodySink, ClientRequest, ListenerClient {
  readonly transport: Transport
  readonly source: ReadSource
  readonly context: ClientConnectionContext
  readonly port: number
  readonly body = new BodyDecoder()
  readonly responder: Http1Responder = new Http1Responder(this)
  /** Of the present request, as is the configuration: both are the listener's when the request began. */
  hop: Hop
  /** ms (monotonic) when the first byte of the present request was seen. */
  startedAt = 0
  /** Bytes read since the present request began. */
  bytesIn = 0
  #config: ListenerConfig
  #phase: Phase = 'idle'
  #handler: RequestHandler | null = null
  #wantsBody = false
  #paused = false
  #ended = false
  #tunnel = false
  #asks: 'answer' | 'upgrade' | 'tunnel' = 'answer'
  #stopping = false
  /** Bytes read and not yet used. */
  #kept: Buffer = empty
  // What is being used up right now; `to` is 0 outside of a read.
  #buf: Buffer = empty
  #at = 0
  #to = 0
  readonly #timer: Timer<ClientConnection>
  readonly #seat: Disposable
  readonly #idle: IdleClient

  /** `seat`: the connection's place among the listener's, given back when it is over. */
  constructor(transport: Transport, context: ClientConnectionContext, seat: Disposable) {
    const { address, port } = transport.peer
    this.#seat = seat
    this.transport = transport
    this.source = transport
    this.context = context
    this.#config = context.config
    this.hop = context.hopFrom(address, transport.scheme)
    this.port = port
    this.#timer = new Timer(this as ClientConnection, onTimer)
    transport.setOwner(this)
    this.#idle = new IdleClient(this, context.idle, context.config.timeouts.keepAlive)
    this.#await(this.#idle.patience)
  }

  connected(): void {}

  received(buf: Buffer, n: number): void {
    if (this.#phase === 'lingering') return
    if (this.#phase === 'idle') this.#begin()
    if (this.#wantsBody && this.transport.readBuffer.filled(n) && !this.body.done) this.transport.readBuffer.startBulk()
    if (this.#kept.length === 0) this.#use(buf, 0, n)
    else {
      this.#kept = Buffer.concat([this.#kept, buf.subarray(0, n)])
      this.#again()
    }
    if (this.#tunnel && n < READ_BUFFER_SIZE && !this.#paused) this.transport.readBuffer.endBulk(true)
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
    if (this.#handler !== null) {
      if (!this.#wantsBody || this.body.done) return false
      this.#readBody(this.#handler)
      return true
    }
    if (this.#phase === 'lingering' || this.#phase === 'closed') return false
    if (this.#phase === 'idle') {
      if (!this.transport.writable) return false
      this.#begin()
    }
    const { limits } = this.#config
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
    this.startedAt = lately()
    this.bytesIn = 0
    if (this.#config !== this.context.config) {
      this.#config = this.context.config
      this.hop = this.context.hopFrom(this.hop.peer, this.transport.scheme)
    }
    this.#await(this.#config.timeouts.header)
  }

  #readBody(serving: RequestHandler): void {
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
    } else if (!this.#paused && !this.#tunnel) this.#await(this.#config.timeouts.body)
    serving.requestRead()
  }

  bodyData(buf: Uint8Array, from: number, to: number): void {
    this.#handler?.requestData(buf as Buffer, from, to)
  }

  serve(serving: RequestHandler, head: RequestHead): void {
    this.#handler = serving
    this.responder.start(head)
  }

  get bodyLeft(): boolean {
    return !this.body.done
  }

  readBody(patient: boolean): void {
    if (this.#wantsBody || this.body.done) return
    this.#wantsBody = true
    if (!patient) this.#await(this.#config.timeouts.body)
    if (this.#to > 0) {
      // Within a read: hand over what it brought, so that head and body leave in one write.
      if (this.#at < this.#to && this.#handler !== null) this.#readBody(this.#handler)
      return
    }
    this.resumeBody()
    this.#again()
    if (this.#ended && !this.body.done && !this.#tunnel) this.#cut()
  }

  awaitBody(): void {
    if (this.#wantsBody && !this.body.done && !this.#paused) this.#await(this.#config.timeouts.body)
  }

  tunnel(): void {
    this.#tunnel = true
    this.body.reset(BodyKind.close, 0, 'request', this.#config.limits, 0)
    this.#wantsBody = false
    this.readBody(true)
    this.#off()
  }

  pauseBody(): void {
    if (this.#paused) return
    this.#paused = true
    this.#off()
    this.transport.pause()
  }

  resumeBody(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#wantsBody && !this.body.done && !this.#tunnel) this.#await(this.#config.timeouts.body)
    this.transport.resume()
  }

  get persistent(): boolean {
    return !this.#stopping && !this.context.crowded && (!this.#ended || this.#more) && !this.#hasOther
  }

  /** After a refusal, what follows may be the other protocol, with bytes a third party chose: no requests (RFC 9931). */
  get #hasOther(): boolean {
    return this.#asks !== 'answer' && (this.#asks === 'tunnel' || this.#more)
  }

  get #more(): boolean {
    return this.#kept.length > 0 || this.#at < this.#to
  }

  get halfClosed(): boolean {
    return this.#ended
  }

  /** The answer is out. `keep`: go on with the next request on this connection. */
  finish(keep: boolean): void {
    this.#handler = null
    this.#wantsBody = false
    this.transport.readBuffer.endBulk(true)
    if (!keep || !this.body.done || this.#stopping || this.#hasOther) return this.close()
    this.#phase = 'idle'
    if (this.#to === 0) this.#next()
  }

  /** Goes on with the next request once the answers before it are out, so that a client that does not read gets no more to store. */
  #next(): void {
    if (!this.transport.writable) {
      this.pauseBody()
      return this.#await(this.#config.timeouts.send)
    }
    if (this.#idle.begin()) this.#await(this.#idle.patience)
    this.resumeBody()
    this.#again()
    if (this.#ended && this.#phase === 'idle') this.close() // it said so while the answer was on its way
  }

  /** Closes after what was written is out. Reads on for a while where bytes may still be coming. */
  close(): void {
    this.#handler = null
    if (this.#phase === 'closed' || this.#phase === 'lingering') return
    const unread = !this.body.done || this.#more || this.#asks === 'tunnel' || this.#phase === 'head'
    this.#kept = empty
    this.#phase = 'lingering'
    this.#idle.end()
    if (unread && !this.#ended) {
      this.transport.end()
      this.#paused = true
      this.resumeBody()
      this.#await(LINGER)
    } else {
      this.transport.finish()
      this.#await(this.#config.timeouts.send || LINGER)
    }
  }

  /** Drops the connection. `cut`: with RST, because the answer is incomplete and must not pass for whole. */
  drop(cut: boolean): void {
    if (this.#phase === 'closed') return
    if (cut) this.transport.reset()
    else this.transport.destroy()
    this.#gone()
  }

  /** Ends the connection for a reason of ours, of which the handler is told. */
  abort(cause: Cause, detail: string): void {
    this.#stopping = true
    if (this.#handler !== null) this.#handler.requestBad(cause, detail)
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
    if (this.#phase === 'serving' && this.#handler !== null) {
      // A body that is not wanted yet may be complete in what is kept; that is known once it is read.
      if (this.#wantsBody && !this.body.done && !this.#tunnel) this.#cut()
      else this.#handler.clientEnded()
    } else if (this.#phase === 'lingering') {
      if (this.transport.settled()) this.drop(false)
    } else if ((this.#kept.length === 0 && this.transport.settled()) || this.#phase === 'head') this.drop(false)
  }

  #cut(): void {
    const serving = this.#handler
    this.#wantsBody = false
    serving?.requestBad('client_gone', 'the client closed before its body was complete')
  }

  drained(): void {
    if (this.#handler !== null) this.#handler.clientDrained()
    else if (this.#phase === 'lingering' && this.#ended) this.drop(false)
    else if (this.#phase === 'idle') this.#next()
  }

  closed(): void {
    const serving = this.#handler
    this.#gone()
    serving?.clientGone()
  }

  #gone(): void {
    this.#phase = 'closed'
    this.#idle.end()
    this.#handler = null
    this.#kept = empty
    this.#off()
    this.#seat[Symbol.dispose]()
    this.context.left(this)
  }

  #malformed(cause: Cause, detail: string): void {
    this.#off()
    this.#phase = 'serving'
    this.body.reset(BodyKind.close, 0, 'request', this.#config.limits, 0)
    spare = this.context.user.malformed(this, spare, cause, detail)
  }

  #keep(): void {
    this.#kept = Buffer.from(this.#buf.subarray(this.#at, this.#to))
    if (this.#handler !== null && this.#kept.length > AHEAD) this.pauseBody()
  }

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
        spare.reset() // it may hold the head of another client
        this.bytesIn = this.#kept.length
        this.#kept = empty
        return this.#malformed('client_header_timeout', 'the head was not complete in time')
      case 'serving':
        if (this.#wantsBody && !this.body.done) {
          this.#wantsBody = false
          this.#handler?.requestBad('client_body_timeout', 'the body paused for too long')
        }
        return
      case 'idle':
        if (this.#idle.over || !this.transport.writable) return this.close()
        if (this.context.crowded) return this.drop(false)
        this.#idle.list(lately())
        return this.#await(this.#idle.patience)
      default:
        return this.drop(false)
    }
  }
}

function onTimer(client: ClientConnection): void {
  client.timeout()
}
