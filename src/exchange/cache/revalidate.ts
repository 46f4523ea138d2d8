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
import type { PinnedObject } from '../../store/hold.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { Caching } from './caching.ts'
import type { RouteCache } from './route-cache.ts'
import { draftOf, handToFill, lifeOfAnswer, notRefreshed, OF_REQUEST, refreshEnded } from './take-response.ts'

// Used up within one call each.
const control = new CacheControl()
const fresh = new Freshness()

/** A stored response with newer metadata; its life is in `fresh`. */
interface Renewed {
  readonly stored: StoredText
  /** Lines for the one who asked alone. */
  readonly own: string
  /** Why others may not have it, now; null: they may. */
  readonly why: NotStored | 'other-vary' | null
}

/** What is stored, after an update by `head`. */
function renewed(c: Caching, way: RouteCache, old: StoredText, head: ResponseHead, now: number): Renewed {
  const { fields, own } = updated(old, head, way.settings, now)
  const merged = readStored({ ...old, fields })
  controlOf(control, merged, way.settings)
  lifeOfAnswer(c, fresh, way, merged, control, now, ageOf(head))
  const { etag, lastModified, date } = validatorsOf(merged, now)
  const stored = { ...old, etag, lastModified, date, fields, tags: tagsOf(merged) }
  const names = way.choosers(merged)
  const why = whyNotKept(c.x.head, c.directives, merged, control, fresh, way.settings, c.x.edits)
  // It stands where requests come that the old Vary took for alike (§4.1).
  return { stored, own, why: why ?? (names.join('\n') === (c.names ?? []).join('\n') ? null : 'other-vary') }
}

/** Takes away what others may not have any more. Reasons that lie in the request say nothing of that (§3). */
function forget(c: Caching, way: RouteCache, hold: PinnedObject, why: string): void {
  if (OF_REQUEST.has(why)) return
  way.store.removeHeld(hold)
  // All that stands under the old names.
  if (why === 'other-vary' && c.key !== c.primary) way.store.remove(c.primary)
}

/** The stale copy is still right (§4.3.3, §4.3.4). */
export function revalidated(c: Caching, way: RouteCache, head: ResponseHead, now: number): void {
  const x = c.x
  const stale = c.staleCopy!
  const old = readText(stale.headText(), stale)
  if (selectedBy([old], validatorsOf(head, now)).length === 0) return askWithout(c, head)
  const { stored, own, why } = renewed(c, way, old, head, now)
  // Whatever becomes of the copy: to this client it goes with what its server says of it now (§4.3.4).
  Object.assign(c.freshness, fresh)
  let hold = stale
  if (why !== null) forget(c, way, stale, why)
  // Those who follow are to fetch for themselves, or, where that lies in this request, to try again.
  if (why !== null) c.draft?.abandon(OF_REQUEST.has(why) ? AbandonReason.untried : AbandonReason.notStored)
  const draft = why !== null ? null : draftOf(c, way, c.key)
  c.draft = null
  if (draft !== null) {
    putResponse(draft, fresh, stored, stale.length, c.ordered, stale.meta(SLOT.content))
    if (draft.head(textOf(stored)) && draft.adopt(stale)) {
      if (!x.background) hold = draft.read() ?? stale
      draft.finish()
    } else draft.abandon(AbandonReason.failed)
  }
  way.notes.note(c.primary, why ?? 'validated', now)
  if (x.background) refreshEnded(x.context, way, c.primary, why === null)
  if (x.background && why !== null) notRefreshed(stale, why, now)
  handToFill(c, head, null)
  if (x.background) return x.over(false)
  if (hold === stale) c.staleCopy = null
  c.serve(hold, 'revalidated', now, why, own, stored)
}

/** The 304 is about another response than the one that is stored, so that nothing is known of that: asks for all of it. */
function askWithout(c: Caching, head: ResponseHead): void {
  const { x } = c
  const { serial } = x
  // The response has no content and is over at the end of this read; the next attempt gets its permits.
  const routePermit = x.admission.takeRoutePermit()
  const next = x.passPermit()
  const filling = handToFill(c, head, null)
  if (routePermit !== null) x.admission.holdRoutePermit(routePermit)
  const seated = x.trySeated(next)
  filling.onEnd = () => {
    if (x.serial !== serial || x.isOver) return
    c.askForWhole()
    c.late = false
    c.role = 'fetches'
    x.upload.restart()
    x.go(seated)
  }
}

/** Whether what a HEAD brought says anything about what others get: not if it was for a known user, or not to be stored. */
function isForOthers(c: Caching, way: RouteCache, head: ResponseHead, now: number): boolean {
  controlOf(control, head, way.settings)
  lifeOfAnswer(c, fresh, way, head, control, now)
  const why = whyNotKept(c.x.head, c.directives, head, control, fresh, way.settings, c.x.edits)
  return why === null || !OF_REQUEST.has(why)
}

/** What a HEAD says of the stored response to GET (§4.3.5). */
export function freshen(c: Caching, way: RouteCache, head: ResponseHead, now: number): void {
  const hold = c.staleCopy
  if (hold === null) return
  const old = readText(hold.headText(), hold)
  const says = isForOthers(c, way, head, now) ? headSays(old, hold.length, head, now) : 'nothing'
  if (says === 'changed') {
    expire(c.freshness, now)
    writeFreshnessTo(c.freshness, hold)
  } else if (says === 'same') {
    const { stored, why } = renewed(c, way, old, head, now)
    if (why !== null) forget(c, way, hold, why)
    else {
      const numbers = numbersOf(fresh, stored, hold.length, hold.meta(SLOT.ban), hold.meta(SLOT.content))
      way.store.replaceHead(hold, textOf(stored), numbers)
    }
  }
  c.staleCopy = null
  hold.release()
}
