/**
 * One fetch for many: the first request for what is not stored fetches it, the others follow that fetch and get the body
 * while it comes in. They get nothing that they would not get from the store a moment later: a response that turns out to
 * be for one client alone is fetched by each of them.
 */
import { lately, wall } from '../../base/clock.ts'
import { isShareable, reusabilityOf } from '../../cache/freshness/reuse.ts'
import { AbandonReason, freshnessIn, KIND, SLOT } from '../../cache/object/stored-object.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { awaitPart } from './awaited-part.ts'
import { isSettled } from './background.ts'
import { type CachePart, type CacheState, type LookResult, PASSING, refused } from './cache-part.ts'
import { outlives } from './route-cache.ts'

type Following = Extract<CacheState, { is: 'following' }>

/** Bounds how often it looks again because others have just finished. */
const LOOKS = 8

/** Fetches, or follows the exchange that does. */
export function leadOrFollow(c: CachePart): LookResult {
  const { lookup, stale } = c
  const { routeCache } = lookup
  const { store } = routeCache
  const { coalesce } = routeCache.settings
  lookup.noteRemovals()
  for (let vain = 0; lookup.looks < LOOKS && vain < 2 && (stale === null || stale.shareable); lookup.lookAgain()) {
    const draft = store.lead(lookup.key)
    if (draft !== null) {
      // The fetch of another may have failed since this request has looked.
      const failed = stale?.failedLately(wall()) === true
      if (!failed && !isSettled(routeCache, lookup.key, lookup.directives)) {
        c.holdDraft(draft)
        break
      }
      draft.abandon(AbandonReason.elsewhere)
      return findAgain(c)
    }
    if (coalesce === null) break
    // The fetch to follow may have to wait as well.
    const full = stale === null ? null : c.fullGate()
    if (full !== null) return c.serveStaleInstead(full)
    const fetch = store.join(lookup.key, coalesce.max)
    if (fetch !== null) {
      follow(c, fetch, coalesce.timeout)
      return null
    }
    if (store.isBusy(lookup.key)) return turnedAway(c, coalesce.otherwise)
    if (isNews(c)) return findAgain(c)
    // There is no leader any more; or there is no room, which the next failed try shows.
    vain++
  }
  c.prepare()
  return undefined
}

/** As many follow as may. */
function turnedAway(c: CachePart, otherwise: 'fetch' | 'refuse'): LookResult {
  const { stale } = c
  if (stale !== null && c.usable(stale, 'coalesce_full')) return c.serveStale(stale, 'coalesce_full', 'coalesce_full')
  if (otherwise === 'refuse') return refused('coalesce_full')
  c.enter({ is: 'fetching', draft: null, late: true })
  c.prepare()
  return undefined
}

/** Whether something is stored now that was not when it was looked for. */
function isNews({ lookup, stale }: CachePart): boolean {
  const current = lookup.routeCache.store.find(lookup.key, false)
  if (current === null) return false
  const news = stale === null || current.meta(SLOT.version) !== stale.pinned.meta(SLOT.version)
  current.release()
  return news
}

function findAgain(c: CachePart): LookResult {
  c.dropStale()
  c.lookup.lookAgain()
  return c.find()
}

function follow(c: CachePart, fetch: PinnedObject, timeout: number): void {
  const { x, lookup } = c
  const now = lately()
  c.enter({ is: 'following', fetch, since: now })
  x.ending.enter('Q')
  lookup.followUpTo(now + timeout)
  x.deadlines.expect('coalesce_timeout', timeout === 0 ? 0 : Math.max(1, lookup.followUntil - now))
  fetch.follow(() => c.guard(() => fetchMoved(c)))
}

/** The fetch that is followed has got further. */
function fetchMoved(c: CachePart): void {
  const { state, stale, lookup } = c
  if (state.is !== 'following') return
  const { fetch } = state
  const { abandoned } = fetch
  if (abandoned < 0 && !fetch.headed) return
  if (abandoned < 0 && fetch.kind === KIND.response) return join(c, state)
  // The names of a varying response, or a mark to pass, have to be complete before they can be looked up.
  if (abandoned < 0 && !fetch.whole) return
  const { kind } = fetch
  unfollow(c, state)
  if (abandoned === AbandonReason.failed && stale?.usableOnError(wall()) === true)
    return void c.serveStale(stale, 'fetch failed')
  if (abandoned === AbandonReason.notStored || (abandoned < 0 && kind === KIND.pass)) lookup.makePass(lookup.large)
  again(c)
}

/** A response comes: it is for all followers, or for one client. */
function join(c: CachePart, { fetch, since }: Following): void {
  const { x, lookup, freshness } = c
  const { bans, store } = lookup.routeCache
  const now = wall()
  c.enter(PASSING)
  fetch.follow(null)
  x.admission.waitedSince(since)
  c.dropStale()
  // In this order, see outlives.
  const removedSince = fetch.meta(SLOT.ban) < lookup.lastRemoval
  if (lookup.lastRemoval > 0) fetch.fence()
  freshnessIn(freshness, fetch)
  const lives = !removedSince || outlives(bans, fetch, freshness, now)
  if (lives && isShareable(freshness, now)) {
    const serve = (): null => c.serve(fetch, 'collapsed', wall())
    if (!awaitPart(c, fetch, () => again(c), serve)) serve()
    return
  }
  // A removal came after that fetch began, and before this request: no request is to follow it any more, so that all others
  // follow the next one. Else the response is for the client that asked for it.
  if (removedSince) store.removeHeld(fetch)
  else if (fetch.findable) lookup.makePass(lookup.large)
  fetch.release()
  x.deadlines.clear()
  again(c)
}

function unfollow(c: CachePart, { fetch, since }: Following): void {
  c.enter(PASSING)
  fetch.release()
  c.x.admission.waitedSince(since)
  c.x.deadlines.clear()
}

/** Looks again after a wait. That is not counted, as the time it waits is bounded. */
function again(c: CachePart): void {
  c.dropStale()
  const next = c.find()
  if (next === undefined) c.x.continueToServer()
  else if (next !== null) c.x.fail(next.cause, next.detail)
}

/** The fetch of the other takes too long. */
export function followedTooLong(c: CachePart, state: Following): void {
  const { x, stale, lookup } = c
  unfollow(c, state)
  if (stale !== null && c.usable(stale, 'coalesce_timeout'))
    return void c.serveStale(stale, 'coalesce_timeout', 'coalesce_timeout')
  if (lookup.routeCache.settings.coalesce?.otherwise === 'refuse') return x.fail('coalesce_timeout', '')
  c.enter({ is: 'fetching', draft: null, late: true })
  c.prepare()
  x.continueToServer()
}

/**
 * It waited for the fetch of another as long as it may, and then for its turn at the servers. True: the response has come
 * meanwhile and is served, so that no server is needed.
 */
export function serveIfArrived(c: CachePart): boolean {
  const { lookup, freshness, x } = c
  c.dropStale()
  const now = wall()
  const pinned = c.current(now)
  const reusability = pinned === null ? 'gone' : reusabilityOf(freshness, lookup.directives, now)
  if (pinned !== null && (reusability === 'fresh' || reusability === 'grace')) {
    x.withdraw()
    c.serve(pinned, 'collapsed', now)
    return true
  }
  if (pinned !== null && reusability === 'stale') c.keepStale(pinned)
  else pinned?.release()
  c.validate()
  return false
}
