/** The Cache-Status field (RFC 9211), serialised as a structured field (RFC 9651). */
import { quotedString, tokenOrString } from './structured.ts'

/** Why a request went to the server (RFC 9211 §2.2), from the most specific reason to the least. */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial'

/** What is told of the cache's part in an answer. */
export interface CacheStatus {
  /** The answer came from the store. Then `fwd` and what depends on it is not told. */
  readonly hit: boolean
  /** Why the request went forward; null where that is not known, or not so. */
  readonly fwd: Forwarded | null
  /** Status that the server sent, 0 for the one that the client gets. */
  readonly fwdStatus: number
  /** Seconds of freshness left, negative when stale; null: not told. Rounded down. */
  readonly ttl: number | null
  readonly stored: boolean
  /** true: answered by the fetch of another request; false: that was tried in vain; null: nothing of the kind. */
  readonly collapsed: boolean | null
  /** The cache key; null: not told. */
  readonly key: string | null
  /** A word or sentence for the operator; null: none. */
  readonly detail: string | null
}

/** One member of Cache-Status, for the cache called `name`. */
export function cacheStatus(name: string, of: CacheStatus): string {
  let value = tokenOrString(name)
  if (of.hit) value += '; hit'
  else if (of.fwd !== null) {
    value += `; fwd=${of.fwd}`
    if (of.fwdStatus > 0) value += `; fwd-status=${of.fwdStatus}`
  }
  if (of.ttl !== null) value += `; ttl=${wholeSeconds(of.ttl)}`
  if (!of.hit && of.fwd !== null) {
    if (of.stored) value += '; stored'
    if (of.collapsed !== null) value += of.collapsed ? '; collapsed' : '; collapsed=?0'
  }
  if (of.key !== null) value += `; key=${quotedString(of.key)}`
  if (of.detail !== null) value += `; detail=${tokenOrString(of.detail)}`
  return value
}

/** An integer has at most 15 digits (RFC 9651 §3.3.1). */
function wholeSeconds(ttl: number): number {
  const most = 999_999_999_999_999
  return Math.max(-most, Math.min(most, Math.floor(ttl)))
}
