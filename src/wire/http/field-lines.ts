/** Field lines as text: `Name: value` and CRLF, one after the other. That is how the heads of stored responses are kept. */

/** Calls back with the lower-case name of each line and its offsets; `to` is behind the CRLF. */
export function eachLine(lines: string, visit: (lowerName: string, from: number, to: number) => void): void {
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf('\r\n', from)
    const to = end < 0 ? lines.length : end + 2
    const colon = lines.indexOf(':', from)
    if (colon >= 0 && colon < to) visit(lines.slice(from, colon).toLowerCase(), from, to)
    from = to
  }
}

/** The lines but those of these names (lower case). */
export function withoutLines(lines: string, names: ReadonlySet<string>): string {
  let kept = ''
  let run = 0
  eachLine(lines, (name, from, to) => {
    if (!names.has(name)) return
    kept += lines.slice(run, from)
    run = to
  })
  return run === 0 ? lines : kept + lines.slice(run)
}

/** The lines of these names (lower case). */
export function linesOf(lines: string, names: ReadonlySet<string>): string {
  let found = ''
  eachLine(lines, (name, from, to) => {
    if (names.has(name)) found += lines.slice(from, to)
  })
  return found
}

/** Value of the first line of this name (lower case), '' where there is none. */
export function valueIn(lines: string, lowerName: string): string {
  let value: string | null = null
  eachLine(lines, (name, from, to) => {
    if (name === lowerName) value ??= lines.slice(from + name.length + 1, to).trim()
  })
  return value ?? ''
}

/** Values of all lines of this name (lower case) as one list (RFC 9110 §5.3), '' where there is none. */
export function listIn(lines: string, lowerName: string): string {
  const values: string[] = []
  eachLine(lines, (name, from, to) => {
    if (name === lowerName) values.push(lines.slice(from + name.length + 1, to).trim())
  })
  return values.join(', ')
}

/** Lower-case names of all lines. */
export function namesIn(lines: string): Set<string> {
  const names = new Set<string>()
  eachLine(lines, (name) => names.add(name))
  return names
}
