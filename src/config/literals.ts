/**
 * Finds where the settings of a configuration stand in the JavaScript or TypeScript it was written in. It reads the
 * literals: the exported object, constants of the same file it names or spreads, and no more. What is computed gets the
 * place of the nearest thing around it that is found.
 */
import { Lines } from './lines.ts'
import type { Notice } from './notice.ts'
import { noticeIn } from './notice.ts'
import type { Path, Places } from './places.ts'
import { show } from './refusal.ts'
import type { Token } from './tokens.ts'
import { tokensOf } from './tokens.ts'

/** A literal, or a name for one. `at` is the offset of its first token. */
type Literal =
  | { readonly kind: 'object'; readonly at: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly Literal[] }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'other'; readonly at: number }

/** A key with its value, or (key null) a spread. */
interface Entry {
  readonly key: string | null
  readonly at: number
  readonly value: Literal
}

/** Notes the places of `data`, which came out of `text`. Keys that are written twice are told. */
export function locateLiterals(text: string, data: unknown, places: Places): Notice[] {
  const source = new Source(text)
  const root = source.exported()
  if (root === null) return []
  const lines = new Lines(text)
  const notices: Notice[] = []

  const visit = (value: unknown, literal: Literal, path: Path, keyAt: number): void => {
    places.set(path, { key: lines.at(keyAt), value: lines.at(literal.at) })
    const target = source.meant(literal)
    if (Array.isArray(value)) {
      if (target.kind !== 'array') return
      for (const [index, item] of target.items.entries()) {
        if (index < value.length) visit(value[index], item, [...path, index], item.at)
      }
    } else if (typeof value === 'object' && value !== null && target.kind === 'object') {
      for (const entry of source.twice(target)) {
        const { line, column } = lines.at(entry.at)
        const words = { says: `${show(entry.key)} is written twice in this object`, fix: 'remove one of the two' }
        notices.push(noticeIn(places.file, line, column, 'duplicate-key', words))
      }
      for (const [key, child] of Object.entries(value)) {
        const entry = source.entry(target, key)
        if (entry !== null) visit(child, entry.value, [...path, key], entry.at)
      }
    }
  }
  visit(data, root, [], root.at)
  return notices
}

/** How many names or spreads may lead to one another; ends circles. */
const DEEPEST = 20

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

class Source {
  readonly #tokens: readonly Token[]
  /** For each opening bracket the index of the one that closes it. */
  readonly #close = new Map<number, number>()
  /** Index of the first token of what is assigned to a name. */
  readonly #constants = new Map<string, number>()

  constructor(text: string) {
    this.#tokens = tokensOf(text)
    const open: number[] = []
    for (const [i, { kind, text: sign }] of this.#tokens.entries()) {
      if (kind === 'word' && /^(const|let|var)$/.test(sign)) this.#note(i + 1)
      if (kind !== 'sign') continue
      if (sign in closing) open.push(i)
      else if (sign === ')' || sign === ']' || sign === '}') {
        const last = open.pop()
        if (last !== undefined) this.#close.set(last, i)
      }
    }
  }

