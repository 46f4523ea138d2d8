/**
 * The clockwork of a stored response: when it was made, how long it is fresh, and what it may be used for after that
 * (RFC 9111 §4.2). It lies in shared memory as a few numbers, and judge.ts decides by it alone.
 *
 *     born ──── ttl ────▶ stale ──── grace ────▶ ──── keep ────▶ gone
 *                         └─ staleIfError ─▶
 *
 * A response that may never be used stale has no grace and no staleIfError, so that code that forgets to look at its flags
 * does no harm.
 *
 * What was never fresh was made for one request: many a page for a known user comes with an ETag and nothing else. Such
 * a response (ttl 0) is used stale only if its server says so itself, whatever operator or client would allow. So no
 * stale response reaches a client that it would not have reached fresh.
 */
import { type CacheControl, delta } from '../../wire/http/cache-control.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { parseHttpDate } from '../../wire/http/http-date.ts'
import type { CacheSettings } from './settings.ts'
import { isHeuristic } from './status.ts'

/** Bits of a freshness. */
export const FreshnessFlag = {
  /** Never used stale: must-revalidate, proxy-revalidate or s-maxage (RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10). */
  mustRevalidate: 1,
  /** Never used without asking the server: no-cache (§5.2.2.4). */
  noCache: 2,
  /** Stored for a request with Authorization: stale only as the server itself allows. */
  authorized: 4,
  /** Does not change while it is fresh (RFC 8246). */
  immutable: 8,
  /** Has ETag or Last-Modified, so that it can be validated. */
  validator: 16,
  /** The freshness was guessed (§4.2.2). */
  heuristic: 32,
  /** The freshness is the operator's. */
  forced: 64,
  /** The server itself said for how long it may be used when it fails (RFC 5861 §4): not longer than that. */
  errorStated: 128,
  /** There was no use for it any more when it came: it is too old, or was never fresh and nothing allows to use it later. */
  over: 256,
} as const

/** How many numbers a freshness takes up in memory. */
export const freshnessSlots = 6

/** All times in ms. Mutable, so that one object can be filled again and again. */
export class Freshness {
  /** Moment at which the response was made by its server, as well as that can be known: its age is now - born (§4.2.3). */
  born = 0
  /** How long it is fresh; 0: it is stale from the first. */
  ttl = 0
  /** How long behind `ttl` it may be used while it is fetched again. */
  grace = 0
  /** How long behind that it is worth keeping, to be validated or for worse times. */
  keep = 0
  /** How long behind `ttl` it may be used when the server fails. */
  staleIfError = 0
  /** Bits of LifeFlag. */
  flags = 0

  has(flag: number): boolean {
    return (this.flags & flag) !== 0
  }
}

/** Writes a freshness to f64[at, at + freshnessSlots). */
export function writeFreshness(freshness: Freshness, f64: Float64Array, at: number): void {
  f64[at] = freshness.born
  f64[at + 1] = freshness.ttl
  f64[at + 2] = freshness.grace
  f64[at + 3] = freshness.keep
  f64[at + 4] = freshness.staleIfError
  f64[at + 5] = freshness.flags
}

/** Fills `into` with what writeLife wrote. */
export function readFreshness(into: Freshness, f64: Float64Array, at: number): void {
  into.born = f64[at]!
  into.ttl = f64[at + 1]!
  into.grace = f64[at + 2]!
  into.keep = f64[at + 3]!
  into.staleIfError = f64[at + 4]!
  into.flags = f64[at + 5]!
}

/** The circumstances of a response, moments in ms since the epoch. */
export interface Received {
  /** When its request was sent, and when its head was there. */
  readonly asked: number
  readonly answered: number
  /** The age it came with, in seconds: ageOf the message that was received, also where `head` is a merged one. */
  readonly age: number
  /** The request had Authorization. */
  readonly authorized: boolean
}

/**
 * The age a response came with, in seconds: 0 without Age. Of several values the first one counts, and one that is no
 * number is none (RFC 9111 §5.1); what is lost by that is made good by Date, see lifeOf.
 */
export function ageOf(head: ResponseHead): number {
  const text = head.get(Field.age)
  if (text === null) return 0
  const comma = text.indexOf(',')
  return Math.max(0, delta((comma < 0 ? text : text.slice(0, comma)).trim()))
}

