import assert from 'node:assert/strict'
import test from 'node:test'
import { Track } from './track.ts'
import { assertEmpty } from './yard.ts'

for (const limit of [1, 2]) {
  test(`three threads that take and give millions of times are never more than ${limit} inside`, {
    timeout: 60_000,
  }, async () => {
    const track = new Track({ threads: 3, servers: [limit] }, { kind: 'take', limit, rounds: 1_500_000 })
    await track.startAll()
    await track.ended()
    assert.equal(track.witness.broken, 0)
    assert.ok(track.witness.grants > 100_000, `${track.witness.grants} were let in`)
    assert.equal(track.witness.most, limit)
    assertEmpty(track.yard.memory, track.yard.plan)
  })
}
