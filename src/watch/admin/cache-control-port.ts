/**
 * What the admin API asks of the cache. The API knows nothing of stores and threads: the owner of a cache gives it one
 * of these, and the API says what came of it.
 */

import type { StoreDecision } from '../../cache/object/reasons.ts'
import type { Ban } from '../../cache/purge/ban.ts'

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
  /** In effect on all threads. `soft`: made stale instead of removed, as it was ordered or, `softened`, to spare the servers. */
  | { readonly done: true; readonly soft: boolean; readonly softened: boolean }
  /**
   * Not done. `saturated`, of bans, and of a URL whose answer may never be used stale: what would be asked for again would
   * find the servers full. `full`: too many removals are still under way; no force helps. `nowhere`: no route that
   * caches takes what is named. `reason`: in words; `routes`: those that cache; `place`: the path of the setting that
   * belongs to what is full.
   */
  | { readonly done: false; readonly why: 'saturated'; readonly reason: string; readonly place: string }
  | { readonly done: false; readonly why: 'full'; readonly reason: string }
  | { readonly done: false; readonly why: 'nowhere'; readonly reason: string; readonly routes: readonly string[] }

/** A removal that stored objects are still compared with. */
export interface RemovalEntry {
  /** What it means, in its one form. */
  readonly removal: string
  /** Whether it makes stale instead of removing. */
  readonly soft: boolean
  /** Seconds since it was given. */
  readonly age: number
}

/** One stored answer. Times in seconds; negative where they are over. */
export interface StoredVariant {
  /** What it was chosen by: names and values of request fields; `cookie <name>` and the cookies for those of the route's key; null: it had none. */
  readonly vary: Readonly<Record<string, string | null>>
  /** `zstd`, `br` or `gzip` where it is a form that was made of another stored one; null: as it came. */
  readonly coding: string | null
  readonly status: number
  /** Bytes of the body. */
  readonly size: number
  readonly age: number
  /** Until it is stale, until its grace is over, until not even servers that are full or fail bring it back, until it is forgotten. */
  readonly fresh: number
  readonly grace: number
  readonly pressure: number
  readonly keep: number
  /** Why it is never used stale, by what its server said: it is to be asked each time, or once it is stale. null: it may be. */
  readonly neverStale: 'no-cache' | 'must-revalidate' | null
  readonly tags: readonly string[]
  readonly etag: string | null
}

/** All that is known of a URL. */
export interface ObjectReport {
  readonly url: string
  /** Names of the routes that cache and may take it; empty: nothing is ever stored for it. */
  readonly routes: readonly string[]
  readonly variants: readonly StoredVariant[]
  /** The last answer of a server, or the failure to get one; null when none is remembered. */
  readonly last: (Told & { readonly stored: boolean; readonly status: number | null }) | null
  /** Requests that took nothing from the cache and left nothing in it: the last one, and how many are remembered; null: none. */
  readonly passed: (Told & { readonly count: number }) | null
}

/** A reason as people read it. */
export interface Told {
  readonly reason: StoreDecision
  readonly says: string
  /** '' where there is nothing to do. */
  readonly fix: string
  /** Moment in UTC, as RFC 3339 has it. */
  readonly at: string
}

/** How full the store is, and what it does. Sizes in bytes, counts since the start; see cacheAnswer for their meaning. */
export interface CacheUsage {
  readonly size: number
  readonly used: number
  readonly objects: number
  readonly hits: number
  readonly stale: number
  readonly collapsed: number
  readonly revalidated: number
  readonly misses: number
  readonly passes: number
  readonly refreshed: number
  readonly refreshFailed: number
  readonly evicted: number
  readonly resets: number
  readonly removals: number
}

/** A cache as the admin API sees it. Throws RangeError for a `url` or `prefix` that readUrl or readPrefix does not take. */
export interface CacheControl {
  purge(what: Purge): Promise<Removal>
  ban(ban: Ban, force: boolean): Promise<Removal>
  removals(): Promise<readonly RemovalEntry[]>
  /** `url`: whole, `http://host/path?query`. */
  object(url: string): Promise<ObjectReport>
  usage(): Promise<CacheUsage>
}
