/**
 * Dictionaries of structured fields (RFC 9651 §4.2.2), strictly: one error anywhere, and the whole field counts as not
 * there. Parameters are checked and then forgotten, since nothing that is read here has any. What is written as a
 * structured field is at the end: tokens, strings and keys.
 */
import { isDigit, TOKEN } from '../../base/bytes.ts'

/** Kinds of values a member can have. Of a `list` (inner list) only its kind is kept. */
export type Kind = 'integer' | 'decimal' | 'string' | 'token' | 'bytes' | 'boolean' | 'date' | 'display' | 'list'

/** The value of a member: a number for integer, decimal and date (seconds), a boolean, else text. */
export interface Member {
  readonly kind: Kind
  readonly value: number | string | boolean
}

/** The members of a dictionary by key, in their order; null if the text is not a dictionary. Of a key that comes again the last one counts. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | null {
  const members = new Map<string, Member>()
  const at = new Reading(text)
  at.skipSpaces()
  while (!at.over) {
    const key = at.key()
    if (key === null) return null
    const member = at.take('=') ? at.itemOrList() : at.parameters({ kind: 'boolean', value: true })
    if (member === null) return null
    members.delete(key)
    members.set(key, member)
    at.skipBlank()
    if (at.over) return members
    if (!at.take(',')) return null
    at.skipBlank()
    if (at.over) return null // §4.2.2: no comma at the end
  }
  return members
}

/** Where a parser stands. Every method that reads a thing returns null where there is none. */
class Reading {
  readonly #text: string
  #i = 0
  #to: number

  constructor(text: string) {
    this.#text = text
    this.#to = text.length
    while (this.#to > 0 && text.charAt(this.#to - 1) === ' ') this.#to--
  }

  get over(): boolean {
    return this.#i >= this.#to
  }

  take(char: string): boolean {
    if (this.over || this.#text.charAt(this.#i) !== char) return false
    this.#i++
    return true
  }

  skipSpaces(): void {
    while (!this.over && this.#text.charAt(this.#i) === ' ') this.#i++
  }

  skipBlank(): void {
    while (!this.over && (this.#text.charAt(this.#i) === ' ' || this.#text.charAt(this.#i) === '\t')) this.#i++
  }

  /** The text that matches here; the pattern has to be sticky. */
  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#i
    const found = pattern.exec(this.#text)
    if (found === null || this.#i + found[0].length > this.#to) return null
    this.#i += found[0].length
    return found[0]
  }

  key(): string | null {
    return this.#match(/[a-z*][a-z0-9_.*-]*/y)
  }

  itemOrList(): Member | null {
    if (!this.take('(')) return this.#item()
    for (;;) {
      this.skipSpaces()
      if (this.take(')')) return this.parameters({ kind: 'list', value: '' })
      if (this.#item() === null) return null
      if (this.over || !' )'.includes(this.#text.charAt(this.#i))) return null
    }
  }

  #item(): Member | null {
    const bare = this.#bare()
    return bare === null ? null : this.parameters(bare)
  }

  /** Passes over the parameters behind a value, which is what it returns. */
  parameters(of: Member): Member | null {
    while (this.take(';')) {
      this.skipSpaces()
      if (this.key() === null) return null
      if (this.take('=') && this.#bare() === null) return null
    }
    return of
  }

  #bare(): Member | null {
    if (this.over) return null
    const first = this.#text.charAt(this.#i)
    if (first === '-' || isDigit(first.charCodeAt(0))) return this.#number()
    if (first === '"') return this.#string()
    if (first === '*' || /[A-Za-z]/.test(first)) return this.#token()
    if (first === ':') return this.#bytes()
    if (first === '?') return this.#boolean()
    if (first === '@') return this.#date()
    return first === '%' ? this.#display() : null
  }

  #number(): Member | null {
    const text = this.#match(/-?\d+(?:\.\d*)?/y)
    if (text === null) return null
    const [whole = '', part] = text.replace('-', '').split('.')
    if (part === undefined) return whole.length > 15 ? null : { kind: 'integer', value: Number(text) }
    if (whole.length > 12 || part.length < 1 || part.length > 3) return null
    return { kind: 'decimal', value: Number(text) }
  }

  #string(): Member | null {
    const text = this.#match(/"(?:[ !#-[\]-~]|\\["\\])*"/y)
    return text === null ? null : { kind: 'string', value: text.slice(1, -1).replace(/\\(["\\])/g, '$1') }
  }

  #token(): Member | null {
    const text = this.#match(/[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y)
    return text === null ? null : { kind: 'token', value: text }
  }

  #bytes(): Member | null {
    const text = this.#match(/:[A-Za-z0-9+/]*={0,2}:/y)
    return text === null ? null : { kind: 'bytes', value: text.slice(1, -1) }
  }

  #boolean(): Member | null {
    const text = this.#match(/\?[01]/y)
    return text === null ? null : { kind: 'boolean', value: text === '?1' }
  }

  #date(): Member | null {
    this.#i++
    const number = this.#number()
    return number?.kind === 'integer' ? { kind: 'date', value: number.value } : null
  }

  #display(): Member | null {
    const text = this.#match(/%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y)
    if (text === null) return null
    try {
      return { kind: 'display', value: decodeURIComponent(text.slice(2, -1)) }
    } catch {
      return null // §4.2.10: the bytes have to be UTF-8
    }
  }
}

/** The text as a token where it can be one (§3.3.4), else as a string. */
export function tokenOrString(text: string): string {
  return isToken(text) ? text : quotedString(text)
}

/** A string (§3.3.3): printable ASCII, with `"` and `\` escaped. Every other character becomes '?'. */
export function quotedString(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}

function isToken(text: string): boolean {
  if (!/^[A-Za-z*]/.test(text)) return false
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (TOKEN[code] !== 1 && code !== 0x3a && code !== 0x2f) return false
  }
  return true
}
