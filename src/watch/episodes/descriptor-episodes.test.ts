/** What the log says while file descriptors are scarce. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DescriptorEpisodes } from './descriptor-episodes.ts'

const none = { refused: 0, unconnected: 0, unaccepted: 0 }

test('a shortage of descriptors is two lines with the number of those it cost and the limit to set', () => {
  const episodes = new DescriptorEpisodes(256, 20_140)
  assert.equal(episodes.step(0, none), null)
  const begin = episodes.step(250, { ...none, refused: 38 })
  assert.equal(begin?.level, 'warn')
  assert.equal(
    begin?.message,
    'file descriptors are scarce, this process may open 256: 38 connections refused with 503 (local_resources). Raise the limit to 20140: LimitNOFILE=20140 in systemd, ulimit -n 20140 in a shell; or lower maxConnections of the listeners',
  )
  assert.equal(episodes.step(500, { refused: 1095, unconnected: 111, unaccepted: 2 }), null)
  assert.equal(episodes.step(5400, { refused: 1095, unconnected: 111, unaccepted: 2 }), null)
  const end = episodes.step(5500, { refused: 1095, unconnected: 111, unaccepted: 2 })
  assert.deepEqual(
    { ...end, message: end?.message.split('. ')[0] },
    {
      level: 'info',
      phase: 'end',
      message:
        'there are enough file descriptors again after 0.3 s: 1095 connections refused with 503, 111 requests for which no connection to a server could be opened, 2 that the system could not accept',
      duration: 250,
      limit: 256,
      refused: 1095,
      unconnected: 111,
      unaccepted: 2,
    },
  )
  assert.equal(episodes.finish(), null)
})

test('a second shortage counts from nothing, and one under way is ended with the process', () => {
  const episodes = new DescriptorEpisodes(null, 500)
  episodes.step(0, { ...none, refused: 5 })
  episodes.step(6000, { ...none, refused: 5 })
  const begin = episodes.step(7000, { ...none, refused: 5, unconnected: 1 })
  assert.match(
    begin?.message ?? '',
    /^file descriptors are scarce: 1 request for which no connection to a server could be opened \(local_resources\)\. Raise the limit to 500:/,
  )
  assert.match(
    episodes.finish()?.message ?? '',
    /^file descriptors were scarce when Headgate stopped, after 0\.0 s: 1 request /,
  )
})
