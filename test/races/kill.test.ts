import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Track } from './track.ts'
import { assertEmpty } from './yard.ts'

const THREADS = 3
/** Time for killing, in ms. It decides how many are killed, not whether the test passes. */
const WHILE = 4_000

/** Kills and restarts every racer again and again, each at moments of its own. */
async function hunt(track: Track): Promise<number> {
  const end = performance.now() + WHILE
  let kills = 0
  await Promise.all(
    Array.from({ length: THREADS }, async (_, me) => {
      while (performance.now() < end) {
        await sleep(Math.random() ** 3 * 50) // most while their code is cold, some when it is hot
        await track.kill(me)
        kills++
        await track.start(me)
      }
    }),
  )
  return kills
}

test('threads killed while they take, give, throw and catch leave nothing behind', { timeout: 60_000 }, async (t) => {
  const track = new Track({ threads: THREADS, servers: [3], pool: 2 }, { kind: 'toss', limit: 2, rounds: 0 })
  await track.startAll()
  const kills = await hunt(track)
  track.witness.stop = true
  await track.ended()
  t.diagnostic(`${kills} killed, ${track.witness.grants} let in`)
  assert.ok(kills > 10, `${kills} killed`)
  assert.equal(track.witness.broken, 0)
  assert.equal(track.witness.inside, 0)
  assertEmpty(track.yard.memory, track.yard.plan)
})

test('threads killed while their guests wait, are served and leave let no slot and no waiter get lost', {
  timeout: 60_000,
}, async (t) => {
  const yard = { threads: THREADS, servers: [1, 2], pool: 2, line: 20 }
  const track = new Track(yard, { kind: 'churn', limit: 2, rounds: 0 })
  await track.startAll()
  const kills = await hunt(track)
  track.witness.stop = true
  await track.ended()
  t.diagnostic(`${kills} killed, ${track.witness.grants} let in`)
  assert.ok(kills > 10, `${kills} killed`)
  assert.equal(track.witness.broken, 0)
  assert.equal(track.witness.inside, 0)
  assertEmpty(track.yard.memory, track.yard.plan)
})
