/** What a request that changes something makes invalid (RFC 9111 §4.4). */
import { Field } from '../wire/fields.ts'
import type { RequestHead, ResponseHead } from '../wire/head.ts'

/** Methods that ask for no change (RFC 9110 §9.2.1). All others may change something, the unknown ones too. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Targets, as path and query at the request's own host, whose stored responses are invalid from now on; none for a safe
 * method or an answer that says it failed. The target itself, and what Location and Content-Location name, if it is of
 * the same origin: else anybody could empty the cache of others (§4.4).
 *
 * What is stored has the path that its client sent, letter by letter. Who follows a reference may write it as browsers
 * do, with what is not allowed there in percent-encoding and without dot segments, or as it came: all of these are named.
 */
export function invalidatedBy(
  scheme: 'http' | 'https',
  request: RequestHead,
  response: ResponseHead,
): readonly string[] {
  if (SAFE.has(request.method) || request.isConnect) return []
  if (response.status < 200 || response.status > 399) return []
  const paths = new Set([request.path])
  // Put together and not resolved: a path may begin with two slashes, and is no other host for that.
  const target = URL.parse(
    `${scheme}://${request.authority === '' ? 'none.invalid' : request.authority}${request.path}`,
  )
  if (target === null) return [...paths]
  for (const named of [response.get(Field.location), response.find('content-location')]) {
    const uri = named === null ? null : URL.parse(escaped(named), target.href)
    if (named === null || uri === null || uri.origin !== target.origin) continue
    paths.add(uri.pathname + uri.search)
    const raw = resolved(named, request.path)
    if (raw === null) continue
    paths.add(raw)
    paths.add(withoutDots(raw))
  }
  return [...paths]
}

/** Bytes beyond ASCII in percent-encoding: they are UTF-8 to browsers, and were read as latin1 here. */
function escaped(text: string): string {
  return text.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * Path and query of a reference (RFC 3986 §4.2, §5.2) at a target of this path and query, nothing in it changed. Null:
 * it names a scheme and no host after it, and only who follows it knows what is meant.
 */
function resolved(reference: string, base: string): string | null {
  const [, scheme, authority, rest = ''] = /^([a-z][a-z0-9+.-]*:)?(\/\/[^/?#]*)?([^#]*)/is.exec(reference)!
  if (authority !== undefined) return rest.startsWith('/') ? rest : `/${rest}`
  if (scheme !== undefined) return null
  if (rest.startsWith('/')) return rest
  const question = base.indexOf('?')
  const path = question < 0 ? base : base.slice(0, question)
  if (rest === '') return base
  return rest.startsWith('?') ? path + rest : path.slice(0, path.lastIndexOf('/') + 1) + rest
}

/** Without the segments '.' and '..' in the path (RFC 3986 §5.2.4). */
function withoutDots(target: string): string {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const segments = path.split('/')
  const kept: string[] = []
  segments.forEach((segment, i) => {
    const dots = segment === '.' || segment === '..'
    if (segment === '..' && kept.length > 1) kept.pop()
    if (!dots) kept.push(segment)
    else if (i + 1 === segments.length) kept.push('')
  })
  return kept.join('/') + target.slice(path.length)
}
