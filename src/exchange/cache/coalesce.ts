/**
 * One fetch for many: who asks first for what is not stored fetches it, the others follow that fetch and get the body
 * while it comes in. They get nothing that they would not get from the store a moment later: what turns out to be for
 * the one who asked alone, everybody fetches for himself.
 */
import { lately, wall } from '../../base/clock.ts'
import { isShareable, reusabilityOf, usableOnError } from '../../cache/freshness/reuse.ts'
import { AbandonReason, freshnessIn, KIND, SLOT } from '../../cache/object/stored-object.ts'
import type { PinnedObject } from '../../store/hold.ts'
import type { Stage } from '../stage.ts'
import { awaitPart } from './awaited-part.ts'
import { isSettled } from './background.ts'
import type { Caching } from './caching.ts'
import { outlives, type RouteCache } from './route-cache.ts'

/** Looking again and again, when others finish just then, ends at some time. */
const LOOKS = 8

/** Fetches, or follows who does. The next stage; null: it waits or is served; undefined: onward to a server. */
export function leadOrFollow(c: Caching, way: RouteCache): Stage | null | undefined {
  const { coalesce } = way.settings
  c.removals = way.store.removals(c.primary)
  for (let vain = 0; c.looks < LOOKS && vain < 2 && !c.alone; c.looks++) {
    c.draft = way.store.lead(c.key)
    if (c.draft !== null) {
      if (!isSettled(way, c.key, c.directives) && !hasJustFailed(c)) break
      c.draft.abandon(AbandonReason.elsewhere)
      c.draft = null
      return lookAgain(c, way)
    }
    if (coalesce === null) break
    // Whom to follow may have to wait as well.
    const full = c.staleBefore()
    if (full !== null) return c.serveStaleInstead(full)
    const busy = way.store.join(c.key, coalesce.max)
    if (busy !== null) {
      follow(c, busy, coalesce.timeout)
      return null
    }
    if (way.store.isBusy(c.key)) return turnedAway(c, coalesce.otherwise)
    if (isNews(c, way)) return lookAgain(c, way)
    // Nobody leads any more; or there is no room, which the next try in vain shows.
    vain++
  }
  c.prepare()
  return undefined
}

/** The line is full. */
function turnedAway(c: Caching, otherwise: 'fetch' | 'refuse'): Stage | null | undefined {
  if (c.staleCopy !== null && c.usable('coalesce_full')) {
    c.serveStale('coalesce_full', 'coalesce_full')
    return null
  }
  if (otherwise === 'refuse') return { at: 'failed', cause: 'coalesce_full', detail: '' }
  c.late = true
  c.prepare()
  return undefined
}

/** The fetch of another has failed since this request has looked. */
function hasJustFailed(c: Caching): boolean {
  return c.staleCopy !== null && c.failedLately(c.staleCopy, wall())
}

/** Whether something is stored now that was not when it was looked for. */
function isNews(c: Caching, way: RouteCache): boolean {
  const current = way.store.find(c.key, false)
  if (current === null) return false
  const news = c.staleCopy === null || current.meta(SLOT.version) !== c.staleCopy.meta(SLOT.version)
  current.release()
  return news
}

function lookAgain(c: Caching, way: RouteCache): Stage | null | undefined {
  c.dropStale()
  c.looks++
  return c.find(way)
}

function follow(c: Caching, busy: PinnedObject, timeout: number): void {
  c.followed = busy
  c.followFrom = lately()
  c.x.ending.enter('Q')
  // One deadline, however many it follows one after the other.
  if (c.followUntil === 0) c.followUntil = lately() + timeout
  c.x.deadlines.expect('coalesce_timeout', timeout === 0 ? 0 : Math.max(1, c.followUntil - lately()))
  busy.follow(() => {
    try {
      told(c)
    } catch (error) {
      c.x.context.defect(error)
      c.x.over(true)
    }
  })
}

/** Something is new of the fetch that is followed. */
function told(c: Caching): void {
  const hold = c.followed
  const way = c.routeCache
  if (hold === null || way === null) return
  const { abandoned } = hold
  if (abandoned < 0 && !hold.headed) return
  if (abandoned < 0 && hold.kind === KIND.response) return join(c, way, hold)
  // What is varied by, or passed, is complete before it can be looked up.
  if (abandoned < 0 && !hold.whole) return
  unfollow(c)
  if (
    abandoned === AbandonReason.failed &&
    c.staleCopy !== null &&
    usableOnError(c.freshness, c.directives, way.settings, wall())
  ) {
    return c.serveStale('fetch failed')
  }
  if (abandoned === AbandonReason.notStored || (abandoned < 0 && hold.kind === KIND.pass)) c.pass = true
  again(c, way)
}

/** A response comes: it is for all who wait, or for one. */
function join(c: Caching, way: RouteCache, hold: PinnedObject): void {
  const now = wall()
  c.followed = null
  hold.follow(null)
  c.x.admission.waitedSince(c.followFrom)
  c.dropStale()
  // In this order, see outlives.
  const ordered = hold.meta(SLOT.ban) < c.ordered
  if (c.ordered > 0) hold.fence()
  freshnessIn(c.freshness, hold)
  const lives = !ordered || outlives(way.bans, hold, c.freshness, now)
  if (lives && isShareable(c.freshness, now)) {
    const serve = (): null => c.serve(hold, 'collapsed', wall())
    if (!awaitPart(c, hold, () => again(c, way), serve)) serve()
    return
  }
  // An order came after that fetch began, and before this request: nobody is to follow it any more, so that all the others
  // follow the next one. Else what comes is for the one who asked.
  if (ordered) way.store.removeHeld(hold)
  else if (hold.findable) c.pass = true
  hold.release()
  c.x.deadlines.clear()
  again(c, way)
}

function unfollow(c: Caching): void {
  c.followed?.release()
  c.followed = null
  c.x.admission.waitedSince(c.followFrom)
  c.x.deadlines.clear()
}

/** After a wait; how long it waits in all is bounded, so that looking is not counted. */
function again(c: Caching, way: RouteCache): void {
  c.dropStale()
  const next = c.find(way)
  if (next === undefined) c.x.continueToServer()
  else if (next !== null) c.x.go(next)
}

/** The fetch of the other takes too long. */
export function followedTooLong(c: Caching): void {
  const { x, routeCache } = c
  if (routeCache === null) return
  if (c.part !== null) return c.part.serve()
  unfollow(c)
  if (c.staleCopy !== null && c.usable('coalesce_timeout')) return c.serveStale('coalesce_timeout', 'coalesce_timeout')
  if (routeCache.settings.coalesce?.otherwise === 'refuse') return x.fail('coalesce_timeout', '')
  c.role = 'passes'
  c.late = true
  c.prepare()
  x.continueToServer()
}

/**
 * It waited for the fetch of another as long as it may, and then for its turn at the servers. True: the response has come
 * meanwhile and is served, so that no server is needed.
 */
export function serveIfArrived(c: Caching): boolean {
  const { routeCache, late } = c
  if (!late || routeCache === null) return false
  c.dropStale()
  const now = wall()
  const hold = c.current(routeCache, now)
  const reusability = hold === null ? 'gone' : reusabilityOf(c.freshness, c.directives, now)
  if (hold !== null && (reusability === 'fresh' || reusability === 'grace')) {
    c.x.withdraw()
    c.serve(hold, 'collapsed', now)
    return true
  }
  if (reusability === 'stale') c.staleCopy = hold
  else hold?.release()
  c.validate()
  return false
}
