import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDate, monotonic, wall } from './clock.ts'

test('httpDate writes the IMF-fixdate of RFC 9110 §5.6.7, and follows the second', () => {
  assert.equal(httpDate(784111777000), 'Sun, 06 Nov 1994 08:49:37 GMT')
  assert.equal(httpDate(784111777999), 'Sun, 06 Nov 1994 08:49:37 GMT')
  assert.equal(httpDate(784111778000), 'Sun, 06 Nov 1994 08:49:38 GMT')
  assert.equal(httpDate(784111777000), 'Sun, 06 Nov 1994 08:49:37 GMT')
  assert.ok(Math.abs(Date.parse(httpDate()) - wall()) < 2000)
})

test('monotonic does not go back', () => {
  let last = monotonic()
  for (let i = 0; i < 1000; i++) {
    const now = monotonic()
    assert.ok(now >= last)
    last = now
  }
})
