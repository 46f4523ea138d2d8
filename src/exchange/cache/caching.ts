/**
 * The cache's part in one exchange. It looks whether a stored response answers the request; if not, either this exchange
 * fetches it, for itself and for all who ask for the same meanwhile, or it waits for the one that does. A stale response
 * stays at hand for the case that the servers are full or fail.
 *
 *   look ─▶ served from the store
 *        ─▶ follows the fetch of another ─▶ served · looks again · fetches for itself
 *        ─▶ a server is asked ─▶ answered: stored and served from there · stale copy is still right · passed on
 */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { FreshnessFlag } from '../../cache/freshness/freshness.ts'
import { ageAt, readRequestDirectives, reusabilityOf, shownAge } from '../../cache/freshness/reuse.ts'
import { isCacheMethod } from '../../cache/key/key.ts'
import { variantOf } from '../../cache/key/vary.ts'
import type { StoreDecision } from '../../cache/object/reasons.ts'
import { AbandonReason, KIND, readText, SLOT, type StoredText, variantKey } from '../../cache/object/stored-object.ts'
import { type Conditions, conditionsOf, isForServer } from '../../cache/serve/condition.ts'
import { askWhetherChanged, removeConditions } from '../../cache/serve/revalidation.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import type { Forwarded } from '../../wire/http/cache-status.ts'
import { type Edits, FieldName } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import { BodyKind, type ResponseHead } from '../../wire/http/head.ts'
import { takesEvents } from '../../wire/http/media-type.ts'
import { noteInstead } from '../answer/failure.ts'
import type { ExchangeGate, Route } from '../routing/route.ts'
import { backgroundFailed, handOver, refresh } from './background.ts'
import { CachePart, type LookResult, PASSING, refused, SERVING } from './cache-part.ts'
import type { CacheResult } from './cache-report.ts'
import { followedTooLong, leadOrFollow, serveIfArrived } from './coalesce.ts'
import { formFor } from './coded-forms.ts'
import { invalidate } from './invalidate-target.ts'
import { purge } from './purge-request.ts'
import { backOff } from './refresh-backoff.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import type { StaleCopy } from './stale-copy.ts'
import { secondsLeft, statusOf } from './status-value.ts'
import { answered } from './store-answer.ts'

/** Why a stale copy is served then. */
const FAILED_LATELY = 'failed lately'

const NONE: readonly string[] = []

// Used up within one call each.
const control = new CacheControl()
const CACHE_STATUS = new FieldName('Cache-Status')

export class Caching extends CachePart {
  /** The request has a route that caches: looks into the store. */
  look(routeCache: RouteCache, route: Route): LookResult {
    const { lookup, x } = this
    const { head, client } = x
    lookup.begin(routeCache, route)
    this.enter(PASSING)
    routeCache.editRequest(x.edits, client.hop)
    if (routeCache.isPurge(head, client.hop.peer)) return purge(x, routeCache)
    if (!isCacheMethod(head.method)) {
      this.enter({ is: 'changing' })
      this.report.forward('method')
      if (head.method === 'POST') this.#beginPost()
      return undefined
    }
    lookup.identify(routeCache.key(client.hop, head))
    readRequestDirectives(lookup.directives, head, control, routeCache.settings)
    const odd = x.edits.upgrade(head) !== null || (head.bodyKind !== BodyKind.none && head.contentLength !== 0)
    if (lookup.primary === '' || odd || routeCache.bypasses(head)) return this.#passBy('bypass', 'bypass')
    lookup.noteRules()
    // Before anything else: whatever is stored or fetched for others, this is for the server.
    if (isForServer(head)) return this.#passBy('request', 'for-server')
    return this.find()
  }

