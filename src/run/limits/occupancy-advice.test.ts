import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOf } from '../../base/cause.ts'
import { occupancyAdvice } from './occupancy-advice.ts'

const none = { stream: 0, kept: 0, answer: 0, waiting: 0 }
const slot = { route: 'all', age: 65_000 }

test('where what lasts holds less than half, the advice of the cause stands', () => {
  const few = { kinds: { ...none, stream: 50, answer: 2, waiting: 2 }, slot, stream: slot }
  assert.equal(occupancyAdvice('queue_timeout', few, 9, 'pool shop'), null)
  assert.notEqual(occupancyAdvice('queue_timeout', few, 8, 'pool shop'), null)
  assert.equal(occupancyAdvice('pool_full', { kinds: none, slot: null, stream: null }, 0, 'pool shop'), null)
  assert.equal(occupancyAdvice('streams_full', { kinds: none, slot: null, stream: null }, 1, 'pool shop'), null)
})

test('it names how many of which kind, the oldest and its route, and what helps against most of them', () => {
  const advice = (kinds: object): string =>
    occupancyAdvice('pool_full', { kinds: { ...none, ...kinds }, slot, stream: null }, 5, 'pool shop') ?? ''
  assert.equal(
    advice({ kept: 3, answer: 1, waiting: 1 }),
    '5 of 5 slots in use of pool shop are held for long: 3 streams for which streams.max had no room, 1 answer that still flows, 1 request that the server has not answered for more than 2.0 s; the oldest for 1 min 5 s, on route all. Raise streams.max of the pool, or see why so many streams are open. headgate ctl status shows the oldest.',
  )
  assert.match(advice({ answer: 3, waiting: 1 }), / streams\.types of the pool, or set streams\.after\. For downloads /)
  assert.match(advice({ answer: 1, waiting: 3 }), / Find what is slow at the server/)
})

test('where the streams are full it keeps the advice and adds how old they are', () => {
  const full = { kinds: { ...none, stream: 2 }, slot: null, stream: { route: 'chat', age: 4000 } }
  assert.equal(
    occupancyAdvice('streams_full', full, 2, 'pool shop'),
    `${rowOf('streams_full').advice} 2 streams of pool shop are open, the oldest for 4.0 s, on route chat. headgate ctl status shows the oldest.`,
  )
})
