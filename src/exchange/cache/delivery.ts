/**
 * The way of a stored response to the client: whole, in parts, or only the news that nothing has changed. Its body may
 * still be growing, and pass by where it turned out not to fit; what the store has is sent from there, without a copy, and
 * stays until the kernel has it.
 */
import { randomBytes } from 'node:crypto'
import type { Cause } from '../../base/cause.ts'
import { SLOT, type StoredText } from '../../cache/object/stored-object.ts'
import { type Conditions, judgeConditions } from '../../cache/serve/condition.ts'
import {
  type DeliveryOut,
  multipartFields,
  notModifiedFields,
  partialFields,
  unsatisfiableFields,
  wholeFields,
} from '../../cache/serve/response-heads.ts'
import type { PreparedAnswer, Responder } from '../../net/responder.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { byteRanges, multipartLength, multipartTail, partHead } from '../../wire/http/byte-range.ts'
import { valueIn } from '../../wire/http/field-lines.ts'
import type { OutgoingFields } from '../../wire/http/outgoing-fields.ts'
import { viaLine } from '../../wire/http1/forward.ts'
import type { ExchangeContext } from '../context.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Ending } from '../ending.ts'
import type { ExchangeView } from '../generation.ts'
import { atLeaving } from '../hook-points.ts'

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
/** What is stored is passed on as HTTP/1.1, whatever it came by. */
const HTTP11 = { minor: 1 } as const
const PARTIAL = 'Partial Content'
const ALL: Part = { before: '', from: 0, to: Infinity }

/** The exchange whose client gets it. */
export interface DeliveryOwner extends ExchangeView {
  readonly context: ExchangeContext
  readonly responder: Responder
  /** The fields of the head that goes to the client. */
  readonly fields: OutgoingFields
  readonly deadlines: Deadlines
  readonly ending: Ending
  fail(cause: Cause, detail: string): void
  over(cut: boolean): void
}

export class Delivery {
  readonly #x: DeliveryOwner
  #pinned: PinnedObject | null = null
  #parts: readonly Part[] = []
  #tail = ''
  #part = 0
  #at = 0
  #paused = false
  #complete = false
  #begun = false

  constructor(x: DeliveryOwner) {
    this.#x = x
  }

  /** The client was sent, or is about to be sent, the head. */
  get begun(): boolean {
    return this.#begun
  }

