/**
 * Clients that want a part of what the cache has asked for whole, or have it already. What comes of that is theirs where it
 * is stored. Where it is not, the whole is what they did not ask for: the server is asked again, as they asked.
 */
import { wall } from '../../base/clock.ts'
import { readText, SLOT } from '../../cache/object/stored-object.ts'
import { validatorsOf } from '../../cache/object/validators.ts'
import { type Conditions, conditionsOf, judgeConditions } from '../../cache/serve/condition.ts'
import { restoreConditions } from '../../cache/serve/revalidation.ts'
import type { PinnedObject } from '../../store/hold.ts'
import { byteRanges } from '../../wire/http/byte-range.ts'
import { valueIn } from '../../wire/http/field-lines.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { Attempt } from '../attempt.ts'
import type { Caching } from './caching.ts'
import type { Fill } from './fill.ts'

/** Bytes of content from which on it is worth another request not to send what the client has. */
const LONG = 64 * 1024
/** How long, in ms, an answer of unknown length may keep one waiting where the route says nothing, unless its server says that it has parts. */
const PATIENCE = 5000

/** Whether the answer, which is not stored, is more than its client has asked for, and less would come if it were asked itself. */
export function isTooMuch(c: Caching, head: ResponseHead, now: number): boolean {
  const { conditions } = c
  if (conditions === null || c.x.background || head.status !== 200 || !c.x.upload.done) return false
  const length = head.contentLength
  switch (judgeConditions(conditions, validatorsOf(head, now), head.status, now)) {
    case 'not-modified':
      return length < 0 || length > LONG
    case 'ok':
      return conditions.range !== null && hasParts(head.get(Field.acceptRanges))
    default:
      return false
  }
}

/** Asks again, as the client asked. Its slot is still its own. */
export function askAsTold(c: Caching): void {
  const next = c.x.attempt?.again('abandoned')
  if (next !== undefined) askAt(c, next)
}

/** Asks in this attempt. */
function askAt(c: Caching, attempt: Attempt): void {
  asTold(c)
  c.x.go(c.x.trySeated(attempt))
}

function asTold(c: Caching): void {
  const { x } = c
  restoreConditions(x.edits)
  c.letGo()
  c.role = 'none'
  c.conditions = null
  c.validates = false
  c.late = false
  // Another request than the one before, with a try of its own on a fresh connection.
  x.upload.restart()
  x.retries.askDifferently()
}

/**
 * Waits with the answer if its client wants a part, and it is not known yet whether that can be had of what comes: as long
 * as its length is not known. True: it does.
 * @param from where it comes from: its own fetch; or another's, then how to go on if that comes to nothing
 * @param serve what follows when it is known
 */
export function awaitPart(c: Caching, hold: PinnedObject, from: Fill | (() => void), serve: () => void): boolean {
  if (hold.whole || hold.meta(SLOT.length) >= 0) return false
  const conditions = c.conditions ?? conditionsOf(c.x.head)
  if (conditions === null || conditions.range === null) return false
  const most = c.routeCache?.settings.coalesce?.timeout ?? PATIENCE
  const patience = patienceFor(hold, conditions, conditions.range, most)
  if (patience < 0) return false
  const part = new AwaitedPart(c, hold, from, serve)
  c.part = part
  c.waiting = hold
  c.x.deadlines.expect('coalesce_timeout', patience)
  part.told()
  if (c.part === part) hold.follow(() => part.heard())
  return true
}

/** In ms; 0: no bound; negative: there is nothing to wait for. */
function patienceFor(hold: PinnedObject, conditions: Conditions, range: string, most: number): number {
  // Of no length that could be: whether it can be read at all.
  if (byteRanges(range, Number.MAX_SAFE_INTEGER) === 'ignore') return -1
  const stored = readText(hold.headText(), hold)
  if (judgeConditions(conditions, stored, stored.status, wall()) !== 'ok') return -1
  const says = valueIn(stored.fields, 'accept-ranges')
  if (!hasParts(says)) return -1
  return says === '' ? most : 0
}

/** Whether a server that says this of itself may answer with parts (RFC 9110 §14.3); most that do say so. */
function hasParts(says: string | null): boolean {
  return says?.trim().toLowerCase() !== 'none'
}

/** A client that waits for a part. */
export class AwaitedPart {
  readonly #c: Caching
  readonly #hold: PinnedObject
  readonly #from: Fill | (() => void)
  readonly #serve: () => void

  constructor(c: Caching, hold: PinnedObject, from: Fill | (() => void), serve: () => void) {
    this.#c = c
    this.#hold = hold
    this.#from = from
    this.#serve = serve
  }

  heard(): void {
    try {
      this.told()
    } catch (error) {
      this.#c.x.context.defect(error)
      this.#c.x.over(true)
    }
  }

  /** Something is new of what it waits for. */
  told(): void {
    const hold = this.#hold
    const { abandoned } = hold
    if (hold.slides) return this.#goAlone()
    if (hold.whole) return this.serve()
    if (abandoned < 0) return
    if (typeof this.#from !== 'function') return this.#c.x.fail('response_cut', 'the response was not complete')
    this.#leave()
    this.#from()
  }

  /** It gets what there is: a part of what is whole by now, or else all that comes. */
  serve(): void {
    this.#c.part = null
    this.#c.waiting = null
    this.#hold.follow(null)
    this.#c.x.deadlines.clear()
    this.#serve()
  }

  /** What comes does not fit, so that no part of it can be had from the store. */
  #goAlone(): void {
    const c = this.#c
    const { x } = c
    const from = this.#from
    if (typeof from === 'function') {
      this.#leave()
      c.pass = c.large = true
      return from()
    }
    const next = from.surrender()
    this.#leave()
    if (next !== null) return askAt(c, next)
    // Others read on from what was asked for first; that has the permit.
    asTold(c)
    x.go({ at: 'admitted', route: c.route })
  }

  #leave(): void {
    this.#c.part = null
    this.#c.waiting = null
    this.#hold.release()
    this.#c.x.deadlines.clear()
  }
}
