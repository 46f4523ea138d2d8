/**
 * Cache directives that are addressed to one kind of cache: targeted fields such as CDN-Cache-Control (RFC 9213), and
 * Surrogate-Control of the Edge Architecture, which is older and has a syntax of its own.
 */
import { applyDirective, type CacheControl, delta } from './cache-control.ts'
import { skipSpace, trimSpace } from './list.ts'
import { parseDictionary } from './structured.ts'

/** Directives with a number; no-cache and private may have a string; all others have no value (RFC 9213 §2.1). */
const NUMBERS = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'])
const NAMES = new Set(['no-cache', 'private'])

/**
 * Reads the value of a targeted field, all its lines joined by ', '.
 * @returns false, with `into` reset, if it is empty or no dictionary: then it counts as not there (RFC 9213 §2.1)
 */
export function readTargeted(into: CacheControl, text: string): boolean {
  into.reset()
  const members = parseDictionary(text)
  if (members === null || members.size === 0) return false
  into.present = true
  into.targeted = true
  for (const [name, { kind, value }] of members) {
    // A value of another type than its directive has is not to be consumed (§2.1). A negative number is of the right
    // type and no time: it leaves the response stale.
    if (NUMBERS.has(name)) {
      if (kind === 'integer') applyDirective(into, name, 0, name.length, String(value), true)
    } else if (NAMES.has(name) && kind === 'string') applyDirective(into, name, 0, name.length, String(value), true)
    else if (value === true) applyDirective(into, name, 0, name.length, null, true)
  }
  return true
}

/**
 * Reads Surrogate-Control: `max-age=N` or `max-age=N+M` (M seconds more in which it may be used while it is fetched
 * again, or when that fails), no-store; `content` and all unknown ones are left aside, and so is what names another
 * surrogate behind a ';'. A time that is no number, with space before it for instance, is 0, as in Cache-Control.
 * @returns false, with `into` reset, if nothing in it concerns a cache: then it counts as not there
 */
export function readSurrogateControl(into: CacheControl, text: string): boolean {
  into.reset()
  let found = false
  for (const element of text.split(',')) {
    const from = skipSpace(element, 0, element.length)
    const directive = element.slice(from, trimSpace(element, from, element.length)).toLowerCase()
    if (directive === 'no-store') {
      into.noStore = true
      found = true
    } else if (directive.startsWith('max-age=') && !directive.includes(';')) {
      const [fresh = '', more] = directive.slice(8).split('+')
      applyDirective(into, 'max-age', 0, 7, fresh, true)
      found = true
      if (more !== undefined) {
        into.staleWhileRevalidate = delta(fresh) < 0 ? 0 : Math.max(0, delta(more))
        into.staleIfError = into.staleWhileRevalidate
      }
    }
  }
  into.present = found
  into.targeted = found
  return found
}
