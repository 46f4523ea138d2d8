/**
 * Bans: conditions on what is stored, in a small language in the manner of Varnish.
 *
 *   req.url ~ "^/shop/" && obj.http.content-type == "text/html" && obj.age > 1h
 *
 * Pure: text in, a function out. A ban is tried on every stored object it may concern, on the threads that serve, so
 * what can take long is refused when it is read.
 */

/** What a ban may ask of a stored object. Names of fields come in lower case. */
export interface BanSubject {
  /** Path and query it was asked for by. */
  readonly url: string
  readonly host: string
  readonly status: number
  /** Value of a response field; null when it is not there. */
  readonly header: (name: string) => string | null
  /** Seconds since it was made. */
  readonly age: number
}

/** A ban that can be asked. */
export interface Ban {
  /** The expression in its one form, by which two of the same are known. */
  readonly text: string
  /** Whether the object is banned. Neither throws nor keeps anything. */
  readonly matches: (subject: BanSubject) => boolean
}

/** Why an expression is none. */
export class BanError extends Error {
  override readonly name = 'BanError'
  /** Where in the expression, counted from 1. */
  readonly column: number
  /** What to write instead. */
  readonly fix: string

  constructor(column: number, says: string, fix: string) {
    super(`column ${column}: ${says}`)
    this.column = column
    this.fix = fix
  }
}

/** Longest expression, longest regular expression, most conditions. */
const LONGEST = 2000
const LONGEST_PATTERN = 200
const MOST = 20

const operators = ['==', '!=', '!~', '~', '<', '>'] as const
type Operator = (typeof operators)[number]

type Subject =
  | { readonly kind: 'text'; readonly name: string; readonly of: (subject: BanSubject) => string | null }
  | { readonly kind: 'number' | 'age'; readonly name: string; readonly of: (subject: BanSubject) => number }

interface Token {
  readonly kind: 'word' | 'quoted' | 'operator' | 'and' | 'end'
  readonly text: string
  readonly column: number
}

const example = 'req.url ~ "^/shop/" && obj.age > 1h'
const subjects = 'req.url, req.http.host, obj.status, obj.age or obj.http.<field>'

/**
 * Reads an expression.
 * @throws BanError with the column and what to write.
 */
export function parseBan(expression: string): Ban {
  if (expression.length > LONGEST)
    throw new BanError(LONGEST, `it is longer than ${LONGEST} characters`, 'make several bans of it')
  const tokens = new Tokens(expression)
  const tests: ((subject: BanSubject) => boolean)[] = []
  const texts: string[] = []
  for (;;) {
    const condition = readCondition(tokens)
    tests.push(condition.matches)
    texts.push(condition.text)
    const next = tokens.next()
    if (next.kind === 'end') break
    if (next.kind !== 'and')
      throw new BanError(next.column, `${shown(next)} follows a condition`, 'write && between two conditions')
    if (tests.length === MOST)
      throw new BanError(next.column, `there are more than ${MOST} conditions`, 'make several bans of it')
  }
  return { text: texts.join(' && '), matches: (subject) => tests.every((test) => test(subject)) }
}

function readCondition(tokens: Tokens): Ban {
  const left = tokens.next()
  if (left.kind !== 'word')
    throw new BanError(
      left.column,
      `${shown(left)} stands where a subject is needed`,
      `write ${subjects}, as in: ${example}`,
    )
  const subject = subjectOf(left)
  const sign = tokens.next()
  if (sign.kind !== 'operator')
    throw new BanError(
      sign.column,
      `${shown(sign)} stands where an operator is needed`,
      `write one of ${operators.join(' ')}`,
    )
  const operator = sign.text as Operator
  const right = tokens.next()
  if (right.kind !== 'word' && right.kind !== 'quoted')
    throw new BanError(
      right.column,
      `${shown(right)} stands where a value is needed`,
      'write a word, or a text in double quotes',
    )
  const text = `${subject.name} ${operator} ${written(right)}`
  return { text, matches: subject.kind === 'text' ? textTest(subject, sign, right) : numberTest(subject, sign, right) }
}

