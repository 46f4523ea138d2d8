/**
 * The way out of a stream: gathers small pieces into one write, sends large ones as they are. What it was given may lie
 * in the buffer of a read, so it must be flushed before that read is over.
 */
import { latin1 } from '../../base/bytes.ts'
import type { ReadSource } from '../responder.ts'
import type { Transport } from './transport.ts'

/** Pieces up to this many bytes in all are sent as one string; Node writes such a string without an allocation. */
const GATHER = 16 * 1024

export class OutputBuffer {
  #stream: Transport | null = null
  #text = ''
  /** Where on the stream it begins. */
  #from = 0
  /** Writes made so far; 0: nothing has left. */
  writes = 0
  /** Bytes given so far. */
  bytes = 0
  /** The first write, while it is all there was; null when more followed or it cannot be repeated. */
  first: string | null = null

  open(stream: Transport): void {
    this.#stream = stream
    this.#from = stream.position
  }

  reset(): void {
    this.#stream = null
    this.#text = ''
    this.writes = this.bytes = 0
    this.first = null
  }

  /** Text of code points 0–255. */
  text(text: string): void {
    this.bytes += text.length
    this.#text += text
  }

  /** buf[from, to), which `source` has read. */
  data(source: ReadSource, buf: Buffer, from: number, to: number): void {
    if (this.#text.length + to - from > GATHER) return this.#send(buf, from, to, source.owns(buf))
    this.bytes += to - from
    this.#text += latin1(buf, from, to)
  }

  /** The last of an answer: a piece that stays as it is until `keeper` is disposed, and is not copied. */
  lastBorrowed(piece: Buffer, keeper: Disposable): void {
    const stream = this.#stream
    if (stream === null) return keeper[Symbol.dispose]()
    this.bytes += piece.length
    this.first = null
    this.writes++
    stream.writeBorrowed(this.#text, piece, keeper)
    this.#text = ''
  }

  /** buf[from, to), which stays as it is until the stream has drained. It is not copied, however small. */
  borrowed(buf: Buffer, from: number, to: number): void {
    this.#send(buf, from, to, true)
  }

  #send(buf: Buffer, from: number, to: number, lent: boolean): void {
    this.bytes += to - from
    const stream = this.#stream
    if (stream === null) return
    this.first = null
    this.writes += 2
    stream.send(this.#text, buf, from, to, lent)
    this.#text = ''
  }

  /** Takes back all that was given, if nothing of it has left for the kernel. False: some of it has. */
  takeBack(): boolean {
    if (this.writes > 0 && this.#stream?.takeBack(this.#from) === false) return false
    this.#text = ''
    this.writes = this.bytes = 0
    this.first = null
    return true
  }

  /** Sends what was gathered. False when something sent before waits for the kernel. */
  flush(): boolean {
    const stream = this.#stream
    if (stream === null) return true
    if (this.#text === '') return stream.writable
    const text = this.#text
    this.#text = ''
    this.first = this.writes === 0 ? text : null
    this.writes++
    return stream.write(text)
  }
}
