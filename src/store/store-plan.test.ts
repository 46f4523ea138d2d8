import assert from 'node:assert/strict'
import test from 'node:test'
import { planStore } from './store-plan.ts'

const MB = 1 << 20
const GB = 1 << 30

test('shards are made as large as large bodies need, and as many as threads need', () => {
  const shards = (bytes: number): number => planStore({ bytes, threads: 4 }).shards
  assert.deepEqual([MB, 64 * MB, GB, 4 * GB, 64 * GB].map(shards), [1, 1, 16, 64, 64])
})

test('a body of a quarter of a shard is taken unless something else is said', () => {
  assert.equal(planStore({ bytes: GB, threads: 1 }).maxObject, 16 * MB)
  assert.equal(planStore({ bytes: GB, threads: 1, maxObject: 1000 }).maxObject, 1000)
})

test('shards are made larger, and so fewer, where longer bodies are to be stored', () => {
  for (const [bytes, maxObject, shards] of [
    [GB, 8 * MB, 16],
    [GB, 100 * MB, 2],
    [GB, 256 * MB, 1],
    [16 * GB, 100 * MB, 32],
    [64 * MB, 16 * MB, 1],
    [16 * MB, 4 * MB, 1],
  ] as const) {
    const plan = planStore({ bytes, threads: 2, maxObject })
    assert.deepEqual([plan.shards, plan.maxObject], [shards, maxObject])
  }
})

test('a store fits into its bytes, and its index and ghost take little of them', () => {
  for (const bytes of [MB / 8, 3 * MB, 100 * MB, GB, 64 * GB]) {
    const plan = planStore({ bytes, threads: 2 })
    const all = plan.shards * plan.words * 4
    assert.ok(all <= bytes && all > bytes * 0.99, `${all} of ${bytes}`)
    assert.ok(plan.heap < plan.words / 20, `${plan.heap} of ${plan.words}`)
    assert.ok(plan.words <= 2 ** 28)
  }
})

test('sizes that cannot be are refused', () => {
  const refused = [{ bytes: 1000 }, { bytes: MB, shards: 3 }, { bytes: MB, shards: 16 }, { bytes: MB, maxObject: MB }]
  for (const size of refused) assert.throws(() => planStore({ threads: 1, ...size }), RangeError, JSON.stringify(size))
})
