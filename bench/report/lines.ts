/** The chart of the overload part: goodput and latency against the load that is offered. */
import type { Point } from '../results.ts'
import { colorOf } from './colors.ts'
import { element, picture, write } from './svg.ts'

const WIDTH = 820
const HEIGHT = 380
const TOP = 84
const BOTTOM = HEIGHT - 46

interface Panel {
  readonly left: number
  readonly right: number
  readonly title: string
  readonly value: (point: Point) => number
  /** 0 at the bottom, 1 at the top. */
  readonly place: (value: number) => number
  readonly marks: readonly (readonly [value: number, text: string])[]
}

const LOWEST = Math.log10(10)
const HIGHEST = Math.log10(10_000)

const panels: readonly Panel[] = [
  {
    left: 60,
    right: 390,
    title: 'Answered with 200, of what is possible',
    value: ({ share }) => share,
    place: (share) => Math.min(share, 1.05) / 1.05,
    marks: [0, 0.25, 0.5, 0.75, 1].map((share) => [share, `${share * 100} %`] as const),
  },
  {
    left: 470,
    right: 800,
    title: 'p99 of these answers',
    value: ({ p99 }) => p99,
    place: (ms) => Math.max(0, Math.min(1, (Math.log10(ms) - LOWEST) / (HIGHEST - LOWEST))),
    marks: [10, 100, 1000, 10_000].map((ms) => [ms, ms < 1000 ? `${ms} ms` : `${ms / 1000} s`] as const),
  },
]

export function lineChart(all: readonly Point[]): string {
  // Where part of the requests can be answered without the origin, more is possible: that is another question.
  const points = all.filter(({ pages }) => pages === undefined)
  const names = [...new Set(points.map(({ who }) => who))]
  const factors = [...new Set(points.map(({ factor }) => factor))].sort((a, b) => a - b)
  return picture(
    WIDTH,
    HEIGHT,
    'Under overload',
    write(20, 24, 'More requests than the origin can carry, at a constant rate', 'start', {
      'font-size': 15,
      'font-weight': 600,
    }),
    ...legend(names),
    ...panels.flatMap((panel) => [
      ...frame(panel, factors),
      // Headgate is drawn last, above all others.
      ...names.toReversed().map((who) => line(panel, who, points, factors)),
    ]),
  )
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((who, i) => [
    element('rect', { x: 20 + i * 110, y: 40, width: 12, height: 12, fill: colorOf(who) }),
    write(38 + i * 110, 50, who, 'start'),
  ])
}

function frame(panel: Panel, factors: readonly number[]): string[] {
  const { left, right } = panel
  const marks = panel.marks.flatMap(([value, text]) => {
    const y = yOf(panel, value)
    return [
      element('line', { x1: left, x2: right, y1: y, y2: y, stroke: '#d0d7de' }),
      write(left - 6, y + 4, text, 'end', { 'font-size': 10 }),
    ]
  })
  const below = factors.map((factor, i) => write(xOf(panel, i, factors), BOTTOM + 16, `${factor} ×`, 'middle'))
  return [
    write(left, TOP - 12, panel.title, 'start', { 'font-weight': 600 }),
    ...marks,
    ...below,
    write((left + right) / 2, BOTTOM + 34, 'offered load, relative to the capacity', 'middle'),
  ]
}

function line(panel: Panel, who: string, points: readonly Point[], factors: readonly number[]): string {
  const mine = points.filter((point) => point.who === who && Number.isFinite(panel.value(point)))
  const places = mine.map((point) => [
    xOf(panel, factors.indexOf(point.factor), factors),
    yOf(panel, panel.value(point)),
  ])
  const path = places.map(([x, y]) => `${x!.toFixed(1)},${y!.toFixed(1)}`).join(' ')
  const color = colorOf(who)
  return [
    element('polyline', { points: path, fill: 'none', stroke: color, 'stroke-width': 2.5 }),
    ...places.map(([x, y]) => element('circle', { cx: x!, cy: y!, r: 4, fill: color })),
  ].join('')
}

function xOf({ left, right }: Panel, i: number, factors: readonly number[]): number {
  return left + ((right - left) * (i + 0.5)) / factors.length
}

function yOf(panel: Panel, value: number): number {
  return BOTTOM - (BOTTOM - TOP) * panel.place(value)
}
