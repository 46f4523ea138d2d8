import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { median, percentile, rotated } from './figures.ts'
import { ratios } from './ratios.ts'

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([7]), 7)
})

test('the median of nothing is no number, and what is no number does not count', () => {
  assert.ok(Number.isNaN(median([])))
  assert.ok(Number.isNaN(median([Number.NaN])))
  assert.equal(median([Number.NaN, 5]), 5)
})

test('the median has as many values above as below', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values)
      const below = values.filter((value) => value < middle).length
      const above = values.filter((value) => value > middle).length
      assert.ok(below <= values.length / 2 && above <= values.length / 2)
    }),
  )
})

test('a percentile is a value that occurs, and not exceeded by its share', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  assert.equal(percentile(hundred, 0.5), 50)
  assert.equal(percentile(hundred, 0.99), 99)
  assert.equal(percentile([4], 0.99), 4)
  assert.ok(Number.isNaN(percentile([], 0.5)))
})

test('every round another one is first, and all have their turn', () => {
  assert.deepEqual(rotated(['a', 'b', 'c'], 1), ['b', 'c', 'a'])
  assert.deepEqual(rotated(['a', 'b', 'c'], 5), ['c', 'a', 'b'])
  assert.deepEqual(rotated([], 3), [])
})

test('ratios are to the best of the others, not to oneself', () => {
  assert.deepEqual(ratios([10, 20, 40]), [0.5, 1, 2])
  assert.deepEqual(ratios([30, 20, Number.NaN]), [1.5, 1, Number.NaN])
})

test('without others there is nothing to be relative to', () => {
  assert.deepEqual(ratios([10]), [Number.NaN])
  assert.deepEqual(ratios([10, Number.NaN]), [Number.NaN, Number.NaN])
})