  /** The literal that the module exports as its default, if it is one. */
  exported(): Literal | null {
    for (let i = 0; i < this.#tokens.length; i++) {
      if (this.#is(i, 'export') && this.#is(i + 1, 'default')) return this.#literal(i + 2)
      if (this.#is(i, 'module') && this.#is(i + 2, 'exports') && this.#is(i + 3, '=')) return this.#literal(i + 4)
      if (this.#is(i, 'as') && this.#is(i + 1, 'default')) return this.#literal(i - 1)
    }
    return null
  }

  /** What a name stands for; other literals as they are. */
  meant(literal: Literal): Literal {
    let target = literal
    for (let i = 0; i < DEEPEST && target.kind === 'name'; i++) {
      const start = this.#constants.get(target.name)
      if (start === undefined) return target
      target = this.#literal(start)
    }
    return target
  }

  /** The entry that a key of an object came from: the last one counts, as when it runs. */
  entry(object: Literal, key: string, depth = 0): Entry | null {
    if (object.kind !== 'object' || depth > DEEPEST) return null
    for (const entry of object.entries.toReversed()) {
      if (entry.key === key) return entry
      const spread = entry.key === null ? this.entry(this.meant(entry.value), key, depth + 1) : null
      if (spread !== null) return spread
    }
    return null
  }

  /** Entries whose key was written before in the same object. */
  twice(object: Literal): Entry[] {
    if (object.kind !== 'object') return []
    const keys = new Set<string>()
    return object.entries.filter(({ key }) => key !== null && keys.size === keys.add(key).size)
  }

  #note(at: number): void {
    const name = this.#tokens[at]
    if (name?.kind !== 'word' || this.#constants.has(name.text)) return
    // A type may stand between the name and what it is set to.
    for (let i = at + 1; i < this.#tokens.length; i++) {
      if (this.#is(i, '=')) this.#constants.set(name.text, i + 1)
      if (
        this.#is(i, '=') ||
        this.#is(i, ';') ||
        (i > at + 1 && /^(const|let|var|export|function)$/.test(this.#tokens[i]!.text))
      )
        return
    }
  }

  #is(i: number, text: string): boolean {
    const token = this.#tokens[i]
    return token !== undefined && token.text === text && token.kind !== 'string'
  }

  /** The literal that begins at `i`, or that the expression there wraps: it stands where the expression begins. */
  #literal(i: number): Literal {
    return { ...this.#unwrapped(i), at: this.#tokens[i]?.at ?? 0 }
  }

  #unwrapped(i: number): Literal {
    const token = this.#tokens[i]
    if (token === undefined) return { kind: 'other', at: 0 }
    const { at } = token
    if (this.#is(i, '{')) return { kind: 'object', at, entries: this.#entries(i) }
    if (this.#is(i, '[')) return { kind: 'array', at, items: this.#items(i) }
    if (this.#is(i, '(')) {
      const arrow = this.#arrowAfter(this.#close.get(i) ?? i)
      return arrow === null ? this.#literal(i + 1) : this.#body(arrow)
    }
    if (token.kind !== 'word') return { kind: 'other', at }
    if (this.#is(i, 'async')) return this.#literal(i + 1)
    if (this.#is(i, 'function')) {
      for (let next = i + 1; next < this.#tokens.length; next++) {
        if (this.#is(next, '(')) next = this.#close.get(next) ?? next
        else if (this.#is(next, '{')) return this.#body(next)
      }
    }
    if (this.#is(i + 1, '=>')) return this.#body(i + 2)
    if (this.#is(i, 'defineConfig')) {
      for (let next = i + 1; next < this.#tokens.length && !this.#is(next, ';'); next++) {
        if (this.#is(next, '(')) return this.#literal(next + 1)
      }
    }
    if (this.#is(i + 1, '.') && this.#is(i + 2, 'defineConfig')) return this.#literal(i + 2)
    return this.#endsAt(i + 1) ? { kind: 'name', at, name: token.text } : { kind: 'other', at }
  }

  /** Where the body begins of the arrow function whose parameters end at `i`; null when it is none. */
  #arrowAfter(i: number): number | null {
    if (this.#is(i + 1, '=>')) return i + 2
    if (!this.#is(i + 1, ':')) return null
    for (let next = i + 2; next < this.#tokens.length && !this.#is(next, ','); next++) {
      if (this.#is(next, '=>')) return next + 1
    }
    return null
  }

  /** What a function returns: its expression, or that of its last own `return`. */
  #body(i: number): Literal {
    if (!this.#is(i, '{')) return this.#literal(i)
    const end = this.#close.get(i) ?? this.#tokens.length
    let returned: Literal = { kind: 'other', at: this.#tokens[i]!.at }
    for (let next = i + 1; next < end; next++) {
      if (this.#is(next, 'return')) returned = this.#literal(next + 1)
      // What returns within brackets is another function, or one case of several.
      else if (this.#tokens[next]!.kind === 'sign') next = this.#close.get(next) ?? next
    }
    return returned
  }

  #entries(open: number): Entry[] {
    const entries: Entry[] = []
    const end = this.#close.get(open) ?? this.#tokens.length
    for (let i = open + 1; i < end; i = this.#afterComma(i, end)) {
      const { kind, text, at } = this.#tokens[i]!
      if (this.#is(i, '...')) entries.push({ key: null, at, value: this.#literal(i + 1) })
      else if (kind === 'sign' || kind === 'other') continue
      else if (this.#is(i + 1, ':')) entries.push({ key: text, at, value: this.#literal(i + 2) })
      else if (i + 1 === end || this.#is(i + 1, ','))
        entries.push({ key: text, at, value: { kind: 'name', at, name: text } })
    }
    return entries
  }

  /** The items of a list, up to the first whose position cannot be known because something is spread before it. */
  #items(open: number): Literal[] {
    const items: Literal[] = []
    const end = this.#close.get(open) ?? this.#tokens.length
    for (let i = open + 1; i < end && !this.#is(i, '...'); i = this.#afterComma(i, end)) items.push(this.#literal(i))
    return items
  }

  #afterComma(from: number, end: number): number {
    for (let i = from; i < end; i++) {
      if (this.#is(i, ',')) return i + 1
      if (this.#tokens[i]!.kind === 'sign') i = this.#close.get(i) ?? i
    }
    return end
  }

  #endsAt(i: number): boolean {
    const token = this.#tokens[i]
    if (token === undefined) return true
    if (token.kind === 'word') return !/^(in|instanceof)$/.test(token.text)
    return token.kind === 'sign' && /^[,;)\]}]$/.test(token.text)
  }
}
