/** The demo for those who do not watch it: a line now and then, and the table at the end. */
import type { Cause } from '../../base/cause.ts'
import { rowOf } from '../../base/cause.ts'
import type { Paint } from '../style.ts'
import type { Frame, Side } from './frame.ts'
import { block, pad, seconds, visible, whole } from './picture.ts'
import { type Outcome, percentile95, type Tally } from './tally.ts'

/** One line that says how both sides fare now. */
export function statusLine(frame: Frame): string {
  const { crowd, second, waiting, line, cause } = frame
  return [
    `${String(Math.floor(second)).padStart(3)} s  ${whole(crowd)}/s come`,
    `no gate: ${faring(frame.without)}`,
    `Headgate: ${faring(frame.with)}, ${waiting} of ${line} in line${cause === null ? '' : ` (${cause})`}`,
  ].join(' | ')
}

function faring({ perSecond, wait, busy }: Side): string {
  const said = [`${whole(perSecond.served)}/s served`]
  if (wait !== null) said.push(`in ${seconds(wait)}`)
  if (perSecond.tooSlow >= 0.5) said.push(`${whole(perSecond.tooSlow)}/s too slow`)
  if (perSecond.refused >= 0.5) said.push(`${whole(perSecond.refused)}/s refused`)
  if (perSecond.failed >= 0.5) said.push(`${whole(perSecond.failed)}/s failed`)
  return `${said.join(', ')}, ${busy.join(' + ')} inside`
}

/** What the end of the demo is about. */
export interface Result {
  readonly without: Tally
  readonly with: Tally
  /** What the gate refused, by cause. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>
  /** How long a visitor waits before giving up, in ms. */
  readonly patience: number
}

/** How the command is called where it is not installed for all. */
const command = 'npx headgate'

/** The table at the end, why visitors were refused, and what to do next. */
export function summary(result: Result, paint: Paint): string[] {
  return [
    ...table(result, paint).map(([name, a, b]) => ` ${pad(name, 26)}${toRight(a, 18)}${toRight(b, 18)}`),
    '',
    ...reasons(result.causes, paint),
    ' Before your own server:',
    `   ${command} run --to http://127.0.0.1:3000 --listen :8080 --max-connections 50`,
    ' A configuration to start from, and a look over it:',
    `   ${command} init && ${command} check`,
    '',
  ]
}

type Row = [name: string, without: string, gated: string]

function table({ without, with: gated, patience }: Result, paint: Paint): Row[] {
  const both = (name: string, cell: (tally: Tally) => string): Row => [name, cell(without), cell(gated)]
  const all = without.gone === without.came && gated.gone === gated.came
  return [
    ['', paint('bold', 'without a gate'), paint('bold', 'with Headgate')],
    both('visitors', (tally) => whole(tally.came)),
    both(`served within ${patience / 1000} s`, (tally) => paint('green', share(tally, 'served'))),
    both('too slow, gave up', (tally) => share(tally, 'tooSlow')),
    both('refused at once', (tally) => share(tally, 'refused')),
    both('failed', (tally) => share(tally, 'failed')),
    // Only after Ctrl-C: the demo ends by itself when everybody is gone.
    ...(all ? [] : [both('still there', (tally) => part(tally, tally.came - tally.gone))]),
    both('wait of 95 in 100 served', (tally) => {
      const wait = percentile95(tally.waits)
      return wait === null ? '–' : seconds(wait)
    }),
  ]
}

function share(tally: Tally, outcome: Outcome): string {
  return part(tally, tally.total[outcome])
}

function part(tally: Tally, n: number): string {
  const percent = tally.came === 0 ? 0 : Math.round((n * 100) / tally.came)
  return `${whole(n)} ${`${percent} %`.padStart(6)}`
}

function toRight(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - visible(text))) + text
}

function reasons(causes: Result['causes'], paint: Paint): string[] {
  const named = Object.entries(causes).filter(([, n]) => n > 0) as [Cause, number][]
  if (named.length === 0) return []
  const lines = named
    .toSorted((a, b) => b[1] - a[1])
    .flatMap(([cause, n]) => block(`${whole(n)} × ${cause}: “${rowOf(cause).sentence}”`, 74))
    .map((line) => `   ${paint('yellow', line)}`)
  return [' Headgate refused, and said why:', ...lines, '']
}
