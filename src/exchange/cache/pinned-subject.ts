/** A stored response as removals to remove something see it. Read on demand: most removals ask for its key and no more. */

import type { Freshness } from '../../cache/freshness/freshness.ts'
import { ageAt } from '../../cache/freshness/reuse.ts'
import { readText, type StoredText } from '../../cache/object/stored-object.ts'
import type { RemovalSubject } from '../../cache/purge/removal-subject.ts'
import { partsOf } from '../../cache/purge/removals.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { listIn } from '../../wire/http/field-lines.ts'

export class PinnedSubject implements RemovalSubject {
  readonly target: string
  readonly scheme: string
  readonly host: string | null
  readonly url: string | null
  readonly #hold: PinnedObject
  readonly #freshness: Freshness
  readonly #now: number
  #stored: StoredText | null = null

  /** `now`: ms since the epoch. */
  constructor(hold: PinnedObject, freshness: Freshness, now: number) {
    const { target, scheme, host, url } = partsOf(hold.key)
    this.target = target
    this.scheme = scheme
    this.host = host
    this.url = url
    this.#hold = hold
    this.#freshness = freshness
    this.#now = now
  }

  get status(): number {
    return this.#text.status
  }

  get tags(): string {
    return this.#text.tags
  }

  get age(): number {
    return ageAt(this.#freshness, this.#now) / 1000
  }

  header(name: string): string | null {
    return listIn(this.#text.fields, name) || null
  }

  get #text(): StoredText {
    this.#stored ??= readText(this.#hold.headText(), this.#hold)
    return this.#stored
  }
}
