/**
 * Splits TypeScript into code, strings and comments, well enough for the rules: what stands in a comment or in prose
 * is not what the program does. A regular expression is told from a division by what stands before it.
 */

export interface Scanned {
  /** The code with comments, strings and regular expressions blanked out; line ends are kept. */
  readonly code: string
  /** The contents of all strings and of the fixed parts of all templates. */
  readonly strings: readonly { readonly at: number; readonly text: string }[]
}

const beforeRegex = /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|void|delete|throw))\s*$/

/** Scans one source text. Offsets in the result are those of the source. */
export function scan(source: string): Scanned {
  const code = source.split('')
  const strings: { at: number; text: string }[] = []
  const templates: number[] = [] // depth of braces at which each open template goes on
  let depth = 0
  let i = 0

  const blank = (from: number, to: number): void => {
    for (let k = from; k < to; k++) if (code[k] !== '\n') code[k] = ' '
  }
  const quoted = (quote: string): void => {
    const from = i++
    while (i < source.length && source[i] !== quote) i += source[i] === '\\' ? 2 : 1
    strings.push({ at: from, text: source.slice(from + 1, i) })
    blank(from, ++i)
  }
  const template = (): void => {
    const from = i++
    while (i < source.length && source[i] !== '`' && !source.startsWith('${', i)) i += source[i] === '\\' ? 2 : 1
    strings.push({ at: from, text: source.slice(from + 1, i) })
    if (source[i] === '`') blank(from, ++i)
    else {
      blank(from, i + 2)
      i += 2
      templates.push(depth++)
    }
  }
  const regex = (): void => {
    const from = i++
    let inClass = false
    while (i < source.length && (inClass || source[i] !== '/')) {
      if (source[i] === '[') inClass = true
      else if (source[i] === ']') inClass = false
      i += source[i] === '\\' ? 2 : 1
    }
    blank(from, ++i)
  }
  const until = (end: string): void => {
    const found = source.indexOf(end, i + 2)
    const to = found < 0 ? source.length : found + (end === '\n' ? 0 : end.length)
    blank(i, to)
    i = to
  }

  while (i < source.length) {
    const c = source[i]
    if (c === "'" || c === '"') quoted(c)
    else if (c === '`') template()
    else if (c === '/' && source[i + 1] === '/') until('\n')
    else if (c === '/' && source[i + 1] === '*') until('*/')
    else if (c === '/' && beforeRegex.test(code.slice(Math.max(0, i - 40), i).join(''))) regex()
    else if (c === '{') {
      depth++
      i++
    } else if (c === '}') {
      depth--
      if (templates.at(-1) === depth) {
        templates.pop()
        template()
      } else i++
    } else i++
  }
  return { code: code.join(''), strings }
}

/** The line, counted from 1, that an offset lies in. */
export function lineAt(source: string, offset: number): number {
  let line = 1
  for (let i = source.indexOf('\n'); i >= 0 && i < offset; i = source.indexOf('\n', i + 1)) line++
  return line
}
