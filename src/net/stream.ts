/**
 * One connected socket, as the data plane uses it: bytes are heard through a callback and never queued on our side of
 * the kernel, heads go out as latin1 text in one write, and the owner hears exactly once that it is over.
 *
 * All sockets of a thread read into one shared buffer (the slab), because a read is used up before the next one
 * starts. Whoever relays a long body asks for a buffer of its own (`bulk`), so that a write the kernel did not take at
 * once may go on using it: the reader is paused until that write is out, hence nobody overwrites it.
 */
import { Socket } from 'node:net'
import { monotonic } from '../base/clock.ts'
import { type DirectHandle, forSocket, settle, type Writer } from './direct.ts'

/** Bytes read at most in one go. */
export const SLAB = 64 * 1024
const slab = Buffer.allocUnsafeSlow(SLAB)
const spareBulk: Buffer[] = []
const SPARE_BULK = 16

/** Who hears what happens on a stream. `buf` is only valid within the call. */
export interface StreamOwner {
  /** A stream made by `connect` is connected. */
  connected(): void
  heard(buf: Buffer, n: number): void
  /** The peer will send nothing more. */
  ended(): void
  /** Everything written so far has been taken by the kernel. */
  drained(): void
  /** It is over, by whichever side; never called after `destroy` or `reset`. */
  closed(error: NodeJS.ErrnoException | null): void
}

const nobody: StreamOwner = { connected() {}, heard() {}, ended() {}, drained() {}, closed() {} }

class GateSocket extends Socket {
  stream: Stream | null = null
}

// Set while a read is being heard, so that the one shared buffer function knows for whom Node asks for the next buffer.
let hearing: Stream | null = null

const onread = {
  /** Node asks after each read where the next one shall go; null leaves it as it is. */
  buffer(): Buffer {
    const s = hearing
    hearing = null
    if (s === null) return slab
    return s.nextBuffer() as Buffer
  },
  callback(this: unknown, n: number, buf: Uint8Array): boolean {
    const s = (this as GateSocket).stream
    hearing = s
    if (s !== null) s.hear(buf as Buffer, n)
    return true // pausing is done by pause()
  },
}

interface Internals {
  readonly _writableState: { needDrain: boolean }
}

/** What stands behind an accepted connection: Node's private handle. */
export type Handle = object

export class Stream implements Writer {
  owner: StreamOwner = nobody
  readonly socket: Socket
  #error: NodeJS.ErrnoException | null = null
  #bulk: Buffer | null = null
  #registered: Buffer = slab
  #retired: Buffer | null = null
  /** Writes that the kernel has not taken completely. */
  #writes = 0
  /**
   * A write that finds the peer gone does not end the stream, reading does: the peer may have said something before it
   * left, such as why it takes no more.
   */
  hearsOut = false
  /** That has happened: nothing more can be written. */
  #mute = false
  /** Set by the thread once: where exceptions of owners are told; the connection they happened on is destroyed. */
  static onDefect: (error: unknown) => void = (error) => {
    throw error
  }

