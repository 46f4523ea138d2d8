/** Into which buffer a stream reads: the one that all share, or one of its own while it relays a long body. */
import { bulkEnded, recycle, sharedReadBuffer, takeBulkBuffer } from './buffers.ts'

export class ReadBuffer {
  #bulk: Buffer | null = null
  #registered: Buffer = sharedReadBuffer
  #retired: Buffer | null = null

  /** Where the next read goes; null: where the last one went. */
  next(): Buffer | null {
    const wanted = this.#bulk ?? sharedReadBuffer
    if (wanted === this.#registered) return null
    this.#registered = wanted
    if (this.#retired !== null) {
      recycle(this.#retired)
      this.#retired = null
    }
    return wanted
  }

  /** Whether a read of `n` bytes brought all that there was room for: more is to be expected. */
  filled(n: number): boolean {
    return n === this.#registered.length
  }

  /** From the next read on, bytes come in a buffer that stays untouched while the stream is paused. */
  startBulk(): void {
    this.#bulk ??= takeBulkBuffer()
  }

  /** Back to the shared one. `free`: nothing of the buffer is still being written anywhere, it may serve another stream. */
  endBulk(free: boolean): void {
    const bulk = this.#bulk
    if (bulk === null) return
    this.#bulk = null
    bulkEnded(bulk)
    // While its last read is being heard it is still registered for the next: it is given away once it is not.
    if (free && this.#registered === bulk) this.#retired = bulk
  }

  /** Whether `buf` may be written without a copy. */
  owns(buf: Buffer): boolean {
    return buf === this.#bulk
  }
}
