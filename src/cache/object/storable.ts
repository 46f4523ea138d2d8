/** Whether a response may be stored by a cache that many clients share (RFC 9111 §3), and if not, why: operators ask. */
import type { CacheControl } from '../../wire/http/cache-control.ts'
import { type Edits, NO_EDITS } from '../../wire/http/edits.ts'
import { Field } from '../../wire/http/fields.ts'
import { BodyKind, type RequestHead, type ResponseHead } from '../../wire/http/head.ts'
import { parseHttpDate } from '../../wire/http/http-date.ts'
import { type Freshness, FreshnessFlag, forcedTtl } from '../freshness/freshness.ts'
import type { RequestDirectives } from '../freshness/reuse.ts'
import type { CacheSettings } from '../freshness/settings.ts'
import { isConditional, isHeuristic, isUnderstood } from '../freshness/status.ts'
import { readVary } from '../key/vary.ts'
import type { notStored } from './reasons.ts'

/** What can make a server answer 412 or 416 (RFC 9110 §13.1, §14.2). */
const CONDITIONS = [
  Field.ifMatch,
  Field.ifNoneMatch,
  Field.ifModifiedSince,
  Field.ifUnmodifiedSince,
  Field.range,
] as const

/** Why a response is not stored; what each means is told in reasons.ts. */
export type NotStored = keyof typeof notStored

/**
 * Why this response to this request may not be stored; null: it may.
 * @param directives of the request
 * @param control of the response, see controlOf
 * @param freshness of the response, see lifeOf
 * @param edits with which the request went to the server
 */
export function whyNotStored(
  request: RequestHead,
  directives: RequestDirectives,
  head: ResponseHead,
  control: CacheControl,
  freshness: Freshness,
  settings: CacheSettings,
  edits: Edits = NO_EDITS,
): NotStored | null {
  const posted = request.method === 'POST' && answersGet(request, head, control)
  if (request.method !== 'GET' && !posted) return 'method'
  // Content of a GET means nothing (RFC 9110 §9.3.1), but some servers read it: the next client would get the answer.
  if (!posted && request.bodyKind !== BodyKind.none && request.contentLength !== 0) return 'request-content'
  return whyNotKept(request, directives, head, control, freshness, settings, edits)
}

/** The same for a stored response whose metadata is renewed, whatever the method that brought it. */
export function whyNotKept(
  request: RequestHead,
  directives: RequestDirectives,
  head: ResponseHead,
  control: CacheControl,
  freshness: Freshness,
  settings: CacheSettings,
  edits: Edits = NO_EDITS,
): NotStored | null {
  if (directives.noStore) return 'request-no-store' // RFC 9111 §5.2.1.5
  const { status } = head
  if (status < 200) return 'interim'
  if (status === 206) return 'partial' // §3.3: allowed only to caches that can complete it
  if (status === 304) return 'not-modified'
  if (isConditional(status) && CONDITIONS.some((id) => edits.has(request, id))) return 'conditional'
  // Before must-understand: that speaks for what the server said, and this is not understood.
  if (control.unreadable) return 'unreadable'
  // §5.2.2.3: must-understand goes before no-store for caches that do understand.
  if (control.mustUnderstand && !isUnderstood(status)) return 'status'
  if (control.noStore && !control.mustUnderstand) return 'no-store'
  if (control.isPrivate) return 'private'
  if (request.has(Field.authorization) && !isForAll(control) && !control.mustRevalidate) return 'authorization' // §3.5
  if (setsCookie(head, control) && (settings.setCookie === 'never-store' || !isForAll(control))) return 'set-cookie'
  if (forcedTtl(status, settings) === 0) return 'route'
  const vary = readVary(head, settings.key)
  if (typeof vary === 'string') return vary // §4.1
  if (!hasFreshness(head, control, freshness)) return 'no-freshness'
  return isUseful(freshness) ? null : whyOfNoUse(head, control, freshness)
}

/**
 * Whether a response to POST is what a GET of the same target would bring, and for how long: it says so by a
 * Content-Location of that very target and an explicit freshness (RFC 9110 §9.3.3).
 */
export function answersGet(request: RequestHead, head: ResponseHead, control: CacheControl): boolean {
  const named = head.find('content-location')
  if (head.status !== 200 || named === null) return false
  if (control.sMaxAge < 0 && control.maxAge < 0 && (control.targeted || !head.has(Field.expires))) return false
  const base = `http://${request.authority === '' ? 'none.invalid' : request.authority}`
  const target = URL.parse(base + request.path)
  return target !== null && URL.parse(named.replace(/^https:/i, 'http:'), target.href)?.href === target.href
}

/** The server says outright that the response is for shared caches. */
function isForAll(control: CacheControl): boolean {
  return control.isPublic || control.sMaxAge >= 0
}

/** Set-Cookie would be stored: it is there, and not one of the fields that are left out (§3.1). */
function setsCookie(head: ResponseHead, control: CacheControl): boolean {
  return (
    head.has(Field.setCookie) &&
    !control.privateFields.includes('set-cookie') &&
    !control.noCacheFields.includes('set-cookie')
  )
}

/** The last rule of §3. */
function hasFreshness(head: ResponseHead, control: CacheControl, freshness: Freshness): boolean {
  return (
    isForAll(control) ||
    control.maxAge >= 0 ||
    (!control.targeted && head.has(Field.expires)) ||
    freshness.has(FreshnessFlag.forced) ||
    isHeuristic(head.status)
  )
}

/** There is a time, now or later, at which it could be used or validated. */
function isUseful(freshness: Freshness): boolean {
  if (freshness.has(FreshnessFlag.noCache) && !freshness.has(FreshnessFlag.validator)) return false
  return !freshness.has(FreshnessFlag.over)
}

/** What it is that makes it useless: the remedies differ. */
function whyOfNoUse(head: ResponseHead, control: CacheControl, freshness: Freshness): NotStored {
  if (freshness.has(FreshnessFlag.noCache) && !freshness.has(FreshnessFlag.validator)) return 'no-cache'
  if (freshness.has(FreshnessFlag.forced)) return 'stale-at-once'
  if (control.sMaxAge >= 0) return control.sMaxAgeUnclear ? 'unreadable' : 'stale-at-once'
  if (control.maxAge >= 0) return control.maxAgeUnclear ? 'unreadable' : 'stale-at-once'
  if (control.targeted || !head.has(Field.expires)) return freshness.ttl > 0 ? 'stale-at-once' : 'says-nothing'
  return isExpiresClear(head) ? 'stale-at-once' : 'unreadable'
}

/** One moment, or one of the numbers that servers write there to say that it is over (RFC 9111 §5.3). */
function isExpiresClear(head: ResponseHead): boolean {
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.expires) continue
    const text = head.value(i)
    if (text !== head.get(Field.expires)) return false
    if (!/^-?\d+$/.test(text) && Number.isNaN(parseHttpDate(text, 0))) return false
  }
  return true
}
