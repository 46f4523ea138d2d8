/** What the answer of a server means for the cache: it is stored, it renews what is stored, or it is passed on. */
import type { Cause } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { controlOf } from '../../cache/freshness/control.ts'
import { Freshness } from '../../cache/freshness/freshness.ts'
import { readRequestDirectives, shownAge } from '../../cache/freshness/reuse.ts'
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
import type { PinnedObject } from '../../store/pinned-object.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { BodyKind, type ResponseHead } from '../../wire/http/head.ts'
import { askAsTold, awaitPart, isTooMuch } from './awaited-part.ts'
import { type CachePart, PASSING, SERVING } from './cache-part.ts'
import { formFor } from './coded-forms.ts'
import { neverEnds } from './endless.ts'
import type { Fill } from './fill.ts'
import { backOff, postpone } from './refresh-backoff.ts'
import { freshen, revalidated } from './revalidate.ts'
import type { RouteCache } from './route-cache.ts'
import type { StaleCopy } from './stale-copy.ts'
import { statusOf } from './status-value.ts'
import {
  draftOf,
  freshnessOfAnswer,
  handToFill,
  noteRefresh,
  notRefreshed,
  OF_REQUEST,
  refreshEnded,
} from './take-response.ts'

// Used up within one call each.
const control = new CacheControl()
const fresh = new Freshness()

/** The server has answered. True: the cache has taken the response; false: it is passed on. */
export function answered(c: CachePart, head: ResponseHead): boolean {
  const { x, lookup, report, state, stale } = c
  const { routeCache } = lookup
  const now = wall()
  c.enter({ is: 'answered', draft: c.draft })
  if (state.is === 'changing' && !posted(c, head)) return false
  if (stale !== null && hasFailed(c, stale, head.status, now)) {
    serverFailed(c, stale, head, now)
    return true
  }
  if (state.is === 'watching') return false
  if (state.is === 'freshening') {
    freshen(c, head, now)
    return false
  }
  if (head.status === 304 && lookup.validates && stale !== null) {
    revalidated(c, stale, head, now)
    return true
  }
  controlOf(control, head, routeCache.settings)
  freshnessOfAnswer(c, fresh, head, control, now)
  const why = whyNot(c, head)
  if (why === null && keep(c, head, now)) return true
  routeCache.notes.note(lookup.primary, why ?? whyNoDraft(c), now)
  if (!x.background) x.context.counters.cached(report.result ?? 'miss')
  notStored(c, why, head.status, now)
  if (!x.background) {
    if (!isTooMuch(c, head, now)) return false
    askAsTold(c)
    return true
  }
  // A mark that it is not to be shared has taken the place of the copy; or the next try waits.
  if (stale !== null) refreshEnded(c, false)
  if (stale?.pinned.current === true) notRefreshed(stale.pinned, why, now)
  handToFill(c, head, null)
  x.over(false)
  return true
}

/** The server has failed: the stale copy stays, and is served if a client waits. */
function serverFailed(c: CachePart, stale: StaleCopy, head: ResponseHead, now: number): void {
  const { x, lookup } = c
  backOff(stale.pinned, now)
  c.report.failed(head.status)
  lookup.routeCache.notes.note(lookup.primary, 'server-error', now, head.status)
  handToFill(c, head, null)
  if (x.background) {
    refreshEnded(c, false)
    x.over(false)
  } else c.serveStale(stale, `status ${head.status}`)
}

/** Why the response is not stored; null: it may be. */
function whyNot({ x, lookup }: CachePart, head: ResponseHead): NotStored | 'too-large' | null {
  const { settings, store } = lookup.routeCache
  const why = whyNotStored(x.head, lookup.directives, head, control, fresh, settings, x.edits)
  if (why !== null) return why
  if (neverEnds(lookup.route, head)) return 'endless'
  const { contentLength } = head
  return contentLength > store.maxObject || (contentLength < 0 && lookup.large) ? 'too-large' : null
}

/** Why a storable response is not stored. */
function whyNoDraft({ lookup }: CachePart): StoreDecision {
  if (lookup.outdated) return 'outdated'
  return lookup.routeCache.store.isBusy(lookup.key) ? 'elsewhere' : 'no-room'
}

/** Whether the server has failed, so that the stale copy stays. */
function hasFailed(c: CachePart, stale: StaleCopy, status: number, now: number): boolean {
  if (c.x.background) return isRefreshFailure(status)
  return isServerError(status) && stale.usableOnError(now)
}

/** Whether this is a response to POST that may be stored for GET; makes it a fetch under that key. */
function posted({ x, lookup, report }: CachePart, head: ResponseHead): boolean {
  const { head: request, upload } = x
  const { routeCache } = lookup
  if (request.method !== 'POST' || !upload.done || routeCache.bypasses(request)) return false
  controlOf(control, head, routeCache.settings)
  if (!answersGet(request, head, control) || lookup.primary === '') return false
  lookup.choose(lookup.primary, null)
  report.is('miss')
  readRequestDirectives(lookup.directives, request, control, routeCache.settings)
  return true
}

