/**
 * The primary cache key (RFC 9111 §2): a text that two requests share if the same stored responses come into question
 * for both. GET and HEAD share it. Its parts stand on lines: nothing in a head can hold a line feed.
 */
import { fieldList } from '../wire/field-list.ts'
import { Field } from '../wire/fields.ts'
import type { RequestHead } from '../wire/head.ts'
import type { KeySettings } from './settings.ts'

type Scheme = 'http' | 'https'

/**
 * Key of a request: its target, the chosen fields, the chosen cookies.
 * @param space keeps apart what requests do not tell apart, such as the same address at two listeners with different
 * servers behind them: a name without line feed, or ''
 */
export function cacheKey(space: string, scheme: Scheme, head: RequestHead, settings: KeySettings): string {
  let key = targetKey(space, scheme, head, head.path, settings)
  for (const name of settings.headers) {
    const value = fieldList(head, name)
    key += value === null ? `\nh ${name}` : `\nh ${name}:${value}`
  }
  for (const name of settings.cookies) key += `\nc ${name}${cookiesOf(head, name)}`
  return key
}

/** Key of a target at the host of this request, without fields and cookies: what all keys of that target begin with. `path`: with its query. */
export function targetKey(
  space: string,
  scheme: Scheme,
  head: RequestHead,
  path: string,
  settings: KeySettings,
): string {
  // No host and no path of a GET can be a star.
  const host = settings.host ? head.host + portOf(scheme, head.authority) : '*'
  return `${space}\n${scheme}\n${host}\n${pathKey(path, settings)}`
}

/** `:port` of an authority, '' for the one that belongs to the scheme (RFC 9110 §4.2.3). */
function portOf(scheme: Scheme, authority: string): string {
  const colon = authority.lastIndexOf(':')
  // The colons of an IPv6 address stand within its brackets.
  if (colon < 0 || colon < authority.lastIndexOf(']')) return ''
  const port = Number(authority.slice(colon + 1))
  return port === 0 || port === (scheme === 'http' ? 80 : 443) ? '' : `:${port}`
}

function pathKey(path: string, settings: KeySettings): string {
  const { take, names, sort } = settings.query
  if (settings.path && take === 'all' && !sort) return path
  const question = path.indexOf('?')
  const plain = settings.path ? path.slice(0, question < 0 ? path.length : question) : '*'
  if (question < 0 || take === 'none') return plain
  if (take === 'all' && !sort) return plain + path.slice(question)
  let pairs = path.slice(question + 1).split('&')
  if (take !== 'all') {
    pairs = pairs.filter((pair) => names.some((name) => fits(nameOf(pair), name)) === (take === 'only'))
  }
  if (sort) {
    pairs = pairs.filter((pair) => pair !== '')
    // Stable, and by name only: a=2&a=1 is something else than a=1&a=2 to most servers.
    pairs.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0))
  }
  return pairs.length === 0 ? plain : `${plain}?${pairs.join('&')}`
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? pair : pair.slice(0, equals)
}

/** Whether the name is the one that was written, or begins with it where a star ends it. */
function fits(name: string, written: string): boolean {
  return written.endsWith('*') ? name.startsWith(written.slice(0, -1)) : name === written
}

/** `;name=value` of each cookie that fits, sorted; '' where there is none. No cookie holds a semicolon. */
function cookiesOf(head: RequestHead, written: string): string {
  if (!head.has(Field.cookie)) return ''
  const pairs: string[] = []
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.cookie) continue
    for (const element of head.value(i).split(';')) {
      const pair = element.trim()
      if (pair.includes('=') && fits(nameOf(pair), written)) pairs.push(`;${pair}`)
    }
  }
  return pairs.sort().join('')
}

/** Whether the cache has answers for this method: GET and HEAD (RFC 9110 §9.2.3). */
export function isCacheMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
