/**
 * Bans: conditions on what is stored, in a small language in the manner of Varnish.
 *
 *   req.url ~ "^/shop/" && obj.http.content-type == "text/html" && obj.age > 1h
 *
 * Pure: text in, a function out. A ban is tried on every stored object it may concern, on the threads that serve, so
 * its regular expressions are matched as RE2 does it, in a time that grows with the text and with nothing else; what
 * cannot be matched so (references back, looking around) is refused when it is read.
 */
import { RE2JS, RE2JSException } from 're2js'

/** What a ban may ask of a stored object. Names of fields come in lower case. */
export interface BanSubject {
  /** Path and query it was asked for by; null where objects are stored without regard to the path: it may be any. */
  readonly url: string | null
  /** null where objects are stored without regard to the host: it may be any. */
  readonly host: string | null
  readonly status: number
  /** Value of a response field, one list of all where it stands on several lines; null when it is not there. */
  header(name: string): string | null
  /** Seconds since it was made. */
  readonly age: number
}

type Test = (subject: BanSubject, ago: number) => boolean

/** A ban that can be asked. */
export interface Ban {
  /** The expression in its one form, by which two of the same are known. */
  readonly text: string
  /** Whether it asks for ages, so that the same text means something else at another time. */
  readonly timed: boolean
  /** Whether an object is banned by what was ordered `ago` seconds before: ages are those of that moment. Never throws. */
  readonly matches: Test
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
/** Steps of a compiled regular expression; characters of a text that it looks at. */
const LARGEST_PATTERN = 1000
const LONGEST_TEXT = 8192
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
  const tests: Test[] = []
  const texts: string[] = []
  let timed = false
  for (;;) {
    const condition = readCondition(tokens)
    tests.push(condition.matches)
    texts.push(condition.text)
    timed ||= condition.timed
    const next = tokens.next()
    if (next.kind === 'end') break
    if (next.kind !== 'and')
      throw new BanError(next.column, `${shown(next)} follows a condition`, 'write && between two conditions')
    if (tests.length === MOST)
      throw new BanError(next.column, `there are more than ${MOST} conditions`, 'make several bans of it')
  }
  return { text: texts.join(' && '), timed, matches: (subject, ago) => tests.every((test) => test(subject, ago)) }
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
  const matches = subject.kind === 'text' ? textTest(subject, sign, right) : numberTest(subject, sign, right)
  return { text, timed: subject.kind === 'age', matches }
}

function subjectOf({ text, column }: Token): Subject {
  const name = text.toLowerCase()
  const field = /^obj\.http\.([!#$%&'*+.^_`|~0-9a-z-]+)$/.exec(name)?.[1]
  if (field !== undefined) return { kind: 'text', name, of: (subject) => subject.header(field) }
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

function textTest(subject: Subject & { readonly kind: 'text' }, sign: Token, value: Token): Test {
  const { of } = subject
  const test = comparison(subject, sign, value)
  if (!subject.name.startsWith('req.')) return (object) => test(of(object))
  // What an object was asked for by is not known where the key leaves it out: then it may be just this one.
  return (object) => {
    const found = of(object)
    return found === null || test(found)
  }
}

function comparison(
  subject: Subject & { readonly kind: 'text' },
  sign: Token,
  value: Token,
): (found: string | null) => boolean {
  // Hosts are compared as DNS does (RFC 9110 §4.2.3).
  const wanted = subject.name === 'req.http.host' ? value.text.toLowerCase() : value.text
  switch (sign.text as Operator) {
    case '==':
      return (found) => found === wanted
    case '!=':
      return (found) => found !== wanted
    case '~':
    case '!~': {
      const pattern = patternOf(value)
      const yes = sign.text === '~'
      return (found) => pattern.test(found ?? '') === yes
    }
    default:
      throw new BanError(
        sign.column,
        `${subject.name} is a text, which is not more or less than another`,
        'write == != ~ or !~',
      )
  }
}

function numberTest(subject: Subject & { readonly kind: 'number' | 'age' }, sign: Token, value: Token): Test {
  const { kind, name } = subject
  if (sign.text === '~' || sign.text === '!~')
    throw new BanError(sign.column, `${name} is a number, which matches no expression`, 'write == != < or >')
  const wanted = kind === 'age' ? secondsOf(value) : wholeOf(value, name)
  const of: (object: BanSubject, ago: number) => number =
    kind === 'age' ? (object, ago) => subject.of(object) - ago : (object) => subject.of(object)
  switch (sign.text as Operator) {
    case '==':
      return (object, ago) => of(object, ago) === wanted
    case '!=':
      return (object, ago) => of(object, ago) !== wanted
    case '<':
      return (object, ago) => of(object, ago) < wanted
    default:
      return (object, ago) => of(object, ago) > wanted
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

/** Compiles a regular expression in the syntax of RE2. */
function patternOf({ text, column }: Token): { test(text: string): boolean } {
  if (text.length > LONGEST_PATTERN)
    throw new BanError(
      column,
      `the regular expression is longer than ${LONGEST_PATTERN} characters`,
      'make it shorter, or make several bans of it',
    )
  let pattern: RE2JS
  try {
    pattern = RE2JS.compile(text)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const says = error.message.replace(/^error parsing regexp: /, '')
    throw new BanError(
      column,
      `the regular expression cannot be used: ${says}`,
      'write it as for RE2: a backslash before signs that are meant as themselves, no references back, no looking around',
    )
  }
  if (pattern.programSize() > LARGEST_PATTERN)
    throw new BanError(
      column,
      'the regular expression repeats too much: each character would take long',
      'repeat shorter parts, or fewer times',
    )
  return { test: (of) => pattern.test(of.length > LONGEST_TEXT ? of.slice(0, LONGEST_TEXT) : of) }
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
