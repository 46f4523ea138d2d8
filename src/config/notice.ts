/** What is said about a configuration: one finding, with its place and what to do about it. */
import type { Path, Places } from './places.ts'
import { pathText } from './places.ts'
import type { Refusal } from './refusal.ts'
import type { Rule, Severity } from './rules.ts'
import { rules } from './rules.ts'

/** One finding. */
export interface Notice {
  readonly rule: Rule
  readonly severity: Severity
  /** The file as it was named; '' when it comes from the command line or a call. */
  readonly file: string
  /** Both counted from 1; 0 when not known. */
  readonly line: number
  readonly column: number
  /** Path of the setting, `pools.shop.queue.max`; '' for the whole file. */
  readonly path: string
  readonly says: string
  readonly expected?: string
  /** What to write or do instead. */
  readonly fix: string
}

/** A finding of `rule` at a setting. */
export function noticeAt(places: Places, path: Path, what: 'key' | 'value', rule: Rule, text: Words): Notice {
  const { severity } = rules[rule]
  return { rule, severity, ...places.of(path, what), path: pathText(path), ...text }
}

/** A finding of `rule` at a line of a file. */
export function noticeIn(file: string, line: number, column: number, rule: Rule, text: Words): Notice {
  return { rule, severity: rules[rule].severity, file, line, column, path: '', ...text }
}

/** The finding that a refused value makes. */
export function noticeOf(refusal: Refusal, places: Places, path: Path): Notice {
  const { says, expected, fix } = refusal
  return noticeAt(places, path, 'value', refusal.rule as Rule, { says, expected, fix })
}

/** The words of a finding. */
export interface Words {
  readonly says: string
  readonly expected?: string
  readonly fix: string
}

/** How many there are of each severity. */
export interface Counts {
  readonly errors: number
  readonly warnings: number
  readonly infos: number
}

export function countNotices(notices: readonly Notice[]): Counts {
  const of = (severity: Severity): number => notices.filter((notice) => notice.severity === severity).length
  return { errors: of('error'), warnings: of('warning'), infos: of('info') }
}

/** In the order in which they are read: by file, line, column; what has no line first. */
export function sortNotices(notices: readonly Notice[]): Notice[] {
  return [...notices].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  )
}

/** A fault in a block that several settings share is told once, with the first of them. */
export function withoutRepeats(notices: readonly Notice[]): Notice[] {
  const told = new Set<string>()
  return notices.filter(({ rule, file, line, column, says }) => {
    const key = JSON.stringify([rule, file, line, column, says])
    return line === 0 || (!told.has(key) && told.add(key))
  })
}

/** One line: `file:3:5: error unknown-key: says; fix`. */
export function noticeLine(notice: Notice): string {
  const place = notice.line > 0 ? `${notice.file}:${notice.line}:${notice.column}: ` : notice.file && `${notice.file}: `
  return `${place}${notice.severity} ${notice.rule}: ${notice.path && `${notice.path}: `}${notice.says}; ${notice.fix}`
}
