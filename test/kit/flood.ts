/** Bodies that are too long to be kept: sent from a pattern, checked against it byte for byte as they arrive. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Its length has no divisor in common with those of buffers, so that a buffer too much or too few shows. */
const PATTERN = randomBytes(1024 * 1024 + 7)

/** A pause in a flood: after so many bytes, for so many ms. */
export interface Pause {
  readonly after: number
  readonly ms: number
}

/** Sends `total` bytes of the pattern, as chunks of HTTP where that is wanted, at the speed of who takes them. */
export async function pour(to: Socket, total: number, chunked = false, pause: Pause | null = null): Promise<void> {
  let left = total
  let rest = pause
  while (left > 0) {
    const block = left < PATTERN.length ? PATTERN.subarray(0, left) : PATTERN
    left -= block.length
    if (chunked) to.write(`${block.length.toString(16)}\r\n`)
    const more = to.write(block)
    if (chunked) to.write(left > 0 ? '\r\n' : '\r\n0\r\n\r\n')
    if (!more) await once(to, 'drain')
    if (rest !== null && total - left >= rest.after) {
      await new Promise((resolve) => setTimeout(resolve, pause?.ms))
      rest = null
    }
  }
}

/** Takes a head and a body of the pattern from a socket. `pause` stops reading for a while. */
export class Taker {
  /** Bytes of the body so far. */
  received = 0
  head = ''
  readonly #socket: Socket
  readonly #pause: Pause | null
  #paused = false
  #inHead = true
  #chunked = false
  // Of a chunked body: bytes left of the chunk, and what is there of a line of framing.
  #left = 0
  #line = ''
  #expected = Infinity
  readonly #done = Promise.withResolvers<void>()

  /** `total`: there is no head, it is all body, of so many bytes. */
  constructor(socket: Socket, pause: Pause | null = null, total: number | null = null) {
    this.#socket = socket
    this.#pause = pause
    this.#inHead = total === null
    this.#expected = total ?? Infinity
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk)
      } catch (error) {
        this.#done.reject(error)
        socket.destroy()
      }
    })
    socket.on('close', () => this.#done.reject(new Error(`the connection closed after ${this.received} bytes`)))
    this.#done.promise.catch(() => {})
  }

  /** Resolves when the body is complete. */
  get whole(): Promise<void> {
    return this.#done.promise
  }

  /** Called at the end of its pause, before it reads on. */
  afterPause: (() => void) | null = null

  #take(chunk: Buffer): void {
    let at = 0
    if (this.#inHead) {
      this.head += chunk.toString('latin1')
      const end = this.head.indexOf('\r\n\r\n')
      if (end < 0) return
      at = chunk.length - (this.head.length - end - 4)
      this.head = this.head.slice(0, end)
      this.#inHead = false
      this.#chunked = /^transfer-encoding: chunked$/im.test(this.head)
      if (!this.#chunked) this.#expected = Number(/^content-length: (\d+)$/im.exec(this.head)?.[1])
    }
    while (at < chunk.length) at = this.#chunked ? this.#framed(chunk, at) : this.#content(chunk, at, chunk.length)
    const { received } = this
    if (this.#pause !== null && !this.#paused && received >= this.#pause.after) {
      this.#paused = true
      this.#socket.pause()
      setTimeout(() => {
        this.afterPause?.()
        this.#socket.resume()
      }, this.#pause.ms)
    }
    if (received === this.#expected) this.#done.resolve()
    else if (received > this.#expected) throw new Error('more than was announced')
  }

  #framed(chunk: Buffer, at: number): number {
    if (this.#left > 0) {
      const to = Math.min(chunk.length, at + this.#left)
      this.#left -= to - at
      return this.#content(chunk, at, to)
    }
    const lf = chunk.indexOf(10, at)
    const to = lf < 0 ? chunk.length : lf + 1
    this.#line += chunk.toString('latin1', at, to)
    if (lf >= 0) {
      if (this.#line === '0\r\n') this.#expected = this.received
      else if (this.#line !== '\r\n') this.#left = Number.parseInt(this.#line, 16)
      this.#line = ''
    }
    return to
  }

  #content(chunk: Buffer, from: number, to: number): number {
    for (let at = from; at < to; ) {
      const place = this.received % PATTERN.length
      const length = Math.min(to - at, PATTERN.length - place)
      if (PATTERN.compare(chunk, at, at + length, place, place + length) !== 0) {
        assert.fail(`the body differs from what was sent, after byte ${this.received}`)
      }
      this.received += length
      at += length
    }
    return to
  }
}
