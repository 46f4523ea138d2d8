import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownNumber, shownNumbers } from './figures.ts'

test('a number is shown with three decimals at most', () => {
  assert.equal(shownNumber(11777.299027000001), 11777.299)
  assert.equal(shownNumber(0.1 + 0.2), 0.3)
  assert.equal(shownNumber(12), 12)
  assert.ok(Number.isNaN(shownNumber(Number.NaN)))
  assert.equal(shownNumber(Infinity), Infinity)
})

test('numbers are rounded wherever they stand in plain objects and lists, and nothing else is touched', () => {
  const error = new Error('it broke')
  const shown = shownNumbers({ at: 1.23456, in: { list: [2.00049, 'text', null] }, error })
  assert.deepEqual(shown, { at: 1.235, in: { list: [2, 'text', null] }, error })
  assert.equal(shown.error, error)
})
