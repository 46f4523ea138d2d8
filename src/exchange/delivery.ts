/**
 * The way of a stored response to the client: whole, in parts, or only the news that nothing has changed. Its body may
 * still be growing; what the store has is sent from there, without a copy, and stays pinned until the kernel has it.
 */
import { randomBytes } from 'node:crypto'
import { type Conditions, judgeConditions } from '../cache/condition.ts'
import {
  type DeliveryOut,
  multipartHead,
  notModifiedHead,
  partialHead,
  unsatisfiableHead,
  wholeHead,
} from '../cache/delivery.ts'
import { valueIn } from '../cache/lines.ts'
import { REASON, SLOT, type StoredText } from '../cache/stored.ts'
import { Outlet } from '../net/outlet.ts'
import type { Hold } from '../store/hold.ts'
import { byteRanges, multipartTail, partHead } from '../wire/byte-range.ts'
import { chunkHead } from '../wire/framing.ts'
import { BodyKind } from '../wire/head.ts'
import type { Exchange } from './exchange.ts'
import type { Fill } from './fill.ts'
import type { ReadyAnswer } from './ready.ts'
import { Sequel } from './sequel.ts'

/** Text, then bytes [from, to) of the body; `to` Infinity: to its end. */
interface Part {
  readonly before: string
  readonly from: number
  readonly to: number
}

/** Bytes that are taken from the store at once. */
const STRETCH = 256 * 1024
/** Bytes of a body that may wait for the end of the turn. */
const LITTLE = 16 * 1024
const ALL: Part = { before: '', from: 0, to: Infinity }

export class Delivery {
  readonly #x: Exchange
  readonly #out = new Outlet()
  #hold: Hold | null = null
  /** Where the body goes on behind what the store has taken of it; null: nowhere. */
  #rest: Fill | null = null
  /** Where in the body that goes on. */
  #restAt = -1
  #parts: readonly Part[] = []
  #tail = ''
  #part = 0
  #at = 0
  #chunked = false
  #keep = false
  #held = false
  #complete = false
  #begun = false

  constructor(x: Exchange) {
    this.#x = x
  }

  /** The client was sent, or is about to be sent, the head. */
  get begun(): boolean {
    return this.#begun
  }

  /** Bytes sent to the client. */
  get bytes(): number {
    return this.#out.bytes
  }

