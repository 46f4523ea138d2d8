/** What the answer of a server means for the cache: it is stored, it renews what is stored, or it is passed on. */
import type { Cause } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { controlOf } from '../../cache/freshness/control.ts'
import { Freshness } from '../../cache/freshness/freshness.ts'
import { readRequestDirectives, shownAge, usableOnError } from '../../cache/freshness/reuse.ts'
import { isAboutRequest, isRefreshFailure, isServerError, isTooMany } from '../../cache/freshness/status.ts'
import { variantOf } from '../../cache/key/vary.ts'
import type { StoreDecision } from '../../cache/object/reasons.ts'
import { answersGet, type NotStored, whyNotStored } from '../../cache/object/storable.ts'
import { linesForOne, linesToKeep } from '../../cache/object/stored-head.ts'
import {
  AbandonReason,
  KIND,
  putResponse,
  SLOT,
  type StoredText,
  textOf,
  variantKey,
} from '../../cache/object/stored-object.ts'
import { tagsOf } from '../../cache/object/tags.ts'
import { validatorsOf } from '../../cache/object/validators.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/hold.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { BodyKind, type ResponseHead } from '../../wire/http/head.ts'
import { askAsTold, awaitPart, isTooMuch } from './awaited-part.ts'
import type { Caching } from './caching.ts'
import { formFor } from './coded-forms.ts'
import { neverEnds } from './endless.ts'
import { backOff, postpone } from './refresh-backoff.ts'
import { freshen, revalidated } from './revalidate.ts'
import type { RouteCache } from './route-cache.ts'
import { statusOf } from './status-value.ts'
import {
  draftOf,
  handToFill,
  isOutdated,
  lifeOfAnswer,
  notRefreshed,
  OF_REQUEST,
  refreshEnded,
} from './take-response.ts'

// Used up within one call each.
const control = new CacheControl()
const fresh = new Freshness()

/** The server has answered. True: the cache has taken it; false: it is passed on. */
export function answered(c: Caching, head: ResponseHead): boolean {
  const x = c.x
  const way = c.routeCache
  const now = wall()
  const role = c.role
  c.role = 'none'
  if (way === null) return false
  if (role === 'changes' && !posted(c, way, head)) return false
  if (c.staleCopy !== null && hasFailed(c, way, head.status, now)) {
    backOff(c.staleCopy, now)
    c.failedWith = head.status
    way.notes.note(c.primary, 'server-error', now, head.status)
    handToFill(c, head, null)
    if (x.background) {
      refreshEnded(x.context, way, c.primary, false)
      x.over(false)
    } else c.serveStale(`status ${head.status}`)
    return true
  }
  if (role === 'watches') return false
  if (role === 'asks') {
    freshen(c, way, head, now)
    return false
  }
  if (head.status === 304 && c.validates && c.staleCopy !== null) {
    revalidated(c, way, head, now)
    return true
  }
  controlOf(control, head, way.settings)
  lifeOfAnswer(c, fresh, way, head, control, now)
  let why: NotStored | 'too-large' | null = whyNotStored(
    x.head,
    c.directives,
    head,
    control,
    fresh,
    way.settings,
    x.edits,
  )
  if (why === null && neverEnds(c.route, head)) why = 'endless'
  const { contentLength } = head
  if (why === null && (contentLength > way.store.maxObject || (contentLength < 0 && c.large))) why = 'too-large'
  if (why === null && keep(c, way, head, now)) return true
  way.notes.note(c.primary, why ?? whyNoDraft(c, way), now)
  if (!x.background) x.context.counters.cached(c.result ?? 'miss')
  notStored(c, way, why, head.status, now)
  if (!x.background) {
    if (!isTooMuch(c, head, now)) return false
    askAsTold(c)
    return true
  }
  // A mark that it is not to be shared has taken the place of the copy; or the next try waits.
  if (c.staleCopy !== null) refreshEnded(x.context, way, c.primary, false)
  if (c.staleCopy?.current === true) notRefreshed(c.staleCopy, why, now)
  handToFill(c, head, null)
  x.over(false)
  return true
}

