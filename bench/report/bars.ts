/** The chart of the workloads: how each compares to the best peer, as bars. */
import type { Result, Row } from '../results.ts'
import { colorOf } from './colors.ts'
import { element, escapeXml, picture, write } from './svg.ts'
import { label, number } from './table.ts'

const WIDTH = 820
const LEFT = 170
const BAR = 13
const GAP = 14
const TOP = 76
/** What a bar of full length stands for; longer ones are cut off and marked. */
const FULL = 3
const SCALE = (WIDTH - LEFT - 130) / FULL

export function barChart(results: readonly Result[]): string {
  const shown = results.filter(({ rows }) => rows.some(({ ratio }) => Number.isFinite(ratio)))
  const parts: string[] = []
  let y = TOP
  for (const result of shown) {
    const rows = result.rows.filter(({ ratio }) => Number.isFinite(ratio))
    parts.push(write(LEFT - 64, y + BAR - 2, result.workload, 'end', { 'font-weight': 600 }))
    for (const row of rows) {
      parts.push(bar(row, result, y))
      y += BAR + 2
    }
    y += GAP
  }
  const best = LEFT + SCALE
  return picture(
    WIDTH,
    y + 8,
    'Cost relative to the best peer',
    write(LEFT, 24, 'Cost relative to the best peer (shorter is better)', 'start', {
      'font-size': 15,
      'font-weight': 600,
    }),
    write(
      LEFT,
      44,
      'CPU time per request, hit or message; bytes per stored object and idle connection; time to start',
      'start',
    ),
    element('line', { x1: best, x2: best, y1: TOP - 6, y2: y - GAP + 4, stroke: '#24292f', 'stroke-dasharray': '3 3' }),
    write(best, TOP - 9, '1.00', 'middle'),
    ...parts,
  )
}

function bar(row: Row, result: Result, y: number): string {
  const length = Math.max(1, Math.min(row.ratio, FULL) * SCALE)
  const cut = row.ratio > FULL
  const value = `${label(row, result)} ${result.unit}${cut ? `  (${number(row.ratio, 1)} ×)` : ''}`
  return [
    write(LEFT - 6, y + BAR - 3, row.who, 'end', { 'font-size': 10 }),
    element(
      'rect',
      { x: LEFT, y, width: length, height: BAR, fill: colorOf(row.who) },
      element('title', {}, escapeXml(`${row.who}: ${value}`)),
    ),
    cut ? element('path', { d: `M${LEFT + length - 9} ${y}l6 0l-4 ${BAR}l-6 0z`, fill: '#fff' }) : '',
    write(LEFT + length + 5, y + BAR - 3, value, 'start', { 'font-size': 10 }),
  ].join('')
}
