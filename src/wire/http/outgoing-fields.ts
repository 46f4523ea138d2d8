/**
 * The fields of a head on its way out, as a value: what passes of a received head, or the lines of a stored one, or neither,
 * and what was edited. HTTP/1 asks for it as text, in which neighbours that pass stay one slice of the received text; other
 * protocols walk names and values.
 *
 * Invariant: fields that concern one hop only (RFC 9110 §7.6.1) never pass, and Connection cannot be used to take a field
 * away that Headgate knows to be end-to-end: no sender may name such a one there, and a sender that does wants the next
 * server to miss what routing, authentication or caching here went by.
 */
import { namedByConnection } from '../http1/connection.ts'
import { Edits, type FieldLine, numberOf } from './edits.ts'
import { eachLine } from './field-lines.ts'
import { Field, isAlias } from './fields.ts'
import type { Head } from './head.ts'
import { skipSpace, trimSpace } from './list.ts'

/** Takes the name and value of one field. */
export type FieldVisitor = (name: string, value: string) => void

export class OutgoingFields {
  #head: Head | null = null
  /** Bit n: the received field with number n (1 … 31) does not pass, whatever the edits. */
  #drop = 0
  #stored = ''
  readonly edits = new Edits()

  /** Begins anew, with no fields. Always itself, as are the two that follow. */
  none(): this {
    this.#head = null
    this.#stored = ''
    this.edits.reset()
    return this
  }

  /** Begins anew, with the fields of a received head, which has to stay as it is until these are written. */
  received(head: Head, drop: number): this {
    this.#head = head
    this.#drop = drop
    this.#stored = ''
    this.edits.reset()
    return this
  }

  /** Begins anew, with field lines of a stored head: whole ones with CRLF, without any of one hop. */
  stored(lines: string): this {
    this.none()
    this.#stored = lines
    return this
  }

  /** Field lines as HTTP/1 writes them, each with CRLF, one character per byte. */
  text(): string {
    const { edits } = this
    const own = edits.count === 0 ? '' : edits.text()
    if (this.#head !== null) return passingText(this.#head, this.#drop, edits) + own
    return (edits.removes ? this.#storedLeft() : this.#stored) + own
  }

  /** Visits all fields, in the order in which HTTP/1 writes them. */
  each(visit: FieldVisitor): void {
    const { edits } = this
    const head = this.#head
    if (head !== null) {
      const named = head.namesOthers ? namedByConnection(head) : null
      for (let i = 0; i < head.count; i++) {
        if (passes(head, i, this.#drop | edits.low, edits.high, named, edits.others)) visit(head.name(i), head.value(i))
      }
    }
    eachField(edits.removes ? this.#storedLeft() : this.#stored, visit)
    for (let i = 0; i < edits.count; i++) visit(edits.line(i).name, edits.line(i).value)
  }

  /** The stored lines that the edits leave. */
  #storedLeft(): string {
    const lines = this.#stored
    let left = ''
    eachLine(lines, (name, from, to) => {
      if (this.edits.passesNamed(numberOf(name), name)) left += lines.slice(from, to)
    })
    return left
  }
}

/** Fields of an answer that Headgate makes itself. */
export function ownFields(...lines: readonly FieldLine[]): OutgoingFields {
  const fields = new OutgoingFields()
  for (const line of lines) fields.edits.add(line)
  return fields
}

/** Visits names and values of field lines, each of which ends in CRLF. */
export function eachField(lines: string, visit: FieldVisitor): void {
  if (lines === '') return
  eachLine(lines, (name, from, to) => {
    const colon = from + name.length
    const first = skipSpace(lines, colon + 1, to - 2)
    visit(lines.slice(from, colon), lines.slice(first, trimSpace(lines, first, to - 2)))
  })
}

/**
 * The field lines of a received head that pass.
 * @param drop bit n: the field with number n (1 … 31) does not pass
 */
export function passingText(head: Head, drop: number, edits: Edits): string {
  const low = drop | edits.low
  const { high, others } = edits
  const { text, spans, count } = head
  const named = head.namesOthers ? namedByConnection(head) : null
  let from = -1
  let kept = ''
  for (let i = 0; i < count; i++) {
    if (passes(head, i, low, high, named, others)) {
      if (from < 0) from = spans[i * 4]!
    } else if (from >= 0) {
      kept += text.slice(from, spans[i * 4]!)
      from = -1
    }
  }
  return from < 0 ? kept : kept + text.slice(from, text.length - 2)
}

/** Whether field i passes. `low`, `high`: bits of known fields that do not; `named`, `others`: lower-case names of other ones. */
function passes(
  head: Head,
  i: number,
  low: number,
  high: number,
  named: ReadonlySet<string> | null,
  others: ReadonlySet<string> | null,
): boolean {
  const id = head.ids[i]!
  if (id !== Field.other) return (((id < 32 ? low : high) >>> (id & 31)) & 1) === 0
  if (named === null && others === null && !head.underscores) return true
  const name = head.name(i).toLowerCase()
  return named?.has(name) !== true && others?.has(name) !== true && !(head.underscores && isAlias(name))
}
