/**
 * Via (RFC 9110 §7.6.3), and CDN-Loop (RFC 8586), which tells of loops alone: servers do not answer otherwise for it, as
 * nginx does for Via.
 */
import { BACKSLASH, COMMA, equalsLower, HTAB, SEMICOLON, SP } from '../../base/bytes.ts'
import { Field } from './fields.ts'
import type { Head } from './head.ts'
import { quotedElementEnd, skipSpace } from './list.ts'

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

/** Whether CDN-Loop says that the request has been through the proxy of this name (RFC 8586 §2). */
export function isInCdnLoop(head: Head, name: string): boolean {
  if (!head.has(Field.cdnLoop)) return false
  const lowerName = name.toLowerCase()
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.cdnLoop && isListed(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!, lowerName))
      return true
  }
  return false
}

/** Walks `cdn-id; parameter=value, …`. */
function isListed(text: string, from: number, to: number, lowerName: string): boolean {
  for (let i = from; i < to; i = quotedElementEnd(text, i, to) + 1) {
    const id = skipSpace(text, i, to)
    let end = id
    while (end < to && !isIdEnd(text.charCodeAt(end))) end++
    if (equalsLower(text, id, end, lowerName)) return true
  }
  return false
}

function isIdEnd(c: number): boolean {
  return c === SP || c === HTAB || c === COMMA || c === SEMICOLON
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
