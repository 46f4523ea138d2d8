import assert from 'node:assert/strict'
import test from 'node:test'
import { Track } from './track.ts'
import { assertEmpty } from './yard.ts'

test('crowds on three threads share servers and a line: limits hold, everybody is served, nothing is left', {
  timeout: 60_000,
}, async () => {
  const yard = { threads: 3, servers: [1, 2], pool: 2, line: 22 }
  const track = new Track(yard, { kind: 'queue', limit: 2, rounds: 50_000 })
  await track.startAll()
  await track.finishIdle()
  assert.equal(track.witness.broken, 0)
  assert.equal(track.witness.inside, 0)
  assert.ok(track.witness.grants > 50_000, `${track.witness.grants} were let in`)
  assertEmpty(track.yard.memory, track.yard.plan)
})