  reset(): void {
    this.#hold?.release()
    this.#hold = null
    this.#rest?.drop()
    this.#rest = null
    if (!this.#begun) return
    this.#out.reset()
    this.#parts = []
    this.#tail = ''
    this.#part = this.#at = 0
    this.#restAt = -1
    this.#chunked = this.#keep = this.#held = this.#complete = this.#begun = false
  }

  /** Forgets the answer of which nothing has left for the client yet. False: some of it has. */
  takeBack(): boolean {
    if (!this.#out.takeBack()) return false
    this.reset()
    return true
  }

  /**
   * Answers with what is held, and lets go of it in the end.
   * @param conditions of the client; null: it has none
   * @param out its `connection` is decided here
   */
  start(
    hold: Hold,
    stored: StoredText,
    conditions: Conditions | null,
    out: Omit<DeliveryOut, 'connection'>,
    now: number,
  ): void {
    const x = this.#x
    const { head, client } = x
    this.#hold = hold
    this.#begun = true
    x.phase = 'D'
    x.relax()
    const length = hold.whole ? hold.length : hold.meta(SLOT.length)
    const judged = conditions === null ? 'ignore-range' : judgeConditions(conditions, stored, stored.status, now)
    const range = judged === 'ok' && length >= 0 ? (conditions?.range ?? null) : null
    const ranges = range === null || head.isHead ? 'ignore' : byteRanges(range, length)
    const bodiless = head.isHead || stored.status === 204 || judged === 'not-modified' || ranges === 'unsatisfiable'
    this.#chunked = !bodiless && length < 0 && head.minor === 1
    this.#keep = x.lasting && (bodiless || length >= 0 || this.#chunked)
    const connection = this.#keep ? (head.minor === 1 ? '' : 'keep-alive') : 'close'
    const added = { ...out, connection } as const

    this.#out.open(client.stream)
    if (judged === 'not-modified') {
      x.status = 304
      this.#out.text(notModifiedHead(stored, added))
    } else if (ranges === 'unsatisfiable') {
      x.status = 416
      this.#out.text(unsatisfiableHead(stored, length, added, now))
    } else if (ranges === 'ignore') {
      x.status = stored.status
      const bodyKind = bodiless ? BodyKind.none : length >= 0 ? BodyKind.length : kindOf(this.#chunked)
      this.#out.text(wholeHead(stored, { bodyKind, length }, added))
      if (!bodiless) this.#parts = [ALL]
    } else if (ranges.length === 1) {
      const [from, to] = ranges[0]!
      x.status = 206
      this.#out.text(partialHead(stored, ranges[0]!, length, added))
      this.#parts = [{ before: '', from, to }]
    } else {
      const boundary = `headgate${randomBytes(12).toString('hex')}`
      const type = valueIn(stored.fields, 'content-type')
      x.status = 206
      this.#out.text(multipartHead(stored, boundary, ranges, length, added))
      this.#parts = ranges.map((one) => ({ before: partHead(boundary, type, one, length), from: one[0], to: one[1] }))
      this.#tail = multipartTail(boundary)
    }
    if (this.#parts.length > 0) this.#enter(0)
    if (!hold.whole && !bodiless) hold.follow(() => this.#more())
    this.pump()
  }

  /** Answers with what was made ready of the object that is held. Always null, so that a step can return it. */
  repeat(hold: Hold, ready: ReadyAnswer): null {
    const x = this.#x
    this.#begun = this.#keep = true
    x.phase = 'D'
    x.status = ready.status
    this.#out.open(x.client.stream)
    this.#out.text(ready.text)
    if (ready.whole) {
      hold.release()
      this.#end()
    } else {
      this.#hold = hold
      this.#parts = [ALL]
      x.relax()
      this.pump()
    }
    return null
  }

  /** The store takes no more of the body that this client has asked for: what follows comes from there. May come before `start`. */
  goOnFrom(rest: Fill): void {
    this.#rest = rest
  }

  /** The next part begins. */
  #enter(part: number): void {
    this.#part = part
    const { before, from } = this.#parts[part]!
    this.#at = from
    if (before !== '') this.#out.text(before)
  }

  #more(): void {
    try {
      this.pump()
    } catch (error) {
      this.#x.world.defect(error)
      this.#x.over(false, true)
    }
  }

  /** Sends what is there, as far as the client takes it. */
  pump(): void {
    const hold = this.#hold
    const { client } = this.#x
    if (hold === null || this.#complete || this.#held) return
    while (this.#part < this.#parts.length) {
      const { to } = this.#parts[this.#part]!
      // In this order: what is whole does not grow any more.
      const { whole } = hold
      const { length } = hold
      if (this.#at < Math.min(to, length)) {
        if (whole && this.#isLast(Math.min(to, length))) return this.#leave(hold, Math.min(to, length))
        this.#send(hold, Math.min(to, length, this.#at + STRETCH))
        if (client.stream.flowing) continue
        this.#out.flush()
        return this.#stall()
      }
      if (this.#at < to && !whole) {
        if (hold.abandoned >= 0 && this.#rest !== null && this.#parts.length === 1) return this.#pass(hold, this.#rest)
        if (hold.abandoned === REASON.notStored && this.#parts[0] === ALL) return this.#fetchOn(hold)
        if (hold.abandoned >= 0) return this.#x.fail('response_cut', 'the response was not complete')
        if (!this.#out.flush()) return this.#stall()
        return this.#x.relax() // it is the server's turn; the fetch has timeouts of its own
      }
      if (this.#part + 1 === this.#parts.length) break
      this.#enter(this.#part + 1)
    }
    this.#end()
  }

  /** Whether what is left up to there is little, and nothing comes behind it. */
  #isLast(to: number): boolean {
    return to - this.#at <= LITTLE && this.#tail === '' && !this.#chunked && this.#part + 1 === this.#parts.length
  }

  /** The rest leaves at the end of the turn, with what others say, and is held until it has left; this answer is done. */
  #leave(hold: Hold, to: number): void {
    const pieces = hold.pieces(this.#at, to)
    const last = pieces.pop()
    for (const piece of pieces) this.#out.lend(piece, 0, piece.length)
    if (last !== undefined) this.#out.leave(last, hold)
    this.#hold = null
    this.#at = to
    this.#end()
  }

  #send(hold: Hold, to: number): void {
    if (this.#chunked) this.#out.text(chunkHead(to - this.#at))
    for (const piece of hold.pieces(this.#at, to)) this.#out.lend(piece, 0, piece.length)
    if (this.#chunked) this.#out.text('\r\n')
    this.#at = to
  }

  /** Passes on what the store did not take: it comes behind what it has. */
  #pass(hold: Hold, rest: Fill): void {
    const { to } = this.#parts[0]!
    if (this.#restAt < 0) this.#restAt = hold.length
    for (const piece of rest.take()) {
      const from = Math.max(0, this.#at - this.#restAt)
      const end = Math.min(piece.length, to - this.#restAt)
      this.#restAt += piece.length
      if (from >= end) continue
      if (this.#chunked) this.#out.text(chunkHead(end - from))
      this.#out.lend(piece, from, end)
      if (this.#chunked) this.#out.text('\r\n')
      this.#at += end - from
    }
    if (this.#at === to) return this.#end()
    if (rest.over) return rest.whole ? this.#end() : this.#x.fail('response_cut', 'the response was not complete')
    rest.onMore = () => this.#more()
    if (!this.#out.flush()) return this.#stall()
    this.#x.relax() // it is the server's turn again
    rest.readOn()
  }

  /** The store has no more of it, and the fetch was somebody else's: fetches it again, to go on where this one stands. */
  #fetchOn(hold: Hold): void {
    if (!this.#out.flush()) return this.#stall()
    const { download, caching } = this.#x
    this.#held = true
    const framing = hold.meta(SLOT.length) >= 0 ? BodyKind.length : kindOf(this.#chunked)
    download.goOn(new Sequel(hold, this.#at), framing, this.#keep)
    caching.prepare()
    this.#x.onward()
  }

  /** The client takes no more at the moment. */
  #stall(): void {
    this.#held = true
    this.#x.expect('client_stalled', this.#x.client.context.config.timeouts.send)
  }

  #end(): void {
    this.#complete = true
    if (this.#tail !== '') this.#out.text(this.#tail)
    if (this.#chunked) this.#out.text('0\r\n\r\n')
    if (this.#out.flush()) return this.#x.over(this.#keep, false)
    this.#x.phase = 'L'
    this.#x.expect('client_stalled', this.#x.client.context.config.timeouts.send)
  }

  clientDrained(): void {
    if (this.#complete) return this.#x.over(this.#keep, false)
    this.#held = false
    this.pump()
  }
}

function kindOf(chunked: boolean): BodyKind {
  return chunked ? BodyKind.chunked : BodyKind.close
}
