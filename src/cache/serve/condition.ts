/**
 * Conditional requests of clients, against a stored response (RFC 9110 §13, RFC 9111 §4.3.2). If-Match and
 * If-Unmodified-Since are for the server that owns the resource; a cache does not judge them: see isForServer.
 */
import { parseEntityTag, parseEntityTags, sameStrong, sameWeak } from '../../wire/http/entity-tag.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { parseHttpDate } from '../../wire/http/http-date.ts'
import { isStrongDate, modifiedOf, type Validators } from '../object/validators.ts'

/** The conditions of a request, taken out of its head before that changes. null: the field is not there. */
export interface Conditions {
  readonly ifNoneMatch: string | null
  readonly ifModifiedSince: string | null
  /** Range means something to GET only (RFC 9110 §14.2); null in other requests. */
  readonly range: string | null
  readonly ifRange: string | null
}

/** The conditions of a request; null where it has none, as nearly all. */
export function conditionsOf(head: RequestHead): Conditions | null {
  const ifNoneMatch = head.list(Field.ifNoneMatch)
  const ifModifiedSince = head.get(Field.ifModifiedSince)
  const range = head.method === 'GET' ? head.list(Field.range) : null
  if (ifNoneMatch === null && ifModifiedSince === null && range === null) return null
  return { ifNoneMatch, ifModifiedSince, range, ifRange: head.get(Field.ifRange) }
}

/** Whether the request has a precondition that only the server may judge, so that nothing stored answers it (RFC 9111 §4.3.2). */
export function isForServer(head: RequestHead): boolean {
  return head.has(Field.ifMatch) || head.has(Field.ifUnmodifiedSince)
}

/**
 * What the conditions make of a stored response, in the order of RFC 9110 §13.2.2. `ok`: all of it, or the parts that
 * Range names. `not-modified`: a 304. `ignore-range`: all of it, though Range names parts.
 * @param status of the stored response; conditions are about a 200 only (RFC 9111 §4.3.2, RFC 9110 §13.2.1)
 * @param now ms since the epoch
 */
export function judgeConditions(
  conditions: Conditions,
  stored: Validators,
  status: number,
  now: number,
): 'ok' | 'not-modified' | 'ignore-range' {
  if (status !== 200) return 'ignore-range'
  if (conditions.ifNoneMatch !== null) {
    if (isAmong(conditions.ifNoneMatch, stored)) return 'not-modified'
  } else if (conditions.ifModifiedSince !== null && !isModifiedSince(conditions.ifModifiedSince, stored, now)) {
    return 'not-modified'
  }
  if (conditions.range === null || conditions.ifRange === null) return 'ok'
  return isUnchanged(conditions.ifRange, stored, now) ? 'ok' : 'ignore-range'
}

/** §13.1.2: '*' for whatever there is, else weak comparison. A list that cannot be read has nothing in it. */
function isAmong(list: string, stored: Validators): boolean {
  const tags = parseEntityTags(list)
  if (tags === null) return false
  return tags === '*' || (stored.etag !== '' && tags.some((tag) => sameWeak(tag, stored.etag)))
}

/** §13.1.3; Date stands in for a missing Last-Modified (RFC 9111 §4.3.2). What is no date is no condition. */
function isModifiedSince(since: string, stored: Validators, now: number): boolean {
  const moment = parseHttpDate(since, now)
  if (Number.isNaN(moment)) return true
  const modified = modifiedOf(stored)
  return (Number.isNaN(modified) ? stored.date : modified) > moment
}

/** §13.1.5: the client's part is of this very representation: the same strong tag, or the same date where dates are strong. */
function isUnchanged(validator: string, stored: Validators, now: number): boolean {
  const tag = parseEntityTag(validator)
  if (tag !== null) return stored.etag !== '' && sameStrong(tag, stored.etag)
  const moment = parseHttpDate(validator, now)
  return moment === modifiedOf(stored) && isStrongDate(stored)
}
