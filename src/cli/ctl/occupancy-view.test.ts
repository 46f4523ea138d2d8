import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { PoolOccupancy } from '../../watch/admin/occupancy-answer.ts'
import { occupancyLines } from './occupancy-view.ts'

const plain = (_: unknown, text: string): string => text
const nothing: PoolOccupancy = { streams: 0, kept: 0, answers: 0, waiting: 0, oldest: [] }

test('where nothing lasts there are no lines', () => {
  assert.deepEqual(occupancyLines([{ name: 'shop', streams: { limit: 10 }, occupancy: nothing }], 200, plain), [])
})

test('pools in which something lasts are shown with their oldest', () => {
  const occupancy: PoolOccupancy = {
    streams: 3,
    kept: 1,
    answers: 0,
    waiting: 2,
    oldest: [
      { kind: 'kept', age: 125.4, route: 'all', server: '10.0.0.1:80', method: 'GET', path: '/events' },
      { kind: 'stream', age: 0.5, route: 'all', server: '10.0.0.1:80', method: 'GET', path: '/chat' },
    ],
  }
  const pools = [
    { name: 'idle', streams: { limit: 10 }, occupancy: nothing },
    { name: 'shop', streams: { limit: 10_000 }, occupancy },
  ] as const
  assert.deepEqual(occupancyLines(pools, 200, plain).map(stripVTControlCharacters), [
    '',
    'lasting    streams      streams in slots  answers over 2s  unanswered over 2s',
    'pool shop  3 of 10,000  1                                  2',
    '',
    'oldest                         for   pool  route  server',
    'GET /events  stream in a slot  2m5s  shop  all    10.0.0.1:80',
    'GET /chat    stream            0s    shop  all    10.0.0.1:80',
  ])
})
