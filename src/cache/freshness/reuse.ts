/**
 * Whether a stored response may be used for a request, by its freshness and what the client asks for (RFC 9111 §4, §4.2.4).
 * A stale response is used only as far as its server, the client or the operator allows, and never when its server
 * forbids it; for that, judge and the two functions for bad times look at the same flags.
 */
import { type CacheControl, readCacheControl } from '../../wire/http/cache-control.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { listHas } from '../../wire/http1/connection.ts'
import { type Freshness, FreshnessFlag, isForOne } from './freshness.ts'
import type { CacheSettings } from './settings.ts'

/** What the client says of stored responses. Times in ms; -1: not stated. */
export class RequestDirectives {
  /** No response that is older. */
  maxAge = -1
  /** It has to be fresh for so long yet. */
  minFresh = -1
  /** It may have been stale for so long. */
  maxStale = -1
  /** It may have been stale for so long, if the server fails (RFC 5861 §4). */
  staleIfError = -1
  /** None without asking the server. */
  noCache = false
  /** The answer to this request is not to be stored. What is stored already may be used (RFC 9111 §5.2.1.5). */
  noStore = false
  /** Only a stored one: else the client is to get 504 (§5.2.1.7). */
  onlyIfCached = false
  /** It is to get what is stored as it came, in no form that was made of it here (§5.2.1.6). */
  noTransform = false
}

/**
 * Reads what a request asks of the cache. Pragma: no-cache counts where there is no Cache-Control, for clients of
 * HTTP/1.0 (RFC 9111 §5.4).
 * @param control is overwritten
 */
export function readRequestDirectives(
  into: RequestDirectives,
  head: RequestHead,
  control: CacheControl,
  settings: Pick<CacheSettings, 'requestDirectives'>,
): void {
  readCacheControl(control, head)
  const obey = settings.requestDirectives === 'obey'
  into.noStore = control.noStore
  into.onlyIfCached = control.onlyIfCached
  into.noTransform = control.noTransform
  into.noCache = obey && (control.noCache || control.noCacheFields.length > 0 || (!control.present && pragma(head)))
  into.maxAge = obey ? inMs(control.maxAge) : -1
  into.minFresh = obey ? inMs(control.minFresh) : -1
  into.maxStale = obey ? inMs(control.maxStale) : -1
  into.staleIfError = obey ? inMs(control.staleIfError) : -1
}

function pragma(head: RequestHead): boolean {
  const value = head.list(Field.pragma)
  return value !== null && listHas(value, 0, value.length, 'no-cache')
}

function inMs(seconds: number): number {
  return seconds < 0 ? -1 : seconds * 1000
}

/**
 * `fresh`: use it. `grace`: use it, and have it fetched again meanwhile; if the client asked for stale ones, that too.
 * `stale`: not without the server, but it can be validated, and helps when the server fails. `gone`: as if it were not there.
 */
export type Reusability = 'fresh' | 'grace' | 'stale' | 'gone'

/** Judges a stored response for a request in ordinary times. `now`: ms since the epoch. */
export function reusabilityOf(freshness: Freshness, directives: RequestDirectives, now: number): Reusability {
  const age = ageAt(freshness, now)
  const late = age - freshness.ttl // ≥ 0: stale, since fresh means ttl > age (§4.2)
  if (late >= freshness.grace + freshness.keep) return 'gone'
  if (freshness.has(FreshnessFlag.noCache) || directives.noCache) return 'stale'
  if (late < 0) {
    if (-late < directives.minFresh) return 'stale'
    // RFC 8246 §2: a reload need not ask for what cannot have changed; one that insists says no-cache.
    if (directives.maxAge >= 0 && age > directives.maxAge && !freshness.has(FreshnessFlag.immutable)) return 'stale'
    return 'fresh'
  }
  if (freshness.has(FreshnessFlag.mustRevalidate) || directives.minFresh > 0) return 'stale'
  // §5.2.1.1: a request that names an age wants nothing stale, unless max-stale says so as well.
  if (directives.maxAge >= 0 && (age > directives.maxAge || directives.maxStale < 0)) return 'stale'
  // What the client says goes before grace, to both sides: a number is also the most that it takes (§5.2.1.2).
  return late < (directives.maxStale >= 0 && !isForOne(freshness) ? directives.maxStale : freshness.grace)
    ? 'grace'
    : 'stale'
}