/** Why what could be stored is not. */
function whyNoDraft(c: Caching, way: RouteCache): StoreDecision {
  if (isOutdated(c, way)) return 'outdated'
  return way.store.isBusy(c.key) ? 'elsewhere' : 'no-room'
}

/** Whether the server has failed, so that the stale copy stays, and is served if somebody waits. */
function hasFailed(c: Caching, way: RouteCache, status: number, now: number): boolean {
  if (c.x.background) return isRefreshFailure(status)
  return isServerError(status) && usableOnError(c.freshness, c.directives, way.settings, now)
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
  readRequestDirectives(c.directives, request, control, way.settings)
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
  Object.assign(c.freshness, fresh)
  c.draft = null
  const { context } = x
  const { key, primary } = c
  const own = linesForOne(head, control)
  const filling = handToFill(c, head, draft)
  const note = (reason: StoreDecision): void => way.notes.note(primary, reason, wall())
  // What it is to take the place of stays, should it break off.
  const { staleCopy } = c
  const { background } = x
  c.staleCopy = null
  let refused = false
  filling.onEnd = (whole) => {
    // What was refused may have come whole all the same: who reads it gets it.
    if (refused) postpone(staleCopy, wall())
    else if (!whole) {
      note('incomplete')
      backOff(staleCopy, wall())
    }
    if (background && staleCopy !== null) refreshEnded(context, way, primary, whole && !refused)
    staleCopy?.release()
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
  x.ending.begin(head.status)
  // What this read brought is in the store before the client is answered: mostly that is all of it.
  filling.onMore = () => {
    filling.onMore = null
    if (hold.object === 0) return
    try {
      if (filling.failure !== null && !refused) brokeOff(c, filling.failure)
      else if (!awaitPart(c, hold, filling, () => served(c, hold, now, own))) served(c, hold, now, own)
    } catch (error) {
      context.defect(error)
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
  c.recall()
  c.x.fail(cause, detail)
}

/** `own`: lines for this client alone. */
function served(c: Caching, hold: PinnedObject, now: number, own: string): void {
  c.waiting = null
  const x = c.x
  x.context.counters.cached('miss')
  const form = formFor(c.routeCache!, hold, x.head, c.directives, c.conditions)
  const { status } = form.stored
  // Of unknown length: it may still turn out not to fit.
  const isStored = hold.slides ? false : hold.whole || hold.meta(SLOT.length) >= 0 || null
  const cacheStatus = statusOf(c, now, form.conditions === null ? 0 : status, isStored)
  const out = { age: shownAge(c.freshness, now, true), cacheStatus, own }
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
    c.draft?.abandon(AbandonReason.elsewhere)
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
    draft?.abandon(AbandonReason.failed)
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
  if (isServerError(status) || isTooMany(status)) return draft.abandon(AbandonReason.failed)
  if (why === 'authorization') return draft.abandon(AbandonReason.untried)
  if (why === null || status >= 500 || isAboutRequest(status) || OF_REQUEST.has(why)) {
    return draft.abandon(AbandonReason.notStored)
  }
  pass(draft, now + way.settings.hitForMiss, why === 'too-large')
}

/** `until`: ms since the epoch. `large`: it was longer than the store takes. */
function pass(draft: Draft, until: number, large: boolean): void {
  draft.kind = KIND.pass
  draft.setMeta(SLOT.until, until)
  draft.setMeta(SLOT.large, large ? 1 : 0)
  if (draft.head('')) draft.finish()
  else draft.abandon(AbandonReason.notStored)
}

/** The same for a response whose length was not known before: it was in the store already, as far as it came. */
function markPass(way: RouteCache, key: string, now: number): void {
  const draft = way.store.lead(key)
  if (draft !== null) pass(draft, now + way.settings.hitForMiss, true)
}