  /** The answer to a POST may be stored: notes what had been removed when it was sent. */
  #beginPost(): void {
    const { lookup, x } = this
    lookup.identify(lookup.routeCache.key(x.client.hop, x.head))
    lookup.noteRules()
    lookup.noteRemovals()
  }

  /** No stored response answers it, and its response is not stored. */
  #passBy(forwarded: Forwarded, reason: StoreDecision): LookResult {
    const { lookup, report, x } = this
    if (lookup.directives.onlyIfCached) return refused('not_cached')
    lookup.routeCache.notes.note(lookup.primary, reason, wall())
    report.forward(forwarded)
    report.is('pass')
    x.context.counters.cached('pass')
    return undefined
  }

  override find(): LookResult {
    const { lookup, report, freshness, x } = this
    const { directives } = lookup
    const now = wall()
    const pinned = this.current(now)
    report.forward(lookup.key === lookup.primary ? 'uri-miss' : 'vary-miss')
    if (pinned !== null) {
      switch (reusabilityOf(freshness, directives, now)) {
        case 'fresh':
          return this.serve(pinned, lookup.followUntil === 0 ? 'hit' : 'collapsed', now)
        case 'grace':
          refresh(this, pinned, now)
          return this.serve(pinned, 'stale', now, 'grace')
        case 'stale':
          if (this.keepStale(pinned).failedLately(now)) {
            this.takeStale()
            return this.serve(pinned, 'stale', now, FAILED_LATELY)
          }
          // Fresh, but not for this request (RFC 9211 §2.2).
          report.forward(
            freshness.has(FreshnessFlag.noCache) || ageAt(freshness, now) >= freshness.ttl ? 'stale' : 'request',
          )
          break
        default:
          pinned.release()
      }
    }
    if (directives.onlyIfCached) return refused('not_cached')
    report.is('miss')
    if (x.head.isHead) {
      x.context.counters.cached('miss')
      this.#askPlain()
      this.enter({ is: 'freshening' })
      return undefined
    }
    if (directives.noStore) {
      if (this.stale !== null) this.enter({ is: 'watching' })
      return this.#passBy('request', 'request-no-store')
    }
    return this.#fetch()
  }

  #fetch(): LookResult {
    const { lookup, report, freshness, x } = this
    const { head } = x
    // What a known user gets is mostly for that user alone (RFC 9111 §3.5): such a request neither follows nor is followed,
    // unless others got what was fetched for one.
    if (head.has(Field.authorization) && (this.stale === null || !freshness.has(FreshnessFlag.authorized)))
      lookup.makePass(lookup.large)
    if (takesEvents(head)) lookup.makePass(lookup.large) // its head may come late, and the stream is for one client
    this.enter({ is: 'fetching', draft: null, late: false })
    if (!lookup.pass) return leadOrFollow(this)
    lookup.noteRemovals()
    report.is('pass')
    if (this.stale !== null) this.prepare()
    return undefined
  }

  override current(now: number): PinnedObject | null {
    const { lookup } = this
    const { store, bans } = lookup.routeCache
    lookup.choose(lookup.primary, null)
    let pinned = store.find(lookup.key)
    if (pinned !== null && pinned.kind === KIND.varies) {
      const names = pinned.headText().split('\n')
      lookup.choose(variantKey(lookup.primary, pinned.meta(SLOT.generation), variantOf(names, this.x.head)), names)
      pinned.release()
      pinned = store.find(lookup.key)
    }
    if (pinned === null) return null
    if (pinned.kind === KIND.response) {
      if (outlives(bans, pinned, this.freshness, now)) return pinned
      store.removeHeld(pinned)
    } else if (pinned.kind === KIND.pass && now < pinned.meta(SLOT.until)) {
      lookup.makePass(pinned.meta(SLOT.large) === 1)
    }
    pinned.release()
    return null
  }

  override prepare(): void {
    const { lookup, x } = this
    if (!lookup.pass) this.#askPlain()
    const conditions = conditionsOf(x.head)
    lookup.takeConditions(conditions)
    if (conditions !== null) removeConditions(x.edits)
    this.validate()
  }

  override validate(): void {
    const { lookup, stale, x } = this
    const can = stale?.freshness.has(FreshnessFlag.validator) === true
    if (can) askWhetherChanged(x.edits, readText(stale.pinned.headText(), stale.pinned))
    else if (lookup.validates) removeConditions(x.edits)
    lookup.validate(can)
  }

  override askForWhole(): void {
    removeConditions(this.x.edits)
    this.lookup.validate(false)
  }

  /** Where compressed forms are made here, the server is asked for the plain one. */
  #askPlain(): void {
    if (this.lookup.routeCache.settings.compress !== null) this.x.edits.remove(Field.acceptEncoding)
  }

  /** Whether the response that it waited for in vain has come before its own turn. Then it is served. */
  serveIfArrived(): boolean {
    return this.state.is === 'fetching' && this.state.late && serveIfArrived(this)
  }

  /** The client leaves while its server works on what others may be waiting for: a detached client takes its place. */
  handOver(): void {
    if (this.draft !== null) handOver(this)
  }

  override fullGate(): ExchangeGate | null {
    const { gate, upstream } = this.lookup.route
    if (gate !== null && this.#isFull(gate.queue)) return 'route'
    return this.#isFull(upstream.pool.gate.queue) ? 'pool' : null
  }

  #isFull({ length, bound }: { readonly length: number; readonly bound: number }): boolean {
    return length > 0 && this.canServeStale(length + 1, bound)
  }

  /**
   * It would be in a queue of `waiting`, itself among them, where `most` may be: whether there is a stale copy that may be
   * served instead. The pressure is half when one would have to wait, and all when no request may any more.
   */
  canServeStale(waiting: number, most: number): boolean {
    const { stale } = this
    const pressure = most > 0 ? 0.5 + (0.5 * (waiting - 1)) / most : 1
    return stale?.usableUnder(pressure, wall()) === true
  }

  override serveStaleInstead(gate: ExchangeGate): null {
    const { stale } = this
    if (stale === null) throw new Error('there is no stale copy to serve')
    this.#letOthersTry()
    this.x.admission.comeTo(gate)
    return this.serveStale(stale, 'saturated', gate === 'route' ? 'route_full' : 'pool_full')
  }

  /** Its followers are to try themselves: it is not the server that has failed. */
  #letOthersTry(): void {
    this.takeDraft()?.abandon(AbandonReason.untried)
  }

  /** The exchange has failed: serves a stale copy if one may be used. True: it did. */
  rescue(cause: Cause, detail: string): boolean {
    const { by, shed } = rowOf(cause)
    const { stale, lookup, asking } = this
    if (by !== 'client' && asking) lookup.routeCache.notes.note(lookup.primary, cause, wall())
    if (by === 'client' || shed) this.#letOthersTry()
    if (by === 'client' || stale === null || !this.usable(stale, cause)) return false
    // If the response had begun, its end was noted already.
    if (!shed && asking && this.state.is !== 'following') backOff(stale.pinned, wall())
    this.serveStale(stale, cause, cause, detail)
    return true
  }

  override usable(stale: StaleCopy, cause: Cause): boolean {
    const now = wall()
    // There is no room: that is all the pressure there can be.
    return stale.usableOnError(now) || (rowOf(cause).shed && stale.usableUnder(1, now))
  }

  override serveStale(stale: StaleCopy, why: string, cause: Cause | null = null, detail = ''): null {
    const { x } = this
    this.takeStale()
    if (cause !== null) noteInstead(x, cause, detail)
    x.withdraw()
    return this.serve(stale.pinned, 'stale', wall(), why)
  }

  /**
   * @param detail for the log and Cache-Status
   * @param own lines for this client alone, whole ones with CRLF
   * @param text the head that this client gets, where that is another one than the stored one
   */
  override serve(
    pinned: PinnedObject,
    result: CacheResult,
    now: number,
    detail: string | null = null,
    own = '',
    text?: StoredText,
  ): null {
    const { x, lookup, report, freshness } = this
    this.settle(SERVING)
    report.set(result, detail)
    x.context.counters.cached(result)
    const { routeCache, directives } = lookup
    const { config, hooks } = x.listener
    const bare = config.via === '' && hooks.leaving === null // as what is prepared
    const conditions = lookup.conditions ?? conditionsOf(x.head)
    const age = shownAge(freshness, now, result === 'revalidated')
    const usual = bare && result === 'hit' && conditions === null && !directives.noTransform && x.responder.plain
    if (usual) {
      const accept = routeCache.settings.compress === null ? null : x.head.list(Field.acceptEncoding)
      const seconds = routeCache.settings.status ? secondsLeft(freshness, now) : 0
      const ready = routeCache.hot.find(pinned, age, seconds, accept)
      if (ready !== null) return x.delivery.repeat(pinned, ready)
    }
    const form = formFor(routeCache, pinned, x.head, directives, conditions, text)
    const out = { age, cacheStatus: statusOf(this, now, this.#fwdStatus(pinned, conditions)), own }
    if (usual && routeCache.hot.worth) routeCache.hot.make(form, pinned, out)
    x.delivery.start(form.hold, form.stored, form.conditions, out, now)
    return null
  }

  /** What the server answered, where the client gets another status (RFC 9211 §2.3); 0: nothing else, or it was not asked. */
  #fwdStatus(pinned: PinnedObject, conditions: Conditions | null): number {
    const { result } = this.report
    if (result === 'revalidated') return 304
    return result === 'collapsed' && conditions !== null ? pinned.meta(SLOT.status) : 0
  }

  /** The server has answered. True: the cache has taken the response; false: it is passed on. */
  answered(head: ResponseHead): boolean {
    if (!this.asking) return false
    const taken = answered(this, head)
    if (!taken) this.enter(PASSING)
    return taken
  }

  /** The response goes to the client as it came, but for what was meant for this cache alone, and with what this cache says. */
  passOn(edits: Edits): void {
    if (this.state.is === 'off') return
    this.lookup.routeCache.removeOwn(edits)
    const status = statusOf(this, wall(), 0)
    if (status !== '') edits.add(CACHE_STATUS.line(status))
  }

  /** A fetch in the background has failed. */
  failed(cause: Cause): void {
    backgroundFailed(this, cause)
  }

  /** An unsafe request was answered: removes what it has changed; see invalidate-target.ts. */
  invalidate(head: ResponseHead): Promise<void> | null {
    return invalidate(this, head)
  }

  /** Another's fetch, or a part of a response, takes too long. */
  waitedTooLong(): void {
    const { state } = this
    if (state.is === 'awaiting') state.part?.serve()
    else if (state.is === 'following') followedTooLong(this, state)
  }

  /** The response that was stored broke off: what it was to replace is in the store still, and is at hand again. */
  override recall(): void {
    this.dropStale()
    const pinned = this.current(wall())
    if (pinned !== null) this.keepStale(pinned)
  }

  get targeted(): readonly string[] {
    return this.state.is === 'off' ? NONE : this.lookup.routeCache.settings.targeted
  }
}
