/**
 * Newer metadata for a stored response: from a 304 to a validation (RFC 9111 §4.3.4), or from a HEAD (§4.3.5). First
 * which stored responses it is about, then how their heads change (§3.2).
 */
import { CacheControl } from '../../wire/http/cache-control.ts'
import { namesIn, withoutLines } from '../../wire/http/field-lines.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { controlOf } from '../freshness/control.ts'
import type { CacheSettings } from '../freshness/settings.ts'
import { cookiesForOne, type Excepted, linesForOne, linesToKeep, readStored, type StoredHead } from './stored-head.ts'
import { hasStrong, sameStrongly, sameWeakly, type Validators, validatorsOf } from './validators.ts'

/**
 * Which stored responses a 304 is about, as indices; none: it tells nothing of any of them, and must not update any.
 * @param stored those that could have been used for the request, but for their freshness
 * @param fresh of the 304
 */
export function selectedBy(stored: readonly Validators[], fresh: Validators): readonly number[] {
  const all = [...stored.keys()]
  if (hasStrong(fresh)) return all.filter((i) => sameStrongly(fresh, stored[i]!))
  if (fresh.etag !== '' || fresh.lastModified !== '') {
    const same = all.filter((i) => sameWeakly(fresh, stored[i]!))
    return same.length === 0 ? [] : [same.reduce((a, b) => (stored[b]!.date > stored[a]!.date ? b : a))]
  }
  // A 304 without any validator. The text allows this only for a stored response that has none either. A server that
  // leaves the ETag out against RFC 9110 §15.4.5 has still answered a question about the only one there is.
  return stored.length === 1 ? [0] : []
}

/**
 * Of the content that is stored, not of the message that came now: another Content-Encoding would call plain bytes
 * coded, or coded ones plain. And cookies, which belong to the client that just asked.
 */
const NEVER_MERGED = ['content-encoding', 'content-length', 'content-range', 'set-cookie']

/** What an update makes of a stored head. */
export interface Updated {
  /** The lines that are stored from now on. */
  readonly fields: string
  /** Lines of the newer head for the client that asked alone. */
  readonly own: string
}

// Used up within one call.
const control = new CacheControl()

/**
 * A stored head after an update: the fields of the newer head in place of all stored ones of their names, the rest as it
 * was (§3.2). Content-Type is updated as any other field: nothing here was made by it. Content-Encoding is not, as the
 * stored bytes do not change with it, and §3.2 allows to leave out what their integrity needs.
 *
 * What is not to be stored (§3.1) is said by the directives that are stored as well as by newer ones: a 304 need not
 * repeat them, and still has the fields of which they speak. Those count as well that come to count by this update, where
 * a targeted field before them cannot be read any more (RFC 9213 §2.1).
 *
 * Without a Date in the newer head the time of its receipt is put there: the response was validated at that time.
 * @param answered when it was received, ms since the epoch
 */
export function updated(
  stored: StoredHead,
  fresh: ResponseHead,
  settings: Pick<CacheSettings, 'setCookie' | 'targeted' | 'surrogateControl'>,
  answered: number,
): Updated {
  const names = new Set<string>()
  const excepts = (head: ResponseHead): void => {
    controlOf(control, head, settings)
    for (const name of control.noCacheFields) names.add(name)
    for (const name of control.privateFields) names.add(name)
  }
  excepts(readStored(stored))
  excepts(fresh)
  const cookies = mergesCookies(control, settings)
  const never = new Set(NEVER_MERGED)
  if (cookies) never.delete('set-cookie')
  const newer = withoutLines(linesToKeep(fresh, NONE, answered), never)
  const fields = withoutLines(stored.fields, namesIn(newer)) + newer
  excepts(readStored({ ...stored, fields }))
  const excepted = { ...NONE, privateFields: [...names] }
  const own = linesForOne(fresh, excepted) + cookiesForOne(fresh, excepted, cookies)
  return { fields: withoutLines(fields, names), own }
}

const NONE: Excepted = { noCacheFields: [], privateFields: [] }

/** Whether cookies of an update are stored with it. @param control directives of the newer head */
function mergesCookies(control: CacheControl, settings: Pick<CacheSettings, 'setCookie'>): boolean {
  return settings.setCookie === 'when-public' && (control.isPublic || control.sMaxAge >= 0)
}

/**
 * What a response to HEAD says of a stored response to GET (§4.3.5). `same`: update it with updatedLines. `changed`: it
 * is stale from now on. `nothing`: the status is not 200, so that it says nothing.
 * @param length bytes of the stored content
 */
export function headSays(
  stored: Validators,
  length: number,
  fresh: ResponseHead,
  answered: number,
): 'same' | 'changed' | 'nothing' {
  if (fresh.status !== 200) return 'nothing'
  const now = validatorsOf(fresh, answered)
  if (now.etag !== '' && now.etag !== stored.etag) return 'changed'
  if (now.lastModified !== '' && now.lastModified !== stored.lastModified) return 'changed'
  return fresh.contentLength >= 0 && fresh.contentLength !== length ? 'changed' : 'same'
}
