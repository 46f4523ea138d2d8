import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { lay } from '../../test/races/yard.ts'
import { BUCKETS, bucketOf, lowerEnd } from './buckets.ts'
import { quantile, since } from './histogram.ts'
import { Ledger } from './ledger.ts'

test('a bucket holds the durations between its lower end and the next', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.double({ min: 0, max: 2e7, noNaN: true }), fc.double({ min: 0, max: 10, noNaN: true })),
      (ms) => {
        const bucket = bucketOf(ms)
        const unit = Math.floor(ms * 100) / 100
        assert.ok(lowerEnd(bucket) <= unit + 1e-9, `${ms} below bucket ${bucket}`)
        assert.ok(unit < lowerEnd(bucket + 1) - 1e-9, `${ms} above bucket ${bucket}`)
      },
    ),
  )
})

test('the lower ends rise, each at most a sixteenth above the one before once units are passed', () => {
  for (let i = 1; i <= BUCKETS; i++) {
    assert.ok(lowerEnd(i) > lowerEnd(i - 1))
    if (i > 16) assert.ok(lowerEnd(i) / lowerEnd(i - 1) <= 1 + 1 / 16 + 1e-9)
    if (i < BUCKETS) assert.equal(bucketOf(lowerEnd(i) + 0.001), i)
  }
})

test('impossible durations are counted at the ends and break nothing', () => {
  assert.deepEqual([bucketOf(-1), bucketOf(Number.NaN), bucketOf(-Infinity), bucketOf(0)], [0, 0, 0, 0])
  assert.deepEqual([bucketOf(Infinity), bucketOf(1e12)], [BUCKETS - 1, BUCKETS - 1])
})

test('quantiles over all threads are right to a sixteenth', () => {
  const { memory, plan, main } = lay({ threads: 2 })
  const parts = [0, 1].map((me) => new Ledger(memory, plan, me).histogram('pool:shop:total'))
  for (let i = 1; i <= 1000; i++) parts[i % 2]!.record(i)
  const all = main.histogram('pool:shop:total').snapshot()
  assert.deepEqual([all.count, all.sum], [1000, 500_500])
  for (const q of [0.1, 0.5, 0.9, 0.99, 1]) {
    const found = quantile(all, q)
    assert.ok(Math.abs(found - 1000 * q) <= (1000 * q) / 16 + 1, `${q}: ${found}`)
  }
  assert.ok(quantile(all, 0) <= 1.07)
})

test('the difference of two snapshots is what came between them', () => {
  const { main } = lay({})
  const histogram = main.histogram('pool:shop:queue')
  histogram.record(1)
  const before = histogram.snapshot()
  histogram.record(100)
  const part = since(histogram.snapshot(), before)
  assert.deepEqual([part.count, part.sum], [1, 100])
  assert.ok(quantile(part, 0.5) > 90)
})

test('no durations, no quantile', () => {
  assert.ok(Number.isNaN(quantile(lay({}).main.histogram('pool:shop:connect').snapshot(), 0.5)))
})
