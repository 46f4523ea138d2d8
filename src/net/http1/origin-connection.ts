/**
 * A connection to a server: sends one request at a time, reads its response as strictly as a request is read, and goes
 * back among the idle ones only when nothing is left in it that could be taken for the answer to another request.
 */
import type { Cause } from '../../base/cause.ts'
import { Timer, type Wheel } from '../../base/wheel.ts'
import { BodyKind, type HeadLimits, ResponseHead } from '../../wire/http/head.ts'
import { requestToServer } from '../../wire/http1/forward.ts'
import { BodyDecoder, type BodySink, chunkHead } from '../../wire/http1/framing.ts'
import { parseResponse } from '../../wire/http1/response.ts'
import type { OriginConnection, OriginUser, OutgoingRequest } from '../origin-connection.ts'
import type { ReadSource } from '../responder.ts'
import { READ_BUFFER_SIZE } from '../transport/buffers.ts'
import { OutputBuffer } from '../transport/output-buffer.ts'
import { systemText } from '../transport/system-text.ts'
import type { Transport } from '../transport/transport.ts'
import type { TransportOwner } from '../transport/transport-owner.ts'

/** What connections to one server share. */
export interface OriginContext {
  /** A transport that is about to be connected to the server. */
  open(): Transport
  readonly limits: HeadLimits
  readonly wheel: Wheel
  /**
   * Signs that the server is at work: response heads, ends of responses, and full reads of a long one. Not every read:
   * a stream that only says that it is still there proves nothing of the requests beside it.
   */
  readonly progress: { add(n: number): void }
  /** An idle connection is over, or has been idle for too long. */
  lost(origin: Http1OriginConnection): void
}

// Heads of responses are used up before the next read, so one object serves the thread.
const scratch = new ResponseHead()
const empty = Buffer.alloc(0)

type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'over'

export class Http1OriginConnection implements OriginConnection, TransportOwner, BodySink {
  readonly context: OriginContext
  readonly transport: Transport
  readonly body = new BodyDecoder()
  readonly idleTimer: Timer<Http1OriginConnection>
  /** Requests sent on it before the present one. */
  uses = 0
  /** Bytes read since the present request was sent. */
  bytesIn = 0
  #user: OriginUser | null
  #phase: Phase = 'connecting'
  readonly #out = new OutputBuffer()
  #method = 'GET'
  /** Content of the request goes in chunks. */
  #chunked = false
  #kept: Buffer = empty
  #persistent = true
  #ended = false

  private constructor(context: OriginContext, user: OriginUser) {
    this.context = context
    this.#user = user
    this.idleTimer = new Timer(this as Http1OriginConnection, onIdle)
    this.transport = context.open()
    this.transport.setOwner(this)
    this.transport.readToEnd(true)
  }

  /** Starts to connect; `originConnected` or `originFailed` follows. */
  static connect(context: OriginContext, user: OriginUser): Http1OriginConnection {
    return new Http1OriginConnection(context, user)
  }

  connected(): void {
    this.#phase = 'idle'
    this.#user?.originConnected()
  }

  /** A new user takes the connection over. */
  use(user: OriginUser): void {
    this.context.wheel.disarm(this.idleTimer)
    this.#user = user
  }

  send({ head, edits, hop, host, via }: OutgoingRequest): void {
    this.#phase = 'head'
    this.#method = head.method
    this.#chunked = head.bodyKind === BodyKind.chunked
    this.#persistent = true
    this.bytesIn = 0
    this.#out.reset()
    this.#out.open(this.transport)
    this.#out.text(requestToServer(head, hop, edits, host, via))
  }

  text(text: string): void {
    this.#out.text(this.#chunked ? `${chunkHead(text.length)}${text}\r\n` : text)
  }

  data(source: ReadSource, buf: Buffer, from: number, to: number): void {
    const chunked = this.#chunked
    if (chunked) this.#out.text(chunkHead(to - from))
    this.#out.data(source, buf, from, to)
    if (chunked) this.#out.text('\r\n')
  }

