import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isHeuristic, isRefreshFailure, isServerError, isUnderstood } from './status.ts'

function those(of: (status: number) => boolean): number[] {
  return Array.from({ length: 500 }, (_, i) => 100 + i).filter(of)
}

it('lets freshness be guessed for the statuses of RFC 9110 §15.1, but not for parts', () => {
  assert.deepEqual(those(isHeuristic), [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
})

it('takes what RFC 5861 §4 names for failures of the server, and what servers have of their own for 500 (RFC 9110 §15)', () => {
  assert.deepEqual(those(isServerError).slice(0, 5), [500, 502, 503, 504, 512])
  assert.equal(those(isServerError).length, 4 + 88)
})

it('understands no interim, partial, 304 or unregistered status', () => {
  for (const status of [100, 103, 206, 299, 304, 306, 499, 599]) assert.equal(isUnderstood(status), false)
  for (const status of those(isHeuristic)) assert.equal(isUnderstood(status), true)
})

it('takes any 5xx, and a server that wants fewer requests (RFC 6585 §4), for the failure of a refresh that nobody waits for', () => {
  assert.deepEqual(those(isRefreshFailure).slice(0, 3), [429, 500, 501])
  assert.equal(those(isRefreshFailure).length, 1 + 100)
})
