import assert from 'node:assert/strict'
import { test } from 'node:test'
import { styleText } from 'node:util'
import { type Paint, plain } from '../style.ts'
import type { Frame, Side } from './frame.ts'
import { block, draw, sparkline, visible } from './picture.ts'
import { statusLine, summary } from './report.ts'
import { Tally } from './tally.ts'

const colourful: Paint = (format, text) => styleText(format, text, { validateStream: false })

const side = (values: Partial<Side>): Side => ({
  perSecond: { served: 0, tooSlow: 0, refused: 0, failed: 0 },
  wait: null,
  busy: [0, 0],
  history: [],
  ...values,
})

const rush: Frame = {
  second: 18.4,
  seconds: 36,
  address: 'http://127.0.0.1:8080',
  crowd: 320,
  rush: 320,
  capacity: 213,
  crowdHistory: [40, 100, 200, 320],
  places: 8,
  waiting: 16,
  line: 16,
  cause: 'queue_full',
  without: side({
    perSecond: { served: 0, tooSlow: 1320, refused: 0, failed: 0 },
    busy: [1245, 1244],
    history: [40, 100, 80, 0],
  }),
  with: side({
    perSecond: { served: 197, tooSlow: 0, refused: 1123, failed: 0 },
    wait: 180,
    busy: [8, 8],
    history: [40, 100, 190, 197],
  }),
}

test('the picture fits into 80 columns with the largest numbers', () => {
  for (const line of draw(rush, 80, plain)) assert.ok(line.length <= 80, `${line.length}: ${line}`)
})

test('the picture has both sides beside each other on 80 columns and one above the other on 50', () => {
  const wide = draw(rush, 80, plain)
  const narrow = draw(rush, 50, plain)
  assert.ok(wide.some((line) => line.includes('Without a gate') && line.includes('With Headgate')))
  assert.ok(!narrow.some((line) => line.includes('Without a gate') && line.includes('With Headgate')))
  assert.ok(narrow.length > wide.length)
})

test('the picture says the cause by name and in a sentence', () => {
  const text = draw(rush, 80, plain).join(' ')
  assert.match(text, /queue_full: “The site is busy at the moment and its queue is full\./)
})

test('the picture keeps its height, so that nothing jumps while it changes', () => {
  const calm = { ...rush, cause: null, crowd: 40, without: side({}), with: side({}), waiting: 0 }
  assert.equal(draw(calm, 80, plain).length, draw(rush, 80, plain).length)
})

test('colour changes nothing but the colour', () => {
  const bare = draw(rush, 80, plain)
  const painted = draw(rush, 80, colourful)
  assert.ok(painted.join('').includes('\x1b['))
  assert.deepEqual(painted.map(visible), bare.map(visible))
})

test('the graph is as wide when it has begun as when it is complete', () => {
  assert.equal(sparkline([], 100).length, 24)
  assert.equal(sparkline([0, 50, 100, 500], 100).length, 24)
  assert.equal(sparkline([0, 50, 100, 500], 100).trim(), '▁▅██')
})

test('a paragraph is broken at words and filled up with blank lines', () => {
  assert.deepEqual(block('one two three', 8, 3), ['one two', 'three', ''])
})

test('the line for a log says what both sides do', () => {
  assert.equal(
    statusLine(rush),
    ' 18 s  320/s come | no gate: 0/s served, 1,320/s too slow, 1245 + 1244 inside | ' +
      'Headgate: 197/s served, in 0.18 s, 1,123/s refused, 8 + 8 inside, 16 of 16 in line (queue_full)',
  )
})

test('the table at the end accounts for every visitor and names every cause', () => {
  const tally = (served: number, refused: number): Tally => {
    const one = new Tally()
    one.came = 100
    for (let i = 0; i < served; i++) one.ended('served', 100, i)
    for (let i = 0; i < refused; i++) one.ended('refused', 1, i)
    return one
  }
  const result = {
    without: tally(19, 0),
    with: tally(80, 20),
    causes: { queue_full: 18, queue_timeout: 2 },
    patience: 1500,
  }
  const text = summary(result, plain).join('\n')
  assert.match(text, /served within 1\.5 s +19 +19 % +80 +80 %/)
  assert.match(text, /refused at once +0 +0 % +20 +20 %/)
  assert.match(text, /still there +81 +81 % +0 +0 %/)
  assert.match(text, /18 × queue_full: “/)
  assert.match(text, /2 × queue_timeout: “/)
  assert.match(text, /headgate run --to/)
})
