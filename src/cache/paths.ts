/**
 * Paths that must not be missed, however a request writes them, such as those that pass the cache by. Servers differ in
 * what they undo before they look at a path: percent-encoding, dot segments, empty segments, parameters (RFC 3986 §3.3,
 * §6.2.2). So a target may mean several. What is forwarded and what is stored by stays as it was written.
 */

/** What may make a path mean another one. */
const ODD = /[%;]|\/\/|\/\./

export class Paths {
  readonly #written: readonly string[]
  readonly #meant: readonly string[]

  /** `written`: paths as a configuration has them, beginning with a slash; each stands for itself and all below. */
  constructor(written: readonly string[]) {
    this.#written = written
    // The letters of a head are bytes.
    this.#meant = written.flatMap((path) => meanings(Buffer.from(path).toString('latin1')))
  }

  /** Whether a target, with its query, may mean one of these paths or one below it. */
  has(target: string): boolean {
    if (this.#written.length === 0) return false
    const question = target.indexOf('?')
    const path = question < 0 ? target : target.slice(0, question)
    if (this.#written.some((one) => isBelow(path, one))) return true
    const mine = ODD.test(path) ? meanings(path) : [path]
    return mine.some((one) => this.#meant.some((other) => isBelow(one, other)))
  }
}

/** Whether a path is this one or one below it. */
function isBelow(path: string, above: string): boolean {
  if (!path.startsWith(above)) return false
  return above.endsWith('/') || path.length === above.length || path.charAt(above.length) === '/'
}

/** The paths that one server or another takes it for, without escapes, empty segments and parameters. */
function meanings(path: string): readonly string[] {
  const found = new Set<string>()
  // To some an encoded slash is a sign within a segment, to others it ends it.
  for (const ends of [true, false]) {
    const segments = segmentsOf(path, ends)
    found.add(segments.join('/'))
    found.add(withoutDots(segments).join('/'))
  }
  return [...found]
}

/** Decoded segments; the first one is empty, and so is the last one of a path that ends with a slash. */
function segmentsOf(path: string, slashes: boolean): readonly string[] {
  const plain = path
    .replace(/;[^/]*/g, '')
    .replace(/%([0-9a-f]{2})/gi, (coded, hex: string) =>
      !slashes && /2f|5c/i.test(hex) ? coded.toLowerCase() : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return plain.split(/[/\\]/).filter((segment, i, { length }) => segment !== '' || i === 0 || i === length - 1)
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