function subjectOf({ text, column }: Token): Subject {
  const name = text.toLowerCase()
  const field = /^obj\.http\.([!#$%&'*+.^_`|~0-9a-z-]+)$/.exec(name)?.[1]
  if (field !== undefined) return { kind: 'text', name, of: ({ header }) => header(field) }
  switch (name) {
    case 'req.url':
      return { kind: 'text', name, of: ({ url }) => url }
    case 'req.http.host':
      return { kind: 'text', name, of: ({ host }) => host }
    case 'obj.status':
      return { kind: 'number', name, of: ({ status }) => status }
    case 'obj.age':
      return { kind: 'age', name, of: ({ age }) => age }
  }
  const fix = name.startsWith('req.http.')
    ? 'of the request only the host is stored: req.http.host'
    : `write ${subjects}`
  throw new BanError(column, `there is no ${text} to ask for`, fix)
}

function textTest(subject: Subject & { readonly kind: 'text' }, sign: Token, value: Token): Ban['matches'] {
  const { of } = subject
  // Hosts are compared as DNS does (RFC 9110 §4.2.3).
  const wanted = subject.name === 'req.http.host' ? value.text.toLowerCase() : value.text
  switch (sign.text as Operator) {
    case '==':
      return (object) => of(object) === wanted
    case '!=':
      return (object) => of(object) !== wanted
    case '~':
    case '!~': {
      const pattern = patternOf(value)
      const yes = sign.text === '~'
      return (object) => pattern.test(of(object) ?? '') === yes
    }
    default:
      throw new BanError(
        sign.column,
        `${subject.name} is a text, which is not more or less than another`,
        'write == != ~ or !~',
      )
  }
}

function numberTest(subject: Subject & { readonly kind: 'number' | 'age' }, sign: Token, value: Token): Ban['matches'] {
  const { of, kind, name } = subject
  if (sign.text === '~' || sign.text === '!~')
    throw new BanError(sign.column, `${name} is a number, which matches no expression`, 'write == != < or >')
  const wanted = kind === 'age' ? secondsOf(value) : wholeOf(value, name)
  switch (sign.text as Operator) {
    case '==':
      return (object) => of(object) === wanted
    case '!=':
      return (object) => of(object) !== wanted
    case '<':
      return (object) => of(object) < wanted
    default:
      return (object) => of(object) > wanted
  }
}

function wholeOf({ text, column }: Token, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new BanError(column, `'${text}' is not a number`, `write a whole number: ${name} == 200`)
}

const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const

function secondsOf({ text, column }: Token): number {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  if (found !== null) return Number(found[1]) * seconds[found[2] as keyof typeof seconds]
  throw new BanError(column, `'${text}' is not a time with a unit`, 'write a time such as 90s, 10m, 1h or 7d')
}

/**
 * Compiles a regular expression that takes a bounded time. The engine of the language goes back and tries again, so
 * forms in which it may do so without bound are refused by their looks (see dangerOf). That refuses some harmless ones;
 * a ban can be written without.
 */
function patternOf({ text, column }: Token): RegExp {
  if (text.length > LONGEST_PATTERN)
    throw new BanError(
      column,
      `the regular expression is longer than ${LONGEST_PATTERN} characters`,
      'make it shorter, or make several bans of it',
    )
  try {
    const pattern = new RegExp(text)
    const danger = dangerOf(text)
    if (danger === null) return pattern
    throw new BanError(
      column,
      `the regular expression may take for ever: ${danger}`,
      'write it without; a beginning such as "^/shop/" is mostly enough',
    )
  } catch (error) {
    if (error instanceof BanError) throw error
    const says = (error as Error).message.replace(/^Invalid regular expression: /, '')
    throw new BanError(
      column,
      `the regular expression is none: ${says}`,
      'put a backslash before signs that are meant as themselves',
    )
  }
}

/** Repetitions that may follow each other, the search for a beginning included: each multiplies the time by the length of the subject. */
const REPEATS = 2
/** Alternatives and optional parts: each may double the time. */
const CHOICES = 10

/** What in a valid regular expression may take too long; null when nothing does. */
function dangerOf(pattern: string): string | null {
  if (/\\[1-9]|\\k/.test(pattern.replaceAll('\\\\', 'a'))) return 'it refers back to a group'
  if (/\(\?<?[=!]/.test(pattern)) return 'it looks around'
  // Escapes and classes are one sign each, repetitions by number one of three; what is left are groups and repetitions.
  const bare = pattern
    .replace(/\\./g, 'a')
    .replace(/\[[^\]]*\]/g, 'a')
    .replace(/\(\?(:|<[^>]*>)/g, '(')
    .replace(/\{\d+\}/g, '')
    .replace(/\{\d+,\d*\}/g, '*')
  // For each open group: whether something in it repeats or branches.
  const groups = [false]
  let repeats = bare.startsWith('^') ? 0 : 1
  let choices = 0
  for (let at = 0; at < bare.length; at++) {
    const inner = bare[at] === ')' ? (groups.pop() ?? false) : false
    const again = bare[at + 1] === '*' || bare[at + 1] === '+'
    const branches = bare[at] === '|' || bare[at + 1] === '?'
    if (again && inner) return 'what is repeated repeats or branches within'
    if (again && ++repeats > REPEATS) return `more than ${REPEATS} parts repeat, where a beginning without ^ is one`
    if (branches && ++choices > CHOICES) return `it has more than ${CHOICES} choices`
    if (bare[at] === '(') groups.push(false)
    // A group counts for the one around it.
    else if (inner || again || branches) groups[groups.length - 1] = true
  }
  return null
}

function shown({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : `'${text}'`
}

function written({ kind, text }: Token): string {
  return kind === 'word' ? text : `"${text.replaceAll('"', '\\"')}"`
}

class Tokens {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): Token {
    const text = this.#text
    while (text[this.#at] === ' ' || text[this.#at] === '\t' || text[this.#at] === '\n') this.#at++
    const column = this.#at + 1
    if (this.#at >= text.length) return { kind: 'end', text: '', column }
    const rest = text.slice(this.#at)
    if (rest.startsWith('"')) return this.#quoted(column)
    const and = rest.startsWith('&&') ? '&&' : null
    const sign = and ?? operators.find((operator) => rest.startsWith(operator))
    if (sign !== undefined) {
      this.#at += sign.length
      return { kind: and === null ? 'operator' : 'and', text: sign, column }
    }
    if (rest.startsWith('||'))
      throw new BanError(column, '|| is not known here', 'make two bans of it: one for each side')
    const word = /^[^\s"=!~<>&|]+/.exec(rest)?.[0]
    if (word === undefined) {
      const fix = rest.startsWith('&')
        ? 'write && between two conditions'
        : rest.startsWith('=')
          ? 'write == to compare'
          : 'put texts with signs in double quotes'
      throw new BanError(column, `'${rest[0]}' is not known here`, fix)
    }
    this.#at += word.length
    return { kind: 'word', text: word, column }
  }

  /** Only `\"` is taken together, so that regular expressions are written as they are. */
  #quoted(column: number): Token {
    const found = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(this.#text.slice(this.#at))
    if (found === null) throw new BanError(column, 'the text has no end', 'close it with a double quote')
    this.#at += found[0].length
    return { kind: 'quoted', text: found[1]!.replaceAll('\\"', '"'), column }
  }
}
