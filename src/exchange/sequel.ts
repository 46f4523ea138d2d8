/**
 * A response that is fetched once more for the sake of its end. Its client waited for the fetch of another, and has got
 * as much of the body as the store took before it turned out to be too long. What the client has must be the beginning of
 * the new response, byte for byte; then the two together are that one, whole.
 */
import { valueIn } from '../cache/lines.ts'
import { readText, SLOT } from '../cache/stored.ts'
import type { Hold } from '../store/hold.ts'
import { Field } from '../wire/fields.ts'
import type { ResponseHead } from '../wire/head.ts'

export class Sequel {
  readonly #hold: Hold
  readonly #sent: number
  #seen = 0

  /** `sent`: bytes of the body in `hold` that the client has; it stays pinned until they have been compared. */
  constructor(hold: Hold, sent: number) {
    this.#hold = hold
    this.#sent = sent
  }

  /** Whether this may be the response that the client was told of: same status, same ETag, and the length it counts on. */
  fits(head: ResponseHead): boolean {
    const length = this.#hold.meta(SLOT.length)
    const { status, etag, fields } = readText(this.#hold.headText(), this.#hold)
    // One without quotes is no validator, and yet a server that writes them so tells its versions apart by it.
    const tag = etag === '' ? valueIn(fields, 'etag') : etag
    return (
      head.status === status && (head.get(Field.etag) ?? '') === tag && (length < 0 || head.contentLength === length)
    )
  }

  /** The next bytes of the body, buf[from, to): where in `buf` those begin which the client lacks; -1: it is another body. */
  skip(buf: Buffer, from: number, to: number): number {
    const known = Math.min(this.#sent - this.#seen, to - from)
    let at = from
    for (const piece of known > 0 ? this.#hold.pieces(this.#seen, this.#seen + known) : []) {
      if (piece.compare(buf, at, at + piece.length) !== 0) return -1
      at += piece.length
    }
    this.#seen += known
    return at
  }

  /** All that the client has has come again. */
  get done(): boolean {
    return this.#seen === this.#sent
  }
}