  end(trailers: string): void {
    if (this.#chunked) this.#out.text(`0\r\n${trailers}\r\n`)
  }

  flush(): boolean {
    return this.#out.flush()
  }

  get bytesOut(): number {
    return this.#out.bytes
  }

  get source(): ReadSource {
    return this.transport
  }

  get trailers(): string {
    return this.body.trailers
  }

  get errorCode(): string | undefined {
    return this.transport.error?.code
  }

  get settled(): boolean {
    return this.transport.settled()
  }

  get paused(): boolean {
    return this.transport.paused
  }

  pause(): void {
    this.transport.pause()
  }

  resume(): void {
    this.transport.resume()
  }

  received(buf: Buffer, n: number): void {
    this.bytesIn += n
    switch (this.#phase) {
      case 'tunnel':
        // Tunnels live long and are mostly quiet: the buffer is kept only as long as much is coming.
        if (this.transport.readBuffer.filled(n)) this.transport.readBuffer.startBulk()
        this.#user?.originData(buf, 0, n)
        this.#user?.originRead()
        if (n < READ_BUFFER_SIZE && !this.transport.paused) this.transport.readBuffer.endBulk(true)
        return
      case 'body':
        this.#body(buf, 0, n)
        break
      case 'head':
        if (this.#kept.length === 0) this.#head(buf, 0, n)
        else {
          const kept = Buffer.concat([this.#kept, buf.subarray(0, n)])
          this.#kept = empty
          this.#head(kept, 0, kept.length)
        }
        break
      default:
        // Unsolicited bytes must never be taken for the answer to the next request (RFC 9112 §9.2).
        this.#lost('the server sent bytes that were not asked for')
        return
    }
    this.#user?.originRead()
  }

  #head(buf: Buffer, at: number, to: number): void {
    while (at < to) {
      const next = parseResponse(scratch, buf, at, to, this.context.limits, this.#method)
      if (next === 0) {
        this.#kept = Buffer.from(buf.subarray(at, to))
        return
      }
      const user = this.#user
      if (user === null) return
      if (next < 0) return this.#lost(scratch.detail, scratch.error ?? 'response_bad')
      at = next
      if (scratch.status < 200 && scratch.status !== 101) {
        user.originInterim(scratch)
        continue
      }
      this.#persistent = scratch.keepAlive
      this.#phase = 'body'
      this.body.reset(scratch.bodyKind, scratch.contentLength, 'response', this.context.limits, 0)
      this.context.progress.add(1)
      user.originHead(scratch)
      return this.#rest(buf, at, to)
    }
  }

  /** What follows a head in the same read. The phase may have become tunnel, or over. */
  #rest(buf: Buffer, at: number, to: number): void {
    if (this.#phase === 'tunnel') {
      if (at < to) this.#user?.originData(buf, at, to)
    } else if (this.#phase === 'body') this.#body(buf, at, to)
  }

  #body(buf: Buffer, at: number, to: number): void {
    if (!this.body.done) {
      const next = this.body.decode(buf, at, to, this)
      if (this.#phase !== 'body') return
      if (next < 0) return this.#lost(this.body.detail, this.body.error ?? 'response_bad')
      at = next
    }
    if (!this.body.done) {
      // More than a read can bring: writes may use the buffer without a copy.
      if (this.transport.readBuffer.filled(to)) {
        this.transport.readBuffer.startBulk()
        this.context.progress.add(1)
      }
      return
    }
    if (at < to) this.#persistent = false // surplus: never reuse
    this.#complete()
  }

  bodyData(buf: Uint8Array, from: number, to: number): void {
    this.#user?.originData(buf as Buffer, from, to)
  }

  #complete(): void {
    this.context.progress.add(1)
    this.#phase = 'idle'
    this.#user?.originEnd()
  }

  /** Bytes are passed on as they are, from now on. */
  tunnel(): void {
    this.#phase = 'tunnel'
    this.#persistent = this.#chunked = false
    this.transport.readToEnd(false) // a tunnel that cannot be written to is over
  }

  endTunnel(): void {
    this.transport.end()
  }

  /** The server sent FIN. */
  get halfClosed(): boolean {
    return this.#ended
  }

  /** Whether it may serve another request once its user is done with it. */
  get reusable(): boolean {
    return this.#phase === 'idle' && this.#persistent && !this.#ended && this.transport.open && this.transport.writable
  }

  /** The user is done with a complete response: waits for the next one. `out`: all of it has left for the client. */
  becomeIdle(idleUntil: number, out: boolean): void {
    this.#user = null
    this.uses++
    this.transport.readBuffer.endBulk(out)
    this.transport.resume()
    this.context.wheel.arm(this.idleTimer, idleUntil)
  }

  /** `cut`: with RST, so that the server does not take what it got for a whole. */
  drop(cut = false): void {
    this.#user = null
    this.#phase = 'over'
    this.context.wheel.disarm(this.idleTimer)
    if (cut) this.transport.reset()
    else this.transport.destroy()
  }

  ended(): void {
    this.#ended = true
    const user = this.#user
    switch (this.#phase) {
      case 'tunnel':
        // After a write that failed, the end is no proper one.
        if (this.transport.error !== null) return this.#lost(systemText(this.transport.error))
        return user?.originClosed()
      case 'body':
        if (this.transport.error === null && this.body.closed()) {
          this.#persistent = false
          this.#complete()
          return this.#user?.originRead()
        }
        return this.#lost('the server closed the connection before its response was complete')
      case 'head':
        return this.#lost('the server closed the connection before its response began', 'response_cut', this.#unsent)
      default:
        return this.#lost('the server closed the idle connection')
    }
  }

  /** A write that failed was not taken by the kernel: nothing of it can have reached the server. */
  get #unsent(): boolean {
    return this.#phase === 'head' && this.bytesIn === 0 && this.transport.error?.syscall === 'write'
  }

  drained(): void {
    this.#user?.originDrained()
  }

  closed(error: NodeJS.ErrnoException | null): void {
    if (this.#phase === 'connecting') {
      const detail = error === null ? 'the connection was closed while it was being made' : systemText(error)
      return this.#lost(detail, causeOfConnect(error), true)
    }
    if (this.#phase === 'tunnel' && error === null) return this.#user?.originLeft()
    this.#lost(error === null ? 'the connection was closed' : systemText(error), 'response_cut', this.#unsent)
  }

  #lost(detail: string, cause: Cause = 'response_cut', unsent = false): void {
    const user = this.#user
    this.drop()
    if (user === null) this.context.lost(this)
    else user.originFailed(cause, detail, unsent)
  }

  timeout(): void {
    this.drop()
    this.context.lost(this)
  }
}

function onIdle(origin: Http1OriginConnection): void {
  origin.timeout()
}

/** What a failed connection means, by the system's error code. */
function causeOfConnect(error: NodeJS.ErrnoException | null): Cause {
  switch (error?.code) {
    case 'ECONNREFUSED':
    case 'ENOENT': // no such unix socket
      return 'connect_refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return 'dns_failed'
    case 'EMFILE':
    case 'ENFILE':
    case 'EADDRNOTAVAIL':
    case 'ENOBUFS':
    case 'ENOMEM':
      return 'local_resources'
    default:
      return 'connect_failed'
  }
}
