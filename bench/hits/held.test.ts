import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hitShare } from './held.ts'
import { eachOf } from './million.ts'

test('what the origin did not see was a hit', () => {
  assert.equal(hitShare(1000, 0), 1)
  assert.equal(hitShare(1000, 250), 0.75)
  assert.equal(hitShare(10, 12), 0)
})

test('an object takes what was added, unless the memory was resident before', () => {
  assert.equal(eachOf(600_000_000, 1_000_000), 600)
  assert.equal(eachOf(4096, 1_000_000), null)
})
