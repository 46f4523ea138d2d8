/**
 * What is changed about a head on its way: fields removed, set and added, the path rewritten. Heads themselves stay as they
 * were received; edits are collected from wherever a change is decided, and a serializer applies them once, at the end.
 *
 * Invariant: no edit can change where a message or a field ends. Names are tokens, values hold no control characters, and
 * the fields that frame a message or concern one connection are written by the protocol alone.
 */
import { Field, fieldNames } from './fields.ts'
import type { Head, RequestHead } from './head.ts'

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Not allowed in a value (RFC 9110 §5.5), nor what is no byte. */
const unfit = /[^\t\x20-\x7e\x80-\xff]/
/** Not allowed in a path: controls, spaces, and what is not ASCII. */
const unfitInPath = /[^\x21-\x7e]/

const numbers: ReadonlyMap<string, number> = new Map(fieldNames.map((name, id) => [name, id]))

/** Written by the protocol from what a head means: where a message ends, and what concerns one connection. */
const OF_PROTOCOL: ReadonlySet<number> = new Set([
  Field.host,
  Field.connection,
  Field.contentLength,
  Field.transferEncoding,
  Field.te,
  Field.trailer,
  Field.upgrade,
  Field.keepAlive,
  Field.proxyConnection,
  Field.http2Settings,
])

/** Number of the field of this name, given in lower case; `Field.other` where it is no known one. */
export function numberOf(lowerName: string): number {
  return numbers.get(lowerName) ?? Field.other
}

/** The name of a field that is written here. */
export class FieldName {
  readonly text: string
  readonly lower: string
  /** Its number in `Field`. */
  readonly id: number
  /** The protocol writes it; servers behind CGI cannot tell '_' from '-', so that counts too. */
  readonly ofProtocol: boolean
  readonly #start: string

  /** @throws RangeError where it is no token (RFC 9110 §5.1) */
  constructor(text: string) {
    if (!token.test(text)) throw new RangeError(`${JSON.stringify(text)} is not a field name`)
    this.text = text
    this.lower = text.toLowerCase()
    this.id = numberOf(this.lower)
    this.ofProtocol = OF_PROTOCOL.has(numberOf(this.lower.replaceAll('_', '-')))
    this.#start = `${text}: `
  }

  /**
   * A field line of this name.
   * @param value one character per byte
   * @throws RangeError where it holds a control character other than a tab, or a character that is no byte
   */
  line(value: string): FieldLine {
    if (unfit.test(value)) throw new RangeError(`${this.text} cannot have the value ${JSON.stringify(value)}`)
    return new FieldLine(this, value, `${this.#start}${value}\r\n`)
  }
}

/** A field line, made once and used as often as it is needed. Made by `FieldName.line`, which checks it. */
export class FieldLine {
  readonly field: FieldName
  readonly value: string
  /** As HTTP/1 writes it, with CRLF. */
  readonly text: string

  constructor(field: FieldName, value: string, text: string) {
    this.field = field
    this.value = value
    this.text = text
  }

  get name(): string {
    return this.field.text
  }
}

/** A line of a name that is used once. @throws RangeError where name or value is not allowed in a field */
export function fieldLine(name: string, value: string): FieldLine {
  return new FieldName(name).line(value)
}

export class Edits {
  /** Bit n: received fields with number n (1 … 31) do not pass; the same for n + 32. */
  #low = 0
  #high = 0
  /** Lower-case names of other received fields that do not pass. */
  #others: Set<string> | null = null
  /** The first `count` of them are in use; the array is kept, so that nothing is allocated for a line that exists. */
  readonly #lines: FieldLine[] = []
  #count = 0
  #path = ''

  get low(): number {
    return this.#low
  }

  get high(): number {
    return this.#high
  }

  get others(): ReadonlySet<string> | null {
    return this.#others
  }

  /** Number of lines that are set and added. */
  get count(): number {
    return this.#count
  }

