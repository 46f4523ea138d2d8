/**
 * The part of a query that belongs to a key. What is left out of a key must be nothing that a server may take for what
 * counts, or one request could bring the answer that another one gets: names are read as servers read them, and what they
 * may read in several ways stays.
 */

import type { KeySettings } from '../freshness/settings.ts'
import { isOf } from './name-pattern.ts'

/** The query as far as it counts: '' or with its question mark. `query`: what follows the question mark. */
export function queryKey(query: string, { take, names, sort }: KeySettings['query']): string {
  if (take === 'none') return ''
  if (take === 'all' && !sort) return `?${query}`
  let pairs = query.split('&').map(pairOf)
  if (take === 'only') {
    const wanted = names.map((written) => alikeOf(decoded(written) ?? written))
    pairs = pairs.filter((pair) => pair.unclear || wanted.some((one) => isOf(pair.alike, one)))
  } else if (take === 'without') {
    const unwanted = names.map((written) => decoded(written) ?? written)
    pairs = pairs.filter(({ name }) => name === null || !unwanted.some((one) => isOf(name, one)))
  }
  // Where one pair may be several, or of any name, it is unknown what it may change places with.
  if (sort && pairs.every(({ name }) => name !== null)) {
    pairs = pairs.filter(({ text }) => text !== '')
    // Stable, and by name only: a=2&a=1 is something else than a=1&a=2 to most servers.
    pairs.sort((a, b) => (a.alike < b.alike ? -1 : a.alike > b.alike ? 1 : 0))
  }
  return pairs.length === 0 ? '' : `?${pairs.map(({ text }) => text).join('&')}`
}

interface Pair {
  readonly text: string
  /** Decoded; null where that has no one meaning. */
  readonly name: string | null
  /** Servers may take the name for another one. */
  readonly unclear: boolean
  /** The same for all names that one server or another takes for this one. */
  readonly alike: string
}

function pairOf(text: string): Pair {
  const equals = text.indexOf('=')
  // Some servers take a semicolon for an ampersand.
  const name = text.includes(';') ? null : decoded(equals < 0 ? text : text.slice(0, equals))
  if (name === null) return { text, name, unclear: true, alike: '' }
  const bracket = name.indexOf('[')
  if (bracket < 0) return { text, name, unclear: false, alike: alikeOf(name) }
  // To some id[] and id[a] are parts of id. A bracket that is not closed may be any sign.
  if (!/^[^[\]]+(?:\[[^[\]]*\])+$/.test(name)) return { text, name: null, unclear: true, alike: '' }
  return { text, name, unclear: true, alike: alikeOf(name.slice(0, bracket)) }
}

/** The name as forms write it, read (percent-encoding, and a plus for a space); null where that has no one meaning. */
function decoded(name: string): string | null {
  // Bytes beyond ASCII that came as they are: in an unknown encoding.
  if (/[^\x20-\x7e]/.test(name)) return null
  if (!/[%+]/.test(name)) return name
  try {
    const plain = decodeURIComponent(name.replaceAll('+', ' '))
    // Some servers take a name to end at a zero byte, and some decode before they look for separators.
    return plain.includes('\0') || /[;&=]/.test(plain) ? null : plain
  } catch {
    return null
  }
}

/** PHP takes a dot or a space for an underscore and begins after spaces; ASP.NET heeds no case. */
function alikeOf(name: string): string {
  return name.trim().replace(/[ .]/g, '_').toLowerCase()
}
