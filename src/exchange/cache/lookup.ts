/** What a request asks of the cache: under which key, with which directives and conditions, and what had been removed by then. */
import { RequestDirectives } from '../../cache/freshness/reuse.ts'
import type { Conditions } from '../../cache/serve/condition.ts'
import type { Route } from '../routing/route.ts'
import type { RouteCache } from './route-cache.ts'

/** Used again for each request of an exchange; what is set here is valid once `begin` has been called. */
export class Lookup {
  routeCache!: RouteCache
  route!: Route
  readonly directives = new RequestDirectives()
  primary = ''
  /** The primary key, or that of the variant for this request. */
  key = ''
  /** Names of the fields by which the variants under the primary key differ; null: there are none. */
  names: readonly string[] | null = null
  /** Conditions and ranges of the client, taken out of the request to the server; null: it has none, or they are still in it. */
  conditions: Conditions | null = null
  /** Number of the last removal by rule at the time of the request. */
  lastRemoval = 0
  /** Removals of the key when its fetch began, see Store.removals; -1: it has not begun. */
  removals = -1
  /** Responses under this key were not to be shared lately. */
  pass = false
  /** They were longer than the store takes, which their server does not say before. */
  large = false
  /** The server is asked whether the stale copy is still right. */
  validates = false
  /** How often it has looked into the store again. */
  looks = 0
  /** Until when it waits for fetches of others, ms (monotonic); 0: it has not yet. */
  followUntil = 0

  begin(routeCache: RouteCache, route: Route): void {
    this.routeCache = routeCache
    this.route = route
    this.names = null
    this.conditions = null
    this.removals = -1
    this.pass = this.large = this.validates = false
    this.looks = this.followUntil = 0
  }

  /** The same for another exchange, which fetches in the place of that one. */
  copy(other: Lookup): void {
    this.primary = other.primary
    this.key = other.key
    this.names = other.names
    this.lastRemoval = other.lastRemoval
    this.removals = other.removals
    Object.assign(this.directives, other.directives)
  }

  /** What the request says to caches, from now on. */
  direct(directives: RequestDirectives): void {
    Object.assign(this.directives, directives)
  }

  identify(primary: string): void {
    this.primary = primary
  }

  /** Removals by rule up to now are older than the request. */
  noteRules(): void {
    this.lastRemoval = this.routeCache.bans.last
  }

  /** A fetch begins: what is removed from now on is newer than its response. */
  noteRemovals(): void {
    this.removals = this.routeCache.store.removals(this.primary)
  }

  /** It has removed what was stored under its key itself; that does not make its own response outdated. */
  noteOwnRemoval(): void {
    if (this.removals >= 0) this.removals++
  }

  /** Whether the key has been removed since its fetch began. */
  get outdated(): boolean {
    return this.removals >= 0 && this.routeCache.store.removals(this.primary) !== this.removals
  }

  /** Where it is found: under the primary key, or as one of the variants that these fields choose. */
  choose(key: string, names: readonly string[] | null): void {
    this.key = key
    this.names = names
  }

  /** A response under this key is for its client alone. */
  makePass(large: boolean): void {
    this.pass = true
    this.large = large
  }

  takeConditions(conditions: Conditions | null): void {
    this.conditions = conditions
  }

  /** Asks whether the stale copy is still right, or not. */
  validate(validates: boolean): void {
    this.validates = validates
  }

  lookAgain(): void {
    this.looks++
  }

  /** It waits for fetches of others until then; the first such bound counts, however many it follows. */
  followUpTo(until: number): void {
    if (this.followUntil === 0) this.followUntil = until
  }
}
