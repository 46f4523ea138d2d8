import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals, chance, crowdAt } from './demo-plan.ts'

const plan = { seconds: 36, quiet: 40, rush: 320 }

test('the crowd is quiet at both ends and largest in between', () => {
  assert.equal(crowdAt(plan, 0), 40)
  assert.equal(crowdAt(plan, 18), 320)
  assert.equal(crowdAt(plan, 36), 40)
  for (let second = 0; second <= 36; second++) {
    const now = crowdAt(plan, second)
    assert.ok(now >= 40 && now <= 320, `${now} at ${second} s`)
  }
})

test('about as many come as the plan says, and the same number on every run', () => {
  const count = (): number => {
    const arrivals = new Arrivals(plan, chance(1))
    let came = 0
    for (let ms = 0; ms <= 36_000; ms += 10) came += arrivals.until(ms / 1000)
    return came
  }
  let planned = 0
  for (let ms = 0; ms < 36_000; ms += 10) planned += crowdAt(plan, ms / 1000) / 100
  assert.ok(Math.abs(count() - planned) < planned * 0.05, `${count()} of ${planned}`)
  assert.equal(count(), count())
})

test('a step that comes late lets in all who came meanwhile', () => {
  const late = new Arrivals(plan, chance(1))
  const came = late.until(10)
  assert.ok(came > 400, `${came} in ten seconds`)
  assert.equal(late.until(10), 0)
})
