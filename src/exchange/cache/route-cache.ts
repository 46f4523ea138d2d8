/** The cache as one route of one thread uses it: its settings, and the store that all share. */

import { expire, type Freshness } from '../../cache/freshness/freshness.ts'
import { cacheKey, targetKey } from '../../cache/key/key.ts'
import { keyParts } from '../../cache/key/key-part.ts'
import { isOf } from '../../cache/key/name-pattern.ts'
import { Paths } from '../../cache/key/paths.ts'
import { variantOf, varyNames } from '../../cache/key/vary.ts'
import { freshnessIn, SLOT, type StoredText, writeFreshnessTo } from '../../cache/object/stored-object.ts'
import type { Removals } from '../../cache/purge/removals.ts'
import type { RouteCacheConfig } from '../../config/model.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import type { Store } from '../../store/store.ts'
import { type Edits, type FieldLine, fieldLine } from '../../wire/http/edits.ts'
import { withoutLines } from '../../wire/http/field-lines.ts'
import { Field } from '../../wire/http/fields.ts'
import { type Hop, schemeOf } from '../../wire/http/forwarded.ts'
import type { RequestHead, ResponseHead } from '../../wire/http/head.ts'
import { takesFields } from '../../wire/http1/connection.ts'
import type { HotResponses } from './hot-responses.ts'
import { PinnedSubject } from './pinned-subject.ts'
import type { StoreNotes } from './store-notes.ts'

/** A request longer than this is not worth a place in the index; the store takes keys of 16 KB. */
const LONGEST_KEY = 8192
/** Nor is one with more than this in the fields and cookies that the route's key counts. */
const LONGEST_CHOICE = 4096
/** What was said to this cache alone, where it listens to it; it stays in the store, as an update of the response needs it. */
const FOR_CACHE: ReadonlySet<string> = new Set(['surrogate-control'])

export class RouteCache {
  readonly settings: RouteCacheConfig
  readonly store: Store
  readonly bans: Removals
  readonly notes: StoreNotes
  readonly hot: HotResponses
  /** The same for requests that pass it by, whatever they are. */
  readonly bypassing: RouteCache
  readonly #bypassing: boolean
  /** A line for each request to a server, or null: that Surrogate-Control is heeded here (Edge Architecture 1.0 §2.1). */
  readonly capability: FieldLine | null
  readonly #space: string
  readonly #bypassed: boolean
  readonly #paths: Paths
  readonly #keyParts: readonly string[]
  /** The key ends with the path as it came, unless a trusted proxy says more. */
  readonly #plain: boolean
  // Of the key made last.
  #authority = ''
  #scheme: Hop['proto'] | null = null
  #beginning = ''
  readonly #purgers: (address: string) => boolean

  /** `name`: ours. `space`: name of the route, which keeps its answers apart from those of others. `purgers`: the addresses that may use PURGE. */
  constructor(
    settings: RouteCacheConfig,
    shared: { name: string; store: Store; bans: Removals; notes: StoreNotes; hot: HotResponses },
    space: string,
    purgers: (address: string) => boolean,
    aside = false,
  ) {
    this.#bypassing = aside
    this.bypassing = aside ? this : new RouteCache(settings, shared, space, purgers, true)
    this.#purgers = purgers
    this.settings = settings
    this.store = shared.store
    this.bans = shared.bans
    this.notes = shared.notes
    this.hot = shared.hot
    this.capability = settings.surrogateControl
      ? fieldLine('Surrogate-Capability', `${shared.name}="Surrogate/1.0"`)
      : null
    this.#space = space
    const { cookies, headers, paths } = settings.bypass
    this.#bypassed = cookies.length + headers.length + paths.length > 0
    this.#paths = new Paths(paths)
    this.#keyParts = keyParts(settings.key)
    this.#plain = settings.key.path && settings.key.query.take === 'all' && !settings.key.query.sort
  }

  /**
   * Primary key of a request for `path` (with its query); '' when it is too long to have one. What else the route's key
   * counts keeps apart what is stored under this one: see `variantFields`.
   */
  key(hop: Hop, head: RequestHead, path = head.path): string {
    const key = this.#plain && !hop.trusted ? this.#before(hop, head) + path : this.#keyOf(hop, head, path)
    return key.length > LONGEST_KEY ? '' : key
  }

