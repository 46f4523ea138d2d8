/**
 * Ties a client to a server by a cookie. Its value is a short hash of the server's name, so nothing of the inside
 * stands in it, and it is the same over restarts and on every Headgate with the same pool.
 */
import { type FieldLine, FieldName } from '../wire/http/edits.ts'
import { hashKey } from './hash-key.ts'

const SET_COOKIE = new FieldName('Set-Cookie')
const SEMICOLON = 0x3b
const SPACE = 0x20
const TAB = 0x09
const QUOTE = 0x22

export interface StickyConfig {
  readonly cookie: string
  /** In ms; 0: until the browser is closed. */
  readonly maxAge: number
  readonly secure: boolean
}

/** The sticky cookies of one pool. */
export class Sticky {
  readonly #name: string
  readonly #indexes = new Map<string, number>()
  readonly #lines: FieldLine[]

  /** `names`: the servers of the pool by index. */
  constructor(config: StickyConfig, pool: string, names: readonly string[]) {
    this.#name = config.cookie
    this.#lines = new Array<FieldLine>(names.length)
    const age = config.maxAge > 0 ? `; Max-Age=${Math.max(1, Math.round(config.maxAge / 1000))}` : ''
    const rest = `; Path=/${age}; HttpOnly; SameSite=Lax${config.secure ? '; Secure' : ''}`
    // By name, so that the values do not depend on the order of the configuration should two of them coincide.
    const byName = names.map((_, index) => index).sort((a, b) => (names[a]! < names[b]! ? -1 : 1))
    for (const index of byName) {
      let value = valueFor(`${pool}/${names[index]}`)
      for (let i = 2; this.#indexes.has(value); i++) value = valueFor(`${pool}/${names[index]}/${i}`)
      this.#indexes.set(value, index)
      this.#lines[index] = SET_COOKIE.line(`${config.cookie}=${value}${rest}`)
    }
  }

  /** Index of the server a client is tied to, by the value of its Cookie field; -1: none that is known. */
  find(cookies: string): number {
    for (let at = 0; at >= 0; ) {
      at = cookieAt(cookies, this.#name, at)
      if (at < 0) return -1
      const index = this.#indexes.get(valueAt(cookies, at))
      if (index !== undefined) return index
    }
    return -1
  }

  /** The field line that ties a client to this server. */
  line(index: number): FieldLine {
    return this.#lines[index]!
  }
}

/** 24 bits: enough for the servers of a pool, too few to be sure of an address by trying all there are. */
function valueFor(name: string): string {
  return (hashKey(name) >>> 8).toString(16).padStart(6, '0')
}

/** The value of the first cookie of this name in a Cookie field's value (RFC 6265 §4.2.1), without quotes; null: none. */
export function cookieValue(cookies: string, name: string): string | null {
  const at = cookieAt(cookies, name, 0)
  return at < 0 ? null : valueAt(cookies, at)
}

/** Where the value of the next cookie of this name begins, looking from the begin of a pair at or after `from`; -1: none. */
function cookieAt(cookies: string, name: string, from: number): number {
  let at = from === 0 ? 0 : pairAfter(cookies, from)
  while (at >= 0 && at < cookies.length) {
    const code = cookies.charCodeAt(at)
    if (code === SPACE || code === TAB || code === SEMICOLON) {
      at++
      continue
    }
    if (cookies.startsWith(name, at) && cookies.charCodeAt(at + name.length) === 0x3d) return at + name.length + 1
    at = pairAfter(cookies, at)
  }
  return -1
}

function pairAfter(cookies: string, from: number): number {
  const end = cookies.indexOf(';', from)
  return end < 0 ? -1 : end + 1
}

function valueAt(cookies: string, from: number): string {
  let end = cookies.indexOf(';', from)
  if (end < 0) end = cookies.length
  while (end > from && (cookies.charCodeAt(end - 1) === SPACE || cookies.charCodeAt(end - 1) === TAB)) end--
  const quoted = end - from >= 2 && cookies.charCodeAt(from) === QUOTE && cookies.charCodeAt(end - 1) === QUOTE
  return quoted ? cookies.slice(from + 1, end - 1) : cookies.slice(from, end)
}
