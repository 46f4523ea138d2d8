import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefreshEpisodes, type RefreshReading } from './refresh-episodes.ts'

/** A route whose refreshes failed so often, the last time `at`, and where something came last `came`. */
function reading(failed: number, at: number, came: number, route = 'shop', status = 503): RefreshReading {
  const why = { reason: 'server-error', says: 'The server failed.', fix: 'Look at the server.' }
  const last = { at, url: 'http://a.test/page', ...why, status }
  return { route, came, failed, last: failed === 0 ? null : last }
}

test('one line when refreshes begin to fail, with the URL, the reason and what to do; none while it goes on', () => {
  const episodes = new RefreshEpisodes()
  assert.deepEqual(episodes.step(0, [reading(0, 0, 5)]), [])
  assert.equal(episodes.open, false)
  const [line, ...more] = episodes.step(1000, [reading(2, 900, 5)])
  assert.deepEqual(more, [])
  const { message, ...facts } = line!
  assert.deepEqual(facts, {
    level: 'warn',
    phase: 'begin',
    route: 'shop',
    failed: 2,
    duration: 0,
    url: 'http://a.test/page',
    reason: 'server-error',
    status: 503,
  })
  assert.equal(
    message,
    'the stale copies of route shop cannot be refreshed: 2 fetches failed, the last of http://a.test/page (server-error, status 503): The server failed. Clients get the copies as long as grace and graceUnderPressure allow, then the failure. Look at the server. headgate ctl show tells more of that URL.',
  )
  for (let at = 2000; at < 7_200_000; at += 60_000) {
    assert.deepEqual(episodes.step(at, [reading(2 + at / 1000, at, 5)]), [])
    assert.ok(episodes.open)
  }
})

test('it is over when nothing failed for longer than any pause and something came since, and then told with what it cost', () => {
  const episodes = new RefreshEpisodes()
  episodes.step(0, [reading(1, 0, 0)])
  assert.deepEqual(episodes.step(300_000, [reading(7, 300_000, 299_000)]), [])
  // One page still fails each minute while others succeed.
  assert.deepEqual(episodes.step(359_000, [reading(7, 300_000, 358_000)]), [])
  assert.deepEqual(episodes.step(360_000, [reading(8, 360_000, 358_000)]), [])
  // Nobody has asked for anything.
  assert.deepEqual(episodes.step(3_600_000, [reading(8, 360_000, 358_000)]), [])
  const [line] = episodes.step(3_601_000, [reading(8, 360_000, 3_600_500)])
  assert.deepEqual([line?.level, line?.phase, line?.failed, line?.duration], ['info', 'end', 8, 360_000])
  assert.equal(line?.message, 'the stale copies of route shop are refreshed again, after 8 fetches failed in 6 min 0 s')
  assert.equal(episodes.open, false)
  assert.deepEqual(episodes.step(3_602_000, [reading(8, 360_000, 3_601_500)]), [])
  assert.equal(episodes.step(3_603_000, [reading(9, 3_602_500, 3_601_500)]).length, 1, 'it fails again')
})

test('each route has episodes of its own, and a thread that dies with its counts neither begins nor ends one', () => {
  const episodes = new RefreshEpisodes()
  assert.equal(episodes.step(0, [reading(5, 0, 0), reading(1, 0, 0, 'api', 0)]).length, 2)
  assert.deepEqual(episodes.step(1000, [reading(2, 0, 0)]), [])
  assert.deepEqual(episodes.step(2000, [reading(3, 2000, 0)]), [])
  const lines = episodes.step(100_000, [reading(3, 2000, 99_000), reading(1, 0, 0, 'api', 0)])
  assert.deepEqual(
    lines.map(({ route, failed }) => [route, failed]),
    [['shop', 6]],
  )
})