  #keyOf(hop: Hop, head: RequestHead, path: string): string {
    return cacheKey(this.#space, hop, head, path, this.settings.key)
  }

  /** What stands before the path in the key; kept, as most requests are for the host of the one before. */
  #before(hop: Hop, head: RequestHead): string {
    if (head.authority !== this.#authority || hop.proto !== this.#scheme) {
      this.#authority = head.authority
      this.#scheme = hop.proto
      this.#beginning = this.#keyOf(hop, head, '')
    }
    return this.#beginning
  }

  /** Whether this request purges what it names, which the route allows from this address. Else PURGE is a method like any other. */
  isPurge(head: RequestHead, address: string): boolean {
    return head.method === 'PURGE' && this.#purgers(address)
  }

  /** Beginning of the keys of what this request names. */
  target(hop: Hop, head: RequestHead): string {
    return targetKey(this.#space, schemeOf(head, hop), head, head.path, this.settings.key)
  }

  /** A stored head, as clients may see it. */
  forClients(stored: StoredText): StoredText {
    return this.settings.surrogateControl ? { ...stored, fields: withoutLines(stored.fields, FOR_CACHE) } : stored
  }

  /**
   * Tells servers what this cache can do, and keeps from them what an untrusted peer says that surrogates before them can do: a server that goes by it would
   * write for one that is not there, and every client would get that from the store.
   */
  editRequest(edits: Edits, hop: Hop): void {
    if (this.capability === null) return
    if (!hop.trusted) edits.remove(Field.surrogateCapability)
    edits.add(this.capability)
  }

  /** Keeps from clients what a response says to this cache alone, for one that is passed on. */
  removeOwn(edits: Edits): void {
    if (this.settings.surrogateControl) edits.remove(Field.surrogateControl)
  }

  /**
   * Names of what chose a response: always what the route's key counts, and the fields that Vary names beyond that. Where
   * the route codes what is stored, no server is told of Accept-Encoding, so that one form serves all whatever Vary says;
   * a server that codes unasked is taken at its word.
   */
  variantFields(head: ResponseHead): readonly string[] {
    const { compress, key } = this.settings
    const names = varyNames(head, key) ?? []
    const coded = compress !== null && !head.has(Field.contentEncoding)
    if (!coded && this.#keyParts.length === 0) return names
    const more = names.filter((name) => !(coded && name === 'accept-encoding') && !key.headers.includes(name))
    return [...this.#keyParts, ...more]
  }

  /** Whether this request passes the cache by: it neither takes from it nor leaves anything in it. */
  bypasses(head: RequestHead): boolean {
    if (this.#bypassing) return true
    // The server sees less of it than counts here (RFC 9110 §7.6.1).
    if (takesFields(head)) return true
    const counted = this.#keyParts
    if (counted.length > 0 && head.text.length > LONGEST_CHOICE && variantOf(counted, head).length > LONGEST_CHOICE)
      return true
    if (!this.#bypassed) return false
    const { cookies, headers } = this.settings.bypass
    if (this.#paths.has(head.path)) return true
    for (const name of headers) if (head.find(name) !== null) return true
    return cookies.length > 0 && head.has(Field.cookie) && hasCookie(head, cookies)
  }
}

/**
 * Reads the freshness of a stored response, and compares it with the removals it has not seen yet. False: it is to go. A soft
 * removal makes it stale, in `freshness` and in the store.
 */
export function outlives(bans: Removals, hold: PinnedObject, freshness: Freshness, now: number): boolean {
  // In this order, as another thread may compare it just now, which writes the freshness before the number. The other way
  // round a freshness from before the removal could pass for one from after it.
  const compared = hold.meta(SLOT.ban)
  if (bans.last > 0) hold.fence()
  freshnessIn(freshness, hold)
  if (compared >= bans.last) return true
  const judgement = bans.judge(compared, new PinnedSubject(hold, freshness, now), now)
  if (judgement === 'remove') return false
  if (judgement !== 'keep') {
    expire(freshness, judgement)
    writeFreshnessTo(freshness, hold)
    hold.fence()
  }
  hold.setMeta(SLOT.ban, bans.last)
  return true
}

function hasCookie(head: RequestHead, wanted: readonly string[]): boolean {
  for (const pair of (head.list(Field.cookie) ?? '').split(/[;,]/)) {
    const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim()
    if (name === '') continue
    if (wanted.some((written) => isOf(name, written))) return true
  }
  return false
}
