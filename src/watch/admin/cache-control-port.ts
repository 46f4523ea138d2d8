/**
 * What the admin API asks of the cache. The API knows nothing of stores and threads: whoever has a cache gives it one
 * of these, and the API says what came of it.
 */
import type { Ban } from '../../cache/ban.ts'

/** What to remove. One of `url`, `prefix` and `tags` is there. */
export interface Purge {
  /** A whole URL, `http://host/path?query`: all of its variants. */
  readonly url: string | null
  /** The beginning of a URL, or of a path on every host. */
  readonly prefix: string | null
  /** Surrogate keys; an object with any of them is meant. Empty: not by tag. */
  readonly tags: readonly string[]
  /** Make stale and leave for grace, instead of removing. */
  readonly soft: boolean
  /** Do it although the servers are saturated. */
  readonly force: boolean
}

/** What came of it. */
export type Removal =
  /** Done. `objects`: how many, as far as it is known at once; null when they go as they are met. `softened`: made stale instead of removed, to spare the servers. */
  | { readonly done: true; readonly objects: number | null; readonly softened: boolean }
  /** Not done. `saturated`: what would be asked for again would find the servers full. `full`: too many orders are still being carried out; no force helps. */
  | { readonly done: false; readonly why: 'saturated' | 'full'; readonly reason: string }

/** A ban that is still looked at. */
export interface BanEntry {
  /** The expression in its one form. */
  readonly expression: string
  /** Seconds since it was given. */
  readonly age: number
}

/** One stored answer. Times in seconds; negative where they are over. */
export interface StoredVariant {
  /** What it was chosen by: names and values of request fields; `cookie <name>` and the cookies for those of the route's key. */
  readonly vary: Readonly<Record<string, string>>
  /** `zstd`, `br` or `gzip` where it is a form that was made of another stored one; null: as it came. */
  readonly coding: string | null
  readonly status: number
  /** Bytes of the body. */
  readonly size: number
  readonly age: number
  /** Until it is stale, until its grace is over, until it is forgotten. */
  readonly fresh: number
  readonly grace: number
  readonly keep: number
  readonly tags: readonly string[]
  readonly etag: string | null
}

/** All that is known of a URL. */
export interface ObjectReport {
  readonly url: string
  readonly variants: readonly StoredVariant[]
  /** The last answer of a server: whether it was stored, and by which rule or not; null when none was seen. */
  readonly last: { readonly stored: boolean; readonly reason: string } | null
}

/** How full the store is, and what it does. Sizes in bytes, counts since the start. */
export interface CacheUsage {
  readonly size: number
  readonly used: number
  readonly objects: number
  readonly hits: number
  readonly misses: number
  /** Stale answers that were given. */
  readonly stale: number
  /** Requests that waited for the fetch of another. */
  readonly coalesced: number
  readonly evicted: number
  readonly bans: number
}

/** A cache as the admin API sees it. Throws RangeError for a `url` or `prefix` that readUrl or readPrefix does not take. */
export interface CacheControl {
  purge(what: Purge): Promise<Removal>
  ban(ban: Ban, force: boolean): Promise<Removal>
  bans(): Promise<readonly BanEntry[]>
  /** `url`: whole, `http://host/path?query`. */
  object(url: string): Promise<ObjectReport>
  usage(): Promise<CacheUsage>
}
