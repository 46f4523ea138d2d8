/** Requests that nobody waits for: what is stale is fetched again, and what a client that has left asked for goes on. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { Freshness, FreshnessFlag } from '../../cache/freshness/freshness.ts'
import { RequestDirectives, reusabilityOf } from '../../cache/freshness/reuse.ts'
import { AbandonReason, KIND, SLOT } from '../../cache/object/stored-object.ts'
import { removeDirectives } from '../../cache/serve/revalidation.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/hold.ts'
import { Edits, NO_EDITS } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { editedRequest } from '../../wire/http1/edited-head.ts'
import type { Caching } from './caching.ts'
import { backOff, mayTry } from './refresh-backoff.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import { refreshEnded } from './take-response.ts'

/** Pause after a refresh for which there was no room, in ms: not each visitor of a stale page is to try it. */
const ROOM = 50

// Used up within one call.
const life = new Freshness()
const NOTHING = new RequestDirectives()

/**
 * Whether somebody else's fetch has settled what this one is for. Between looking and leading another may have finished
 * it, and the store only sees to it that two do not fetch at once.
 */
export function isSettled(way: RouteCache, key: string, ask: RequestDirectives): boolean {
  const hold = way.store.find(key, false)
  if (hold === null) return false
  const now = wall()
  let settled = hold.kind === KIND.varies || (hold.kind === KIND.pass && now < hold.meta(SLOT.until))
  if (hold.kind === KIND.response)
    settled = outlives(way.bans, hold, life, now) && reusabilityOf(life, ask, now) === 'fresh'
  hold.release()
  return settled
}

/** A request in the background for what is stale. */
export function refresh(c: Caching, way: RouteCache, hold: PinnedObject, now: number): void {
  const { head } = c.x
  if (!mayTry(hold, now)) return
  c.removals = way.store.removals(c.primary)
  const draft = way.store.lead(c.key)
  if (draft === null) return
  const stale = way.store.find(c.key, false)
  const copy = plainCopy(head, way, c)
  if (stale === null || copy === null || isSettled(way, c.key, NOTHING)) {
    stale?.release()
    draft.abandon(AbandonReason.elsewhere)
    return
  }
  const y = c.x.detached(copy, c.route)
  take(y.caching, c, way, draft, stale)
  // What this client says of stored responses is not about the next ones.
  Object.assign(y.caching.directives, NOTHING)
  y.caching.prepare()
  y.continueToServer()
}

/** Goes on with what another began. */
function take(c: Caching, other: Caching, way: RouteCache, draft: Draft | null, stale: PinnedObject | null): void {
  c.begin(way, other.route)
  way.editRequest(c.x.edits, c.x.client.hop)
  c.role = 'fetches'
  c.primary = other.primary
  c.key = other.key
  c.names = other.names
  c.fwd = other.fwd
  c.ordered = other.ordered
  c.removals = other.removals
  c.draft = draft
  c.staleCopy = stale
  Object.assign(c.directives, other.directives)
  Object.assign(c.freshness, other.freshness)
}

/**
 * The client leaves while the server works on what others may be waiting for: somebody who is nobody waits in its
 * place. False: there is nothing to hand over.
 */
export function handOver(c: Caching): boolean {
  const x = c.x
  const way = c.routeCache
  if (c.draft === null || way === null || x.attempt === null || x.ending.phase !== 'H') return false
  const head = editedRequest(x.head, NO_EDITS)
  if (head === null) return false
  const y = x.detached(head, c.route)
  take(y.caching, c, way, c.draft, c.staleCopy)
  // It may have to be asked again, as it was asked.
  y.caching.prepare()
  if (!c.validates) y.caching.askForWhole()
  c.draft = null
  c.staleCopy = null
  y.takeOver(x)
  return true
}

/**
 * The same as a GET for what is to be stored: without what this client alone says to caches, and without his name where
 * the copy was made for those who have none, as what a server says to a known user may not be stored (RFC 9111 §3.5).
 */
function plainCopy(head: RequestHead, way: RouteCache, { freshness, names }: Caching): RequestHead | null {
  const counted = way.settings.key.headers
  const edits = new Edits()
  removeDirectives(edits, counted)
  const chosen = counted.includes('authorization') || names?.includes('authorization') === true
  const known = chosen || freshness.has(FreshnessFlag.authorized)
  if (!known) edits.remove(Field.authorization)
  return editedRequest(head, edits, 'GET')
}

/** A refresh has failed: what is stored stays, and the next try waits; longer each time the server fails. */
export function backgroundFailed(c: Caching, cause: Cause): void {
  const now = wall()
  const { routeCache, staleCopy, primary } = c
  const { shed } = rowOf(cause)
  routeCache?.notes.note(primary, cause, now)
  if (routeCache !== null && staleCopy !== null && !shed) refreshEnded(c.x.context, routeCache, primary, false)
  // That there is no room says nothing against the server.
  if (shed) staleCopy?.setMeta(SLOT.retry, now + ROOM)
  else backOff(staleCopy, now)
}
