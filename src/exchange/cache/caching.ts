/**
 * The cache's part in one exchange. It looks whether something stored answers the request; if not, either this exchange
 * fetches it, for itself and all who ask for the same meanwhile, or it waits for the one that does. What is stale stays
 * at hand for the case that the servers are full or fail.
 *
 *   look ─▶ served from the store
 *        ─▶ follows the fetch of another ─▶ served · looks again · fetches for itself
 *        ─▶ onward to a server ─▶ answered: stored and served from there · stale copy is still right · passed on
 */
import { type Cause, rowOf } from '../../base/cause.ts'
import { wall } from '../../base/clock.ts'
import { FreshnessFlag } from '../../cache/freshness/freshness.ts'
import {
  ageAt,
  canBecomeShareable,
  readRequestDirectives,
  reusabilityOf,
  shownAge,
  usableOnError,
  usableWhenSaturated,
} from '../../cache/freshness/reuse.ts'
import { isCacheMethod } from '../../cache/key/key.ts'
import { variantOf } from '../../cache/key/vary.ts'
import type { StoreDecision } from '../../cache/object/reasons.ts'
import { AbandonReason, KIND, readText, SLOT, type StoredText, variantKey } from '../../cache/object/stored-object.ts'
import { type Conditions, conditionsOf, isForServer } from '../../cache/serve/condition.ts'
import { askWhetherChanged, removeConditions } from '../../cache/serve/revalidation.ts'
import type { PinnedObject } from '../../store/hold.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import type { Forwarded } from '../../wire/http/cache-status.ts'
import { type Edits, FieldName } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import { BodyKind, type ResponseHead } from '../../wire/http/head.ts'
import { takesEvents } from '../../wire/http/media-type.ts'
import type { ExchangeGate } from '../admission.ts'
import { noteInstead } from '../answer/failure.ts'
import type { Route } from '../routing/route.ts'
import type { Stage } from '../stage.ts'
import { backgroundFailed, handOver, refresh } from './background.ts'
import { type CacheResult, CacheState } from './cache-state.ts'
import { followedTooLong, leadOrFollow, serveIfArrived } from './coalesce.ts'
import { formFor } from './coded-forms.ts'
import { invalidate } from './invalidate-target.ts'
import { purge } from './purge-request.ts'
import { backOff, sinceFailure } from './refresh-backoff.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import { secondsLeft, statusOf } from './status-value.ts'
import { answered } from './store-answer.ts'

/** Why a stale copy is served then. */
const FAILED_LATELY = 'failed lately'
/** For how long, in ms, after a failure of the server a stale copy is served without asking it again. */
const AFTER_FAILURE = 1000

const NONE: readonly string[] = []

// Used up within one call each.
const control = new CacheControl()
const CACHE_STATUS = new FieldName('Cache-Status')

export class Caching extends CacheState {
  /** Looks into the store. The next stage; null: it is served or waits; undefined: onward to a server. */
  look(way: RouteCache, route: Route): Stage | null | undefined {
    const { head, client } = this.x
    this.begin(way, route)
    way.editRequest(this.x.edits, client.hop)
    if (way.isPurge(head, client.hop.peer)) return purge(this.x, way)
    if (!isCacheMethod(head.method)) {
      this.role = 'changes'
      this.fwd = 'method'
      if (head.method === 'POST') this.#beginPost(way)
      return undefined
    }
    this.primary = way.key(client.hop, head)
    readRequestDirectives(this.directives, head, control, way.settings)
    const odd = this.x.edits.upgrade(head) !== null || (head.bodyKind !== BodyKind.none && head.contentLength !== 0)
    if (this.primary === '' || odd || way.bypasses(head)) return this.#passBy(way, 'bypass', 'bypass')
    this.ordered = way.bans.last
    // Before anything else is asked: whatever is stored or fetched for others, this is for the server.
    if (isForServer(head)) return this.#passBy(way, 'request', 'for-server')
    return this.find(way)
  }