/** Stores the response, and serves it from there. False: the store has no room. */
function keep(c: CachePart, head: ResponseHead, now: number): boolean {
  const { x, lookup } = c
  const { routeCache } = lookup
  const draft = draftFor(c, routeCache.variantFields(head))
  if (draft === null) return false
  const tags = tagsOf(head)
  const { etag, lastModified, date } = validatorsOf(head, now)
  const { status, reason } = head
  const length = head.bodyKind === BodyKind.none ? 0 : head.contentLength
  const fields = linesToKeep(head, control, now)
  const stored: StoredText = { status, reason, etag, lastModified, date, tags, fields }
  putResponse(draft, fresh, stored, length, lookup.lastRemoval)
  // In this order: followers see it with its head, and then it must not fail for want of room.
  const pinned = x.background ? null : draft.read()
  if ((pinned === null && !x.background) || !draft.reserve(length) || !draft.head(textOf(stored))) {
    pinned?.release()
    c.holdDraft(draft)
    return false
  }
  routeCache.notes.note(lookup.primary, 'stored', now)
  Object.assign(c.freshness, fresh)
  const own = linesForOne(head, control)
  const filling = handToFill(c, head, draft)
  watchEnd(c, filling, pinned)
  if (pinned === null) {
    x.over(false)
    return true
  }
  x.ending.begin(head.status)
  c.report.because(null)
  c.enter({ is: 'awaiting', pinned, part: null })
  // What this read brought is in the store before the client is answered: mostly that is all of it.
  filling.onMore = () => {
    filling.onMore = null
    if (pinned.object === 0) return
    c.guard(() => {
      if (filling.failure !== null && !filling.refused) brokeOff(c, filling.failure)
      else if (!awaitPart(c, pinned, filling, () => served(c, pinned, now, own))) served(c, pinned, now, own)
    })
  }
  return true
}

/** Notes how the fill ends. The copy that it is to replace stays at hand, should it break off. */
function watchEnd(c: CachePart, filling: Fill, pinned: PinnedObject | null): void {
  const { lookup, report } = c
  const { routeCache, key, primary } = lookup
  const { background } = c.x
  const stale = c.takeStale()
  const note = (decision: StoreDecision): void => routeCache.notes.note(primary, decision, wall())
  filling.onEnd = (whole) => {
    // What was refused may have come whole all the same: its readers get it.
    if (filling.refused) postpone(stale, wall())
    else if (!whole) {
      note('incomplete')
      backOff(stale, wall())
    }
    if (background && stale !== null) noteRefresh(c.x.context, routeCache, primary, whole && !filling.refused)
    stale?.release()
  }
  filling.onRefused = () => {
    const tooLarge = filling.read > routeCache.store.maxObject
    const decision = tooLarge ? 'too-large' : 'no-room'
    note(decision)
    if (tooLarge) markPass(routeCache, key, wall())
    // Its client is still there.
    if (pinned !== null && pinned.object !== 0) report.because(decision)
  }
}

/** It broke off within the read that began it: its client has seen nothing of it yet. */
function brokeOff(c: CachePart, { cause, detail }: { readonly cause: Cause; readonly detail: string }): void {
  c.settle(PASSING)
  c.recall()
  c.x.fail(cause, detail)
}

/** `own`: lines for this client alone. */
function served(c: CachePart, pinned: PinnedObject, now: number, own: string): void {
  const { x, lookup } = c
  x.context.counters.cached('miss')
  const form = formFor(lookup.routeCache, pinned, x.head, lookup.directives, lookup.conditions)
  const { status } = form.stored
  // Of unknown length: it may still turn out not to fit.
  const isStored = pinned.slides ? false : pinned.whole || pinned.meta(SLOT.length) >= 0 || null
  const cacheStatus = statusOf(c, now, form.conditions === null ? 0 : status, isStored)
  const out = { age: shownAge(c.freshness, now, true), cacheStatus, own }
  c.enter(SERVING)
  c.dropStale()
  x.delivery.start(form.hold, form.stored, form.conditions, out, now)
}

/** The draft under the key that a response with this Vary belongs to; null: there is none to be had. */
function draftFor(c: CachePart, names: readonly string[]): Draft | null {
  const { lookup } = c
  const { store } = lookup.routeCache
  const same = lookup.names !== null && names.join('\n') === lookup.names.join('\n')
  if (names.length === 0 ? lookup.names === null : same) return draftOf(c, lookup.key)
  if (lookup.key !== lookup.primary) {
    c.takeDraft()?.abandon(AbandonReason.elsewhere)
    lookup.choose(lookup.primary, lookup.names)
  }
  const index = draftOf(c, lookup.primary)
  if (index === null || names.length === 0) return index
  const generation = Math.floor(Math.random() * 2 ** 48)
  const key = variantKey(lookup.primary, generation, variantOf(names, c.x.head))
  // Ours before others can know of it: once they see by what it varies, one of them could be quicker.
  const draft = store.lead(key)
  index.kind = KIND.varies
  index.setMeta(SLOT.generation, generation)
  if (draft === null || !index.head(names.join('\n'))) {
    draft?.abandon(AbandonReason.failed)
    c.holdDraft(index)
    return null
  }
  index.finish()
  lookup.choose(key, names)
  return draft
}

/** Leaves a marker, so that no request waits for the next fetch of a response that is not shared. */
function notStored(c: CachePart, why: NotStored | 'too-large' | null, status: number, now: number): void {
  c.report.because(why)
  const draft = c.takeDraft()
  if (draft === null) return
  // One follower is the next to try, not all at once: a failing server has enough to do.
  if (isServerError(status) || isTooMany(status)) return draft.abandon(AbandonReason.failed)
  if (why === 'authorization') return draft.abandon(AbandonReason.untried)
  if (why === null || status >= 500 || isAboutRequest(status) || OF_REQUEST.has(why)) {
    return draft.abandon(AbandonReason.notStored)
  }
  pass(draft, now + c.lookup.routeCache.settings.hitForMiss, why === 'too-large')
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
function markPass(routeCache: RouteCache, key: string, now: number): void {
  const draft = routeCache.store.lead(key)
  if (draft !== null) pass(draft, now + routeCache.settings.hitForMiss, true)
}
