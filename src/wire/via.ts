/** Via (RFC 9110 §7.6.3). */
import { BACKSLASH, COMMA, equalsLower, HTAB, SP } from '../base/bytes.ts'
import { Field } from './fields.ts'
import type { Head } from './head.ts'
import { skipSpace } from './list.ts'

const OPEN = 0x28
const CLOSE = 0x29

/** Whether the request has been through the proxy of this name already: it is the received-by of an entry of Via. */
export function isLoop(head: Head, name: string): boolean {
  if ((head.seen & (1 << Field.via)) === 0) return false
  const lowerName = name.toLowerCase()
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.via && isReceiver(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!, lowerName)) {
      return true
    }
  }
  return false
}

/** Walks `received-protocol received-by (comment), …`. */
function isReceiver(text: string, from: number, to: number, lowerName: string): boolean {
  let i = from
  while (i < to) {
    const by = skipSpace(text, wordEnd(text, skipSpace(text, i, to), to), to)
    const end = wordEnd(text, by, to)
    if (equalsLower(text, by, end, lowerName)) return true
    i = entryEnd(text, end, to) + 1
  }
  return false
}

function wordEnd(text: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === SP || c === HTAB || c === COMMA || c === OPEN) return i
  }
  return to
}

/** Offset of the comma that ends the entry, or `to`; a comma within a comment is none. */
function entryEnd(text: string, from: number, to: number): number {
  let depth = 0
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === OPEN) depth++
    else if (c === CLOSE && depth > 0) depth--
    else if (c === BACKSLASH && depth > 0) i++
    else if (c === COMMA && depth === 0) return i
  }
  return to
}
