/** The results in docs/benchmarks.md: the page is written by hand, the part between two marks is not. */
import { machineText } from '../machine.ts'
import type { Report } from '../results.ts'
import { markdown, overloadTable, tableOf } from './table.ts'

const BEGIN = '<!-- results: written by `npm run bench -- --write`; changes here are lost -->'
const END = '<!-- end of results -->'

/** The page with these results. Throws Error when the page has no place for them. */
export function pageWith(page: string, report: Report, charts: { bars: string; lines: string }): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the page has no lines ${BEGIN} and ${END}`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${resultsText(report, charts)}\n\n${page.slice(end)}`
}

function resultsText(report: Report, charts: { bars: string; lines: string }): string {
  const { at, machine, how, results, overload } = report
  const parts = [
    `Taken on ${at.slice(0, 10)}: ${machineText(machine)}. ${howText(how)}`,
    ...(results.length > 0 ? [`![Cost of each proxy relative to the best peer](${charts.bars})`] : []),
    ...results.map((result) => {
      const table = tableOf(result)
      return `### ${table.title}\n\n${markdown(table)}`
    }),
  ]
  if (overload.length > 0)
    parts.push(
      '### Overload',
      `![Goodput and latency under overload](${charts.lines})`,
      markdown(overloadTable(overload)),
    )
  return parts.join('\n\n')
}

function howText({ rounds, seconds, pinned, others }: Report['how']): string {
  const where = pinned ? 'Each proxy had one core to itself, origin and load the others' : 'Nobody had a core to itself'
  return `${rounds} round${rounds === 1 ? '' : 's'} of ${seconds} s. ${where}. Others used ${Math.round(others * 100)} % of the machine.`
}
