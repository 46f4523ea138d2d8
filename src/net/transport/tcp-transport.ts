/**
 * One connected socket, as the data plane uses it: bytes are heard through a callback and never queued on our side of
 * the kernel, heads go out as latin1 text in one write, and the owner hears exactly once that it is over.
 *
 * All sockets of a thread read into one shared buffer (the slab), because a read is used up before the next one
 * starts. The relay of a long body asks for a buffer of its own (`bulk`), so that a write the kernel did not take at
 * once may go on using it: the reader is paused until that write is out, hence nothing overwrites it.
 */
import { Socket } from 'node:net'
import { monotonic } from '../../base/clock.ts'
import { type Borrowed, returnBorrowed } from './borrowed.ts'
import { copyOf, sharedReadBuffer } from './buffers.ts'
import { type DirectHandle, forSocket, handleOf, settle, type Writer } from './direct-handle.ts'
import { flushAtEndOfTurn } from './end-of-turn.ts'
import { ReadBuffer } from './read-buffer.ts'
import { socketEvents } from './socket-events.ts'
import { type Endpoint, endpointOf, type Transport } from './transport.ts'
import { noOwner, type TransportOwner } from './transport-owner.ts'

/** Characters that may wait for the end of the turn, per stream. */
const GATHERED = 64 * 1024

class GateSocket extends Socket {
  stream: TcpTransport | null = null
}

// Set while a read is handled, so that the one shared buffer function knows for which transport Node asks for a buffer.
let hearing: TcpTransport | null = null

const onread = {
  /** Node asks after each read where the next one shall go; null leaves it as it is. */
  buffer(): Buffer {
    const s = hearing
    hearing = null
    if (s === null) return sharedReadBuffer
    return s.readBuffer.next() as Buffer
  },
  callback(this: unknown, n: number, buf: Uint8Array): boolean {
    const s = (this as GateSocket).stream
    hearing = s
    if (s !== null) s.received(buf as Buffer, n)
    return true // pausing is done by pause()
  },
}

/** What stands behind an accepted connection: Node's private handle. */
export type Handle = object

export class TcpTransport implements Transport, Writer {
  readonly scheme = 'http'
  readonly alpn = null
  #owner: TransportOwner = noOwner
  #peer: Endpoint | null = null
  readonly socket: Socket
  readonly readBuffer = new ReadBuffer()
  #error: NodeJS.ErrnoException | null = null
  /** What leaves at the end of this turn: text, and a piece of borrowed memory behind it. */
  #later = ''
  #piece: Buffer | null = null
  #keeper: Disposable | null = null
  #handed = 0 // bytes that have left so, modulo 2³²
  /** What writes in the background still use. */
  #lent: Borrowed[] | null = null
  /** Writes that the kernel has not taken completely. */
  #writes = 0
  /**
   * A write that finds the peer gone does not end the stream, reading does: the peer may have said something before it
   * left, such as why it takes no more.
   */
  #readsToEnd = false
  /** That has happened: nothing more can be written. */
  #mute = false
  /** Its handle is written to directly, so that nothing ever waits in Node's own stream. Known after the first write. */
  #direct = false
  /** FIN was sent, or is on its way. */
  #fin = false
  /** Reading was stopped; reading was started at least once. */
  #held = false
  #begun = false
  /** Set by the thread once: where exceptions of owners are told; the connection they happened on is destroyed. */
  static onDefect: (error: unknown) => void = (error) => {
    throw error
  }

  private constructor(socket: Socket) {
    this.socket = socket
    events.subscribe(socket)
  }

  /** Takes an accepted connection over from its handle. The only way to get `onread` on an accepted socket. */
  static fromHandle(handle: Handle): TcpTransport {
    const heard = hearing
    hearing = null // the new socket asks for its first buffer now, perhaps while another one is being heard
    const socket = new GateSocket({ handle, allowHalfOpen: true, onread } as object)
    hearing = heard
    const stream = new TcpTransport(socket)
    socket.stream = stream
    return stream
  }

  /** The same by public means only: one buffer per read, a little slower. Used where the handle cannot be had. */
  static fromSocket(socket: Socket): TcpTransport {
    const stream = new TcpTransport(socket)
    ;(socket as GateSocket).stream = stream
    socket.on('data', (chunk: Buffer) => stream.received(chunk, chunk.length))
    return stream
  }

