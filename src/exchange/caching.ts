/**
 * The cache's part in one exchange. It looks whether something stored answers the request; if not, either this exchange
 * fetches it, for itself and all who ask for the same meanwhile, or it waits for the one that does. What is stale stays
 * at hand for the case that the servers are full or fail.
 *
 *   look ─▶ served from the store
 *        ─▶ follows the fetch of another ─▶ served · looks again · fetches for itself
 *        ─▶ onward to a server ─▶ answered: stored and served from there · stale copy is still right · passed on
 */
import { type Cause, rowOf } from '../base/cause.ts'
import { wall } from '../base/clock.ts'
import { hideAcceptEncoding } from '../cache/coding.ts'
import { type Conditions, conditionsOf, isForServer } from '../cache/condition.ts'
import { ageAt, ageTold, askOf, canBeForMany, judge, usableOnError, usableWhenSaturated } from '../cache/judge.ts'
import { isCacheMethod } from '../cache/key.ts'
import { LifeFlag } from '../cache/life.ts'
import type { Reason } from '../cache/reasons.ts'
import { KIND, REASON, readText, SLOT, type StoredText, variantKey } from '../cache/stored.ts'
import { hideConditions, validationLines } from '../cache/validate.ts'
import { variantOf } from '../cache/vary.ts'
import type { Hold } from '../store/hold.ts'
import { CacheControl } from '../wire/cache-control.ts'
import { cacheStatus, type Forwarded } from '../wire/cache-status.ts'
import { Field } from '../wire/fields.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import { takesEvents } from '../wire/media-type.ts'
import { answered } from './answered.ts'
import { type CacheResult, CacheState } from './cache-state.ts'
import { formFor } from './coder.ts'
import { noteInstead } from './failure.ts'
import { lead } from './following.ts'
import { handOver, refresh } from './hand-over.ts'
import { purge } from './purging.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import { setBack, sinceFailure } from './set-back.ts'
import type { Stage } from './stage.ts'
import { refreshEnded } from './take-over.ts'

/** Why a stale copy is served then. */
const FAILED_LATELY = 'failed lately'
/** For how long, in ms, after a failure of the server a stale copy is served without asking it again. */
const AFTER_FAILURE = 1000
/** Pause after a refresh for which there was no room, in ms: not each visitor of a stale page is to try it. */
const ROOM = 50

// Used up within one call each.
const control = new CacheControl()

export class Caching extends CacheState {
  /** Looks into the store. The next stage; null: it is served or waits; undefined: onward to a server. */
  look(way: RouteCache): Stage | null | undefined {
    const { head, client } = this.x
    this.way = way
    way.hideClaims(head, client.hop)
    if (way.isPurge(head, client.hop.peer)) return purge(this.x, way)
    if (!isCacheMethod(head.method)) {
      this.role = 'changes'
      this.fwd = 'method'
      if (head.method === 'POST') this.#begin(way)
      return undefined
    }
    this.primary = way.key(client.hop, head)
    askOf(this.ask, head, control, way.settings)
    const odd = head.upgrade !== null || (head.bodyKind !== BodyKind.none && head.contentLength !== 0)
    if (this.primary === '' || odd || way.bypasses(head)) return this.#passBy(way, 'bypass', 'bypass')
    this.ordered = way.bans.last
    // Before anything else is asked: whatever is stored or fetched for others, this is for the server.
    if (isForServer(head)) return this.#passBy(way, 'request', 'for-server')
    return this.find(way)
  }

