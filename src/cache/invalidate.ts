/** What a request that changes something makes invalid (RFC 9111 §4.4). */
import { Field } from '../wire/fields.ts'
import type { RequestHead, ResponseHead } from '../wire/head.ts'

/** Methods that ask for no change (RFC 9110 §9.2.1). All others may change something, the unknown ones too. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Targets, as path and query at the request's own host, whose stored responses are invalid from now on; none for a safe
 * method or an answer that says it failed. The target itself, and what Location and Content-Location name, if it is of
 * the same origin: else anybody could empty the cache of others (§4.4).
 */
export function invalidatedBy(
  scheme: 'http' | 'https',
  request: RequestHead,
  response: ResponseHead,
): readonly string[] {
  if (SAFE.has(request.method) || request.isConnect) return []
  if (response.status < 200 || response.status > 399) return []
  const paths = [request.path]
  // Put together and not resolved: a path may begin with two slashes, and is no other host for that.
  const target = URL.parse(
    `${scheme}://${request.authority === '' ? 'none.invalid' : request.authority}${request.path}`,
  )
  if (target === null) return paths
  for (const named of [response.get(Field.location), response.find('content-location')]) {
    const uri = named === null ? null : URL.parse(named, target.href)
    if (uri === null || uri.origin !== target.origin) continue
    const path = uri.pathname + uri.search
    if (!paths.includes(path)) paths.push(path)
  }
  return paths
}
