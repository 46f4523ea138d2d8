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
import { conditionsOf, isForServer } from '../cache/condition.ts'
import { ageAt, askOf, judge, usableOnError, usableWhenSaturated } from '../cache/judge.ts'
import { isCacheMethod } from '../cache/key.ts'
import { LifeFlag } from '../cache/life.ts'
import { KIND, lifeIn, REASON, readText, SLOT, variantKey } from '../cache/stored.ts'
import { hideConditions, validationLines } from '../cache/validate.ts'
import { variantOf } from '../cache/vary.ts'
import type { Hold } from '../store/hold.ts'
import { CacheControl } from '../wire/cache-control.ts'
import { cacheStatus } from '../wire/cache-status.ts'
import { Field } from '../wire/fields.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import { answered, setBack } from './answered.ts'
import { type CacheResult, CacheState } from './cache-state.ts'
import { formFor } from './coder.ts'
import type { Exchange } from './exchange.ts'
import { handOver, isSettled, refresh } from './hand-over.ts'
import { purge } from './purging.ts'
import { outlives, type RouteCache } from './route-cache.ts'
import type { Stage } from './stage.ts'

/** Looking again and again, when others finish just then, ends at some time. */
const LOOKS = 8
/** Pause after a refresh for which there was no room, in ms: not each visitor of a stale page is to try it. */
const ROOM = 50

// Used up within one call each.
const control = new CacheControl()

export class Caching extends CacheState {
  /** Looks into the store. The next stage; null: it is served or waits; undefined: onward to a server. */
  look(way: RouteCache): Stage | null | undefined {
    const { head, client } = this.x
    this.way = way
    if (way.isPurge(head, client.hop.peer)) return purge(this.x, way)
    if (!isCacheMethod(head.method)) {
      this.role = 'changes'
      this.fwd = 'method'
      return undefined
    }
    const odd = head.upgrade !== null || (head.bodyKind !== BodyKind.none && head.contentLength !== 0)
    this.primary = odd || way.bypasses(head) ? '' : way.key(client.hop.proto, head)
    if (this.primary === '') {
      this.fwd = 'bypass'
      this.result = 'pass'
      return undefined
    }
    this.ordered = way.bans.last
    askOf(this.ask, head, control, way.settings)
    return this.#find(way)
  }

  #find(way: RouteCache): Stage | null | undefined {
    const { head } = this.x
    const now = wall()
    const hold = this.#current(way, now)
    if (hold !== null && isForServer(head)) {
      hold.release()
      this.fwd = 'request'
      this.result = 'pass'
      return undefined
    }
    this.fwd = this.key === this.primary ? 'uri-miss' : 'vary-miss'
    if (hold !== null) {
      switch (judge(this.life, this.ask, now)) {
        case 'fresh':
          return this.serve(hold, 'hit', now)
        case 'grace':
          refresh(this, way, hold, now)
          return this.serve(hold, 'stale', now, 'grace')
        case 'stale':
          this.stale = hold
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
      this.#askPlain(way)
      this.role = 'asks'
      return undefined
    }
    if (this.ask.noStore) {
      this.fwd = 'request'
      this.result = 'pass'
      return undefined
    }
    this.role = 'fetches'
    if (this.pass) {
      this.role = 'passes'
      this.result = 'pass'
      return undefined
    }
    return this.#lead(way)
  }

  /** The stored response of the request, with its life in life; null without one. Sets the key, and whether it is passed. */
  #current(way: RouteCache, now: number): Hold | null {
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
      this.pass ||= now < hold.meta(SLOT.until)
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

