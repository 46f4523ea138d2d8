/**
 * Bytes as HTTP/1 sees them: names of those with a meaning, and the classes of characters as tables, so that the
 * scanning loops look up one byte and branch once.
 */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const DQUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const QUESTION = 0x3f
export const BACKSLASH = 0x5c

function table(accept: (code: number) => boolean): Uint8Array {
  const of = new Uint8Array(256)
  for (let code = 0; code < 256; code++) of[code] = accept(code) ? 1 : 0
  return of
}

/** Whether a code is in '0'-'9'. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** 1 for tchar (RFC 9110 §5.6.2): what methods, field names and transfer codings are made of. */
export const TOKEN: Uint8Array = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)))

/**
 * 1 for what a request target may contain before its '?'. RFC 3986 allows less, but browsers send `|`, `^`, `[` and `]`
 * as they are (WHATWG URL, path percent-encode set), other clients `{`, `}` and '`', and none of these means anything
 * to a server. Refused although others take it: '#', which starts a part that never belongs on the wire; `"`, `<` and
 * `>`, which every browser encodes; bytes from 0x80, which servers decode in different ways; and the backslash, which
 * some servers read as '/', so that routing here and there would see different paths.
 */
export const TARGET: Uint8Array = table(
  (code) => code > SP && code < 0x7f && !'#"<>\\'.includes(String.fromCharCode(code)),
)

/** 1 for what a target may contain after its '?': as TARGET, and the backslash, which browsers send there as it is. */
export const QUERY: Uint8Array = table((code) => TARGET[code] === 1 || code === BACKSLASH)

/** Value of a hexadecimal digit, 255 for every other byte. */
export const HEX: Uint8Array = new Uint8Array(256).map((_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 255 : value
})

/** The code in lower case if it is an ASCII letter, else as it is. */
export function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code
}

/** Whether text[from, to) is `word` in any case. `word` is in lower case. Allocates nothing. */
export function equalsLower(text: string, from: number, to: number, word: string): boolean {
  const length = to - from
  if (length !== word.length) return false
  for (let i = 0; i < length; i++) if (lowerCode(text.charCodeAt(from + i)) !== word.charCodeAt(i)) return false
  return true
}

/**
 * Node has this method, its types do not: toString('latin1') without looking at its arguments. Taken once, as the global
 * `Buffer` is a getter that is called at each use.
 */
const { latin1Slice } = Buffer.prototype as Buffer & { latin1Slice(from: number, to: number): string }

/** buf[from, to) as text, one character per byte. */
export function latin1(buf: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(buf, from, to)
}
