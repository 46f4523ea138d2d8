/** What the cache's part in one exchange is about; see caching.ts, which lets it happen. */

import { Freshness } from '../../cache/freshness/freshness.ts'
import { RequestDirectives } from '../../cache/freshness/reuse.ts'
import { AbandonReason } from '../../cache/object/stored-object.ts'
import type { Conditions } from '../../cache/serve/condition.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/hold.ts'
import type { Forwarded } from '../../wire/http/cache-status.ts'
import type { Exchange } from '../exchange.ts'
import type { Route } from '../routing/route.ts'
import type { AwaitedPart } from './awaited-part.ts'
import type { RouteCache } from './route-cache.ts'

/** How an answer came about, for the log and the counters. */
export type CacheResult = 'hit' | 'stale' | 'collapsed' | 'revalidated' | 'miss' | 'pass'

/**
 * What the exchange does about the store when its server answers: nothing, store what comes as the one who fetches it
 * for all, or for itself alone, remove what it changes, learn from a HEAD, or look whether the server has failed.
 */
type Role = 'none' | 'fetches' | 'passes' | 'changes' | 'asks' | 'watches'

export class CacheState {
  readonly x: Exchange
  routeCache: RouteCache | null = null
  /** Of the request; set together with `routeCache`. */
  route!: Route
  role: Role = 'none'
  readonly directives = new RequestDirectives()
  primary = ''
  key = ''
  /** Names of the fields by which the variants under the primary key differ; null: there are none. */
  names: readonly string[] | null = null
  /** A stale copy, and its life. */
  staleCopy: PinnedObject | null = null
  readonly freshness = new Freshness()
  draft: Draft | null = null
  followed: PinnedObject | null = null
  conditions: Conditions | null = null
  fwd: Forwarded | null = null
  detail: string | null = null
  /** Status with which the server failed, so that a stale copy is served; 0: it has not. */
  failedWith = 0
  looks = 0
  /** When it began to wait for the present fetch of another, ms (monotonic). */
  followFrom = 0
  /** Until when it waits for fetches of others, ms (monotonic); 0: it has not yet. */
  followUntil = 0
  /** What is stored is never for others than those who asked: nobody waits for another's fetch of it. */
  alone = false
  /** The last order to remove something at the time of the request. */
  ordered = 0
  /** Removals of the key when its fetch began, see Store.removals. */
  removals = -1
  /** It waits no longer for the fetch of another: what that brings may be there when its own turn comes. */
  late = false
  /** What came under this key lately was not to be shared. */
  pass = false
  /** It was longer than the store takes, which its server does not say before. */
  large = false
  /** The server is asked whether the stale copy is still right. */
  validates = false
  result: CacheResult | null = null
  /** What was stored a moment ago, until its first bytes are there. */
  waiting: PinnedObject | null = null
  /** It waits with its answer until it is known whether a part can be had of what comes. */
  part: AwaitedPart | null = null

  constructor(x: Exchange) {
    this.x = x
  }

  /** Whether the response of the server concerns the cache. */
  get waits(): boolean {
    return this.role !== 'none'
  }

  /** Waiting for the fetch of another. */
  get follows(): boolean {
    return this.followed !== null
  }

  /** The cache has to do with a request of this route. */
  begin(routeCache: RouteCache, route: Route): void {
    this.routeCache = routeCache
    this.route = route
  }

  reset(): void {
    this.letGo()
    if (this.routeCache === null) return
    this.routeCache = null
    this.role = 'none'
    this.names = null
    this.conditions = null
    this.fwd = this.detail = null
    this.looks = this.followUntil = this.failedWith = 0
    this.alone = false
    this.removals = -1
    this.late = this.pass = this.large = false
    this.validates = false
    this.result = null
  }

  /** The stale copy is of no use any more. */
  dropStale(): void {
    this.staleCopy?.release()
    this.staleCopy = null
  }

  letGo(): void {
    this.draft?.abandon(AbandonReason.failed)
    this.draft = null
    this.dropStale()
    this.followed?.release()
    this.followed = null
    this.part = null
    this.waiting?.release()
    this.waiting = null
  }
}
