import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame, Side } from './frame.ts'
import { tell } from './story.ts'

const side = (tooSlow: number, busy: number): Side => ({
  perSecond: { served: 100, tooSlow, refused: 0, failed: 0 },
  wait: 100,
  busy: [busy, busy],
  history: [],
})

const calm: Frame = {
  second: 2,
  seconds: 36,
  address: '',
  crowd: 40,
  rush: 320,
  capacity: 213,
  crowdHistory: [],
  places: 8,
  waiting: 0,
  line: 16,
  cause: null,
  without: side(0, 2),
  with: side(0, 2),
}

test('a calm crowd makes no difference, and the story says so', () => {
  assert.match(tell(calm).without, /all is well/)
  assert.match(tell(calm).with, /lets everybody in at once/)
})

test('in the rush the story tells waiting for all from a line for few', () => {
  const rush: Frame = {
    ...calm,
    crowd: 320,
    waiting: 16,
    cause: 'queue_full',
    without: side(320, 240),
    with: side(0, 8),
  }
  assert.match(tell(rush).without, /every visitor waits/)
  assert.match(tell(rush).with, /8 into each shop and lines up 16 more/)
})

test('a line without refusals is told as a line', () => {
  assert.match(tell({ ...calm, waiting: 3 }).with, /lines up a few/)
})

test('after the rush the story says that the crowd is gone and the harm is not', () => {
  assert.match(tell({ ...calm, without: side(90, 100) }).without, /still choke/)
  assert.match(tell({ ...calm, without: side(5, 4) }).without, /still choke/)
})
