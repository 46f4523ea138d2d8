import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OccupancyEpisodes, type OccupancyReading } from './occupancy-episodes.ts'

const nothing: OccupancyReading = { of: 'pool shop', limit: 10, streams: 0, kept: 0, answers: 0, age: 0 }

test('more than half begins an episode, of which there is one line until it is over', () => {
  const episodes = new OccupancyEpisodes()
  const half = { ...nothing, streams: 3, kept: 2 }
  assert.deepEqual(episodes.step(0, [half]), [])
  const most = { ...half, kept: 3 }
  assert.deepEqual(episodes.coming([most]), ['pool shop'])
  const [line, ...more] = episodes.step(1000, [most], (of) => `; the oldest of ${of}`)
  assert.equal(more.length, 0)
  assert.equal(line?.level, 'warn')
  assert.equal(
    line.message,
    'pool shop has 3 open streams beside the requests, 3 streams in slots, as streams.max had no room: more than half of its 10 connections; the oldest of pool shop; headgate ctl status shows them',
  )
  assert.deepEqual(episodes.coming([most]), [])
  assert.deepEqual(episodes.step(2000, [most]), [])
  // Half or less for a moment is no end of it.
  assert.deepEqual(episodes.step(3000, [half]), [])
  assert.deepEqual(episodes.step(4000, [most]), [])
  assert.deepEqual(episodes.step(8999, [half]), [])
  const [end] = episodes.step(9000, [half])
  assert.equal(end?.level, 'info')
  assert.equal(end.duration, 3000)
  assert.match(
    end.message,
    /^streams and long answers hold half of the connections of pool shop or less again, after 3\.0 s$/,
  )
})

test('streams that hold no slot are no warning', () => {
  const [line] = new OccupancyEpisodes().step(0, [{ ...nothing, streams: 6 }])
  assert.equal(line?.level, 'info')
})

test('answers that flow count when they are old: a download of some seconds is nothing', () => {
  const episodes = new OccupancyEpisodes()
  assert.deepEqual(episodes.step(0, [{ ...nothing, answers: 9, age: 9999 }]), [])
  const [line] = episodes.step(1000, [{ ...nothing, answers: 9, age: 10_999 }])
  assert.match(line?.message ?? '', /^pool shop has 9 answers that still flow, in slots: more than half of its 10 /)
})

test('each pool and server has episodes of its own', () => {
  const server = { ...nothing, of: 'server a of pool shop', limit: 2, streams: 2 }
  const lines = new OccupancyEpisodes().step(0, [{ ...nothing, limit: 20, streams: 2 }, server])
  assert.deepEqual(
    lines.map(({ of }) => of),
    ['server a of pool shop'],
  )
})
