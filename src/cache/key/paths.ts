/**
 * What else a path may mean, so that some are not missed however a request writes them, such as those that pass the
 * cache by. Servers differ in what they undo before they look at a path: percent-encoding, dot segments, empty segments,
 * parameters (RFC 3986 §3.3, §6.2.2). So a target may mean several. What is forwarded and what is stored by stays as it
 * was written. Upper and lower case are two paths (§6.2.2.1).
 */
import { BACKSLASH, QUESTION, SEMICOLON } from '../../base/bytes.ts'

const PERCENT = 0x25
const DOT = 0x2e
const SLASH = 0x2f
/** What a percent-encoded byte of ASCII begins with is below it: its first digit is 0 to 7. */
const EIGHT = 0x38

export class Paths {
  readonly #written: readonly string[]
  readonly #meant: readonly string[]
  readonly #foreign: boolean

  /** `written`: paths as a configuration has them, beginning with a slash; each stands for itself and all below. */
  constructor(written: readonly string[]) {
    this.#written = written
    this.#meant = written.flatMap(meaningsOfWritten)
    this.#foreign = written.some(isForeign)
  }

  /** Whether a target, with its query, may mean one of these paths or one below it. */
  has(target: string): boolean {
    if (this.#written.length === 0) return false
    const path = pathOf(target)
    if (this.#written.some((one) => isBelow(path, one))) return true
    const mine = isOdd(path, 0, this.#foreign) ? meanings(path) : [path]
    return mine.some((one) => this.#meant.some((other) => isBelow(one, other)))
  }
}

/** A target without its query. */
export function pathOf(target: string): string {
  const question = target.indexOf('?')
  return question < 0 ? target : target.slice(0, question)
}

/** Whether a path is this one or one below it. */
function isBelow(path: string, above: string): boolean {
  if (!path.startsWith(above)) return false
  return above.endsWith('/') || path.length === above.length || path.charAt(above.length) === '/'
}

/** Whether a path as a configuration has it has letters beyond ASCII. Where none has, those of a request make no difference. */
export function isForeign(path: string): boolean {
  return /[^ -~]|%[89a-f]/i.test(path)
}

/**
 * Whether something in a target, from here to its query, may make its path mean another one. `foreign`: letters beyond
 * ASCII count. A loop, as nearly all requests are asked this.
 */
export function isOdd(target: string, from = 0, foreign = true): boolean {
  for (let at = from; at < target.length; at++) {
    const code = target.charCodeAt(at)
    if (code === QUESTION) return false
    if (code === SEMICOLON || code === BACKSLASH) return true
    if (code === PERCENT && (foreign || target.charCodeAt(at + 1) < EIGHT)) return true
    if (code !== SLASH) continue
    const next = target.charCodeAt(at + 1)
    if (next === SLASH || next === DOT) return true
  }
  return false
}

/**
 * The paths that one server or another takes it for, without escapes, empty segments and parameters. What is odd still
 * is undone once more, as behind one server that decodes there may be another.
 */
export function meanings(path: string): readonly string[] {
  const found = new Set<string>()
  for (const once of undone(path)) {
    found.add(once)
    if (isOdd(once)) for (const twice of undone(once)) found.add(twice)
  }
  return [...found]
}

/** The same for a path as a configuration has it: the letters of a head are bytes. */
export function meaningsOfWritten(path: string): readonly string[] {
  return meanings(Buffer.from(path).toString('latin1'))
}

function undone(path: string): readonly string[] {
  const found: string[] = []
  for (const decoded of decodings(path.replace(/;[^/\\]*/g, ''))) {
    const segments = decoded.split(/[/\\]/)
    const full = withoutEmpty(segments)
    found.push(full.join('/'))
    if (!segments.includes('.') && !segments.includes('..')) continue
    found.push(withoutDots(full).join('/'))
    // To RFC 3986 an empty segment is one as any other, that a '..' takes back.
    found.push(withoutEmpty(withoutDots(segments)).join('/'))
  }
  return found
}

function decodings(path: string): readonly string[] {
  const whole = path.replace(/%([0-9a-f]{2})/gi, letter)
  const found = [whole]
  // To some an encoded slash ends a segment, to others it is a sign within it.
  if (/%2f|%5c/i.test(path)) {
    found.push(
      path.replace(/%([0-9a-f]{2})/gi, (coded, hex) => (/2f|5c/i.test(hex) ? coded.toLowerCase() : letter(coded, hex))),
    )
  }
  // To some, what ends a path or a line does so in percent-encoding too.
  const end = whole.search(/[?#]|[^ -\xff]/)
  if (end >= 0) found.push(whole.slice(0, end))
  return found
}

function letter(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16))
}

/** The first segment of a path is empty, and so is the last one if it ends with a slash. */
function withoutEmpty(segments: readonly string[]): readonly string[] {
  return segments.filter((segment, i, { length }) => segment !== '' || i === 0 || i === length - 1)
}

/** RFC 3986 §5.2.4. */
function withoutDots(segments: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    if (segment === '.' || segment === '..') {
      if (segment === '..' && kept.length > 1) kept.pop()
      // What ends so is a folder.
      if (i === segments.length - 1) kept.push('')
    } else kept.push(segment)
  }
  return kept
}
