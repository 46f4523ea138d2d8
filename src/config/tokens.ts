/** Splits JavaScript or TypeScript into tokens, tolerantly: enough to find the literals of a configuration in it. */

export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'sign' | 'other'
  /** As written; of a string, what stands between its quotes. */
  readonly text: string
  readonly at: number
}

/** After these a slash begins a regular expression, not a division. */
const beforeExpression = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'delete',
  'await',
  'yield',
])

/** The tokens of a text, without space and comments. What cannot be understood becomes a sign of its own. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const skipped = skip(text, at)
    if (skipped > at) {
      at = skipped
      continue
    }
    const token = tokenAt(text, at, tokens.at(-1))
    tokens.push(token.token)
    at = token.end
  }
  return tokens
}

const space = /(?:\s|\uFEFF|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y

function skip(text: string, at: number): number {
  space.lastIndex = at
  space.exec(text)
  return space.lastIndex
}

const word = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const number = /\d[\w.]*|\.\d[\w]*/y
const string = /'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?/y
const regex = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y
const sign = /\.\.\.|=>|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.|[\s\S]/y

function tokenAt(text: string, at: number, before: Token | undefined): { token: Token; end: number } {
  const c = text[at]!
  if (c === '`') {
    const end = templateEnd(text, at + 1)
    return { token: { kind: 'other', text: text.slice(at, end), at }, end }
  }
  const found = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? null
  }
  const asString = c === "'" || c === '"' ? found(string) : null
  if (asString !== null) {
    return {
      token: { kind: 'string', text: asString.slice(1, -1).replace(/\\(.)/g, '$1'), at },
      end: at + asString.length,
    }
  }
  const asWord = found(word)
  if (asWord !== null) return { token: { kind: 'word', text: asWord, at }, end: at + asWord.length }
  const asNumber = found(number)
  if (asNumber !== null) return { token: { kind: 'number', text: asNumber, at }, end: at + asNumber.length }
  const asRegex = c === '/' && mayBeRegex(before) ? found(regex) : null
  if (asRegex !== null) return { token: { kind: 'other', text: asRegex, at }, end: at + asRegex.length }
  const asSign = found(sign)!
  return { token: { kind: 'sign', text: asSign, at }, end: at + asSign.length }
}

function mayBeRegex(before: Token | undefined): boolean {
  if (before === undefined) return true
  if (before.kind === 'word') return beforeExpression.has(before.text)
  return before.kind === 'sign' && !')]}'.includes(before.text)
}

/** The end of a template literal, from just after its opening sign; those within its holes included. */
function templateEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    if (text[at] === '\\') at += 2
    else if (text[at] === '`') return at + 1
    else if (text.startsWith('${', at)) at = holeEnd(text, at + 2)
    else at++
  }
  return at
}

function holeEnd(text: string, from: number): number {
  let depth = 1
  let at = from
  let before: Token | undefined
  while (at < text.length) {
    const skipped = skip(text, at)
    if (skipped > at) {
      at = skipped
      continue
    }
    const { token, end } = tokenAt(text, at, before)
    at = end
    before = token
    if (token.kind !== 'sign') continue
    if (token.text === '{') depth++
    else if (token.text === '}' && --depth === 0) return at
  }
  return at
}
