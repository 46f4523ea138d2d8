/**
 * A body that is compressed on its way to one client. It takes what one read brought, and is given no more before it is
 * done with that; what it makes waits in it while the client takes nothing. So its memory is bounded, and so is the
 * number of them.
 *
 * When the server pauses, what was read so far is flushed, so that a page that is written bit by bit appears bit by bit.
 */
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { lately, monotonic } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { Coding } from '../cache/serve/coding.ts'

/** Bodies that one thread compresses at once; beyond them answers pass as they are. Each takes 1 to 2 MB. */
export const AT_ONCE = 64
/** How long, in ms, the server has to pause. */
const PAUSE = 8

/** Compressed at the moment, by this thread. */
let busy = 0

/** Whether there is room for one more. */
export function hasRoom(): boolean {
  return busy < AT_ONCE
}

/** The response that is compressed. */
export interface CompressorUser {
  /** A piece of the coded body, which stays as it is. False: take no more until `resume`. */
  coded(piece: Buffer): boolean
  /** It is done with what it was given. */
  codedAll(): void
  /** The coded body is complete. */
  codedEnd(): void
  codingFailed(error: unknown): void
}

export class Compressor {
  readonly #user: CompressorUser
  readonly #wheel: Wheel
  readonly #coding: Coding
  readonly #stream: ReturnType<typeof streamOf>
  readonly #timer: Timer<Compressor>
  /** What the present read has brought. */
  #read: Buffer[] = []
  #working = false
  /** The server has sent all of it. */
  #last = false
  #closed = false

  constructor(coding: Coding, user: CompressorUser, wheel: Wheel) {
    busy++
    this.#user = user
    this.#wheel = wheel
    this.#coding = coding
    this.#timer = new Timer(this as Compressor, flush)
    this.#stream = streamOf(coding)
    this.#stream.on('data', (piece: Buffer) => this.#tell(() => user.coded(piece) || this.#stream.pause()))
    this.#stream.on('end', () => this.#tell(() => user.codedEnd()))
    this.#stream.on('error', (error) => this.#tell(() => user.codingFailed(error)))
  }

  /** Takes buf[from, to), a part of what one read brought. */
  take(buf: Buffer, from: number, to: number): void {
    this.#read.push(Buffer.from(buf.subarray(from, to)))
  }

  /** Sets to work on what was taken. False: there is nothing. */
  work(): boolean {
    if (this.#read.length > 0) {
      const read = this.#read.length === 1 ? this.#read[0]! : Buffer.concat(this.#read)
      this.#read = []
      this.#working = true
      this.#wheel.disarm(this.#timer)
      this.#stream.write(read, () => this.#done())
    }
    return this.#working
  }

  /** The body is complete. */
  end(): void {
    this.work()
    this.#last = true
    this.#wheel.disarm(this.#timer)
    this.#stream.end()
  }

  /** The client takes more. */
  resume(): void {
    this.#stream.resume()
  }

  /** It is not needed any more. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    busy--
    this.#wheel.disarm(this.#timer)
    this.#stream.destroy()
  }

  #done(): void {
    this.#working = false
    if (this.#last || this.#closed) return
    this.#tell(() => {
      this.#wheel.arm(this.#timer, lately() + PAUSE)
      this.#user.codedAll()
    })
  }

  /** The server has paused. */
  flush(): void {
    if (!this.#closed && !this.#working && !this.#last) this.#stream.flush(flushOf(this.#coding))
  }

  /** Nothing that its user does may be thrown into the stream. */
  #tell(what: () => unknown): void {
    if (this.#closed) return
    monotonic()
    try {
      what()
    } catch (error) {
      this.#user.codingFailed(error)
    }
  }
}

function flush(compressor: Compressor): void {
  compressor.flush()
}

/** Low levels, as a client waits, and small windows, as there may be many at once. */
function streamOf(coding: Coding) {
  switch (coding) {
    case 'gzip':
      return createGzip({ level: 5 })
    case 'br': {
      const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants
      return createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_LGWIN]: 18 } })
    }
    case 'zstd': {
      const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = constants
      return createZstdCompress({ params: { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_windowLog]: 18 } })
    }
  }
}

function flushOf(coding: Coding): number {
  switch (coding) {
    case 'gzip':
      return constants.Z_SYNC_FLUSH
    case 'br':
      return constants.BROTLI_OPERATION_FLUSH
    case 'zstd':
      return constants.ZSTD_e_flush
  }
}
