/** `headgate check`: looks a configuration over without starting anything. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Loaded, LoadOptions } from '../config/load.ts'
import { loadConfig } from '../config/load.ts'
import type { Counts, Notice } from '../config/notice.ts'
import { countNotices } from '../config/notice.ts'
import { count } from '../config/refusal.ts'
import type { Severity } from '../config/rules.ts'
import type { Paint } from './style.ts'
import { paintFor } from './style.ts'

/** Exit statuses; see main.ts. Infos are worth knowing and nothing to fail for. */
const CLEAN = 0
const FINDINGS = 1
const ERRORS = 2

export interface CheckOptions extends LoadOptions {
  /** Print one JSON object instead of text. */
  readonly json: boolean
}

/** Checks a file (undefined: the first that is found) and prints what is found. Resolves to the exit status. */
export async function check(file: string | undefined, options: CheckOptions, out: NodeJS.WriteStream): Promise<number> {
  const loaded = await loadConfig(file, options)
  const counts = countNotices(loaded.notices)
  if (options.json) {
    const report = { schema: 'headgate.check/1', file: loaded.file || null, notices: loaded.notices, counts }
    out.write(`${JSON.stringify(report, null, 2)}\n`)
  } else {
    const look: Look = { width: out.columns ?? Number.POSITIVE_INFINITY, paint: paintFor(out) }
    out.write(reportText(loaded, counts, options.cwd ?? process.cwd(), look))
  }
  if (counts.errors > 0) return ERRORS
  return counts.warnings > 0 ? FINDINGS : CLEAN
}

const severities: readonly Severity[] = ['error', 'warning', 'info']
const colours = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** How it is shown: `width` are the characters of a row, unbounded if the output is no terminal. */
interface Look {
  readonly width: number
  readonly paint: Paint
}

/** The worst first, each group in the order of the file; then how many there are. */
function reportText(loaded: Loaded, counts: Counts, cwd: string, look: Look): string {
  const sources = new Map<string, readonly string[]>([[loaded.file, loaded.source.split('\n')]])
  const linesOf = (file: string): readonly string[] => {
    const lines = sources.get(file) ?? readLines(resolve(cwd, file))
    sources.set(file, lines)
    return lines
  }
  const blocks = severities.flatMap((severity) =>
    loaded.notices.filter((notice) => notice.severity === severity).map((notice) => noticeText(notice, linesOf, look)),
  )
  return [...blocks, `${summary(loaded, counts, look.paint)}\n`].join('\n')
}

function noticeText(notice: Notice, linesOf: (file: string) => readonly string[], { width, paint }: Look): string {
  const { severity, rule, file, line, column, path, says, expected, fix } = notice
  const place = line > 0 ? `${file}:${line}:${column}` : file
  const head = [place, paint(colours[severity], severity), paint('bold', rule), path].filter((part) => part !== '')
  const rows = [head.join(' '), ...wrapped(says, width, 2)]
  const text = line > 0 ? linesOf(file)[line - 1] : undefined
  if (text !== undefined) rows.push(...frame(text, line, column, width, (mark) => paint(colours[severity], mark)))
  for (const [label, words] of [
    ['expected:', expected ?? ''],
    ['fix:', fix],
  ] as const) {
    const [first = '', ...rest] = wrapped(`${label} ${words}`, width, 2)
    if (words !== '') rows.push(first.replace(label, paint('dim', label)), ...rest)
  }
  return `${rows.join('\n')}\n`
}

/** A text in rows of at most `width`, broken at spaces, each `indent` to the right. */
function wrapped(text: string, width: number, indent: number): string[] {
  const rows: string[] = []
  let row = ''
  for (const word of text.split(' ')) {
    if (row !== '' && indent + row.length + 1 + word.length > width) {
      rows.push(row)
      row = word
    } else row = row === '' ? word : `${row} ${word}`
  }
  return [...rows, row].map((one) => ' '.repeat(indent) + one)
}

/** More of a line than a terminal shows in one row does not help; less than this shows nothing. */
const WIDEST = 100
const NARROWEST = 30

/** The line, and below it a mark under the word at the column. */
function frame(line: string, number: number, column: number, width: number, mark: (text: string) => string): string[] {
  // The margin with the number, and a sign at each end for what is left out.
  const widest = Math.max(NARROWEST, Math.min(WIDEST, width - String(number).length - 7))
  // Tabs become single spaces, so that the mark stands where the word is.
  const text = line.replaceAll('\t', ' ').trimEnd()
  const from = column > widest - 20 ? Math.max(0, column - 20) : 0
  const shown = `${from > 0 ? '…' : ''}${text.slice(from, from + widest)}${text.length > from + widest ? '…' : ''}`
  const word = /^(?:'[^']*'?|"[^"]*"?|[\w$.@/-]+|.)/.exec(text.slice(column - 1))?.[0] ?? ' '
  const margin = ' '.repeat(String(number).length)
  const indent = ' '.repeat(column - 1 - from + (from > 0 ? 1 : 0))
  const marks = Math.max(1, Math.min(word.length, from + widest - column + 1))
  return [`  ${number} | ${shown}`, `  ${margin} | ${indent}${mark('^'.repeat(marks))}`]
}

function summary({ config, file }: Loaded, { errors, warnings, infos }: Counts, paint: Paint): string {
  const found: string[] = []
  if (errors > 0) found.push(paint('red', count(errors, 'error')))
  if (warnings > 0) found.push(paint('yellow', count(warnings, 'warning')))
  if (infos > 0) found.push(paint('cyan', count(infos, 'info')))
  const what = found.length === 0 ? paint('green', 'nothing found') : found.join(', ')
  if (config === null) return file === '' ? what : `${file}: ${what}`
  const servers = config.pools.reduce((sum, pool) => sum + pool.servers.length, 0)
  const parts = [
    count(config.listeners.length, 'listener'),
    count(config.routes.length, 'route'),
    count(config.pools.length, 'pool'),
    count(servers, 'server'),
  ]
  return `${file}: ${what} (${parts.join(', ')})`
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