  /** The answer to a POST may be stored: notes what had been removed when it was sent. */
  #beginPost(way: RouteCache): void {
    this.primary = way.key(this.x.client.hop, this.x.head)
    this.ordered = way.bans.last
    this.removals = way.store.removals(this.primary)
  }

  /** It has removed what stands under its key itself: that is no removal that its answer is older than. */
  removed(): void {
    if (this.removals >= 0) this.removals++
  }

  /** Nothing stored answers it, and its answer is not stored. */
  #passBy(way: RouteCache, fwd: Forwarded, reason: StoreDecision): Stage | undefined {
    if (this.directives.onlyIfCached) return { at: 'failed', cause: 'not_cached', detail: '' }
    way.notes.note(this.primary, reason, wall())
    this.fwd = fwd
    this.result = 'pass'
    this.x.context.counters.cached('pass')
    return undefined
  }

  /** The same again, after the store has changed. */
  find(way: RouteCache): Stage | null | undefined {
    const { head } = this.x
    const now = wall()
    const hold = this.current(way, now)
    this.fwd = this.key === this.primary ? 'uri-miss' : 'vary-miss'
    if (hold !== null) {
      switch (reusabilityOf(this.freshness, this.directives, now)) {
        case 'fresh':
          return this.serve(hold, this.followUntil === 0 ? 'hit' : 'collapsed', now)
        case 'grace':
          refresh(this, way, hold, now)
          return this.serve(hold, 'stale', now, 'grace')
        case 'stale':
          if (this.failedLately(hold, now)) return this.serve(hold, 'stale', now, FAILED_LATELY)
          this.staleCopy = hold
          this.alone = !canBecomeShareable(this.freshness)
          // Fresh, but not for this request (RFC 9211 §2.2).
          this.fwd =
            this.freshness.has(FreshnessFlag.noCache) || ageAt(this.freshness, now) >= this.freshness.ttl
              ? 'stale'
              : 'request'
          break
        default:
          hold.release()
      }
    }
    if (this.directives.onlyIfCached) return { at: 'failed', cause: 'not_cached', detail: '' }
    this.result = 'miss'
    if (head.isHead) {
      this.x.context.counters.cached('miss')
      this.#askPlain(way)
      this.role = 'asks'
      return undefined
    }
    if (this.directives.noStore) {
      if (this.staleCopy !== null) this.role = 'watches'
      return this.#passBy(way, 'request', 'request-no-store')
    }
    // What a known user gets is mostly for him alone (RFC 9111 §3.5): nobody waits for it, and he waits for nobody, but
    // where others got what was fetched for one.
    if (head.has(Field.authorization) && (this.staleCopy === null || !this.freshness.has(FreshnessFlag.authorized)))
      this.pass = true
    if (takesEvents(head)) this.pass = true // the head of an event stream may come late, and the stream is for one
    this.role = 'fetches'
    if (this.pass) {
      this.removals = way.store.removals(this.primary)
      this.role = 'passes'
      this.result = 'pass'
      if (this.staleCopy !== null) this.prepare()
      return undefined
    }
    return leadOrFollow(this, way)
  }

  /** The stored response of the request, with its life in life; null without one. Sets the key, and whether it is passed. */
  current(way: RouteCache, now: number): PinnedObject | null {
    this.key = this.primary
    this.names = null
    let hold = way.store.find(this.key)
    if (hold !== null && hold.kind === KIND.varies) {
      this.names = hold.headText().split('\n')
      this.key = variantKey(this.primary, hold.meta(SLOT.generation), variantOf(this.names, this.x.head))
      hold.release()
      hold = way.store.find(this.key)
    }
    if (hold === null) return null
    if (hold.kind === KIND.pass) {
      if (now < hold.meta(SLOT.until)) {
        this.pass = true
        this.large = hold.meta(SLOT.large) === 1
      }
      hold.release()
      return null
    }
    if (hold.kind !== KIND.response) {
      hold.release()
      return null
    }
    if (!outlives(way.bans, hold, this.freshness, now)) {
      way.store.removeHeld(hold)
      hold.release()
      return null
    }
    return hold
  }

  /** Makes of the client's question one of the cache's own. */
  prepare(): void {
    const { head } = this.x
    if (this.routeCache !== null && !this.pass) this.#askPlain(this.routeCache)
    this.conditions = conditionsOf(head)
    if (this.conditions !== null) removeConditions(this.x.edits)
    this.validate()
  }

  /** The server is to be asked whether the stale copy is still right. */
  validate(): void {
    const { staleCopy } = this
    const can = staleCopy !== null && this.freshness.has(FreshnessFlag.validator)
    if (can) askWhetherChanged(this.x.edits, readText(staleCopy.headText(), staleCopy))
    else if (this.validates) removeConditions(this.x.edits)
    this.validates = can
  }

  /** The server is asked for all of it, whatever is stored. */
  askForWhole(): void {
    removeConditions(this.x.edits)
    this.validates = false
  }

  /** It waited for the fetch of another in vain, and then for its turn: whether the response has come meanwhile. Then it is served. */
  serveIfArrived(): boolean {
    return serveIfArrived(this)
  }

  /** Where coded forms are made here, the server is asked for the plain one. */
  #askPlain(way: RouteCache): void {
    if (way.settings.compress !== null) this.x.edits.remove(Field.acceptEncoding)
  }

  /**
   * The client leaves while the server works on what others may be waiting for: somebody who is nobody waits in its
   * place. False: there is nothing to hand over.
   */
  handOver(): boolean {
    return handOver(this)
  }

  /** Its server failed a moment ago, and not each visitor is to wait until it does so again. */
  failedLately(hold: PinnedObject, now: number): boolean {
    const since = sinceFailure(hold, now)
    return (
      since >= 0 &&
      since < AFTER_FAILURE &&
      usableOnError(this.freshness, this.directives, this.routeCache!.settings, now)
    )
  }

  /** The gate in whose queue a fetch would have to wait while there is a stale copy that may be served instead; null: there is none. */
  staleBefore(): ExchangeGate | null {
    if (this.staleCopy === null) return null
    const { gate, pool } = this.route
    if (gate !== null && this.#isFull(gate.queue)) return 'route'
    return this.#isFull(pool.pool.gate.queue) ? 'pool' : null
  }

  #isFull({ length, bound }: { readonly length: number; readonly bound: number }): boolean {
    return length > 0 && this.canServeStale(length + 1, bound)
  }

  /** How far the servers are beyond what they can take: half when one would have to wait, all when nobody may any more. */
  #pressure(waiting: number, most: number): number {
    return most > 0 ? 0.5 + (0.5 * (waiting - 1)) / most : 1
  }

  /** It stands in a line of `waiting`, itself among them: whether there is a stale copy that may be served instead. */
  canServeStale(waiting: number, most: number): boolean {
    if (this.staleCopy === null) return false
    return usableWhenSaturated(
      this.freshness,
      this.directives,
      this.routeCache!.settings,
      this.#pressure(waiting, most),
      wall(),
    )
  }

  /** Serves it. */
  serveStaleInstead(gate: ExchangeGate): null {
    this.#leave()
    this.x.admission.comeTo(gate)
    this.serveStale('saturated', gate === 'route' ? 'route_full' : 'pool_full')
    return null
  }

  /** Those who follow are to try themselves: it is not the server that has failed. */
  #leave(): void {
    this.draft?.abandon(AbandonReason.untried)
    this.draft = null
  }

  /** It failed: serves a stale copy if one may be used. True: it did. */
  rescue(cause: Cause, detail: string): boolean {
    const { by, shed } = rowOf(cause)
    if (by !== 'client' && this.role !== 'none') this.routeCache?.notes.note(this.primary, cause, wall())
    if (by === 'client' || shed) this.#leave()
    if (by === 'client' || this.staleCopy === null || !this.usable(cause)) return false
    // Where the answer had begun, its end was noted already.
    if (!shed && this.followed === null && this.role !== 'none') backOff(this.staleCopy, wall())
    this.serveStale(cause, cause, detail)
    return true
  }

  /** Whether the stale copy may be served because of this. */
  usable(cause: Cause): boolean {
    const now = wall()
    if (usableOnError(this.freshness, this.directives, this.routeCache!.settings, now)) return true
    // There is no room: that is all the pressure there can be.
    return rowOf(cause).shed && usableWhenSaturated(this.freshness, this.directives, this.routeCache!.settings, 1, now)
  }

  /** Serves the stale copy. `cause`: what would have refused or failed the request; null: none that has a name. */
  serveStale(why: string, cause: Cause | null = null, detail = ''): void {
    const { x } = this
    const stale = this.staleCopy!
    this.staleCopy = null
    if (cause !== null) noteInstead(x, cause, detail)
    x.withdraw()
    this.serve(stale, 'stale', wall(), why)
  }

  /**
   * Answers with what is held. Always null, so that a step can return it.
   * @param own lines for this client alone, whole ones with CRLF
   * @param text the head that this client gets, where that is another one than the one that is held
   */
  serve(
    hold: PinnedObject,
    result: CacheResult,
    now: number,
    detail: string | null = null,
    own = '',
    text?: StoredText,
  ): null {
    const x = this.x
    this.letGo()
    this.role = 'none'
    this.result = result
    this.detail = detail
    x.context.counters.cached(result)
    const way = this.routeCache!
    const { config, hooks } = x.listener
    const bare = config.via === '' && hooks.leaving === null // as what is prepared
    const conditions = this.conditions ?? conditionsOf(x.head)
    const age = shownAge(this.freshness, now, result === 'revalidated')
    const usual = bare && result === 'hit' && conditions === null && !this.directives.noTransform && x.responder.plain
    if (usual) {
      const accept = way.settings.compress === null ? null : x.head.list(Field.acceptEncoding)
      const ready = way.ready.find(hold, age, way.settings.status ? secondsLeft(this.freshness, now) : 0, accept)
      if (ready !== null) return x.delivery.repeat(hold, ready)
    }
    const form = formFor(way, hold, x.head, this.directives, conditions, text)
    const out = { age, cacheStatus: statusOf(this, now, this.#fwdStatus(hold, conditions)), own }
    if (usual && way.ready.worth) way.ready.make(form, hold, out)
    x.delivery.start(form.hold, form.stored, form.conditions, out, now)
    return null
  }

  /** What the server answered, where the client gets another status (RFC 9211 §2.3); 0: nothing else, or it was not asked. */
  #fwdStatus(hold: PinnedObject, conditions: Conditions | null): number {
    if (this.result === 'revalidated') return 304
    return this.result === 'collapsed' && conditions !== null ? hold.meta(SLOT.status) : 0
  }

  /** The server has answered. True: the cache has taken it; false: it is passed on. */
  answered(head: ResponseHead): boolean {
    return this.waits && answered(this, head)
  }

  /** Its answer goes to the client as it came, but for what was said to this cache alone, and with what this cache says of it. */
  passOn(edits: Edits): void {
    const { routeCache } = this
    if (routeCache === null) return
    routeCache.removeOwn(edits)
    const status = statusOf(this, wall(), 0)
    if (status !== '') edits.add(CACHE_STATUS.line(status))
  }

  /** A fetch in the background has failed. */
  failed(cause: Cause): void {
    backgroundFailed(this, cause)
  }

  /** An unsafe request was answered: removes what it has changed; see invalidate-target.ts. */
  invalidate(head: ResponseHead): Promise<void> | null {
    return invalidate(this.x, head)
  }

  /** Another's fetch takes too long. */
  followedTooLong(): void {
    followedTooLong(this)
  }

  /** The response that was stored broke off: what it was to replace is in the store still, and is at hand again. */
  recall(): void {
    if (this.routeCache === null) return
    this.dropStale()
    this.staleCopy = this.current(this.routeCache, wall())
  }

  get targeted(): readonly string[] {
    return this.routeCache === null ? NONE : this.routeCache.settings.targeted
  }
}
