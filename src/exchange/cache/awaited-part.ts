/**
 * Clients that want a part of what the cache has asked for whole, or have it already. What comes of that is theirs where it
 * is stored. Where it is not, the whole is what they did not ask for: the server is asked again, as they asked.
 */
import { wall } from '../../base/clock.ts'
import { readText, SLOT } from '../../cache/object/stored-object.ts'
import { validatorsOf } from '../../cache/object/validators.ts'
import { type Conditions, conditionsOf, judgeConditions } from '../../cache/serve/condition.ts'
import { restoreConditions } from '../../cache/serve/revalidation.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { byteRanges } from '../../wire/http/byte-range.ts'
import { valueIn } from '../../wire/http/field-lines.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { Attempt } from '../attempt.ts'
import { type CachePart, PASSING, type PartWaiter } from './cache-part.ts'
import type { Fill } from './fill.ts'

/** Bytes of content from which on it is worth another request not to send what the client has. */
const LONG = 64 * 1024
/** How long, in ms, an answer of unknown length may keep one waiting where the route says nothing, unless its server says that it has parts. */
const PATIENCE = 5000

/** Whether the answer, which is not stored, is more than its client has asked for, and less would come if it were asked itself. */
export function isTooMuch(c: CachePart, head: ResponseHead, now: number): boolean {
  const { conditions } = c.lookup
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

/** Asks again, as the client asked, under the permit that it has. */
export function askAsTold(c: CachePart): void {
  const next = c.x.attempt?.again('abandoned')
  if (next !== undefined) askAt(c, next)
}

/** Asks in this attempt. */
function askAt(c: CachePart, attempt: Attempt): void {
  asTold(c)
  c.x.ask(attempt)
}

function asTold(c: CachePart): void {
  const { x, lookup } = c
  restoreConditions(x.edits)
  c.settle(PASSING)
  lookup.takeConditions(null)
  lookup.validate(false)
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
export function awaitPart(c: CachePart, pinned: PinnedObject, from: Fill | (() => void), serve: () => void): boolean {
  if (pinned.whole || pinned.meta(SLOT.length) >= 0) return false
  const { lookup, x } = c
  const conditions = lookup.conditions ?? conditionsOf(x.head)
  if (conditions === null || conditions.range === null) return false
  const most = lookup.routeCache.settings.coalesce?.timeout ?? PATIENCE
  const patience = patienceFor(pinned, conditions, conditions.range, most)
  if (patience < 0) return false
  const part = new AwaitedPart(c, pinned, from, serve)
  c.enter({ is: 'awaiting', pinned, part })
  x.deadlines.expect('coalesce_timeout', patience)
  part.look()
  if (part.waits) pinned.follow(() => c.guard(() => part.look()))
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
export class AwaitedPart implements PartWaiter {
  readonly #c: CachePart
  readonly #pinned: PinnedObject
  readonly #from: Fill | (() => void)
  readonly #serve: () => void

  constructor(c: CachePart, pinned: PinnedObject, from: Fill | (() => void), serve: () => void) {
    this.#c = c
    this.#pinned = pinned
    this.#from = from
    this.#serve = serve
  }

  get waits(): boolean {
    const { state } = this.#c
    return state.is === 'awaiting' && state.part === this
  }

  /** The response has got further. */
  look(): void {
    const pinned = this.#pinned
    const { abandoned } = pinned
    if (pinned.slides) return this.#goAlone()
    if (pinned.whole) return this.serve()
    if (abandoned < 0) return
    if (typeof this.#from !== 'function') return this.#c.x.fail('response_cut', 'the response was not complete')
    this.#leave()
    this.#from()
  }

  /** It gets what there is: a part of what is whole by now, or else all that comes. */
  serve(): void {
    this.#c.enter(PASSING)
    this.#pinned.follow(null)
    this.#c.x.deadlines.clear()
    this.#serve()
  }

  /** The response does not fit, so that no part of it can be had from the store. */
  #goAlone(): void {
    const c = this.#c
    const from = this.#from
    if (typeof from === 'function') {
      this.#leave()
      c.lookup.makePass(true)
      return from()
    }
    const next = from.surrender()
    this.#leave()
    if (next !== null) return askAt(c, next)
    // Others read on from what was asked for first; that has the permit.
    asTold(c)
    c.x.continueToPool()
  }

  #leave(): void {
    this.#c.enter(PASSING)
    this.#pinned.release()
    this.#c.x.deadlines.clear()
  }
}
