/** The field section of a head (RFC 9112 §5), for requests and responses: one pass over the bytes. */
import { COLON, CR, HTAB, LF, SP, TOKEN } from '../../base/bytes.ts'
import { fieldIdOf, LONGEST_NAME } from '../http/fields.ts'
import type { Head } from '../http/head.ts'

// An imported name is read from its module at each use, a constant of this module is compiled in: a fifth of the time.
const token = TOKEN.map((one, code) => (code === 0x5f ? 3 : one)) // bit 1: '_'
const colon = COLON
const cr = CR
const lf = LF
const sp = SP
const tab = HTAB
const LONGEST = LONGEST_NAME

// Values are most of a head, so they are looked at four bytes at a time. One view for the bytes looked at last, which
// nearly always are those of the thread's one buffer for reads.
let seenBytes: Uint8Array = new Uint8Array(0)
let view = new DataView(seenBytes.buffer)

/**
 * Where the first ':' of buf[i, stop) stands, as far as it may end a known name: at most a few bytes more than the longest
 * of them has. -1: not there.
 */
function colonAfter(i: number, stop: number): number {
  const last = Math.min(stop - 4, i + LONGEST)
  while (i <= last) {
    const other = view.getInt32(i, true) ^ 0x3a3a3a3a
    // The lowest bit 7 that is set is that of the first byte that is 0 here, so a colon there.
    const found = (other - 0x01010101) & ~other & 0x80808080
    if (found !== 0) return i + ((31 - Math.clz32(found & -found)) >> 3)
    i += 4
  }
  return -1
}

/** Where the next control byte but HTAB stands in buf[i, stop), or within three bytes before it; at most `stop`. */
function plainEnd(i: number, stop: number): number {
  const last = stop - 4
  while (i <= last) {
    const four = view.getInt32(i, true)
    // Bit 7 of each byte: it is below 0x20; it is 0x7f. (A byte that borrows from its neighbour may set that one's bit
    // too, but never one alone.) Bytes from 0x80 are neither.
    const low = (four - 0x20202020) & ~four
    const flipped = four ^ 0x7f7f7f7f
    const del = (flipped - 0x01010101) & ~flipped
    if (((low | del) & 0x80808080) !== 0) return i
    i += 4
  }
  return i
}

/**
 * Scans the fields from buf[i] up to the empty line and fills head.spans, ids, count, seen, twice, high and underscores.
 *
 * Stricter than many: a line ends with CRLF and nothing else; a name is a token directly before its colon; folded lines
 * are refused, not unfolded (RFC 9112 §5.2); values hold no control byte but HTAB. Bytes from 0x80 are passed on as they
 * are (obs-text, RFC 9110 §5.5).
 *
 * @param origin offset of the head's first byte, which is 0 of head.text
 * @param stop end of the bytes that are there, or of those the head may have
 * @returns offset after the empty line; 0: it does not end before `stop`; -1: head.error says why
 */
export function scanFields(head: Head, buf: Uint8Array, i: number, origin: number, stop: number, most: number): number {
  let classes = 0
  let count = 0
  let seen = 0
  let twice = 0
  let high = 0
  let spans = head.spans
  let ids = head.ids
  if (buf !== seenBytes) {
    seenBytes = buf
    view = new DataView(buf.buffer, buf.byteOffset, buf.length)
  }
  for (;;) {
    if (i >= stop) return 0
    if (buf[i]! === cr) {
      if (i + 1 >= stop) return 0
      if (buf[i + 1]! !== lf) return head.fail(head.badEnding, `field ${count + 1}: CR without LF`)
      head.count = count
      head.seen = seen
      head.twice = twice
      head.seenHigh = high
      head.underscores = classes > 1
      return i + 2
    }
    if (count === most) return head.fail(head.tooLarge, `more than ${most} fields`)
    const nameFrom = i
    // Most names are known ones, and these need no look at each byte.
    let nameTo = colonAfter(i, stop)
    const id = nameTo > 0 && nameTo + 4 <= stop ? fieldIdOf(buf, view, i, nameTo) : 0
    if (id === 0) {
      while (i < stop) {
        const one = token[buf[i]!]!
        if (one === 0) break
        classes |= one
        i++
      }
      if (i >= stop) return 0
      nameTo = i
      if (buf[i]! !== colon || nameTo === nameFrom) return nameBad(head, buf, i, stop, count, nameFrom)
    }
    i = nameTo + 1
    let c = sp
    while (i < stop) {
      c = buf[i]!
      if (c !== sp && c !== tab) break
      i++
    }
    const valueFrom = i
    for (i = plainEnd(i, stop); i < stop; ) {
      c = buf[i]!
      if (c < sp ? c !== tab : c === 0x7f) break
      i++
      // A tab or the like is passed; what follows may be long.
      if ((i & 31) === 0) i = plainEnd(i, stop)
    }
    if (i >= stop) return 0
    if (c !== cr) return valueBad(head, c, count)
    if (i + 1 >= stop) return 0
    if (buf[i + 1]! !== lf) return head.fail(head.badEnding, `field ${count + 1}: CR without LF`)
    let valueTo = i
    while (valueTo > valueFrom && (buf[valueTo - 1]! === sp || buf[valueTo - 1]! === tab)) valueTo--
    i += 2
    if (count === ids.length) {
      head.grow()
      spans = head.spans
      ids = head.ids
    }
    const at = count * 4
    spans[at] = nameFrom - origin
    spans[at + 1] = nameTo - origin
    spans[at + 2] = valueFrom - origin
    spans[at + 3] = valueTo - origin
    ids[count] = id
    count++
    const bit = 1 << (id & 31)
    if (id >= 32) high |= bit
    else if (id !== 0) {
      twice |= seen & bit
      seen |= bit
    }
  }
}

/** buf[i] is no name character and no colon after a name. Says what it is; 0 while a CR waits for what follows it. */
function nameBad(head: Head, buf: Uint8Array, i: number, stop: number, count: number, from: number): number {
  const c = buf[i]!
  const place = `field ${count + 1}`
  if (c === LF) return head.fail(head.badEnding, `${place}: LF without CR`)
  if (c === CR) {
    if (i + 1 >= stop) return 0
    if (buf[i + 1]! !== LF) return head.fail(head.badEnding, `${place}: CR without LF`)
    return head.fail(head.badField, `${place}: no colon`)
  }
  if (c === SP || c === HTAB) {
    if (i > from) return head.fail(head.badField, `${place}: space before the colon`)
    return head.fail(head.badField, count === 0 ? 'space before the first field' : `${place}: folded line`)
  }
  if (c === COLON) return head.fail(head.badField, `${place}: no name`)
  return head.fail(head.badField, `${place}: byte ${hex(c)} in the name`)
}

function valueBad(head: Head, c: number, count: number): -1 {
  if (c === LF) return head.fail(head.badEnding, `field ${count + 1}: LF without CR`)
  return head.fail(head.badField, `field ${count + 1}: byte ${hex(c)} in the value`)
}

/** A byte as people write it, `0x0b`. */
export function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}
