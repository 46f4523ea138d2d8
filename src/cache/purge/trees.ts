/**
 * Removals that mean a resource and all below it, as an unsafe request changes them (RFC 4918 §9.6.1, §9.8.3, §9.9.2). They
 * are looked up by each beginning of a path, so that their number costs nothing.
 *
 * Spellings of one path count as one: clients write a path in percent-encoding or as it is, and what one of them changes
 * is stored as the others asked for it. Too much may be taken for changed, never too little.
 */

import { type Latest, note } from './latest.ts'
import type { RemovalSubject } from './removal-subject.ts'

/** A resource, whatever its query, and all below it. */
export interface Tree {
  readonly kind: 'tree'
  readonly scheme: string
  /** As keys have it. */
  readonly host: string
  /** In the form of `treePath`. */
  readonly path: string
}

/** Where objects are stored without regard to the host or the path, it may be any. */
const ANY = '*'

export class Trees {
  readonly #latest = new Map<string, Latest>()

  get size(): number {
    return this.#latest.size
  }

  add(
    { scheme, host, path }: Tree,
    removal: { readonly number: number; readonly at: number; readonly soft: boolean },
  ): void {
    for (const h of [host, ANY]) for (const p of [path, ANY]) note(this.#latest, nameOf(scheme, h, p), removal)
  }

  /** The last removals for each tree that this object is in. */
  *of({ scheme, host, url }: RemovalSubject): Generator<Latest> {
    const h = host ?? ANY
    const path = url === null ? ANY : treePath(url)
    for (let end = path.length; end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const latest = this.#latest.get(nameOf(scheme, h, path.slice(0, end)))
      if (latest !== undefined) yield latest
      if (end === 0) return
    }
  }

  forget(upTo: number): void {
    for (const [name, { hard, soft }] of this.#latest) if (hard <= upTo && soft <= upTo) this.#latest.delete(name)
  }
}

function nameOf(scheme: string, host: string, path: string): string {
  return `${scheme}\n${host}\n${path}`
}

/** A target as the path of a tree: without query, escapes, dot segments, empty segments and the slash at its end; '' for the root. */
export function treePath(target: string): string {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const decoded = path.includes('%')
    ? path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : path
  const kept: string[] = []
  for (const segment of decoded.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return kept.length === 0 ? '' : `/${kept.join('/')}`
}