  /** One that is closed, and takes nothing. */
  static closed(): TcpTransport {
    const socket = new GateSocket()
    const stream = new TcpTransport(socket)
    socket.stream = stream
    stream.destroy()
    return stream
  }

  /** A stream that is about to be connected; its owner hears `connected` or `closed`. */
  static connect(to: { host: string; port: number } | { path: string }): TcpTransport {
    const heard = hearing
    hearing = null
    const socket = new GateSocket({ allowHalfOpen: true, noDelay: true, onread } as object)
    const stream = new TcpTransport(socket)
    socket.stream = stream
    events.awaitConnect(socket)
    if ('path' in to) socket.connect({ path: to.path })
    else socket.connect({ host: to.host, port: to.port })
    hearing = heard
    return stream
  }

  get peer(): Endpoint {
    // Kept, as a socket that is closed does not tell any more.
    this.#peer ??= endpointOf(this.socket.remoteAddress, this.socket.remotePort)
    return this.#peer
  }

  get local(): Endpoint {
    return endpointOf(this.socket.localAddress, this.socket.localPort)
  }

  get descriptor(): number {
    const { _handle: handle } = this.socket as unknown as { readonly _handle: { readonly fd?: number } | null }
    return handle?.fd ?? -1
  }

  setOwner(owner: TransportOwner): void {
    this.#owner = owner
  }

  readToEnd(on: boolean): void {
    this.#readsToEnd = on
  }

  static of(socket: Socket): TcpTransport {
    return (socket as GateSocket).stream as TcpTransport
  }

  received(buf: Buffer, n: number): void {
    monotonic() // for `lately` while this is handled
    try {
      this.#owner.received(buf, n)
    } catch (error) {
      this.#defect(error)
    }
  }

