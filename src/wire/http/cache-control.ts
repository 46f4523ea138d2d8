/**
 * Cache-Control of requests and responses (RFC 9111 §5.2), into one flat object that is used again and again.
 *
 * Where a field can be read in two ways, the way that caches less is taken: a freshness that is no number, or is given
 * twice with two values, is 0 (§4.2.1); a directive that narrows counts whatever stands behind it; one that widens only
 * counts when it is well formed; and a line that is no list of directives at all, or whose quotes do not end, is read
 * as no-store, because what was meant by it is unknown.
 */
import { BACKSLASH, COMMA, DQUOTE, EQUALS, equalsLower, TOKEN } from '../../base/bytes.ts'
import { Field } from './fields.ts'
import type { Head } from './head.ts'
import { skipSpace } from './list.ts'

/** The longest time that is told apart from "for ever", in seconds (RFC 9111 §1.2.2). */
export const DELTA_MAX = 2 ** 31

const NONE: readonly string[] = []

/** What the cache directives of a message amount to. Times are in whole seconds, 0 … DELTA_MAX; -1: not stated. */
export class CacheControl {
  /** Some directive is there, known or not. */
  present = false
  /** They come from a field addressed to this kind of cache, so that Cache-Control and Expires do not count (RFC 9213 §2.2). */
  targeted = false
  noStore = false
  /** Unqualified no-cache: nothing is used without asking the server. */
  noCache = false
  /** Lower-case names in `no-cache="…"`: these fields are not to be used without asking. */
  noCacheFields: readonly string[] = NONE
  /** Unqualified private: for one user only. */
  isPrivate = false
  /** Lower-case names in `private="…"`: these fields are for one user only. */
  privateFields: readonly string[] = NONE
  isPublic = false
  mustRevalidate = false
  proxyRevalidate = false
  mustUnderstand = false
  immutable = false
  noTransform = false
  onlyIfCached = false
  /** Some line is no list of directives, so that no-store is read from it. */
  unreadable = false
  maxAge = -1
  sMaxAge = -1
  /** The time is no number, or was stated twice with two values, so that it is 0. */
  maxAgeUnclear = false
  sMaxAgeUnclear = false
  staleWhileRevalidate = -1
  staleIfError = -1
  /** DELTA_MAX where it has no value: a stale response of any age will do. */
  maxStale = -1
  minFresh = -1

  reset(): void {
    this.present = false
    this.targeted = false
    this.noStore = false
    this.noCache = false
    this.noCacheFields = NONE
    this.isPrivate = false
    this.privateFields = NONE
    this.isPublic = false
    this.mustRevalidate = false
    this.proxyRevalidate = false
    this.mustUnderstand = false
    this.immutable = false
    this.noTransform = false
    this.onlyIfCached = false
    this.unreadable = false
    this.maxAge = -1
    this.sMaxAge = -1
    this.maxAgeUnclear = false
    this.sMaxAgeUnclear = false
    this.staleWhileRevalidate = -1
    this.staleIfError = -1
    this.maxStale = -1
    this.minFresh = -1
  }
}

/** Reads all Cache-Control fields of a head. What was in `into` is forgotten. */
export function readCacheControl(into: CacheControl, head: Head): void {
  into.reset()
  if ((head.seen & (1 << Field.cacheControl)) === 0) return
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] === Field.cacheControl)
      addDirectives(into, head.text, head.spans[i * 4 + 2]!, head.spans[i * 4 + 3]!)
  }
}

/** Adds the directives of the value text[from, to) to those in `into`. Never throws. */
export function addDirectives(into: CacheControl, text: string, from: number, to: number): void {
  let i = from
  while (i < to) {
    i = skipSpace(text, i, to)
    if (i >= to) return
    if (text.charCodeAt(i) === COMMA) {
      i++
      continue
    }
    into.present = true
    const name = i
    i = tokenEnd(text, i, to)
    const nameTo = i
    if (nameTo === name) return unreadable(into)
    let value: string | null = null
    let sound = true
    if (i < to && text.charCodeAt(i) === EQUALS) {
      const begin = i + 1
      if (begin < to && text.charCodeAt(begin) === DQUOTE) {
        i = quoteEnd(text, begin, to)
        if (i < 0) return unreadable(into)
        value = text.slice(begin + 1, i - 1)
        if (value.includes('\\')) value = value.replace(/\\([\s\S])/g, '$1')
      } else {
        i = tokenEnd(text, begin, to)
        value = text.slice(begin, i)
        if (i === begin) sound = false
      }
    }
    i = skipSpace(text, i, to)
    if (i < to && text.charCodeAt(i) !== COMMA) {
      sound = false
      i = junkEnd(text, i, to)
      if (i < 0) return unreadable(into)
    }
    applyDirective(into, text, name, nameTo, value, sound)
  }
}

function unreadable(into: CacheControl): void {
  into.unreadable = true
  into.noStore = true
}

