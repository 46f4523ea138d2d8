/** Reads JSON (RFC 8259) strictly, with the place of every key and value: what an editor shows is where the fault is. */
import type { Env } from './env.ts'
import { fillIn, scalarOf, unsetWords } from './env.ts'
import { Lines } from './lines.ts'
import type { Notice } from './notice.ts'
import { noticeAt, noticeIn } from './notice.ts'
import type { Path, Places } from './places.ts'
import { show } from './refusal.ts'

/** A text that was read: the data in it, unless a notice says why there is none. */
export interface Parsed {
  readonly data: unknown
  readonly notices: readonly Notice[]
}

/** Reads `text`; places go to `places`, variables of `env` into its texts. */
export function readJson(text: string, places: Places, env: Env): Parsed {
  const reader = new JsonReader(text, places, env)
  try {
    return { data: reader.document(), notices: reader.notices }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { line, column } = reader.lines.at(error.at)
    const words = { says: error.message, fix: error.fix }
    return { data: undefined, notices: [...reader.notices, noticeIn(places.file, line, column, 'syntax', words)] }
  }
}

class Fault extends Error {
  readonly at: number
  readonly fix: string

  constructor(at: number, says: string, fix: string) {
    super(says)
    this.at = at
    this.fix = fix
  }
}

/** Deeper than any configuration; keeps a file of brackets from using up the stack. */
const DEEPEST = 100

class JsonReader {
  readonly notices: Notice[] = []
  readonly lines: Lines
  readonly #text: string
  readonly #places: Places
  readonly #env: Env
  #at = 0

  constructor(text: string, places: Places, env: Env) {
    this.#text = text
    this.#places = places
    this.#env = env
    this.lines = new Lines(text)
  }

  document(): unknown {
    // Some editors of Windows begin a file with a byte order mark, which RFC 8259 §8.1 lets a reader pass over.
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at++
    this.#space()
    const data = this.#value([], this.#at)
    this.#space()
    if (this.#at < this.#text.length)
      throw new Fault(this.#at, 'there is more after the end of the object', 'remove it')
    return data
  }

  #value(path: Path, keyAt: number): unknown {
    const start = this.#at
    const spot = this.lines.at(start)
    if (!this.#places.has(path)) this.#places.set(path, { key: this.lines.at(keyAt), value: spot })
    if (path.length > DEEPEST)
      throw new Fault(start, 'this is nested too deeply', 'look for brackets that are never closed')
    const c = this.#text[start]
    if (c === '{') return this.#object(path)
    if (c === '[') return this.#array(path)
    if (c === '"') return this.#fill(this.#string(), path)
    const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_$][\w$]*)/y
    scalar.lastIndex = start
    const found = scalar.exec(this.#text)?.[0]
    if (found === undefined) throw this.#unexpected('a value')
    this.#at += found.length
    if (found === 'true' || found === 'false') return found === 'true'
    if (found === 'null') return null
    if (/^[A-Za-z_$]/.test(found)) throw new Fault(start, `${found} stands without quotes`, `write "${found}"`)
    return Number(found)
  }

  #object(path: Path): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    this.#at++
    this.#space()
    while (this.#text[this.#at] !== '}') {
      const keyAt = this.#at
      if (this.#text[keyAt] !== '"') throw this.#badKey()
      const key = this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') throw this.#unexpected('":"')
      this.#at++
      this.#space()
      const twice = Object.hasOwn(object, key)
      const value = this.#value([...path, key], keyAt)
      if (twice) {
        const words = { says: `${show(key)} is written twice in this object`, fix: 'remove one of the two' }
        this.notices.push({
          ...noticeAt(this.#places, [...path, key], 'key', 'duplicate-key', words),
          ...this.lines.at(keyAt),
        })
      }
      // Not assigned: a key "__proto__" is a key like any other.
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      if (!this.#next('}')) break
    }
    this.#at++
    return object
  }

  #array(path: Path): unknown[] {
    const array: unknown[] = []
    this.#at++
    this.#space()
    while (this.#text[this.#at] !== ']') {
      array.push(this.#value([...path, array.length], this.#at))
      if (!this.#next(']')) break
    }
    this.#at++
    return array
  }

  /** Passes over a comma; false at the end of the object or list. */
  #next(close: string): boolean {
    this.#space()
    if (this.#text[this.#at] === close) return false
    if (this.#text[this.#at] !== ',') throw this.#unexpected(`"," or "${close}"`)
    const comma = this.#at++
    this.#space()
    if (this.#text[this.#at] === close)
      throw new Fault(comma, 'JSON has no comma before a closing bracket', 'remove the comma')
    return true
  }

  #string(): string {
    const start = this.#at
    const string = /"(?:[^"\\]|\\.)*"/y
    string.lastIndex = start
    const found = string.exec(this.#text)?.[0] ?? ''
    try {
      const text = JSON.parse(found) as string
      this.#at += found.length
      return text
    } catch {
      throw new Fault(
        start,
        'this text is not closed on its line, or has a bad escape in it',
        'close it with ", write \\\\ for \\',
      )
    }
  }

  #fill(text: string, path: Path): unknown {
    const filled = fillIn(text, this.#env)
    if (filled === null) return text
    for (const name of filled.unset)
      this.notices.push(noticeAt(this.#places, path, 'value', 'env-unset', unsetWords(name)))
    return filled.whole ? scalarOf(filled.text) : filled.text
  }

  #space(): void {
    for (;;) {
      const c = this.#text[this.#at]
      if (c === ' ' || c === '\n' || c === '\r' || c === '\t') this.#at++
      else if (c === '/' || c === '#')
        throw new Fault(this.#at, 'JSON has no comments', 'remove it, or write the file as YAML')
      else return
    }
  }

  #badKey(): Fault {
    const bare = /[A-Za-z_$][\w$-]*/y
    bare.lastIndex = this.#at
    const found = bare.exec(this.#text)?.[0]
    if (found === undefined) return this.#unexpected('a key in double quotes')
    return new Fault(this.#at, `the key ${found} stands without quotes`, `write "${found}"`)
  }

  #unexpected(expected: string): Fault {
    const c = this.#text[this.#at]
    if (c === undefined)
      return new Fault(
        this.#at,
        `the file ends where ${expected} has to come`,
        'look for a bracket that is never closed',
      )
    if (c === "'") return new Fault(this.#at, 'JSON has no single quotes', 'write double quotes')
    return new Fault(this.#at, `there is ${show(c)} where ${expected} has to come`, `write ${expected}`)
  }
}