  /** Line i of those that are set and added, 0 ≤ i < count, in their order. */
  line(i: number): FieldLine {
    return this.#lines[i]!
  }

  /** Path and query to send instead of the received ones; '': as received. */
  get path(): string {
    return this.#path
  }

  /** Some received field does not pass. */
  get removes(): boolean {
    return this.#low !== 0 || this.#high !== 0 || this.#others !== null
  }

  get empty(): boolean {
    return !this.removes && this.#count === 0 && this.#path === ''
  }

  reset(): void {
    this.#low = 0
    this.#high = 0
    this.#others = null
    this.#count = 0
    this.#path = ''
  }

  /** Removes the fields with this number (of `Field`, not `other`), received and set ones. */
  remove(id: number): void {
    if (id < 32) this.#low |= 1 << id
    else this.#high |= 1 << (id - 32)
    if (this.#count > 0) this.#forget(id, '')
  }

  /** Removes the fields of this name, received and set ones. */
  removeName(name: FieldName): void {
    if (name.id !== Field.other) return this.remove(name.id)
    this.#others ??= new Set()
    this.#others.add(name.lower)
    if (this.#count > 0) this.#forget(Field.other, name.lower)
  }

  /** The opposite: the received fields with this number pass as they are, and none that was set. */
  restore(id: number): void {
    if (id < 32) this.#low &= ~(1 << id)
    else this.#high &= ~(1 << (id - 32))
    if (this.#count > 0) this.#forget(id, '')
  }

  /** This line instead of all fields of its name. @throws RangeError where the protocol writes the field itself */
  set(line: FieldLine): void {
    refuseOfProtocol(line)
    this.removeName(line.field)
    this.#lines[this.#count++] = line
  }

  /** This line behind what there is of its name. @throws RangeError where the protocol writes the field itself */
  add(line: FieldLine): void {
    refuseOfProtocol(line)
    this.#lines[this.#count++] = line
  }

  /**
   * @param path with its query, beginning with '/'
   * @throws RangeError for any other path, and for one with spaces, controls or what is not ASCII
   */
  rewritePath(path: string): void {
    if (!path.startsWith('/') || unfitInPath.test(path)) {
      throw new RangeError(`${JSON.stringify(path)} cannot be requested`)
    }
    this.#path = path
  }

  /** Whether received fields with this number (not `other`) pass. */
  passes(id: number): boolean {
    return (((id < 32 ? this.#low : this.#high) >>> (id & 31)) & 1) === 0
  }

  /** Whether received fields of this lower-case name and number pass. */
  passesNamed(id: number, lowerName: string): boolean {
    return id === Field.other ? this.#others === null || !this.#others.has(lowerName) : this.passes(id)
  }

  /** Whether the head has a field with this number that passes. */
  has(head: Head, id: number): boolean {
    return this.passes(id) && head.has(id)
  }

  /** Values of the received fields with this number as one list, null where none passes. */
  list(head: Head, id: number): string | null {
    return this.passes(id) ? head.list(id) : null
  }

  /** Protocols that the request offers to switch to, where that passes; null: none. */
  upgrade(head: RequestHead): string | null {
    return this.passes(Field.upgrade) ? head.upgrade : null
  }

  /** The lines that are set and added, as HTTP/1 writes them. */
  text(): string {
    let text = ''
    for (let i = 0; i < this.#count; i++) text += this.#lines[i]!.text
    return text
  }

  /** Forgets the lines of a field that were set and added. */
  #forget(id: number, lowerName: string): void {
    const lines = this.#lines
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      const { field } = lines[i]!
      const same = field.id === id && (id !== Field.other || field.lower === lowerName)
      if (!same) lines[kept++] = lines[i]!
    }
    this.#count = kept
  }
}

/** No edits. */
export const NO_EDITS = new Edits()

function refuseOfProtocol({ field }: FieldLine): void {
  if (field.ofProtocol) throw new RangeError(`${field.text} is written by the protocol`)
}
