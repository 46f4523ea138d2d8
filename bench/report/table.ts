/** Results as rows of text. */
import type { Point, Result, Row } from '../results.ts'

/** A table: a line of titles, then lines of cells. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly lines: readonly (readonly string[])[]
}

/** The table of a workload. */
export function tableOf(result: Result): Table {
  const { workload, says, columns, rows } = result
  const grown = rows.some(({ growth }) => growth !== null)
  const remarked = rows.some(({ remark }) => remark !== '')
  return {
    title: `${workload}: ${says}`,
    head: [
      '',
      ...columns.map(({ title }) => title),
      '× best peer',
      ...(grown ? ['× its first'] : []),
      ...(remarked ? [''] : []),
    ],
    lines: rows.map((row) => [
      row.who,
      ...columns.map(({ key, digits }) => number(row.numbers[key] ?? null, digits)),
      number(row.ratio, 2),
      ...(grown ? [number(row.growth, 2)] : []),
      ...(remarked ? [row.remark] : []),
    ]),
  }
}

/** The table of the overload part. */
export function overloadTable(points: readonly Point[]): Table {
  const paged = points.some(({ pages }) => pages !== undefined)
  return {
    title: 'overload: more than the origin can carry, at a constant rate',
    head: [
      'offered',
      '',
      'answered/s',
      'of what is possible',
      'p50 ms',
      'p99 ms',
      'refused/s',
      'p99 ms',
      'lost/s',
      'most at origin',
      'RSS MB before, most, after',
      'normal after s',
      ...(paged ? ['stale pages refused'] : []),
    ],
    lines: points.map((point) => [
      `${point.factor} ×`,
      point.who,
      number(point.goodput, 0),
      `${number(point.share * 100, 1)} %`,
      number(point.p50, 0),
      number(point.p99, 0),
      number(point.refused, 0),
      number(point.refusedP99, 1),
      number(point.lost, 0),
      number(point.most, 0),
      memory(point),
      point.recovery === null ? 'not seen' : number(point.recovery, 2),
      ...(paged ? [pagesText(point)] : []),
    ]),
  }
}

/** For a terminal. The first column is set left, numbers right. */
export function plain({ title, head, lines }: Table): string {
  const rows = [head, ...lines]
  const widths = head.map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)))
  const text = rows.map((row) => row.map((cell, k) => pad(cell, widths[k]!)).join('  '))
  return `${title}\n${text.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`
}

/** For a page. */
export function markdown({ head, lines }: Table): string {
  const rule = head.map((title, k) => (isText(lines, k) ? '---' : title === '' ? '---' : '---:'))
  return [head, rule, ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** What a workload measured of one, for charts; the remark where there is nothing. */
export function label(row: Row, result: Result): string {
  const column = result.columns.find(({ key }) => key === result.measure)
  const value = row.numbers[result.measure] ?? Number.NaN
  return Number.isNaN(value) ? row.remark : number(value, column?.digits ?? 0)
}

/** With commas between thousands; a dash for what there is not. */
export function number(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return '–'
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function pagesText({ pages }: Point): string {
  if (pages === undefined) return '–'
  const { asked, refused, lost, p99 } = pages
  const unanswered = lost > 0 ? `, ${number(lost, 0)} lost` : ''
  return `${number(refused, 0)} of ${number(asked, 0)}${unanswered}; p99 ${number(p99, 1)} ms`
}

function memory({ rssBefore, rssMost, rssAfter }: Point): string {
  if (!Number.isFinite(rssBefore)) return '–'
  return [rssBefore, rssMost, rssAfter].map((bytes) => number(bytes / 1e6, 0)).join(', ')
}

function pad(cell: string, width: number): string {
  return /^[-\d–]/.test(cell) ? cell.padStart(width) : cell.padEnd(width)
}

function isText(lines: readonly (readonly string[])[], k: number): boolean {
  return lines.some((line) => /^[^-\d–]/.test(line[k] ?? ''))
}
