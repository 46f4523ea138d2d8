/** Content-Length and Transfer-Encoding as they are written (RFC 9112 §6.1, §6.2). What follows from them is said by request.ts and response.ts. */
import { equalsLower } from '../../base/bytes.ts'
import { Field } from './fields.ts'
import type { Head } from './head.ts'
import { elementEnd, skipSpace, trimSpace } from './list.ts'

/**
 * The length that a head with Content-Length states, -1 where it does not state one.
 *
 * Stricter than RFC 9112 §6.3, which lets a recipient take the same length given again, in a list or in several fields:
 * here it is refused on both sides. Lists are where parsers begin to differ.
 */
export function lengthOf(head: Head): number {
  if ((head.twice & (1 << Field.contentLength)) !== 0) return -1
  let i = 0
  while (head.ids[i]! !== Field.contentLength) i++
  return lengthIn(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!)
}

/** The length in text[from, to): digits only, at most 2^53 - 1; -1 for everything else. */
export function lengthIn(text: string, from: number, to: number): number {
  if (from === to) return -1
  let length = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) return -1
  }
  return length
}

/** What the list of transfer codings amounts to. */
export const Codings = { chunked: 0, repeated: 1, unknown: 2, unframed: 3, empty: 4 } as const

/**
 * Reads all Transfer-Encoding fields as one list. `chunked`: exactly that, once. `repeated`: it ends with chunked and has
 * it before, too. `unknown`: other codings, and chunked once, at the end. `unframed`: chunked is not the last one. `empty`:
 * it is, or has, an empty element, which lists may have (RFC 9110 §5.6.1.2), but parsers differ on it.
 */
export function codingsOf(head: Head): (typeof Codings)[keyof typeof Codings] {
  let chunked = 0
  let others = 0
  let last = false
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.transferEncoding) continue
    const to = head.spans[i * 4 + 3]!
    for (let at = head.spans[i * 4 + 2]!; at <= to; ) {
      const end = elementEnd(head.text, at, to)
      const first = skipSpace(head.text, at, end)
      const after = trimSpace(head.text, first, end)
      at = end + 1
      if (after === first) return Codings.empty
      last = equalsLower(head.text, first, after, 'chunked')
      if (last) chunked++
      else others++
    }
  }
  if (!last) return Codings.unframed
  if (chunked > 1) return Codings.repeated
  return others > 0 ? Codings.unknown : Codings.chunked
}