  /** The answer to a POST may be stored: notes what had been removed when it was sent. */
  #begin(way: RouteCache): void {
    this.primary = way.key(this.x.client.hop, this.x.head)
    this.ordered = way.bans.last
    this.removals = way.store.removals(this.primary)
  }

  /** It has removed what stands under its key itself: that is no removal that its answer is older than. */
  removed(): void {
    if (this.removals >= 0) this.removals++
  }

  /** Nothing stored answers it, and its answer is not stored. */
  #passBy(way: RouteCache, fwd: Forwarded, reason: Reason): Stage | undefined {
    if (this.ask.onlyIfCached) return { at: 'failed', cause: 'not_cached', detail: '' }
    way.notes.note(this.primary, reason, wall())
    this.fwd = fwd
    this.result = 'pass'
    this.x.world.tally.cached('pass')
    return undefined
  }

  /** The same again, after the store has changed. */
  find(way: RouteCache): Stage | null | undefined {
    const { head } = this.x
    const now = wall()
    const hold = this.current(way, now)
    this.fwd = this.key === this.primary ? 'uri-miss' : 'vary-miss'
    if (hold !== null) {
      switch (judge(this.life, this.ask, now)) {
        case 'fresh':
          return this.serve(hold, this.followUntil === 0 ? 'hit' : 'collapsed', now)
        case 'grace':
          refresh(this, way, hold, now)
          return this.serve(hold, 'stale', now, 'grace')
        case 'stale':
          if (this.failedLately(hold, now)) return this.serve(hold, 'stale', now, FAILED_LATELY)
          this.stale = hold
          this.alone = !canBeForMany(this.life)
          // Fresh, but not for this request (RFC 9211 §2.2).
          this.fwd = this.life.has(LifeFlag.noCache) || ageAt(this.life, now) >= this.life.ttl ? 'stale' : 'request'
          break
        default:
          hold.release()
      }
    }
    if (this.ask.onlyIfCached) return { at: 'failed', cause: 'not_cached', detail: '' }
    this.result = 'miss'
    if (head.isHead) {
      this.x.world.tally.cached('miss')
      this.#askPlain(way)
      this.role = 'asks'
      return undefined
    }
    if (this.ask.noStore) {
      if (this.stale !== null) this.role = 'watches'
      return this.#passBy(way, 'request', 'request-no-store')
    }
    // What a known user gets is mostly for him alone (RFC 9111 §3.5): nobody waits for it, and he waits for nobody, but
    // where others got what was fetched for one.
    if (head.has(Field.authorization) && (this.stale === null || !this.life.has(LifeFlag.authorized))) this.pass = true
    if (takesEvents(head)) this.pass = true // the head of an event stream may come late, and the stream is for one
    this.role = 'fetches'
    if (this.pass) {
      this.removals = way.store.removals(this.primary)
      this.role = 'passes'
      this.result = 'pass'
      if (this.stale !== null) this.prepare()
      return undefined
    }
    return lead(this, way)
  }

  /** The stored response of the request, with its life in life; null without one. Sets the key, and whether it is passed. */
  current(way: RouteCache, now: number): Hold | null {
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
    if (!outlives(way.bans, hold, this.life, now)) {
      way.store.removeHeld(hold)
      hold.release()
      return null
    }
    return hold
  }

  /** Makes of the client's question one of the cache's own. */
  prepare(): void {
    const { head } = this.x
    if (this.way !== null && !this.pass) this.#askPlain(this.way)
    this.conditions = conditionsOf(head)
    if (this.conditions !== null) hideConditions(head)
    this.#validate()
  }

  /** The server is to be asked whether the stale copy is still right. */
  #validate(): void {
    const { stale } = this
    const can = stale !== null && this.life.has(LifeFlag.validator)
    this.extra = can ? validationLines(readText(stale.headText(), stale)) : ''
  }

  /**
   * It waited for the fetch of another as long as it may, and then for its turn at the servers: whether what that one
   * brought has come meanwhile. Then it is served, and needs no server.
   */
  came(): boolean {
    const { way, late } = this
    if (!late || way === null) return false
    this.dropStale()
    const now = wall()
    const hold = this.current(way, now)
    const verdict = hold === null ? 'gone' : judge(this.life, this.ask, now)
    if (hold !== null && (verdict === 'fresh' || verdict === 'grace')) {
      this.x.withdraw()
      this.serve(hold, 'collapsed', now)
      return true
    }
    if (verdict === 'stale') this.stale = hold
    else hold?.release()
    this.#validate()
    return false
  }

  /** Where coded forms are made here, the server is asked for the plain one. */
  #askPlain(way: RouteCache): void {
    if (way.settings.compress !== null) hideAcceptEncoding(this.x.head)
  }

  /**
   * The client leaves while the server works on what others may be waiting for: somebody who is nobody waits in its
   * place. False: there is nothing to hand over.
   */
  handOver(): boolean {
    return handOver(this)
  }

  /** Its server failed a moment ago, and not each visitor is to wait until it does so again. */
  failedLately(hold: Hold, now: number): boolean {
    const since = sinceFailure(hold, now)
    return since >= 0 && since < AFTER_FAILURE && usableOnError(this.life, this.ask, this.way!.settings, now)
  }

  /** Whether whoever fetches now has to wait for a place, and there is a stale copy that may be served instead. */
  get crowded(): boolean {
    const { route } = this.x
    if (this.stale === null || route === null) return false
    return [route.gate, route.pool.pool.gate].some((gate) => {
      if (gate === null || gate.line.length === 0 || !this.helps(gate.line.length + 1, gate.line.bound)) return false
      this.x.atRoute = gate === route.gate
      return true
    })
  }

  /** How far the servers are beyond what they can take: half when one would have to wait, all when nobody may any more. */
  #pressure(waiting: number, most: number): number {
    return most > 0 ? 0.5 + (0.5 * (waiting - 1)) / most : 1
  }

  /** It stands in a line of `waiting`, itself among them: whether there is a stale copy that may be served instead. */
  helps(waiting: number, most: number): boolean {
    if (this.stale === null) return false
    return usableWhenSaturated(this.life, this.ask, this.way!.settings, this.#pressure(waiting, most), wall())
  }

  /** Serves it. */
  serveInstead(): null {
    this.#leave()
    this.serveStale('saturated', this.x.atRoute ? 'route_full' : 'pool_full')
    return null
  }

  /** Those who follow are to try themselves: it is not the server that has failed. */
  #leave(): void {
    this.draft?.abandon(REASON.untried)
    this.draft = null
  }

  /** It failed: serves a stale copy if one may be used. True: it did. */
  rescue(cause: Cause, detail: string): boolean {
    const { by, shed } = rowOf(cause)
    if (by !== 'client' && this.role !== 'none') this.way?.notes.note(this.primary, cause, wall())
    if (by === 'client' || shed) this.#leave()
    if (by === 'client' || this.stale === null || !this.usable(cause)) return false
    // Where the answer had begun, its end was noted already.
    if (!shed && this.followed === null && this.role !== 'none') setBack(this.stale, wall())
    this.serveStale(cause, cause, detail)
    return true
  }

  /** Whether the stale copy may be served because of this. */
  usable(cause: Cause): boolean {
    const now = wall()
    if (usableOnError(this.life, this.ask, this.way!.settings, now)) return true
    // There is no room: that is all the pressure there can be.
    return rowOf(cause).shed && usableWhenSaturated(this.life, this.ask, this.way!.settings, 1, now)
  }

  /** Serves the stale copy. `cause`: what would have refused or failed the request; null: none that has a name. */
  serveStale(why: string, cause: Cause | null = null, detail = ''): void {
    const { x } = this
    const stale = this.stale!
    this.stale = null
    if (cause !== null) noteInstead(x, cause, detail)
    x.withdraw()
    this.serve(stale, 'stale', wall(), why)
  }

  /**
   * Answers with what is held. Always null, so that a step can return it.
   * @param extra whole lines for this client alone
   * @param text the head that this client gets, where that is another one than the one that is held
   */
  serve(
    hold: Hold,
    result: CacheResult,
    now: number,
    detail: string | null = null,
    extra = '',
    text?: StoredText,
  ): null {
    const x = this.x
    this.letGo()
    this.role = 'none'
    this.result = result
    this.detail = detail
    x.world.tally.cached(result)
    const way = this.way!
    const { via } = x.client.context.config // what is prepared has none
    const conditions = this.conditions ?? conditionsOf(x.head)
    const age = ageTold(this.life, now, result === 'revalidated')
    const usual = result === 'hit' && conditions === null && !this.ask.noTransform && x.responder.plain && via === ''
    if (usual) {
      const accept = way.settings.compress === null ? null : x.head.list(Field.acceptEncoding)
      const ready = way.ready.find(hold, age, way.settings.status ? this.#left(now) : 0, accept)
      if (ready !== null) return x.delivery.repeat(hold, ready)
    }
    const form = formFor(way, hold, x.head, this.ask, conditions, text)
    const out = { age, cacheStatus: this.statusOf(now, this.#fwdStatus(hold, conditions)), extra }
    if (usual && way.ready.worth) way.ready.make(form, hold, out)
    x.delivery.start(form.hold, form.stored, form.conditions, out, now)
    return null
  }

  /** What the server answered, where the client gets another status (RFC 9211 §2.3); 0: nothing else, or it was not asked. */
  #fwdStatus(hold: Hold, conditions: Conditions | null): number {
    if (this.result === 'revalidated') return 304
    return this.result === 'collapsed' && conditions !== null ? hold.meta(SLOT.status) : 0
  }

  /** Whole seconds until it is stale. */
  #left(now: number): number {
    return Math.floor((this.life.ttl - ageAt(this.life, now)) / 1000)
  }

  /**
   * The value of Cache-Status; '' where clients are not told.
   * @param fwdStatus of the server, where it is another than the client's; 0: it is not told
   * @param stored what the server answered just now is stored; null: that remains to be seen
   */
  statusOf(now: number, fwdStatus: number, stored: boolean | null = false): string {
    const way = this.way
    if (way === null || !way.settings.status) return ''
    const { result } = this
    // What is stale is a hit as long as no server was asked (RFC 9211 §2.1).
    const hit = result === 'hit' || (result === 'stale' && this.x.sentAt < 0)
    return cacheStatus(this.x.world.config.name, {
      hit,
      fwd: hit ? null : this.fwd,
      fwdStatus: fwdStatus > 0 ? fwdStatus : this.failedWith,
      ttl: hit || stored !== false || result === 'stale' || result === 'revalidated' ? this.#left(now) : null,
      stored: stored === true || (result === 'revalidated' && this.detail === null),
      collapsed: result === 'collapsed' ? true : null,
      key: null,
      detail: this.detail,
    })
  }

  /** The server has answered. True: the cache has taken it; false: it is passed on. */
  answered(head: ResponseHead): boolean {
    return answered(this, head)
  }

  /** Its answer goes to the client as it came, but for what was said to this cache alone. */
  passOn(head: ResponseHead): void {
    this.way?.hideOwn(head)
  }

  /** A refresh in the background came to nothing: what is stored stays, and the next try waits; longer each time the server fails. */
  failed(cause: Cause): void {
    const now = wall()
    const { way, stale, primary } = this
    way?.notes.note(primary, cause, now)
    if (way !== null && stale !== null && !rowOf(cause).shed) refreshEnded(this.x.world, way, primary, false)
    // That there is no room says nothing against the server.
    if (rowOf(cause).shed) stale?.setMeta(SLOT.retry, now + ROOM)
    else setBack(stale, now)
  }

  /** The line that a response gets which is passed on, or ''. */
  get line(): string {
    if (this.way === null) return ''
    const status = this.statusOf(wall(), 0)
    return status === '' ? '' : `Cache-Status: ${status}\r\n`
  }
}