  write(text: string): boolean {
    if (this.#mute) return false
    if (this.#piece !== null) this.flush()
    if (this.#later === '') {
      this.#later = text
      flushAtEndOfTurn(this)
    } else {
      this.#later += text
      if (this.#later.length > GATHERED) this.flush()
    }
    return this.writable
  }

  writeBorrowed(text: string, piece: Buffer, keeper: Disposable): boolean {
    if (this.#piece !== null) this.flush()
    if (this.#later === '') flushAtEndOfTurn(this)
    this.#later += text
    this.#piece = piece
    this.#keeper = keeper
    return this.writable
  }

  get position(): number {
    return (this.#handed + this.#later.length + (this.#piece?.length ?? 0)) | 0
  }

  takeBack(position: number): boolean {
    const kept = (position - this.#handed) | 0
    const can = kept >= 0 && kept <= this.#later.length && this.#piece === null
    if (can) this.#later = this.#later.slice(0, kept)
    return can
  }

  /** Writes what has been said. */
  flush(): void {
    const text = this.#later
    const piece = this.#piece
    const keeper = this.#keeper
    if (piece !== null && keeper !== null) {
      this.#piece = this.#keeper = null
      return this.#keep(keeper, this.send('', piece, 0, piece.length, true))
    }
    if (text === '') return
    this.#later = ''
    this.#handed = (this.#handed + text.length) | 0
    if (this.#mute) return
    const handle = this.#handle()
    if (handle !== null) this.#settle(handle.writeLatin1String(null, text), null)
    else if (this.open) {
      this.socket.write(text, 'latin1')
      this.#out()
    }
  }

  send(text: string, buf: Buffer, from: number, to: number, lent: boolean): boolean {
    if (this.#piece !== null) this.flush()
    if (this.#mute) return false
    const all = this.#later + text
    this.#later = ''
    this.#handed = (this.#handed + all.length + to - from) | 0
    const copy = lent ? null : copyOf(buf, from, to)
    const bytes = copy === null ? buf.subarray(from, to) : copy.subarray(0, to - from)
    const handle = this.#handle()
    if (handle === null) {
      this.socket.cork()
      if (all !== '') this.socket.write(all, 'latin1')
      this.socket.write(bytes)
      this.socket.uncork()
      return this.#out()
    }
    let out: boolean
    if (all === '') out = this.#settle(handle.writeBuffer(null, bytes), bytes)
    else {
      const chunks = [all, 'latin1', bytes, 'buffer']
      out = this.#settle(handle.writev(null, chunks, false), chunks)
    }
    if (copy !== null) this.#keep(copy, out)
    return out
  }

  /** Gives back what was written from: now, or when it is out. */
  #keep(lent: Borrowed, out: boolean): void {
    if (out || this.#mute || !this.open) return returnBorrowed(lent)
    this.#lent ??= []
    this.#lent.push(lent)
  }

  #giveBack(): void {
    const lent = this.#lent
    this.#lent = null
    if (lent !== null) for (const one of lent) returnBorrowed(one)
  }

  owns(buf: Buffer): boolean {
    return this.readBuffer.owns(buf)
  }

  get writable(): boolean {
    return this.#writes === 0 && !this.#mute && (this.#direct || this.socket.writableLength === 0)
  }

  settled(): boolean {
    this.flush()
    return this.writable
  }

  get open(): boolean {
    return !this.socket.destroyed
  }

  get error(): NodeJS.ErrnoException | null {
    return this.#error
  }

  #handle(): DirectHandle | null {
    if (this.#fin) return null
    if (this.#direct) return handleOf(this.socket)
    // What waits in Node's own stream (written while connecting) has to leave first.
    if (this.socket.writableLength > 0 || this.socket.writableEnded) return null
    const handle = forSocket(this.socket)
    this.#direct = handle !== null
    return handle
  }

  #settle(result: ReturnType<DirectHandle['writeBuffer']>, kept: unknown): boolean {
    this.#writes++
    if (!settle(result, kept, this)) return false
    this.#writes--
    return this.#writes === 0
  }

  /** A write in the background is done; or one failed. */
  wrote(error: NodeJS.ErrnoException | null): void {
    this.#writes--
    if (this.#writes === 0) this.#giveBack()
    if (error === null) {
      if (this.#writes === 0) this.notify('drained')
    } else if (this.#readsToEnd && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) {
      this.#mute = true
      this.failed(error)
    } else this.socket.destroy(error)
  }

  #out(): boolean {
    if (this.writable)
      return true
      // Node tells of a drain only past its high-water mark; we want to hear of every write the kernel did not take at once.
    ;(this.socket as unknown as { _writableState: { needDrain: boolean } })._writableState.needDrain = true
    return false
  }

  pause(): void {
    this.#held = true
    this.socket.pause()
  }

  get paused(): boolean {
    return this.socket.isPaused()
  }

  resume(): void {
    if (this.#begun && !this.#held) return
    this.#begun = true
    this.#held = false
    this.socket.resume()
  }

  end(): void {
    this.flush()
    this.#fin = true
    if (!this.socket.writableEnded && !this.#mute) this.socket.end()
  }

  finish(): void {
    // What the kernel has, it delivers before its FIN: no shutdown of its own is needed, nor the wait for it.
    if (this.settled() && !this.socket.writableEnded) this.socket.destroy()
    else {
      this.#fin = true
      this.socket.destroySoon()
    }
  }

  destroy(): void {
    this.#owner = noOwner
    this.flush()
    this.readBuffer.endBulk(false)
    this.socket.destroy()
  }

  reset(): void {
    this.#owner = noOwner
    this.flush()
    this.readBuffer.endBulk(false)
    // While a FIN is on its way libuv refuses to reset, and Node would keep the handle for ever, with it the thread.
    if (this.socket.writableEnded && !this.socket.writableFinished) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  #defect(error: unknown): void {
    const owner = this.#owner
    this.destroy()
    try {
      owner.closed(null)
    } catch {
      // The first exception is the one to tell of.
    }
    TcpTransport.onDefect(error)
  }

  /** Runs an owner's callback; an exception costs this connection, not the thread. */
  notify(event: 'connected' | 'ended' | 'drained' | 'closed'): void {
    monotonic()
    try {
      if (event === 'drained' || event === 'closed') this.#giveBack()
      if (event === 'closed') {
        const owner = this.#owner
        this.#owner = noOwner
        this.readBuffer.endBulk(false)
        owner.closed(this.#error)
      } else this.#owner[event]()
    } catch (error) {
      this.#defect(error)
    }
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#error ??= error
  }
}

const events = socketEvents(TcpTransport.of)
