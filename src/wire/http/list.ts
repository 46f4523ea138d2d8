/** Comma-separated lists in field values (RFC 9110 §5.6.1), walked by offsets. Empty elements are passed over. */
import { BACKSLASH, COMMA, DQUOTE, HTAB, SP } from '../../base/bytes.ts'

/** Offset of the comma that ends the element at `from`, or `to`. Knows no quoted strings: for lists of tokens. */
export function elementEnd(text: string, from: number, to: number): number {
  let i = from
  while (i < to && text.charCodeAt(i) !== COMMA) i++
  return i
}

/** As elementEnd, but a comma within a quoted string is none (RFC 9110 §5.6.4). */
export function quotedElementEnd(text: string, from: number, to: number): number {
  let quoted = false
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === DQUOTE) quoted = !quoted
    else if (c === BACKSLASH && quoted) i++
    else if (c === COMMA && !quoted) return i
  }
  return to
}

/** First offset in [from, to) that is no space or tab, or `to`. */
export function skipSpace(text: string, from: number, to: number): number {
  let i = from
  while (i < to && isSpace(text.charCodeAt(i))) i++
  return i
}

/** `to` moved back over space and tab, not below `from`. */
export function trimSpace(text: string, from: number, to: number): number {
  let i = to
  while (i > from && isSpace(text.charCodeAt(i - 1))) i--
  return i
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB
}
