/** What the answer of a server means for the cache: it is stored, it renews what is stored, or it is passed on. */
import type { Cause } from '../base/cause.ts'
import { lately, wall } from '../base/clock.ts'
import { controlOf } from '../cache/control.ts'
import { ageTold, askOf, usableOnError } from '../cache/judge.ts'
import { Life } from '../cache/life.ts'
import type { Reason } from '../cache/reasons.ts'
import { isAboutRequest, isRefreshFailure, isServerError, isTooMany } from '../cache/status.ts'
import { answersGet, type NotStored, whyNotStored } from '../cache/storable.ts'
import { KIND, putResponse, REASON, SLOT, type StoredText, textOf, variantKey } from '../cache/stored.ts'
import { linesForOne, linesToKeep } from '../cache/stored-head.ts'
import { tagsOf } from '../cache/tags.ts'
import { validatorsOf } from '../cache/validators.ts'
import { variantOf } from '../cache/vary.ts'
import type { Draft } from '../store/draft.ts'
import type { Hold } from '../store/hold.ts'
import { CacheControl } from '../wire/cache-control.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import type { Caching } from './caching.ts'
import { formFor } from './coder.ts'
import { neverEnds } from './endless.ts'
import { askAsTold, awaitPart, isTooMuch } from './part.ts'
import { freshen, validated } from './renewal.ts'
import type { RouteCache } from './route-cache.ts'
import { putOff, setBack } from './set-back.ts'
import { recall } from './take-back.ts'
import { draftOf, handToFill, isOutdated, lifeOfAnswer, notRefreshed, OF_REQUEST, refreshEnded } from './take-over.ts'

// Used up within one call each.
const control = new CacheControl()
const fresh = new Life()

/** The server has answered. True: the cache has taken it; false: it is passed on. */
export function answered(c: Caching, head: ResponseHead): boolean {
  const x = c.x
  const way = c.way
  const now = wall()
  const role = c.role
  c.role = 'none'
  if (way === null) return false
  if (role === 'changes' && !posted(c, way, head)) return false
  if (c.stale !== null && hasFailed(c, way, head.status, now)) {
    setBack(c.stale, now)
    c.failedWith = head.status
    way.notes.note(c.primary, 'server-error', now, head.status)
    handToFill(c, head, null)
    if (x.background) {
      refreshEnded(x.world, way, c.primary, false)
      x.over(false)
    } else c.serveStale(`status ${head.status}`)
    return true
  }
  if (role === 'watches') return false
  if (role === 'asks') {
    freshen(c, way, head, now)
    return false
  }
  if (head.status === 304 && c.extra !== '' && c.stale !== null) {
    validated(c, way, head, now)
    return true
  }
  controlOf(control, head, way.settings)
  lifeOfAnswer(c, fresh, way, head, control, now)
  let why: NotStored | 'too-large' | null = whyNotStored(x.head, c.ask, head, control, fresh, way.settings)
  if (why === null && neverEnds(x, head)) why = 'endless'
  const { contentLength } = head
  if (why === null && (contentLength > way.store.maxObject || (contentLength < 0 && c.large))) why = 'too-large'
  if (why === null && keep(c, way, head, now)) return true
  way.notes.note(c.primary, why ?? whyNoDraft(c, way), now)
  if (!x.background) x.world.tally.cached(c.result ?? 'miss')
  notStored(c, way, why, head.status, now)
  if (!x.background) {
    if (!isTooMuch(c, head, now)) return false
    askAsTold(c)
    return true
  }
  // A mark that it is not to be shared has taken the place of the copy; or the next try waits.
  if (c.stale !== null) refreshEnded(x.world, way, c.primary, false)
  if (c.stale?.current === true) notRefreshed(c.stale, why, now)
  handToFill(c, head, null)
  x.over(false)
  return true
}

/** Why what could be stored is not. */
function whyNoDraft(c: Caching, way: RouteCache): Reason {
  if (isOutdated(c, way)) return 'outdated'
  return way.store.isBusy(c.key) ? 'elsewhere' : 'no-room'
}

/** Whether the server has failed, so that the stale copy stays, and is served if somebody waits. */
function hasFailed(c: Caching, way: RouteCache, status: number, now: number): boolean {
  if (c.x.background) return isRefreshFailure(status)
  return isServerError(status) && usableOnError(c.life, c.ask, way.settings, now)
}

/** Whether this is a response to POST that may be stored for GET; makes it a fetch under that key. */
function posted(c: Caching, way: RouteCache, head: ResponseHead): boolean {
  const { head: request, upload } = c.x
  if (request.method !== 'POST' || !upload.done || way.bypasses(request)) return false
  controlOf(control, head, way.settings)
  if (!answersGet(request, head, control)) return false
  c.key = c.primary
  if (c.primary === '') return false
  c.result = 'miss'
  askOf(c.ask, request, control, way.settings)
  return true
}

