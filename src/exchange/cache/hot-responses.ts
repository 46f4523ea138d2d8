/**
 * Answers that are asked for again and again, made ready: the head as it stands in this second, with a small body behind
 * it. So what is asked for often costs little more than looking it up. What has a place here keeps it while it is found
 * more often than others that would have the same place; those that are found once in a while cost nothing here. Who wants
 * anything particular (parts, a condition, a connection that closes, HTTP/1.0) is not served from here.
 */
import { latin1 } from '../../base/bytes.ts'
import { SLOT } from '../../cache/object/stored-object.ts'
import { type DeliveryOut, wholeFields } from '../../cache/serve/response-heads.ts'
import { PreparedAnswer } from '../../net/responder.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { OutgoingFields } from '../../wire/http/outgoing-fields.ts'
import type { ServedForm } from './served-form.ts'

/** Bodies up to this many bytes stand behind their head: one text leaves for less than a text and a body. Nor is a longer head kept. */
const SMALL = 4096
/** Places, a power of two. With SMALL this bounds the memory of a thread to a few megabytes. */
const PLACES = 1024
/** How often, at most, an answer counts as found. */
const LOVED = 15
/**
 * So many times it is asked for in one second before it is made for the rest of it. It pays after about three more; and
 * what is made every second lives just long enough to end up among what the collector takes for lasting, which then
 * stops the thread for tens of milliseconds every few seconds.
 */
const OFTEN = 4

/** Of the stored response `version`, with the age and the time left that stand in its head. */
interface ReadyAnswer {
  readonly version: number
  /** Whole seconds. `left`: until it is stale, 0 where clients are not told. */
  readonly age: number
  readonly left: number
  /** Accept-Encoding of those it is for, where that matters; else null. */
  readonly accept: string | null
  readonly prepared: PreparedAnswer
}

/** The ready answers of one thread. */
export class HotResponses {
  readonly #answers: (ReadyAnswer | null)[] = Array.from({ length: PLACES }, () => null)
  /** The version that has each place, or would have it, and how often it was found more than others. */
  readonly #versions = new Float64Array(PLACES)
  readonly #found = new Uint8Array(PLACES)
  /** The age at which it was looked for in vain, and how often. */
  readonly #ages = new Float64Array(PLACES)
  readonly #missed = new Uint8Array(PLACES)
  // What was looked for last.
  #place = 0
  #version = 0
  #age = 0
  #left = 0
  #accept: string | null = null

  /** The answer that is ready for what is held; null: there is none. For the rest see ReadyAnswer. */
  find(hold: PinnedObject, age: number, left: number, accept: string | null): PreparedAnswer | null {
    const version = hold.meta(SLOT.version)
    const place = placeOf(version, accept)
    const one = this.#answers[place]!
    if (one !== null && one.version === version && one.age === age && one.left === left && one.accept === accept) {
      if (this.#found[place]! < LOVED) this.#found[place]! += 1
      return one.prepared
    }
    this.#place = place
    this.#version = version
    this.#age = age
    this.#left = left
    this.#accept = accept
    return null
  }

  /** After a find in vain: whether to make it ready. Not where it is asked for seldom, or another one more often. */
  get worth(): boolean {
    const place = this.#place
    if (this.#versions[place] !== this.#version) {
      if (this.#found[place]! > 0) {
        this.#found[place]! -= 1
        return false
      }
      this.#versions[place] = this.#version
      this.#answers[place] = null
      this.#missed[place] = 0
    } else if (this.#ages[place] !== this.#age) this.#missed[place] = 0
    this.#ages[place] = this.#age
    if (this.#missed[place]! < OFTEN) this.#missed[place]! += 1
    return this.#missed[place] === OFTEN
  }

  /** Makes ready what was looked for last, which is to be served in this form. `asked`: what was found in the store. */
  make(form: ServedForm, asked: PinnedObject, out: DeliveryOut): void {
    const { hold, stored, settled } = form
    // A longer body is sent from the store: then the one that is found has to be the one that is sent.
    const small = hold.length <= SMALL
    if (!settled || !hold.whole || !(small || hold === asked)) return
    const fields = wholeFields(new OutgoingFields(), stored, out)
    if (fields.text().length > SMALL) return
    let body: string | null = null
    if (small) {
      body = ''
      for (const piece of hold.pieces(0, hold.length)) body += latin1(piece, 0, piece.length)
    }
    this.#answers[this.#place] = {
      version: this.#version,
      age: this.#age,
      left: this.#left,
      accept: this.#accept === null ? null : ownText(this.#accept),
      prepared: new PreparedAnswer(stored.status, stored.reason, fields, hold.length, body),
    }
  }
}

/** Browsers write Accept-Encoding in different ways: none of them is to drive the others away. */
function placeOf(version: number, accept: string | null): number {
  let place = version | 0
  if (accept !== null) for (let i = 0; i < accept.length; i++) place = Math.imul(place, 31) + accept.charCodeAt(i)
  return place & (PLACES - 1)
}

/** A text of its own: what was cut out of a head keeps all of that in memory. */
function ownText(text: string): string {
  return latin1(Buffer.from(text, 'latin1'), 0, text.length)
}
