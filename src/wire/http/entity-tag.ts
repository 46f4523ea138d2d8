/** Entity tags (RFC 9110 §8.8.3) and lists of them in If-Match and If-None-Match (§13.1.1, §13.1.2). */
import { COMMA, DQUOTE } from '../../base/bytes.ts'
import { skipSpace } from './list.ts'

/** Offset behind the entity tag that begins at `from`, -1 if there is none. */
function tagEnd(text: string, from: number, to: number): number {
  let i = from
  if (text.charAt(i) === 'W' && text.charAt(i + 1) === '/') i += 2
  if (i >= to || text.charCodeAt(i) !== DQUOTE) return -1
  for (i++; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === DQUOTE) return i + 1
    if (c < 0x21 || c === 0x7f) return -1 // etagc; a backslash is an ordinary character here
  }
  return -1
}

/** The text if it is one entity tag, `"…"` or `W/"…"`, else null. */
export function parseEntityTag(text: string): string | null {
  return tagEnd(text, 0, text.length) === text.length ? text : null
}

/** The entity tags of a list; '*' for any; null if the value is neither. */
export function parseEntityTags(text: string): readonly string[] | '*' | null {
  if (text.trim() === '*') return '*'
  const tags: string[] = []
  const to = text.length
  for (let i = skipSpace(text, 0, to); i < to; i = skipSpace(text, i, to)) {
    if (text.charCodeAt(i) === COMMA) {
      i++
      continue
    }
    const end = tagEnd(text, i, to)
    if (end < 0) return null
    tags.push(text.slice(i, end))
    i = skipSpace(text, end, to)
    if (i < to && text.charCodeAt(i) !== COMMA) return null
  }
  return tags.length === 0 ? null : tags
}

export function isWeakTag(tag: string): boolean {
  return tag.startsWith('W/')
}

/** Strong comparison (§8.8.3.2): both are strong, and the same. */
export function sameStrong(a: string, b: string): boolean {
  return a === b && !isWeakTag(a)
}

/** Weak comparison (§8.8.3.2): the same but for the weakness of either. */
export function sameWeak(a: string, b: string): boolean {
  return (isWeakTag(a) ? a.slice(2) : a) === (isWeakTag(b) ? b.slice(2) : b)
}
