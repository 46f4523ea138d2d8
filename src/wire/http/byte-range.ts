/**
 * Range requests for bytes (RFC 9110 §14): which parts of a representation a request asks for, and the texts around the
 * parts that it gets. What is answered is bounded: ranges that overlap or touch become one, so that a request never
 * makes more bytes than the representation has, and a request for more ranges than any client needs is answered in full.
 */
import { skipSpace } from './list.ts'

/** From the first byte to the one behind the last. */
export type ByteRange = readonly [from: number, to: number]

/** Ranges in a Range field beyond which it is ignored (§14.2, §17.15). */
export const MOST_RANGES = 32

/**
 * What a Range field asks of a representation of `length` bytes.
 *
 * 'ignore': it is invalid, of another unit, or asks for more than `most` ranges, or for the last bytes of none: the
 * answer is the whole. 'unsatisfiable': it is valid and no byte of it is there. Else at least one range, in the order in
 * which they were asked for, or by their place if some had to be joined; a range that lies beyond the end is left out.
 * @param text the value of Range
 */
export function byteRanges(
  text: string,
  length: number,
  most: number = MOST_RANGES,
): readonly ByteRange[] | 'unsatisfiable' | 'ignore' {
  const equals = text.indexOf('=')
  if (equals < 0 || text.slice(0, equals).toLowerCase() !== 'bytes') return 'ignore'
  const ranges: ByteRange[] = []
  let asked = 0
  const to = text.length
  for (let at = equals + 1; at <= to; ) {
    let end = text.indexOf(',', at)
    if (end < 0) end = to
    const spec = text.slice(skipSpace(text, at, end), end).trimEnd()
    at = end + 1
    if (spec === '') continue
    if (++asked > most) return 'ignore'
    const range = rangeOf(spec, length)
    if (range === null) return 'ignore'
    if (range !== NOWHERE) ranges.push(range)
  }
  if (asked === 0) return 'ignore'
  // §14.1.2: only the last bytes of nothing are satisfiable. Content-Range has no words for them, so all of it is sent.
  if (length === 0 && ranges.length > 0) return 'ignore'
  return ranges.length === 0 ? 'unsatisfiable' : apart(ranges)
}

const NOWHERE: ByteRange = [0, 0]

/** `first-last`, `first-` or `-last so many` (§14.1.2); NOWHERE if it is not in the representation, null if it is none. */
function rangeOf(spec: string, length: number): ByteRange | null {
  const parts = /^(\d*)-(\d*)$/.exec(spec)
  if (parts === null || spec === '-') return null
  const [, first = '', last = ''] = parts
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 ? NOWHERE : [Math.max(0, length - suffix), length]
  }
  const from = Number(first)
  if (last === '') return from < length ? [from, length] : NOWHERE
  const until = Number(last)
  if (until < from) return null
  return from < length ? [from, Math.min(length, until + 1)] : NOWHERE
}

/** The ranges as they are if none meets another, else joined and sorted (§15.3.7.2 allows it). */
function apart(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges
  const joined: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined.length === ranges.length ? ranges : joined
}

/** Content-Range of one part (§14.4). */
export function contentRange(range: ByteRange, length: number): string {
  return `bytes ${range[0]}-${range[1] - 1}/${length}`
}

/** Content-Range of the answer that no range could be satisfied (§14.4). */
export function unsatisfiedRange(length: number): string {
  return `bytes */${length}`
}

/** Content-Type of an answer with several parts (§14.6). The boundary has to be of token characters. */
export function multipartType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`
}

/** What comes before the bytes of a part, the first one too. `type`: Content-Type of the whole, '' for none. */
export function partHead(boundary: string, type: string, range: ByteRange, length: number): string {
  const typeLine = type === '' ? '' : `Content-Type: ${type}\r\n`
  return `\r\n--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, length)}\r\n\r\n`
}

/** What comes behind the last part. */
export function multipartTail(boundary: string): string {
  return `\r\n--${boundary}--\r\n`
}

/** Bytes of a whole multipart body. */
export function multipartLength(boundary: string, type: string, ranges: readonly ByteRange[], length: number): number {
  let sum = multipartTail(boundary).length
  for (const range of ranges) sum += partHead(boundary, type, range, length).length + range[1] - range[0]
  return sum
}
