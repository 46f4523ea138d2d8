/** Fetches without a client: a stale response is fetched again, and the fetch of a client that has left goes on. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { Freshness, FreshnessFlag } from '../../cache/freshness/freshness.ts'
import { RequestDirectives, reusabilityOf } from '../../cache/freshness/reuse.ts'
import { AbandonReason, KIND, SLOT } from '../../cache/object/stored-object.ts'
import { removeDirectives } from '../../cache/serve/revalidation.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { Edits, NO_EDITS } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { editedRequest } from '../../wire/http1/edited-head.ts'
import type { CachePart } from './cache-part.ts'
import { backOff, mayTry } from './refresh-backoff.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import { refreshEnded } from './take-response.ts'

/** Pause after a refresh for which there was no room, in ms: not each visitor of a stale page is to try it. */
const ROOM = 50

// Used up within one call.
const freshness = new Freshness()
const NOTHING = new RequestDirectives()

/**
 * Whether another fetch has settled what this one is for. Between looking and leading another may have finished
 * it, and the store only sees to it that two do not fetch at once.
 */
export function isSettled(routeCache: RouteCache, key: string, directives: RequestDirectives): boolean {
  const hold = routeCache.store.find(key, false)
  if (hold === null) return false
  const now = wall()
  let settled = hold.kind === KIND.varies || (hold.kind === KIND.pass && now < hold.meta(SLOT.until))
  if (hold.kind === KIND.response)
    settled = outlives(routeCache.bans, hold, freshness, now) && reusabilityOf(freshness, directives, now) === 'fresh'
  hold.release()
  return settled
}

/** A request in the background for what is stale. */
export function refresh(c: CachePart, pinned: PinnedObject, now: number): void {
  const { lookup, x } = c
  const { routeCache } = lookup
  if (!mayTry(pinned, now)) return
  lookup.noteRemovals()
  const draft = routeCache.store.lead(lookup.key)
  if (draft === null) return
  const stale = routeCache.store.find(lookup.key, false)
  const copy = plainCopy(c)
  if (stale === null || copy === null || isSettled(routeCache, lookup.key, NOTHING)) {
    stale?.release()
    draft.abandon(AbandonReason.elsewhere)
    return
  }
  const y = x.detached(copy, lookup.route)
  take(y.caching, c, draft, stale)
  // What this client says of stored responses is not about the next ones.
  y.caching.lookup.direct(NOTHING)
  y.caching.prepare()
  y.continueToServer()
}

/** Goes on with the fetch that another began. */
function take(c: CachePart, other: CachePart, draft: Draft, stale: PinnedObject | null): void {
  const { lookup, x } = c
  lookup.begin(other.lookup.routeCache, other.lookup.route)
  lookup.copy(other.lookup)
  lookup.routeCache.editRequest(x.edits, x.client.hop)
  c.report.forward(other.report.forwarded)
  Object.assign(c.freshness, other.freshness)
  c.enter({ is: 'fetching', draft, late: false })
  if (stale !== null) c.keepStale(stale)
}

/**
 * The client leaves while the server works on what others may be waiting for: a detached client takes its place. Nothing
 * happens if there is nothing to hand over.
 */
export function handOver(c: CachePart): void {
  const { x, lookup } = c
  if (x.attempt === null || x.ending.phase !== 'H') return
  const head = editedRequest(x.head, NO_EDITS)
  if (head === null) return
  const draft = c.takeDraft()
  if (draft === null) return
  const y = x.detached(head, lookup.route)
  take(y.caching, c, draft, c.takeStale())
  // It may have to be asked again, as it was asked.
  y.caching.prepare()
  if (!lookup.validates) y.caching.askForWhole()
  y.takeOver(x)
}

/**
 * The same as a GET for what is to be stored: without what this client alone says to caches, and without its user where
 * the copy was made for those without one, as what a server says to a known user may not be stored (RFC 9111 §3.5).
 */
function plainCopy({ lookup, freshness, x }: CachePart): RequestHead | null {
  const counted = lookup.routeCache.settings.key.headers
  const edits = new Edits()
  removeDirectives(edits, counted)
  const chosen = counted.includes('authorization') || lookup.names?.includes('authorization') === true
  if (!chosen && !freshness.has(FreshnessFlag.authorized)) edits.remove(Field.authorization)
  return editedRequest(x.head, edits, 'GET')
}

/** A refresh has failed: what is stored stays, and the next try waits; longer each time the server fails. */
export function backgroundFailed(c: CachePart, cause: Cause): void {
  const now = wall()
  const { lookup, stale } = c
  const { shed } = rowOf(cause)
  lookup.routeCache.notes.note(lookup.primary, cause, now)
  if (stale === null) return
  // That there is no room says nothing against the server.
  if (shed) return stale.pinned.setMeta(SLOT.retry, now + ROOM)
  refreshEnded(c, false)
  backOff(stale.pinned, now)
}
