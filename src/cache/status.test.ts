import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isHeuristic, isServerError, isUnderstood } from './status.ts'

function those(of: (status: number) => boolean): number[] {
  return Array.from({ length: 500 }, (_, i) => 100 + i).filter(of)
}

it('lets freshness be guessed for the statuses of RFC 9110 §15.1, but not for parts', () => {
  assert.deepEqual(those(isHeuristic), [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
})

it('takes what RFC 5861 §4 names for failures of the server', () => {
  assert.deepEqual(those(isServerError), [500, 502, 503, 504])
})

it('understands no interim, partial, 304 or unregistered status', () => {
  for (const status of [100, 103, 206, 299, 304, 306, 499, 599]) assert.equal(isUnderstood(status), false)
  for (const status of those(isHeuristic)) assert.equal(isUnderstood(status), true)
})
