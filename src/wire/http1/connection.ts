/** Connection, TE and Upgrade: what concerns one hop only (RFC 9110 §7.6.1, §7.8, §10.1.4). */
import { equalsLower, SEMICOLON } from '../../base/bytes.ts'
import { Field } from '../http/fields.ts'
import type { Head } from '../http/head.ts'
import { elementEnd, skipSpace, trimSpace } from '../http/list.ts'

/** What Connection can say, as bits. `other`: an option that names a field, or an unknown one. */
export const Option = { close: 1, keepAlive: 2, upgrade: 4, te: 8, other: 16 } as const

/** The options of all Connection fields of a head. */
export function connectionOptions(head: Head): number {
  if ((head.seen & (1 << Field.connection)) === 0) return 0
  let options = 0
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.connection)
      options |= optionsIn(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!)
  }
  return options
}

function optionsIn(text: string, from: number, to: number): number {
  // What nearly all of them are.
  if (to - from === 10 && text.startsWith('keep-alive', from)) return Option.keepAlive
  if (to - from === 5 && text.startsWith('close', from)) return Option.close
  let options = 0
  for (let at = from; at < to; ) {
    const end = elementEnd(text, at, to)
    const first = skipSpace(text, at, end)
    const last = trimSpace(text, first, end)
    if (last > first) options |= optionOf(text, first, last)
    at = end + 1
  }
  return options
}

function optionOf(text: string, from: number, to: number): number {
  if (equalsLower(text, from, to, 'keep-alive')) return Option.keepAlive
  if (equalsLower(text, from, to, 'close')) return Option.close
  if (equalsLower(text, from, to, 'upgrade')) return Option.upgrade
  if (equalsLower(text, from, to, 'te')) return Option.te
  return Option.other
}

/** Whether a sender with this version and these options keeps its connection (RFC 9112 §9.3). */
export function persists(minor: 0 | 1, options: number): boolean {
  if ((options & Option.close) !== 0) return false
  return minor === 1 || (options & Option.keepAlive) !== 0
}

/** All that the Connection fields of a head list, in lower case. Made only for heads that name fields, which are rare. */
export function namedByConnection(head: Head): Set<string> {
  const names = new Set<string>()
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.connection) continue
    const to = head.spans[i * 4 + 3]!
    for (let at = head.spans[i * 4 + 2]!; at < to; ) {
      const end = elementEnd(head.text, at, to)
      names.add(head.text.slice(at, end).trim().toLowerCase())
      at = end + 1
    }
  }
  return names
}

/**
 * Whether Connection takes away a field that is there: of the fields it names those are not forwarded that Headgate does
 * not know (RFC 9110 §7.6.1), so that the server sees another request than the fields of this one show.
 */
export function takesFields(head: Head): boolean {
  if (!head.namesOthers) return false
  const named = namedByConnection(head)
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.other && named.has(head.name(i).toLowerCase())) return true
  }
  return false
}

/** Whether TE says that the sender takes trailers. */
export function takesTrailers(head: Head): boolean {
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.te && listHas(head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!, 'trailers'))
      return true
  }
  return false
}

/** Whether the list text[from, to) has the element `word` (lower case), parameters aside. */
export function listHas(text: string, from: number, to: number, word: string): boolean {
  for (let at = from; at < to; ) {
    const end = elementEnd(text, at, to)
    const first = skipSpace(text, at, end)
    let last = first
    while (last < end && text.charCodeAt(last) !== SEMICOLON) last++
    if (equalsLower(text, first, trimSpace(text, first, last), word)) return true
    at = end + 1
  }
  return false
}
