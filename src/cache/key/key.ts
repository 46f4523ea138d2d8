/**
 * The primary cache key (RFC 9111 §2): a text that two requests share if the same stored responses come into question
 * for both. GET and HEAD share it. Its parts stand on lines: nothing in a head can hold a line feed. What a route's key
 * counts besides the target, fields and cookies, is no part of it; see chooser.ts.
 *
 * Invariant: what makes one request reach the server with another host or scheme than a second one also gives it another
 * key, or what the server says to the one could be served to the other.
 */
import { type Hop, saidBeyond, schemeOf } from '../../wire/http/forwarded.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import type { KeySettings } from '../freshness/settings.ts'
import { queryKey } from './query.ts'

/**
 * Key of a request for this path: its target, and what a trusted proxy says of it beyond that.
 * @param space keeps apart what requests do not tell apart, such as the same address at two listeners with different
 * servers behind them: a name without line feed, or ''
 * @param path with its query; that of the head, or another one at the same host
 */
export function cacheKey(space: string, hop: Hop, head: RequestHead, path: string, settings: KeySettings): string {
  return targetKey(space, schemeOf(head, hop), head, path, settings) + saidBeyond(head, hop, settings.host)
}

/** Key of a target at the host of this request, whatever proxies say: what all keys of that target begin with. `path`: with its query. */
export function targetKey(
  space: string,
  scheme: Hop['proto'],
  head: RequestHead,
  path: string,
  settings: KeySettings,
): string {
  // No host and no path of a GET can be a star.
  const host = settings.host ? hostKey(scheme, head) : '*'
  return `${space}\n${scheme}\n${host}\n${pathKey(path, settings)}`
}

/**
 * The authority as it goes to the server, in lower case and without `:80` or `:443` where that is the scheme's port (RFC
 * 9110 §4.2.3). Other spellings of the same host and port are kept apart: servers make links of what Host says.
 */
export function hostKey(scheme: Hop['proto'], head: RequestHead): string {
  const { authority } = head
  if (authority === head.host) return authority
  const host = authority.toLowerCase()
  const usual = scheme === 'http' ? ':80' : ':443'
  return host.endsWith(usual) ? host.slice(0, -usual.length) : host
}

function pathKey(path: string, settings: KeySettings): string {
  if (settings.path && settings.query.take === 'all' && !settings.query.sort) return path
  const question = path.indexOf('?')
  const plain = !settings.path ? '*' : question < 0 ? path : path.slice(0, question)
  return question < 0 ? plain : plain + queryKey(path.slice(question + 1), settings.query)
}

/** Whether the cache has answers for this method: GET and HEAD (RFC 9110 §9.2.3). */
export function isCacheMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
