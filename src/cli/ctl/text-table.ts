/** Rows as columns where there is room, and one below the other where there is not. */
import { stripVTControlCharacters } from 'node:util'
import type { Paint } from '../style.ts'

/** One row; the first column names it. */
export type Row = readonly string[]

/**
 * @param width characters of a line; unbounded if the output is no terminal.
 * @returns lines without endings.
 */
export function table(head: Row, rows: readonly Row[], width: number, paint: Paint): string[] {
  if (rows.length === 0) return []
  const widths = head.map((title, at) => Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map(widthOf)))
  const whole = widths.reduce((sum, one) => sum + one + 2, -2)
  if (whole <= width) return [head.map((title) => paint('dim', title)), ...rows].map((row) => line(row, widths))
  const label = Math.max(...head.slice(1).map(widthOf))
  return rows.flatMap(([name = '', ...cells]) => [
    paint('bold', name),
    ...cells.flatMap((cell, at) =>
      cell === '' ? [] : [`  ${paint('dim', (head[at + 1] ?? '').padEnd(label))}  ${cell}`],
    ),
  ])
}

function line(row: Row, widths: readonly number[]): string {
  return row
    .map((cell, at) => `${cell}${' '.repeat(widths[at]! - widthOf(cell))}`)
    .join('  ')
    .trimEnd()
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
