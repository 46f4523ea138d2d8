import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNLIMITED } from '../../config/model.ts'
import { Episodes, type GateReading } from './episodes.ts'

const calm: GateReading = {
  gate: 'pool shop',
  counts: 'requests',
  used: 100,
  limit: 500,
  waiting: 0,
  admitted: 1000,
  queued: 0,
  refused: {},
  longest: null,
  setting: 'pools.shop.maxConnections',
  place: 'headgate.yaml:12',
}

/** Steps every 250 ms from `from`, as long as there are changes, and gives all lines as [time, message]. */
function story(episodes: Episodes, from: number, readings: readonly GateReading[]): [number, string][] {
  return readings.flatMap((reading, i) => {
    const at = from + i * 250
    return episodes.step(at, [reading]).map((line): [number, string] => [at, line.message])
  })
}

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

test('an episode is told in two lines: how it began, and what it cost', () => {
  const episodes = new Episodes()
  const rush = times(
    8,
    (i): GateReading => ({
      ...calm,
      used: 500,
      waiting: [12, 200, 200, 180, 90, 20, 3, 0][i]!,
      admitted: 1000 + i * 50,
      queued: 12 + i * 100,
      refused: { queue_full: i > 0 ? i * 40 : 0, queue_timeout: i > 5 ? 7 : 0 },
      longest: i * 250,
    }),
  )
  const last = { ...rush[7]!, used: 90 }
  const lines = story(episodes, 0, [calm, ...rush, ...times(25, () => last)])
  assert.deepEqual(lines, [
    [
      250,
      'pool shop is full: 500 of 500 requests in use, 12 waiting; see pools.shop.maxConnections at headgate.yaml:12',
    ],
    [
      7000,
      'pool shop has room again after 1.8 s: 350 let in, 712 lined up (at most 200 at once, longest wait 1.8 s), refused 287 (280 queue_full, 7 queue_timeout)',
    ],
  ])
})

test('a gate without a line tells what it refused', () => {
  const episodes = new Episodes()
  const listener: GateReading = {
    ...calm,
    gate: 'listener web',
    counts: 'connections',
    used: 1000,
    limit: 1000,
    place: null,
    setting: 'listeners.web.maxConnections',
  }
  const lines = story(episodes, 0, [
    listener,
    { ...listener, refused: { listener_full: 3 } },
    ...times(21, () => ({ ...listener, refused: { listener_full: 3 } })),
  ])
  assert.deepEqual(
    lines.map(([, message]) => message),
    [
      'listener web is full: 1000 of 1000 connections in use, refused 3 (3 listener_full); see listeners.web.maxConnections',
      'listener web has room again after 0.0 s: 0 let in, refused 3 (3 listener_full)',
    ],
  )
})

test('short calms do not end an episode, so that it does not flood the log', () => {
  const episodes = new Episodes()
  let refused = 0
  const readings = times(400, (i) => ({ ...calm, refused: { pool_full: i % 16 === 1 ? ++refused : refused } }))
  const lines = story(episodes, 0, readings) // one refusal every 4 s for 100 s
  assert.equal(lines.length, 2)
  assert.match(lines[1]![1], /^pool shop is still full after 1 min 0 s: 0 let in, refused 16 \(16 pool_full\)$/)
  assert.match(
    story(
      episodes,
      100_000,
      times(30, () => readings.at(-1)!),
    )[0]![1],
    /^pool shop has room again after 1 min 36 s/,
  )
})

test('a line that only waits keeps the episode alive', () => {
  const episodes = new Episodes()
  const waiting: GateReading = { ...calm, waiting: 1, queued: 1 }
  assert.equal(story(episodes, 0, [calm, ...times(200, () => waiting)]).length, 1)
})

test('counts that were there before, or start anew, are not taken for a rush', () => {
  const episodes = new Episodes()
  const full: GateReading = { ...calm, queued: 500, refused: { queue_full: 900 } }
  assert.deepEqual(story(episodes, 0, [full, full, { ...calm, admitted: 3 }]), [])
})

test('each gate has its own episodes, and one that is gone is closed', () => {
  const episodes = new Episodes()
  const other: GateReading = { ...calm, gate: 'pool api', limit: UNLIMITED, setting: null }
  episodes.step(0, [calm, other])
  const begun = episodes.step(250, [
    { ...calm, waiting: 1 },
    { ...other, waiting: 2 },
  ])
  assert.deepEqual(
    begun.map((line) => [line.gate, line.phase, line.level]),
    [
      ['pool shop', 'begin', 'warn'],
      ['pool api', 'begin', 'warn'],
    ],
  )
  assert.equal(begun[1]!.message, 'pool api is full: 100 requests in use, 2 waiting')
  const [gone] = episodes.step(500, [{ ...calm, waiting: 1 }])
  assert.equal(
    gone!.message,
    'pool api is no longer configured after 0.0 s: 0 let in, 0 lined up (at most 2 at once), none refused',
  )
  assert.deepEqual(
    episodes.finish().map((line) => line.gate),
    ['pool shop'],
  )
  assert.deepEqual(episodes.finish(), [])
})
