/**
 * Text made safe for one line of a log. Two kinds come in: text of the wire, one byte per character as parsed; and text
 * of our own (names of the configuration, advice), which is plain Unicode. Everything comes out as ASCII, so that no
 * reader, terminal or encoding can see more in a line than its fields, and so that its length is its number of bytes.
 */
import { isUtf8 } from 'node:buffer'

/** Anything that JSON has to escape, and anything beyond ASCII. The ranges are those of RFC 8259 §7, without DEL. */
const notPlainJson = /[^ !#-[\]-~]/
const beyondAscii = /[^ -~]/g
/** As nginx and Apache write them: the quote, the backslash and all that is not printable ASCII. */
const notPlainClf = /[^ !#-[\]-~]/
const clfOdd = /[^ !#-[\]-~]/g

/** Text of the wire as a JSON string, quotes included. Read as UTF-8 where it is that, else byte by byte. */
export function jsonWire(text: string): string {
  return notPlainJson.test(text) ? jsonText(readable(text)) : `"${text}"`
}

/** Text of our own as a JSON string, quotes included. */
export function jsonText(text: string): string {
  if (!notPlainJson.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(beyondAscii, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Text of the wire for Common, Combined and templates: `\xHH` for what could end a field or a line. */
export function clfWire(text: string): string {
  return notPlainClf.test(text) ? text.replace(clfOdd, hex) : text
}

/** Text of our own, the same way. */
export function clfText(text: string): string {
  return notPlainClf.test(text) ? Buffer.from(text, 'utf8').toString('latin1').replace(clfOdd, hex) : text
}

function hex(c: string): string {
  return `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function readable(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : text
}

const scheme = /^[a-z][a-z0-9+.-]*:\/\//i
const authorityEnd = /[/?#\\]/g

/**
 * A request target, Host or Referer without `user:password@`, which absolute and authority forms may carry. A path is
 * left as it is: an '@' in it means nothing.
 */
export function withoutUserinfo(text: string): string {
  if (!text.includes('@') || text.startsWith('/')) return text
  const start = scheme.exec(text)?.[0].length ?? 0
  authorityEnd.lastIndex = start
  const end = authorityEnd.exec(text)?.index ?? text.length
  const at = text.lastIndexOf('@', end - 1)
  return at < start ? text : text.slice(0, start) + text.slice(at + 1)
}