  private constructor(socket: Socket) {
    this.socket = socket
    // Shared functions, no closure per connection: `this` is the socket.
    socket.on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose)
  }

  /** Takes an accepted connection over from its handle. The only way to get `onread` on an accepted socket. */
  static fromHandle(handle: Handle): Stream {
    const heard = hearing
    hearing = null // the new socket asks for its first buffer now, perhaps while another one is being heard
    const socket = new GateSocket({ handle, allowHalfOpen: true, onread } as object)
    hearing = heard
    const stream = new Stream(socket)
    socket.stream = stream
    return stream
  }

  /** The same by public means only: one buffer per read, a little slower. Used where the handle cannot be had. */
  static fromSocket(socket: Socket): Stream {
    const stream = new Stream(socket)
    ;(socket as GateSocket).stream = stream
    socket.on('data', (chunk: Buffer) => stream.hear(chunk, chunk.length))
    return stream
  }

  /** A stream that is about to be connected; its owner hears `connected` or `closed`. */
  static connect(to: { host: string; port: number } | { path: string }): Stream {
    const heard = hearing
    hearing = null
    const socket = new GateSocket({ allowHalfOpen: true, noDelay: true, onread } as object)
    const stream = new Stream(socket)
    socket.stream = stream
    socket.once('connect', onConnect)
    if ('path' in to) socket.connect({ path: to.path })
    else socket.connect({ host: to.host, port: to.port })
    hearing = heard
    return stream
  }

  /** Whose stream a socket is, for shared event functions. */
  static of(socket: Socket): Stream {
    return (socket as GateSocket).stream as Stream
  }

  hear(buf: Buffer, n: number): void {
    monotonic() // for all who ask `lately` while this is being handled
    try {
      this.owner.heard(buf, n)
    } catch (error) {
      this.#defect(error)
    }
  }

  nextBuffer(): Buffer | null {
    const wanted = this.#bulk ?? slab
    if (wanted === this.#registered) return null
    this.#registered = wanted
    if (this.#retired !== null) {
      if (spareBulk.length < SPARE_BULK) spareBulk.push(this.#retired)
      this.#retired = null
    }
    return wanted
  }

  /** From the next read on, bytes come in a buffer that stays untouched while this stream is paused. */
  startBulk(): void {
    this.#bulk ??= spareBulk.pop() ?? Buffer.allocUnsafeSlow(SLAB)
  }

  /** Back to the slab. `free`: nothing of the buffer is still being written anywhere, it may serve another stream. */
  endBulk(free: boolean): void {
    const bulk = this.#bulk
    if (bulk === null) return
    this.#bulk = null
    // While its last read is being heard it is still registered for the next: it is given away once it is not.
    if (free && this.#registered === bulk) this.#retired = bulk
  }

  /** Whether `buf` may be written without a copy. */
  owns(buf: Buffer): boolean {
    return buf === this.#bulk
  }

  /** Writes text of code points 0–255. True when the kernel took all of it at once. */
  say(text: string): boolean {
    if (this.#mute) return false
    const handle = this.#handle()
    if (handle === null) {
      this.socket.write(text, 'latin1')
      return this.#out()
    }
    return this.#settle(handle.writeLatin1String(null, text), null)
  }

  /**
   * Writes text and then buf[from, to) as one; '' for no text. The bytes are copied first unless `lent`: then the caller
   * keeps them untouched until `drained`.
   */
  send(text: string, buf: Buffer, from: number, to: number, lent: boolean): boolean {
    if (this.#mute) return false
    const bytes = lent ? buf.subarray(from, to) : Buffer.from(buf.subarray(from, to))
    const handle = this.#handle()
    if (handle === null) {
      this.socket.cork()
      if (text !== '') this.socket.write(text, 'latin1')
      this.socket.write(bytes)
      this.socket.uncork()
      return this.#out()
    }
    if (text === '') return this.#settle(handle.writeBuffer(null, bytes), bytes)
    const chunks = [text, 'latin1', bytes, 'buffer']
    return this.#settle(handle.writev(null, chunks, false), chunks)
  }

  /** Whether everything written has been taken by the kernel. */
  get idle(): boolean {
    return this.#writes === 0 && this.socket.writableLength === 0 && !this.#mute
  }

  get open(): boolean {
    return !this.socket.destroyed
  }

  /** What went wrong first, if anything. */
  get error(): NodeJS.ErrnoException | null {
    return this.#error
  }

  #handle(): DirectHandle | null {
    // What waits in Node's own stream (written while connecting) has to leave first.
    return this.socket.writableLength === 0 && !this.socket.writableEnded ? forSocket(this.socket) : null
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
    if (error === null) {
      if (this.#writes === 0) this.tell('drained')
    } else if (this.hearsOut && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) {
      this.#mute = true
      this.failed(error)
    } else this.socket.destroy(error)
  }

  #out(): boolean {
    if (this.idle)
      return true
      // Node tells of a drain only past its high-water mark; we want to hear of every write the kernel did not take at once.
    ;(this.socket as unknown as Internals)._writableState.needDrain = true
    return false
  }

  pause(): void {
    this.socket.pause()
  }

  get paused(): boolean {
    return this.socket.isPaused()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Sends FIN after what was written. */
  end(): void {
    if (!this.socket.writableEnded && !this.#mute) this.socket.end()
  }

  /** Closes both ways once what was written is out; `closed` follows. */
  finish(): void {
    this.socket.destroySoon()
  }

  /** Drops the connection; the owner hears nothing more. */
  destroy(): void {
    this.owner = nobody
    this.endBulk(false)
    this.socket.destroy()
  }

  /** Drops it with RST, so that the peer cannot take what it got for a whole. */
  reset(): void {
    this.owner = nobody
    this.endBulk(false)
    // While a FIN is on its way libuv refuses to reset, and Node would keep the handle for ever, with it the thread.
    if (this.socket.writableEnded && !this.socket.writableFinished) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  #defect(error: unknown): void {
    const owner = this.owner
    this.destroy()
    try {
      owner.closed(null)
    } catch {
      // The first exception is the one to tell of.
    }
    Stream.onDefect(error)
  }

  /** Runs an owner's callback; an exception costs this connection, not the thread. */
  tell(event: 'connected' | 'ended' | 'drained' | 'closed'): void {
    monotonic()
    try {
      if (event === 'closed') {
        const { owner } = this
        this.owner = nobody
        this.endBulk(false)
        owner.closed(this.#error)
      } else this.owner[event]()
    } catch (error) {
      this.#defect(error)
    }
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#error ??= error
  }
}

function onConnect(this: Socket): void {
  Stream.of(this).tell('connected')
}
function onEnd(this: Socket): void {
  Stream.of(this).tell('ended')
}
function onDrain(this: Socket): void {
  Stream.of(this).tell('drained')
}
function onClose(this: Socket): void {
  Stream.of(this).tell('closed')
}
function onError(this: Socket, error: NodeJS.ErrnoException): void {
  Stream.of(this).failed(error)
}
