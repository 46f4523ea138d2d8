import assert from 'node:assert/strict'
import { it } from 'node:test'
import { get, requestHead, responseHead } from '../../../test/kit/heads.ts'
import { httpDate } from '../../base/clock.ts'
import { validatorsOf } from '../object/validators.ts'
import { conditionsOf, isForServer, judgeConditions } from './condition.ts'

const now = Date.UTC(2026, 10, 21, 12)
const at = (seconds: number): string => httpDate(now + seconds * 1000)

function judged(request: readonly string[], stored: readonly string[], status = 200): string {
  const conditions = conditionsOf(get(...request))
  assert.ok(conditions)
  return judgeConditions(conditions, validatorsOf(responseHead(200, ...stored), now), status, now)
}

it('compares If-None-Match weakly with the stored tag (RFC 9110 §13.1.2)', () => {
  assert.equal(judged(['If-None-Match: "a"'], ['ETag: "a"']), 'not-modified')
  assert.equal(judged(['If-None-Match: W/"a"'], ['ETag: "a"']), 'not-modified')
  assert.equal(judged(['If-None-Match: "a"'], ['ETag: W/"a"']), 'not-modified')
  assert.equal(judged(['If-None-Match: "x", "a"'], ['ETag: "a"']), 'not-modified')
  assert.equal(judged(['If-None-Match: "x"', 'If-None-Match: "a"'], ['ETag: "a"']), 'not-modified')
  assert.equal(judged(['If-None-Match: "b"'], ['ETag: "a"']), 'ok')
  assert.equal(judged(['If-None-Match: "b"'], []), 'ok')
  assert.equal(judged(['If-None-Match: *'], []), 'not-modified')
  assert.equal(judged(['If-None-Match: a'], ['ETag: "a"']), 'ok')
})

it('compares If-Modified-Since with Last-Modified, or Date without one (RFC 9111 §4.3.2)', () => {
  const stored = [`Last-Modified: ${at(-100)}`, `Date: ${at(-10)}`]
  assert.equal(judged([`If-Modified-Since: ${at(-100)}`], stored), 'not-modified')
  assert.equal(judged([`If-Modified-Since: ${at(-50)}`], stored), 'not-modified')
  assert.equal(judged([`If-Modified-Since: ${at(-101)}`], stored), 'ok')
  assert.equal(judged([`If-Modified-Since: ${at(-10)}`], stored.slice(1)), 'not-modified')
  assert.equal(judged([`If-Modified-Since: ${at(-11)}`], stored.slice(1)), 'ok')
  assert.equal(judged([`If-Modified-Since: ${at(0)}`], []), 'not-modified')
  assert.equal(judged(['If-Modified-Since: yesterday'], stored), 'ok')
})

it('lets If-None-Match go before If-Modified-Since (RFC 9110 §13.2.2)', () => {
  const stored = ['ETag: "a"', `Last-Modified: ${at(-100)}`]
  assert.equal(judged(['If-None-Match: "b"', `If-Modified-Since: ${at(0)}`], stored), 'ok')
  assert.equal(judged(['If-None-Match: "a"', `If-Modified-Since: ${at(-500)}`], stored), 'not-modified')
})

it('judges conditions before ranges, and If-Range last (§13.2.2)', () => {
  assert.equal(judged(['If-None-Match: "a"', 'Range: bytes=0-1'], ['ETag: "a"']), 'not-modified')
  assert.equal(judged(['Range: bytes=0-1'], ['ETag: "a"']), 'ok')
  assert.equal(judged(['If-None-Match: "b"', 'Range: bytes=0-1', 'If-Range: "b"'], ['ETag: "a"']), 'ignore-range')
})

it('takes If-Range for true only by a strong validator (§13.1.5)', () => {
  const range = (validator: string, ...stored: string[]): string =>
    judged(['Range: bytes=0-1', `If-Range: ${validator}`], stored)
  assert.equal(range('"a"', 'ETag: "a"'), 'ok')
  assert.equal(range('W/"a"', 'ETag: W/"a"'), 'ignore-range')
  assert.equal(range('"a"', 'ETag: W/"a"'), 'ignore-range')
  assert.equal(range('"a"'), 'ignore-range')
  assert.equal(range(at(-100), `Last-Modified: ${at(-100)}`), 'ok')
  assert.equal(range(at(-99), `Last-Modified: ${at(-100)}`), 'ignore-range')
  assert.equal(range(at(0), `Last-Modified: ${at(0)}`), 'ignore-range')
  assert.equal(range(at(0)), 'ignore-range')
  assert.equal(range('nonsense', `Last-Modified: nonsense`), 'ignore-range')
})

it('judges stored responses with 200 only (RFC 9111 §4.3.2)', () => {
  assert.equal(judged(['If-None-Match: *', 'Range: bytes=0-1'], ['ETag: "a"'], 404), 'ignore-range')
})

it('sees no conditions where there are none, and ranges of GET only (RFC 9110 §14.2)', () => {
  assert.equal(conditionsOf(get('If-Range: "a"')), null)
  assert.equal(conditionsOf(get('If-Match: "a"')), null)
  assert.equal(conditionsOf(requestHead('HEAD / HTTP/1.1', 'Range: bytes=0-1')), null)
  assert.equal(conditionsOf(requestHead('HEAD / HTTP/1.1', 'If-None-Match: "a"'))?.ifNoneMatch, '"a"')
})

it('leaves If-Match and If-Unmodified-Since to the server (RFC 9111 §4.3.2)', () => {
  assert.equal(isForServer(get('If-Match: "a"')), true)
  assert.equal(isForServer(get(`If-Unmodified-Since: ${at(0)}`)), true)
  assert.equal(isForServer(get('If-None-Match: "a"')), false)
})