/**
 * Adds one directive, whose name is text[from, to) in any case; an unknown one changes nothing.
 * @param value its argument, null where there is none
 * @param sound whether it was well formed
 */
export function applyDirective(
  into: CacheControl,
  text: string,
  from: number,
  to: number,
  value: string | null,
  sound: boolean,
): void {
  const alone = sound && value === null
  switch (to - from) {
    case 6:
      if (equalsLower(text, from, to, 'public')) into.isPublic ||= alone
      return
    case 7:
      if (equalsLower(text, from, to, 'max-age')) {
        into.maxAgeUnclear ||= isUnclear(into.maxAge, sound ? value : null)
        into.maxAge = stated(into.maxAge, sound ? value : null)
      } else if (equalsLower(text, from, to, 'private')) {
        const names = sound ? fieldNamesIn(value) : NONE
        if (names.length === 0) into.isPrivate = true
        else into.privateFields = [...into.privateFields, ...names]
      }
      return
    case 8:
      if (equalsLower(text, from, to, 'no-store')) into.noStore = true
      else if (equalsLower(text, from, to, 's-maxage')) {
        into.sMaxAgeUnclear ||= isUnclear(into.sMaxAge, sound ? value : null)
        into.sMaxAge = stated(into.sMaxAge, sound ? value : null)
      } else if (equalsLower(text, from, to, 'no-cache')) {
        const names = sound ? fieldNamesIn(value) : NONE
        if (names.length === 0) into.noCache = true
        else into.noCacheFields = [...into.noCacheFields, ...names]
      }
      return
    case 9:
      if (equalsLower(text, from, to, 'immutable')) into.immutable = true
      else if (equalsLower(text, from, to, 'max-stale')) {
        if (alone) into.maxStale = into.maxStale < 0 ? DELTA_MAX : into.maxStale
        else into.maxStale = stated(into.maxStale === DELTA_MAX ? -1 : into.maxStale, sound ? value : null)
      } else if (equalsLower(text, from, to, 'min-fresh') && sound)
        into.minFresh = Math.max(into.minFresh, delta(value))
      return
    case 12:
      if (equalsLower(text, from, to, 'no-transform')) into.noTransform = true
      return
    case 14:
      if (equalsLower(text, from, to, 'only-if-cached')) into.onlyIfCached = true
      else if (equalsLower(text, from, to, 'stale-if-error'))
        into.staleIfError = stated(into.staleIfError, sound ? value : null)
      return
    case 15:
      if (equalsLower(text, from, to, 'must-revalidate')) into.mustRevalidate = true
      else if (equalsLower(text, from, to, 'must-understand')) into.mustUnderstand ||= alone
      return
    case 16:
      if (equalsLower(text, from, to, 'proxy-revalidate')) into.proxyRevalidate = true
      return
    case 22:
      if (equalsLower(text, from, to, 'stale-while-revalidate'))
        into.staleWhileRevalidate = stated(into.staleWhileRevalidate, sound ? value : null)
  }
}

/** A time that is stated once more: 0 if it is no number, or another one than before (§4.2.1). */
function stated(before: number, value: string | null): number {
  const seconds = delta(value)
  if (seconds < 0) return 0
  return before === -1 || before === seconds ? seconds : 0
}

function isUnclear(before: number, value: string | null): boolean {
  const seconds = delta(value)
  return seconds < 0 || (before !== -1 && before !== seconds)
}

/** delta-seconds (RFC 9111 §1.2.2) of at most DELTA_MAX, -1 for what is none. */
export function delta(value: string | null): number {
  if (value === null || value === '') return -1
  let seconds = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    seconds = Math.min(DELTA_MAX, seconds * 10 + digit)
  }
  return seconds
}

/** Lower-case field names of an argument; none where it is missing, empty, or holds something else, so that the directive counts as unqualified. */
function fieldNamesIn(value: string | null): readonly string[] {
  if (value === null) return NONE
  const names: string[] = []
  for (const element of value.split(',')) {
    const name = element.trim().toLowerCase()
    if (name === '') continue
    if (tokenEnd(name, 0, name.length) !== name.length) return NONE
    names.push(name)
  }
  return names
}

function tokenEnd(text: string, from: number, to: number): number {
  let i = from
  while (i < to && TOKEN[text.charCodeAt(i)] === 1) i++
  return i
}

/** Offset behind the quoted string that begins at `from`, -1 if it does not end. */
function quoteEnd(text: string, from: number, to: number): number {
  for (let i = from + 1; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === DQUOTE) return i + 1
  }
  return -1
}

/** Offset of the comma behind something that is no directive, or `to`; -1 if it opens a quote that does not end. */
function junkEnd(text: string, from: number, to: number): number {
  let i = from
  while (i < to && text.charCodeAt(i) !== COMMA) {
    if (text.charCodeAt(i) === DQUOTE) {
      i = quoteEnd(text, i, to)
      if (i < 0) return -1
    } else i++
  }
  return i
}