  #release(): void {
    this.#pinned?.release()
    this.#pinned = null
  }

  reset(): void {
    this.#release()
    if (!this.#begun) return
    this.#parts = []
    this.#tail = ''
    this.#part = this.#at = 0
    this.#paused = this.#complete = this.#begun = false
  }

  /** Forgets the answer of which nothing has left for the client yet. False: some of it has. */
  takeBack(): boolean {
    if (!this.#x.responder.takeBack()) return false
    this.reset()
    return true
  }

  /**
   * Answers with what is held, and lets go of it in the end.
   * @param conditions of the client; null: it has none
   */
  start(pinned: PinnedObject, stored: StoredText, conditions: Conditions | null, out: DeliveryOut, now: number): void {
    const x = this.#x
    const { head } = x
    this.#pinned = pinned
    this.#begun = true
    x.ending.enter('D')
    x.deadlines.clear()
    const length = pinned.whole ? pinned.length : pinned.meta(SLOT.length)
    const judged = conditions === null ? 'ignore-range' : judgeConditions(conditions, stored, stored.status, now)
    const range = judged === 'ok' && length >= 0 ? (conditions?.range ?? null) : null
    const ranges = range === null || head.isHead ? 'ignore' : byteRanges(range, length)
    const bodiless = head.isHead || stored.status === 204 || judged === 'not-modified' || ranges === 'unsatisfiable'
    if (judged === 'not-modified') {
      this.#head(304, 'Not Modified', notModifiedFields(x.fields, stored, out), -1, false)
    } else if (ranges === 'unsatisfiable') {
      this.#head(416, 'Range Not Satisfiable', unsatisfiableFields(x.fields, stored, length, out, now), 0, false)
    } else if (ranges === 'ignore') {
      this.#head(stored.status, stored.reason, wholeFields(x.fields, stored, out), length, !bodiless)
      if (!bodiless) this.#parts = [ALL]
    } else if (ranges.length === 1) {
      const [from, to] = ranges[0]!
      this.#head(206, PARTIAL, partialFields(x.fields, stored, ranges[0]!, length, out), to - from, true)
      this.#parts = [{ before: '', from, to }]
    } else {
      const boundary = `headgate${randomBytes(12).toString('hex')}`
      const type = valueIn(stored.fields, 'content-type')
      const bytes = multipartLength(boundary, type, ranges, length)
      this.#head(206, PARTIAL, multipartFields(x.fields, stored, boundary, out), bytes, true)
      this.#parts = ranges.map((one) => ({ before: partHead(boundary, type, one, length), from: one[0], to: one[1] }))
      this.#tail = multipartTail(boundary)
    }
    if (this.#parts.length > 0) this.#enter(0)
    if (!pinned.whole && !bodiless) pinned.follow(() => this.#more())
    this.pump()
  }

  #head(status: number, reason: string, fields: OutgoingFields, length: number, content: boolean): void {
    const via = viaLine(HTTP11, this.#x.listener.config.via)
    if (via !== null) fields.edits.add(via)
    this.#x.ending.answer(status)
    this.#x.responder.head(status, reason, atLeaving(this.#x, status, fields), length, content)
  }

  /** Answers with what was prepared of the object that is held. Always null, so that a step can return it. */
  repeat(pinned: PinnedObject, prepared: PreparedAnswer): null {
    const x = this.#x
    this.#begun = true
    x.ending.enter('D')
    x.ending.answer(prepared.status)
    x.responder.prepared(prepared)
    if (prepared.body !== null) {
      pinned.release()
      this.#end()
    } else {
      this.#pinned = pinned
      this.#parts = [ALL]
      x.deadlines.clear()
      this.pump()
    }
    return null
  }

  /** The next part begins. */
  #enter(part: number): void {
    this.#part = part
    const { before, from } = this.#parts[part]!
    this.#at = from
    if (before !== '') this.#x.responder.text(before)
  }

  #more(): void {
    try {
      this.pump()
    } catch (error) {
      this.#x.context.defect(error)
      this.#x.over(true)
    }
  }

  /** Sends what is there, as far as the client takes it. */
  pump(): void {
    const pinned = this.#pinned
    const { responder } = this.#x
    if (pinned === null || this.#complete || this.#paused) return
    while (this.#part < this.#parts.length) {
      const { to } = this.#parts[this.#part]!
      // In this order: what is whole does not grow any more.
      const { whole } = pinned
      const { length } = pinned
      // What the kernel has is not needed any more.
      if (!whole && responder.ready) pinned.pass(this.#at)
      if (this.#at < Math.min(to, length)) {
        if (whole && this.#isLast(Math.min(to, length))) return this.#leave(pinned, Math.min(to, length))
        this.#send(pinned, Math.min(to, length, this.#at + STRETCH))
        if (responder.ready) continue
        responder.flush()
        return this.#stall()
      }
      if (this.#at < to && !whole) {
        if (pinned.abandoned >= 0) return this.#x.fail('response_cut', 'the response was not complete')
        if (!responder.flush()) return this.#stall()
        if (responder.ready) pinned.pass(this.#at)
        return this.#x.deadlines.clear() // it is the server's turn; the fetch has timeouts of its own
      }
      if (this.#part + 1 === this.#parts.length) break
      this.#enter(this.#part + 1)
    }
    this.#end()
  }

  /** Whether what is left up to there is little, and nothing comes behind it. */
  #isLast(to: number): boolean {
    return to - this.#at <= LITTLE && this.#tail === '' && this.#part + 1 === this.#parts.length
  }

  /** The rest leaves at the end of the turn, with what others say, and is held until it has left; this answer is done. */
  #leave(pinned: PinnedObject, to: number): void {
    const pieces = pinned.pieces(this.#at, to)
    const last = pieces.pop()
    const { responder } = this.#x
    for (const piece of pieces) responder.borrowed(piece)
    if (last !== undefined) responder.last(last, pinned)
    this.#pinned = null
    this.#at = to
    this.#end()
  }

  #send(pinned: PinnedObject, to: number): void {
    for (const piece of pinned.pieces(this.#at, to)) this.#x.responder.borrowed(piece)
    this.#at = to
  }

  /** The client takes no more at the moment. */
  #stall(): void {
    this.#paused = true
    this.#x.deadlines.expect('client_stalled', this.#x.listener.config.timeouts.send)
  }

  #end(): void {
    this.#complete = true
    // A client that gets no body does not hold up a body that is still growing.
    if (this.#parts.length === 0) this.#release()
    const { responder } = this.#x
    if (this.#tail !== '') responder.text(this.#tail)
    if (responder.end('')) return this.#x.over(false)
    this.#x.ending.enter('L')
    this.#x.deadlines.expect('client_stalled', this.#x.listener.config.timeouts.send)
  }

  clientDrained(): void {
    if (this.#complete) return this.#x.over(false)
    this.#paused = false
    this.pump()
  }
}