  /** Fetches, or follows who does. */
  #lead(way: RouteCache): Stage | null | undefined {
    const { coalesce } = way.settings
    for (; this.looks < LOOKS; this.looks++) {
      this.draft = way.store.lead(this.key)
      if (this.draft !== null && isSettled(way, this.key, this.ask)) {
        this.draft.abandon(REASON.elsewhere)
        this.draft = null
        this.dropStale()
        this.looks++
        return this.#find(way)
      }
      if (this.draft !== null) break
      if (coalesce === null) break
      const busy = way.store.join(this.key, coalesce.max)
      if (busy !== null) {
        this.#follow(busy, coalesce.timeout)
        return null
      }
      // Nobody leads any more, or the line is full.
      const current = way.store.find(this.key)
      if (current !== null) {
        current.release()
        this.dropStale()
        this.looks++
        return this.#find(way)
      }
      if (this.looks + 1 === LOOKS && coalesce.otherwise === 'refuse') {
        return { at: 'failed', cause: 'fetch_line_full', detail: '' }
      }
    }
    this.prepare()
    return undefined
  }

  /** Makes of the client's question one of the cache's own. */
  prepare(): void {
    const { head } = this.x
    if (this.way !== null && !this.pass) this.#askPlain(this.way)
    this.conditions = conditionsOf(head)
    if (this.conditions !== null) hideConditions(head)
    if (this.stale !== null && this.life.has(LifeFlag.validator)) {
      this.extra = validationLines(readText(this.stale.headText(), this.stale))
    }
  }

  /** Where coded forms are made here, the server is asked for the plain one. */
  #askPlain(way: RouteCache): void {
    if (way.settings.compress !== null) hideAcceptEncoding(this.x.head)
  }

  #follow(busy: Hold, timeout: number): void {
    this.followed = busy
    this.x.phase = 'Q'
    this.x.expect('fetch_line_timeout', timeout)
    busy.follow(() => this.#told())
  }

  /** Something is new of the fetch that is followed. */
  #told(): void {
    const hold = this.followed
    const way = this.way
    if (hold === null || way === null) return
    const { abandoned } = hold
    if (abandoned < 0 && !hold.headed) return
    if (abandoned < 0 && hold.kind === KIND.response) {
      this.followed = null
      hold.follow(null)
      this.dropStale()
      lifeIn(this.life, hold)
      // An order may have come after that fetch began, and before this request did.
      if (hold.meta(SLOT.ban) >= this.ordered || outlives(way.bans, hold, this.life, wall())) {
        this.serve(hold, 'collapsed', wall())
        return
      }
      hold.release()
      this.pass = true
      this.#again(way)
      return
    }
    // What is varied by, or passed, is complete before it can be looked up.
    if (abandoned < 0 && !hold.whole) return
    this.#unfollow()
    if (abandoned === REASON.notStored || (abandoned < 0 && hold.kind === KIND.pass)) this.pass = true
    this.#again(way)
  }

  #unfollow(): void {
    this.followed?.release()
    this.followed = null
    this.x.relax()
  }

  #again(way: RouteCache): void {
    const x = this.x
    this.dropStale()
    this.looks++
    const next = this.#find(way)
    if (next === undefined) x.onward()
    else if (next !== null) x.go(next)
  }

  /** The fetch of the other takes too long. */
  late(): void {
    const x = this.x
    const way = this.way
    if (way === null) return
    this.#unfollow()
    if (this.stale !== null && this.#usable('fetch_line_timeout')) {
      this.serveStale('fetch_line_timeout')
      return
    }
    if (way.settings.coalesce?.otherwise === 'refuse') return x.fail('fetch_line_timeout', '')
    this.role = 'passes'
    this.prepare()
    x.onward()
  }

  /**
   * The client leaves while the server works on what others may be waiting for: somebody who is nobody waits in its
   * place. False: there is nothing to hand over.
   */
  handOver(): boolean {
    return handOver(this)
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
    this.serveStale('saturated')
    return null
  }

  /** It failed: serves a stale copy if one may be used. True: it did. */
  rescue(cause: Cause): boolean {
    if (this.stale === null || rowOf(cause).by === 'client' || !this.#usable(cause)) return false
    this.serveStale(cause)
    return true
  }

  #usable(cause: Cause): boolean {
    const now = wall()
    if (usableOnError(this.life, this.ask, this.way!.settings, now)) return true
    // Nobody can be reached or asked: that is all the pressure there can be.
    const { shed } = rowOf(cause)
    const unreached = cause.startsWith('connect_') || cause === 'no_server' || cause === 'dns_failed'
    return (shed || unreached) && usableWhenSaturated(this.life, this.ask, this.way!.settings, 1, now)
  }

  serveStale(detail: string): void {
    const stale = this.stale!
    this.stale = null
    this.x.withdraw()
    this.serve(stale, 'stale', wall(), detail)
  }

  /** Answers with what is held. Always null, so that a step can return it. */
  serve(hold: Hold, result: CacheResult, now: number, detail: string | null = null): null {
    const x = this.x
    this.letGo()
    this.role = 'none'
    this.result = result
    this.detail = detail
    x.world.tally.cached(result)
    const way = this.way!
    const conditions = this.conditions ?? conditionsOf(x.head)
    const age = Math.floor(ageAt(this.life, now) / 1000)
    const usual = result === 'hit' && conditions === null && isUsual(x)
    if (usual) {
      const accept = way.settings.compress === null ? null : x.head.list(Field.acceptEncoding)
      const ready = way.ready.find(hold, age, way.settings.status ? this.#left(now) : 0, accept)
      if (ready !== null) return x.delivery.repeat(hold, ready)
    }
    const form = formFor(way, hold, x.head, conditions)
    const out = { age, cacheStatus: this.statusOf(now, result === 'revalidated' ? 304 : 0), extra: '' }
    if (usual && way.ready.worth) way.ready.make(form, hold, { ...out, connection: '' })
    x.delivery.start(form.hold, form.stored, form.conditions, out, now)
    return null
  }

  /** Whole seconds until it is stale. */
  #left(now: number): number {
    return Math.floor((this.life.ttl - ageAt(this.life, now)) / 1000)
  }

  /** The value of Cache-Status; '' where clients are not told. */
  statusOf(now: number, fwdStatus: number): string {
    const way = this.way
    if (way === null || !way.settings.status) return ''
    const { result } = this
    const hit = result === 'hit' || result === 'stale'
    const stored = result === 'miss' && fwdStatus === -1
    return cacheStatus(this.x.world.config.name, {
      hit,
      fwd: hit ? null : this.fwd,
      fwdStatus: fwdStatus > 0 ? fwdStatus : 0,
      ttl: hit || stored || result === 'revalidated' ? this.#left(now) : null,
      stored: stored || (result === 'revalidated' && this.detail === null),
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
    // That there is no room says nothing against the server.
    if (rowOf(cause).shed) this.stale?.setMeta(SLOT.retry, now + ROOM)
    else setBack(this, now)
  }

  /** The line that a response gets which is passed on, or ''. */
  get line(): string {
    if (this.way === null) return ''
    const status = this.statusOf(wall(), 0)
    return status === '' ? '' : `Cache-Status: ${status}\r\n`
  }
}

/** Whether it is a request as nearly all are: the whole of it, over a connection that goes on. */
function isUsual(x: Exchange): boolean {
  return !x.head.isHead && x.head.minor === 1 && x.lasting
}