const NOTHING = new RequestDirectives()

/**
 * Whether a response that was fetched for one request answers the requests for the same that came meanwhile: they only get what
 * they would get from the store a moment later. What they say of ages is about older responses than one that comes just now.
 */
export function isShareable(freshness: Freshness, now: number): boolean {
  const reusability = reusabilityOf(freshness, NOTHING, now)
  return reusability === 'fresh' || reusability === 'grace'
}

/** Whether that can ever be so of one with this freshness, had it come just now. */
export function canBecomeShareable(freshness: Freshness): boolean {
  return !freshness.has(FreshnessFlag.noCache) && freshness.ttl + freshness.grace > 0
}

/**
 * Whether a stored response may be used because the servers are saturated: then the alternative is to wait in a line.
 * Grace grows linearly with the pressure. What the client says of ages is set aside, as RFC 9111 §5.2.1 allows: those
 * that reload a slow page are the crowd. A request with no-cache waits.
 * @param pressure 0 … 1; what lies outside is taken for the nearer end
 */
export function usableWhenSaturated(
  freshness: Freshness,
  directives: RequestDirectives,
  settings: Pick<CacheSettings, 'graceUnderPressure'>,
  pressure: number,
  now: number,
): boolean {
  if (freshness.has(FreshnessFlag.noCache) || directives.noCache) return false
  const late = ageAt(freshness, now) - freshness.ttl
  if (late < 0) return true
  if (freshness.has(FreshnessFlag.mustRevalidate)) return false
  const most = isForOne(freshness) ? freshness.grace : Math.max(freshness.grace, settings.graceUnderPressure)
  return late < freshness.grace + (most - freshness.grace) * Math.min(1, Math.max(0, pressure))
}

/**
 * Whether a stored response may be used instead of a failure of the server (a 5xx of RFC 5861 §4, no answer, or no
 * connection). Never where the server forbids stale ones: then the client has to see the failure (RFC 9111 §5.2.2.2).
 */
export function usableOnError(
  freshness: Freshness,
  directives: RequestDirectives,
  settings: Pick<CacheSettings, 'graceUnderPressure'>,
  now: number,
): boolean {
  if (freshness.has(FreshnessFlag.noCache) || directives.noCache) return false
  const late = ageAt(freshness, now) - freshness.ttl
  if (late < 0) return true
  if (freshness.has(FreshnessFlag.mustRevalidate)) return false
  const asked = isForOne(freshness) ? 0 : Math.max(directives.maxStale, directives.staleIfError)
  // A server that fails is under all the pressure there can be. Its own word on errors goes before the operator's.
  const bound = isForOne(freshness) || freshness.has(FreshnessFlag.errorStated) ? 0 : settings.graceUnderPressure
  return late < Math.max(freshness.grace, freshness.staleIfError, asked, bound)
}

/** Age in ms (RFC 9111 §4.2.3). A clock that was set back makes nothing younger than new. */
export function ageAt(freshness: Freshness, now: number): number {
  return Math.max(0, now - freshness.born)
}

/**
 * Age as the client is told, in whole seconds; -1: none. The field says that no server made or validated the response for
 * this request (§5.1): it is left out where one did, unless another cache stood between, or the response was old already.
 * @param anew a server was asked for this request, and has made or validated it
 */
export function shownAge(freshness: Freshness, now: number, anew: boolean): number {
  const age = Math.floor(ageAt(freshness, now) / 1000)
  return anew && age === 0 ? -1 : age
}
