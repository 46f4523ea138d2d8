/**
 * What is to be removed from the cache. A removal is not carried out on all objects at once: each stored object
 * knows the last removal it was compared with, and is compared with the later ones before it is used again. So a removal is
 * in effect as soon as every thread knows it, however many objects there are; meanwhile a sweeper goes through those that
 * are not asked for.
 */
import { parseBan } from './ban.ts'
import { type Latest, note } from './latest.ts'
import type { RemovalSubject } from './removal-subject.ts'
import { type Tree, Trees } from './trees.ts'

/** What a removal means. */
export type Named =
  | { readonly kind: 'ban'; readonly expression: string }
  /** Any of these tags. */
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  /** The beginning of path and query, at one host (as keys have it) or, with null, at all of them. */
  | {
      readonly kind: 'prefix'
      readonly scheme: 'http' | 'https' | null
      readonly host: string | null
      readonly path: string
    }
  /** Targets of primary keys, each with all that fields and cookies make of it. */
  | { readonly kind: 'targets'; readonly targets: readonly string[] }
  | Tree

/** One removal. Plain data: it is sent from thread to thread. */
export interface Removal {
  /** 1, 2, 3 …: an object whose number is at least this has been compared, or was fetched later. */
  readonly number: number
  /** When it was given, ms since the epoch. */
  readonly at: number
  /** What is stale is left for grace instead of being removed. */
  readonly soft: boolean
  readonly what: Named
}

/** What a thread is told: removals it does not know yet, in their order. */
export interface RemovalSnapshot {
  readonly removals: readonly Removal[]
  /** Number of the last removal ever given. */
  readonly last: number
  /** Removals up to this one may be forgotten; an object that has not been compared with them is not to be trusted. */
  readonly forgotten: number
}

interface Pattern {
  readonly removal: Removal
  readonly matches: (subject: RemovalSubject, ago: number) => boolean
}

/** As one thread knows the removals. Names are looked up, so that their number costs nothing; only patterns are tried one by one. */
export class Removals {
  readonly #targets = new Map<string, Latest>()
  readonly #tags = new Map<string, Latest>()
  readonly #trees = new Trees()
  /** In the order of their numbers. */
  readonly #patterns = new Map<string, Pattern>()
  #last = 0
  #forgotten = 0

  /** Number of the last removal; 0: there was none. */
  get last(): number {
    return this.#last
  }

  /** Takes over new removals; in effect when it returns. */
  apply({ removals, last, forgotten }: RemovalSnapshot): void {
    for (const removal of removals) this.#add(removal)
    this.#last = last
    if (forgotten > this.#forgotten) this.#forget(forgotten)
  }

  /**
   * What the removals after `compared` make of an object at a moment (ms since the epoch): `keep`, `remove`, or the moment
   * of the latest soft removal that concerns it, from which on it is stale.
   */
  judge(compared: number, subject: RemovalSubject, now: number): 'keep' | 'remove' | number {
    if (compared < this.#forgotten) return 'remove'
    let softened = 0
    const named = (latest: Latest | undefined): boolean => {
      if (latest === undefined) return false
      if (latest.soft > compared) softened = Math.max(softened, latest.softAt)
      return latest.hard > compared
    }
    if (this.#targets.size > 0 && named(this.#targets.get(subject.target))) return 'remove'
    if (this.#tags.size > 0 && subject.tags !== '') {
      for (const tag of subject.tags.split(' ')) if (named(this.#tags.get(tag))) return 'remove'
    }
    if (this.#trees.size > 0) for (const latest of this.#trees.of(subject)) if (named(latest)) return 'remove'
    for (const { removal, matches } of this.#patterns.values()) {
      if (removal.number <= compared || !matches(subject, (now - removal.at) / 1000)) continue
      if (!removal.soft) return 'remove'
      softened = Math.max(softened, removal.at)
    }
    return softened > 0 ? softened : 'keep'
  }

  #add(removal: Removal): void {
    const { what } = removal
    switch (what.kind) {
      case 'targets':
        for (const target of what.targets) note(this.#targets, target, removal)
        break
      case 'tags':
        for (const tag of what.tags) note(this.#tags, tag, removal)
        break
      case 'tree':
        this.#trees.add(what, removal)
        break
      case 'ban': {
        const { matches } = parseBan(what.expression)
        this.#addPattern({ removal, matches })
        break
      }
      case 'prefix': {
        const { scheme, host, path } = what
        const matches = (subject: RemovalSubject): boolean =>
          (scheme === null || subject.scheme === scheme) &&
          (host === null || subject.host === null || subject.host === host) &&
          (subject.url === null || subject.url.startsWith(path))
        this.#addPattern({ removal, matches })
      }
    }
  }

  /** Of two that mean the same the later one says all: what it does not concern has been compared with the former. */
  #addPattern(pattern: Pattern): void {
    const identity = identityOf(pattern.removal)
    this.#patterns.delete(identity)
    this.#patterns.set(identity, pattern)
  }

  #forget(upTo: number): void {
    this.#forgotten = upTo
    this.#trees.forget(upTo)
    for (const names of [this.#targets, this.#tags])
      for (const [name, { hard, soft }] of names) if (hard <= upTo && soft <= upTo) names.delete(name)
    for (const [identity, { removal }] of this.#patterns) if (removal.number <= upTo) this.#patterns.delete(identity)
  }
}

/** A text that two removals share if the later one makes the former needless. Ages are those of the removal's moment, so what asks for them is never the same. */
export function identityOf({ what, soft, number }: Pick<Removal, 'what' | 'soft' | 'number'>): string {
  const timed = what.kind === 'ban' && parseBan(what.expression).timed
  return `${soft ? 'soft' : 'hard'} ${timed ? number : 0} ${JSON.stringify(what)}`
}

/** What a key says of the request it was made of; see cacheKey. `host`, `url`: null where objects are stored without regard to it. */
export function partsOf(key: string): {
  space: string
  scheme: string
  host: string | null
  url: string | null
  target: string
} {
  const [space = '', scheme = '', host = '', url = ''] = key.split('\n', 4)
  return {
    space,
    scheme,
    // No host and no path of a GET can be a star.
    host: host === '*' ? null : host,
    url: url.startsWith('*') ? null : url,
    target: `${space}\n${scheme}\n${host}\n${url}`,
  }
}
