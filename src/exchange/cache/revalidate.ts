/** Newer metadata for what is stored: a 304 renews it (RFC 9111 §4.3.4), and so does the answer to a HEAD (§4.3.5). */
import { controlOf } from '../../cache/freshness/control.ts'
import { ageOf, expire, Freshness } from '../../cache/freshness/freshness.ts'
import { headSays, selectedBy, updated } from '../../cache/object/merge.ts'
import { type NotStored, whyNotKept } from '../../cache/object/storable.ts'
import { readStored } from '../../cache/object/stored-head.ts'
import {
  AbandonReason,
  numbersOf,
  putResponse,
  readText,
  SLOT,
  type StoredText,
  textOf,
  writeFreshnessTo,
} from '../../cache/object/stored-object.ts'
import { tagsOf } from '../../cache/object/tags.ts'
import { validatorsOf } from '../../cache/object/validators.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { CachePart } from './cache-part.ts'
import type { StaleCopy } from './stale-copy.ts'
import { draftOf, freshnessOfAnswer, handToFill, notRefreshed, OF_REQUEST, refreshEnded } from './take-response.ts'

// Used up within one call each.
const control = new CacheControl()
const fresh = new Freshness()

/** A stored response with newer metadata; its freshness is in `fresh`. */
interface Renewed {
  readonly stored: StoredText
  /** Lines for the client that asked alone. */
  readonly own: string
  /** Why others may not have it, now; null: they may. */
  readonly why: NotStored | 'other-vary' | null
}

/** What is stored, after an update by `head`. */
function renewed(c: CachePart, old: StoredText, head: ResponseHead, now: number): Renewed {
  const { x, lookup } = c
  const { routeCache } = lookup
  const { fields, own } = updated(old, head, routeCache.settings, now)
  const merged = readStored({ ...old, fields })
  controlOf(control, merged, routeCache.settings)
  freshnessOfAnswer(c, fresh, merged, control, now, ageOf(head))
  const { etag, lastModified, date } = validatorsOf(merged, now)
  const stored = { ...old, etag, lastModified, date, fields, tags: tagsOf(merged) }
  const names = routeCache.variantFields(merged)
  const why = whyNotKept(x.head, lookup.directives, merged, control, fresh, routeCache.settings, x.edits)
  // It is found by requests that the old Vary took for alike (§4.1).
  return { stored, own, why: why ?? (names.join('\n') === (lookup.names ?? []).join('\n') ? null : 'other-vary') }
}

/** Removes what others may not have any more. Reasons that lie in the request say nothing of that (§3). */
function forget({ lookup }: CachePart, pinned: PinnedObject, why: string): void {
  if (OF_REQUEST.has(why)) return
  const { store } = lookup.routeCache
  store.removeHeld(pinned)
  // All that is stored under the old names.
  if (why === 'other-vary' && lookup.key !== lookup.primary) store.remove(lookup.primary)
}

/** The stale copy is still right (§4.3.3, §4.3.4). */
export function revalidated(c: CachePart, { pinned: stale }: StaleCopy, head: ResponseHead, now: number): void {
  const { x, lookup } = c
  const old = readText(stale.headText(), stale)
  if (selectedBy([old], validatorsOf(head, now)).length === 0) return askWithout(c, head)
  const { stored, own, why } = renewed(c, old, head, now)
  // Whatever becomes of the copy: this client gets it with what its server says of it now (§4.3.4).
  Object.assign(c.freshness, fresh)
  let served = stale
  if (why !== null) {
    forget(c, stale, why)
    // Followers are to fetch for themselves, or, where that lies in this request, to try again.
    c.takeDraft()?.abandon(OF_REQUEST.has(why) ? AbandonReason.untried : AbandonReason.notStored)
  }
  const draft = why === null ? draftOf(c, lookup.key) : null
  if (draft !== null) {
    putResponse(draft, fresh, stored, stale.length, lookup.lastRemoval, stale.meta(SLOT.content))
    if (draft.head(textOf(stored)) && draft.adopt(stale)) {
      if (!x.background) served = draft.read() ?? stale
      draft.finish()
    } else draft.abandon(AbandonReason.failed)
  }
  lookup.routeCache.notes.note(lookup.primary, why ?? 'validated', now)
  if (x.background) refreshEnded(c, why === null)
  if (x.background && why !== null) notRefreshed(stale, why, now)
  handToFill(c, head, null)
  if (x.background) return x.over(false)
  if (served === stale) c.takeStale()
  c.serve(served, 'revalidated', now, why, own, stored)
}

/** The 304 is about another response than the stored one, of which nothing is known now: asks for all of it. */
function askWithout(c: CachePart, head: ResponseHead): void {
  const { x } = c
  const { serial } = x
  // The response has no content and is over at the end of this read; the next attempt gets its permits.
  const routePermit = x.admission.takeRoutePermit()
  const next = x.passPermit()
  const filling = handToFill(c, head, null)
  if (routePermit !== null) x.admission.holdRoutePermit(routePermit)
  x.own(next)
  filling.onEnd = () => {
    if (x.serial !== serial || x.isOver) return
    c.askForWhole()
    c.enter({ is: 'fetching', draft: c.takeDraft(), late: false })
    x.upload.restart()
    x.ask(next)
  }
}

/** Whether the response to a HEAD says anything about what others get: not if it was for a known user, or not to be stored. */
function isForOthers(c: CachePart, head: ResponseHead, now: number): boolean {
  const { x, lookup } = c
  const { settings } = lookup.routeCache
  controlOf(control, head, settings)
  freshnessOfAnswer(c, fresh, head, control, now)
  const why = whyNotKept(x.head, lookup.directives, head, control, fresh, settings, x.edits)
  return why === null || !OF_REQUEST.has(why)
}

/** What a HEAD says of the stored response to GET (§4.3.5). */
export function freshen(c: CachePart, head: ResponseHead, now: number): void {
  const pinned = c.takeStale()
  if (pinned === null) return
  const old = readText(pinned.headText(), pinned)
  const says = isForOthers(c, head, now) ? headSays(old, pinned.length, head, now) : 'nothing'
  if (says === 'changed') {
    expire(c.freshness, now)
    writeFreshnessTo(c.freshness, pinned)
  } else if (says === 'same') {
    const { stored, why } = renewed(c, old, head, now)
    if (why !== null) forget(c, pinned, why)
    else {
      const numbers = numbersOf(fresh, stored, pinned.length, pinned.meta(SLOT.ban), pinned.meta(SLOT.content))
      c.lookup.routeCache.store.replaceHead(pinned, textOf(stored), numbers)
    }
  }
  pinned.release()
}