/** The freshness of a response that was just received or validated. `control`: from controlOf this head. */
export function freshnessOf(
  into: Freshness,
  head: ResponseHead,
  control: CacheControl,
  received: Received,
  settings: CacheSettings,
): void {
  const { answered } = received
  const date = dateOf(head, answered)
  // §4.2.3: the more careful of the two estimates. Date has no fractions of a second, so neither has the apparent age:
  // otherwise an answer that is fresh for one second would be half gone when it comes.
  const apparent = Math.max(0, Math.floor((answered - date) / 1000) * 1000)
  const corrected = received.age * 1000 + Math.max(0, answered - received.asked)
  into.born = answered - Math.max(apparent, corrected)
  into.flags = 0
  into.ttl = Math.min(ttlOf(into, head, control, date, settings), settings.maxTtl)

  if (control.noCache) into.flags |= FreshnessFlag.noCache
  if (control.mustRevalidate || control.proxyRevalidate || control.sMaxAge >= 0)
    into.flags |= FreshnessFlag.mustRevalidate
  if (received.authorized) into.flags |= FreshnessFlag.authorized
  if (control.immutable) into.flags |= FreshnessFlag.immutable
  if (head.has(Field.etag) || head.has(Field.lastModified)) into.flags |= FreshnessFlag.validator
  setRest(into, control, settings)
  if (answered - into.born >= into.ttl + into.grace + into.keep) into.flags |= FreshnessFlag.over
}

/** grace, staleIfError and keep, once ttl and flags are known. */
function setRest(freshness: Freshness, control: CacheControl, settings: CacheSettings): void {
  let pressure = 0
  freshness.grace = 0
  freshness.staleIfError = 0
  if (!freshness.has(FreshnessFlag.mustRevalidate | FreshnessFlag.noCache)) {
    // What the server says goes before what the operator says.
    const own = isForOne(freshness) ? 0 : settings.grace
    freshness.grace = control.staleWhileRevalidate >= 0 ? control.staleWhileRevalidate * 1000 : own
    if (control.staleIfError >= 0) freshness.flags |= FreshnessFlag.errorStated
    freshness.staleIfError = control.staleIfError >= 0 ? control.staleIfError * 1000 : Math.max(own, freshness.grace)
    pressure = isForOne(freshness) ? 0 : settings.graceUnderPressure
  }
  const validated = freshness.has(FreshnessFlag.validator) ? freshness.grace + settings.keep : 0
  freshness.keep = Math.max(freshness.grace, freshness.staleIfError, pressure, validated) - freshness.grace
}

/** Whether only the server itself can allow that this response is used stale: it was never fresh, or went to a known user. */
export function isForOne(freshness: Freshness): boolean {
  return freshness.ttl <= 0 || freshness.has(FreshnessFlag.authorized)
}

/** Makes it stale from now on, as after a HEAD that tells of a change (§4.3.5) or a soft purge. Its grace begins now. */
export function expire(freshness: Freshness, now: number): void {
  freshness.ttl = Math.min(freshness.ttl, Math.max(0, now - freshness.born))
}

/** Moment of Date, or of receipt where there is none that can be read (RFC 9110 §6.6.1). */
export function dateOf(head: ResponseHead, answered: number): number {
  const text = head.get(Field.date)
  const date = text === null ? NaN : parseHttpDate(text, answered)
  return Number.isNaN(date) ? answered : date
}

/** Freshness lifetime in ms: the operator's, the server's, or a guess (§4.2.1, §4.2.2). */
function ttlOf(
  freshness: Freshness,
  head: ResponseHead,
  control: CacheControl,
  date: number,
  settings: CacheSettings,
): number {
  const forced = forcedTtl(head.status, settings)
  if (forced !== null) {
    freshness.flags |= FreshnessFlag.forced
    return forced
  }
  if (control.sMaxAge >= 0) return control.sMaxAge * 1000
  if (control.maxAge >= 0) return control.maxAge * 1000
  if (!control.targeted && head.has(Field.expires)) return expiresIn(head, date)
  if (!isHeuristic(head.status) && !control.isPublic) return 0
  const guess = heuristicTtl(head, date, settings)
  if (guess > 0) freshness.flags |= FreshnessFlag.heuristic
  return guess
}

/** The freshness in ms that the operator forces on this status, null for none; 0: it is not to be stored. */
export function forcedTtl(status: number, settings: CacheSettings): number | null {
  for (const range of settings.ttl) if (status >= range.from && status <= range.to) return range.ttl
  return null
}

/** Expires - Date; 0 for an Expires that is no date, "0" above all (§5.3), or is there twice with two values. */
function expiresIn(head: ResponseHead, date: number): number {
  const text = head.get(Field.expires)
  for (let i = 0; i < head.count; i++) if (head.ids[i] === Field.expires && head.value(i) !== text) return 0
  const until = text === null ? NaN : parseHttpDate(text, date)
  return Number.isNaN(until) ? 0 : Math.max(0, until - date)
}

function heuristicTtl(head: ResponseHead, date: number, settings: CacheSettings): number {
  const { heuristic } = settings
  const text = heuristic === null ? null : head.get(Field.lastModified)
  const modified = text === null ? NaN : parseHttpDate(text, date)
  const guess = heuristic === null ? 0 : Math.min(heuristic.max, (date - modified) * heuristic.share)
  return guess > 0 ? guess : settings.defaultTtl
}
