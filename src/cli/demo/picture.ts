/** The live picture of the demo: from a frame to lines of text, no more. */
import { stripVTControlCharacters } from 'node:util'
import { rowOf } from '../../base/cause.ts'
import type { Paint } from '../style.ts'
import { cells, type Frame, type Side } from './frame.ts'
import { tell } from './story.ts'

const label = 9
const column = 38

/** Draws a frame for a terminal so many columns wide: two sides beside each other, or one above the other. */
export function draw(frame: Frame, width: number, paint: Paint): string[] {
  const wide = width >= 2 * column + 2
  const measure = Math.min(width, 2 * column + 2) - 2
  const story = tell(frame)
  const left = sideLines(frame, frame.without, false, paint)
  const right = sideLines(frame, frame.with, true, paint)
  const sides = wide ? left.map((line, i) => pad(line, column) + (right[i] ?? '')) : [...left, '', ...right]
  const cause = frame.cause === null ? '' : `${frame.cause}: “${rowOf(frame.cause).sentence}”`
  return [
    ...header(frame, measure, paint),
    '',
    ...crowdLines(frame, wide, paint),
    '',
    ...sides,
    '',
    ...block(story.without, measure, 2),
    ...block(story.with, measure, 2),
    ...block(cause, measure, 2).map((line) => paint('yellow', line)),
  ].map((line) => (line === '' ? '' : ` ${line}`))
}

function header(frame: Frame, measure: number, paint: Paint): string[] {
  const clock = `${Math.min(frame.seconds, Math.floor(frame.second))} s of ${frame.seconds} s · Ctrl-C ends it`
  const title = paint('bold', 'Headgate demo')
  const gap = Math.max(2, measure - visible(title) - clock.length)
  const what = `Two shops with ${frame.places} places each. The same crowd comes twice: straight to two such shops, and to two others through Headgate (${frame.address}).`
  return [title + ' '.repeat(gap) + paint('dim', clock), ...block(what, measure, 2).map((line) => paint('dim', line))]
}

function crowdLines(frame: Frame, wide: boolean, paint: Paint): string[] {
  const graph = 'crowd'.padEnd(label) + paint('cyan', sparkline(frame.crowdHistory, frame.rush))
  const now = paint('bold', `${whole(frame.crowd)} come a second`)
  const over = frame.crowd > frame.capacity
  const can = paint(over ? 'red' : 'reset', `the shops can serve ${whole(frame.capacity)}`)
  return wide ? [`${graph} ${now}, ${can}`] : [graph, `${' '.repeat(label)}${now}, ${can}`]
}

function sideLines(frame: Frame, side: Side, gate: boolean, paint: Paint): string[] {
  const { served, tooSlow, refused, failed } = side.perSecond
  const rows: [string, string][] = [
    ['', paint(served > 0.5 ? 'green' : 'red', sparkline(side.history, frame.capacity))],
    ['served', rate(served, 'green', paint)],
    ['too slow', rate(tooSlow, 'red', paint)],
    ['refused', rate(refused, 'yellow', paint)],
    ['failed', rate(failed, 'red', paint)],
    ['wait', `${side.wait === null ? '–' : seconds(side.wait)} ${paint('dim', 'for 95 of 100 served')}`],
    ['line', gate ? lineGauge(frame, paint) : paint('dim', 'none')],
    ...side.busy.map((busy, i): [string, string] => [`shop ${i + 1}`, shopGauge(busy, frame.places, paint)]),
  ]
  const title = paint('bold', gate ? 'With Headgate' : 'Without a gate')
  return [title, ...rows.map(([name, value]) => name.padEnd(label) + value)]
}

function rate(value: number, colour: 'green' | 'red' | 'yellow', paint: Paint): string {
  const text = `${whole(value).padStart(4)} a second`
  return value >= 0.5 ? paint(colour, text) : paint('dim', text)
}

/** Twelve cells: one for each place, and the last four for the crush beyond them. */
function shopGauge(busy: number, places: number, paint: Paint): string {
  const inside = Math.round((Math.min(busy, places) * 8) / places)
  const crush = Math.min(4, Math.ceil(Math.max(0, busy - places) / 40))
  const bar = paint('cyan', '█'.repeat(inside)) + paint('dim', '░'.repeat(8 - inside))
  const text = busy > places ? paint('red', `${busy} where ${places} fit`) : `${busy} of ${places} busy`
  return `${bar}${paint('red', '▓'.repeat(crush))}${' '.repeat(4 - crush)} ${text}`
}

function lineGauge({ waiting, line }: Frame, paint: Paint): string {
  const full = Math.min(12, Math.round((waiting * 12) / line))
  return `${paint('yellow', '█'.repeat(full))}${paint('dim', '░'.repeat(12 - full))} ${waiting} of ${line} waiting`
}

/** A graph of as many cells as the demo is long; what is still to come is blank. */
export function sparkline(values: readonly number[], top: number): string {
  const steps = '▁▂▃▄▅▆▇█'
  const step = (value: number): string => steps[Math.min(7, Math.max(0, Math.round((value / top) * 7)))] ?? ''
  return values.slice(0, cells).map(step).join('').padEnd(cells)
}

/** A text broken at words into lines of at most `width`, and blank lines up to `atLeast`, so that nothing jumps. */
export function block(text: string, width: number, atLeast = 0): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  while (lines.length < atLeast) lines.push('')
  return lines
}

/** Columns that a text takes on the screen. */
export function visible(text: string): number {
  return stripVTControlCharacters(text).length
}

/** A text filled up with spaces to so many columns on the screen. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visible(text)))
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Milliseconds as seconds with two decimals. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
