import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Point, Report, Result } from '../results.ts'
import { barChart } from './bars.ts'
import { lineChart } from './lines.ts'
import { pageWith } from './page.ts'
import { element, write } from './svg.ts'
import { markdown, overloadTable, plain, tableOf } from './table.ts'
import { checkXml } from './xml-check.ts'

const row = { growth: null, remark: '', rounds: [] }
const result: Result = {
  workload: 'small',
  says: '120 bytes & "more" <than> that',
  measure: 'cpu',
  unit: 'µs',
  columns: [
    { key: 'cpu', title: 'CPU µs/request', digits: 1 },
    { key: 'rate', title: 'requests/s', digits: 0 },
  ],
  rows: [
    { ...row, who: 'headgate', numbers: { cpu: 17.04, rate: 51_234.5 }, ratio: 0.95 },
    { ...row, who: 'haproxy', numbers: { cpu: 17.94, rate: 49_000 }, ratio: 1 },
    { ...row, who: 'a <proxy> & "co"', numbers: { cpu: 170, rate: 5000 }, ratio: 9.5 },
    {
      ...row,
      who: 'caddy',
      numbers: { cpu: Number.NaN, rate: Number.NaN },
      ratio: Number.NaN,
      remark: 'did not start',
    },
  ],
}

const point: Point = {
  who: 'headgate',
  factor: 2,
  offered: 5000,
  goodput: 2475,
  share: 0.99,
  p50: 101,
  p99: 107.4,
  refused: 2500,
  refusedP99: 2.34,
  lost: 0,
  most: 50,
  rssBefore: 150e6,
  rssMost: 155e6,
  rssAfter: 154e6,
  recovery: 0.08,
  late: 0.4,
}
const none = Number.NaN
const points: Point[] = [
  point,
  { ...point, factor: 4 },
  { ...point, who: 'no proxy', share: 0.03, p99: none, rssBefore: none, rssMost: none, rssAfter: none, recovery: null },
]

const report: Report = {
  at: '2026-11-20T12:00:00.000Z',
  machine: { processor: 'A Processor', cores: 2, memory: 25e9, system: 'Linux 6.1', versions: { headgate: '0.1.0' } },
  how: { rounds: 5, seconds: 4, quick: false, pinned: true, others: 0.01 },
  results: [result],
  overload: points,
}

test('the charts are well-formed XML, whatever the names', () => {
  checkXml(barChart([result]))
  checkXml(lineChart(points))
})

test('the charts have no place for what is no number', () => {
  assert.doesNotMatch(barChart([result]) + lineChart(points), /NaN|undefined|Infinity/)
})

test('a chart without results is a picture all the same', () => {
  checkXml(barChart([]))
  checkXml(lineChart([]))
})

test('any text can be in an element and in an attribute', () => {
  const readable = fc.string({ unit: fc.constantFrom('a', '&', '<', '>', '"', "'", ']]>', 'é') })
  fc.assert(
    fc.property(readable, (text) => {
      checkXml(`${element('g', { id: text }, write(1, 2, text, 'start'))}\n`)
    }),
  )
})

test('a table lines its columns up and says why there is no number', () => {
  assert.equal(
    plain(tableOf({ ...result, says: 'so' })),
    `small: so
                    CPU µs/request  requests/s  × best peer
  headgate                    17.0      51,235         0.95
  haproxy                     17.9      49,000         1.00
  a <proxy> & "co"           170.0       5,000         9.50
  caddy                          –           –            –  did not start
`,
  )
})

test('a table of a page has as many cells in every line', () => {
  for (const table of [tableOf(result), overloadTable(points)]) {
    const cells = markdown(table)
      .split('\n')
      .map((line) => line.split('|').length)
    assert.equal(new Set(cells).size, 1)
  }
})

test('without a proxy there is no memory, and what was not seen is not a number', () => {
  const cells = overloadTable(points).lines.at(-1)!
  assert.deepEqual(cells.slice(-2), ['–', 'not seen'])
})

test('what came of stored pages has a column where there were some, and no place in the chart', () => {
  const grace = { ...point, factor: 4, who: 'with pages', pages: { asked: 14_000, refused: 2, lost: 1, p99: 8.42 } }
  const { head, lines } = overloadTable([...points, grace])
  assert.equal(head.at(-1), 'stale pages refused')
  assert.deepEqual(
    lines.map((line) => line.at(-1)),
    ['–', '–', '–', '2 of 14,000, 1 lost; p99 8.4 ms'],
  )
  assert.equal(lineChart([...points, grace]), lineChart(points))
})

test('results go between the marks of the page, and nothing else is touched', () => {
  const page = `# Page

before

<!-- results: written by \`npm run bench -- --write\`; changes here are lost -->

old

<!-- end of results -->

after
`
  const written = pageWith(page, report, { bars: 'b.svg', lines: 'l.svg' })
  assert.match(written, /^# Page\n\nbefore\n/)
  assert.match(written, /\n<!-- end of results -->\n\nafter\n$/)
  assert.doesNotMatch(written, /old/)
  assert.match(written, /2026-11-20: A Processor, 2 cores, 25 GB/)
  assert.equal(pageWith(written, report, { bars: 'b.svg', lines: 'l.svg' }), written)
})

test('a page without the marks is not written to', () => {
  assert.throws(() => pageWith('# Page\n', report, { bars: '', lines: '' }), /has no lines/)
})
