import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EpisodeWatch } from './episode-watch.ts'
import type { EpisodeLine, GateReading } from './episodes.ts'

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
  setting: null,
  place: null,
}

test('EpisodeWatch polls four times per second until it is stopped, and then ends what is under way', () => {
  const said: EpisodeLine[] = []
  let reading = calm
  let now = 0
  let poll: (() => void) | null = null
  const watch = new EpisodeWatch(
    () => [reading],
    (line) => said.push(line),
    () => now,
    {
      setInterval: (run, ms) => {
        assert.equal(ms, 250)
        poll = run
        return { unref: () => {} }
      },
      clearInterval: () => {
        poll = null
      },
    },
  )
  watch.start()
  watch.start()
  reading = { ...calm, waiting: 4 }
  now = 250
  poll!()
  assert.equal(said[0]!.phase, 'begin')
  now = 400
  watch.stop()
  watch.stop()
  assert.equal(poll, null)
  assert.equal(said.length, 2)
  assert.match(said[1]!.message, /^pool shop was full when Headgate stopped after 0\.1 s/)
})