/** Stores what comes, and serves from there. False: the store has no room. */
function keep(c: Caching, way: RouteCache, head: ResponseHead, now: number): boolean {
  const x = c.x
  const names = way.choosers(head)
  if (!draftFor(c, way, names)) return false
  const draft = c.draft!
  const tags = tagsOf(head)
  const { etag, lastModified, date } = validatorsOf(head, now)
  const { status, reason } = head
  const length = head.bodyKind === BodyKind.none ? 0 : head.contentLength
  const stored: StoredText = {
    status,
    reason,
    etag,
    lastModified,
    date,
    tags,
    fields: linesToKeep(head, control, now),
  }
  putResponse(draft, fresh, stored, length, c.ordered)
  // In this order: who follows is told of it with its head, and then it must not fail for want of room.
  const hold = x.background ? null : draft.read()
  if ((hold === null && !x.background) || !draft.reserve(length) || !draft.head(textOf(stored))) {
    hold?.release()
    return false
  }
  way.notes.note(c.primary, 'stored', now)
  Object.assign(c.life, fresh)
  c.draft = null
  const { world } = x
  const { key, primary } = c
  const own = linesForOne(head, control)
  const filling = handToFill(c, head, draft)
  const note = (reason: Reason): void => way.notes.note(primary, reason, wall())
  // What it is to take the place of stays, should it break off.
  const { stale } = c
  const { background } = x
  c.stale = null
  let refused = false
  filling.onEnd = (whole) => {
    // What was refused may have come whole all the same: who reads it gets it.
    if (refused) putOff(stale, wall())
    else if (!whole) {
      note('incomplete')
      setBack(stale, wall())
    }
    if (background && stale !== null) refreshEnded(world, way, primary, whole && !refused)
    stale?.release()
  }
  filling.onRefused = () => {
    refused = true
    const tooLarge = filling.read > way.store.maxObject
    const reason = tooLarge ? 'too-large' : 'no-room'
    note(reason)
    if (tooLarge) markPass(way, key, wall())
    // Its client is still there.
    if (hold !== null && hold.object !== 0) c.detail = reason
  }
  if (hold === null) {
    x.over(false)
    return true
  }
  x.firstByteAt = lately()
  // What this read brought is in the store before the client is answered: mostly that is all of it.
  filling.onMore = () => {
    filling.onMore = null
    if (hold.object === 0) return
    try {
      if (filling.failure !== null && !refused) brokeOff(c, filling.failure)
      else if (!awaitPart(c, hold, filling, () => served(c, hold, now, own))) served(c, hold, now, own)
    } catch (error) {
      world.defect(error)
      x.over(true)
    }
  }
  c.detail = null
  c.waiting = hold
  return true
}

/** It broke off within the read that began it: its client has seen nothing of it yet. */
function brokeOff(c: Caching, { cause, detail }: { readonly cause: Cause; readonly detail: string }): void {
  c.letGo()
  recall(c)
  c.x.fail(cause, detail)
}

/** `own`: lines for this client alone. */
function served(c: Caching, hold: Hold, now: number, own: string): void {
  c.waiting = null
  const x = c.x
  x.world.tally.cached('miss')
  const form = formFor(c.way!, hold, x.head, c.ask, c.conditions)
  const { status } = form.stored
  // Of unknown length: it may still turn out not to fit.
  const isStored = hold.slides ? false : hold.whole || hold.meta(SLOT.length) >= 0 || null
  const cacheStatus = c.statusOf(now, form.conditions === null ? 0 : status, isStored)
  const out = { age: ageTold(c.life, now, true), cacheStatus, extra: own }
  c.letGo()
  c.role = 'none'
  x.delivery.start(form.hold, form.stored, form.conditions, out, now)
}

/** Has a draft under the key that a response with this Vary belongs to. */
function draftFor(c: Caching, way: RouteCache, names: readonly string[]): boolean {
  const same = c.names !== null && names.join('\n') === c.names.join('\n')
  if (names.length === 0 ? c.names === null : same) {
    c.draft = draftOf(c, way, c.key)
    return c.draft !== null
  }
  if (c.key !== c.primary) {
    c.draft?.abandon(REASON.elsewhere)
    c.draft = null
    c.key = c.primary
  }
  c.draft = draftOf(c, way, c.primary)
  if (c.draft === null || names.length === 0) return c.draft !== null
  const generation = Math.floor(Math.random() * 2 ** 48)
  const key = variantKey(c.primary, generation, variantOf(names, c.x.head))
  // Ours before anybody can know of it: once the others see by what it varies, one of them could be quicker.
  const draft = way.store.lead(key)
  c.draft.kind = KIND.varies
  c.draft.setMeta(SLOT.generation, generation)
  if (draft === null || !c.draft.head(names.join('\n'))) {
    draft?.abandon(REASON.failed)
    return false
  }
  c.draft.finish()
  c.names = names
  c.key = key
  c.draft = draft
  return true
}

/** Leaves a mark, so that nobody waits for the next fetch of what is not to be shared. */
function notStored(
  c: Caching,
  way: RouteCache,
  why: NotStored | 'too-large' | null,
  status: number,
  now: number,
): void {
  c.detail = why
  const draft = c.draft
  c.draft = null
  if (draft === null) return
  // One of those who wait is the next to try, not all at once: of a server that fails there is enough as it is.
  if (isServerError(status) || isTooMany(status)) return draft.abandon(REASON.failed)
  if (why === 'authorization') return draft.abandon(REASON.untried)
  if (why === null || status >= 500 || isAboutRequest(status) || OF_REQUEST.has(why)) {
    return draft.abandon(REASON.notStored)
  }
  pass(draft, now + way.settings.hitForMiss, why === 'too-large')
}

/** `until`: ms since the epoch. `large`: it was longer than the store takes. */
function pass(draft: Draft, until: number, large: boolean): void {
  draft.kind = KIND.pass
  draft.setMeta(SLOT.until, until)
  draft.setMeta(SLOT.large, large ? 1 : 0)
  if (draft.head('')) draft.finish()
  else draft.abandon(REASON.notStored)
}

/** The same for a response whose length was not known before: it was in the store already, as far as it came. */
function markPass(way: RouteCache, key: string, now: number): void {
  const draft = way.store.lead(key)
  if (draft !== null) pass(draft, now + way.settings.hitForMiss, true)
}
