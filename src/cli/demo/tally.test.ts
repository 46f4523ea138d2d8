import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentile95, Tally } from './tally.ts'

test('what is over long ago counts in all and no longer as of late', () => {
  const tally = new Tally()
  for (let now = 0; now < 3000; now += 10) tally.ended('served', 100, now)
  assert.equal(tally.total.served, 300)
  assert.ok(Math.abs(tally.perSecond('served', 3000) - 100) < 15, String(tally.perSecond('served', 3000)))
  assert.equal(tally.perSecond('served', 6000), 0)
  assert.equal(tally.waitOfLate(6000), null)
})

test('only those who were served have waited', () => {
  const tally = new Tally()
  tally.ended('tooSlow', 1500, 0)
  tally.ended('refused', 1, 0)
  assert.equal(tally.waitOfLate(10), null)
  tally.ended('served', 80, 20)
  assert.equal(tally.waitOfLate(30), 80)
  assert.equal(tally.gone, 3)
})

test('95 of 100 do not exceed the 95th percentile', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  assert.equal(percentile95(values), 95)
  assert.equal(percentile95([7]), 7)
  assert.equal(percentile95([]), null)
})
