/** What a request that changes something makes invalid (RFC 9111 §4.4). */
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead, ResponseHead } from '../../wire/http/head.ts'
import { isSafe, reachOf } from './methods.ts'

/** What is invalid from now on, each as a path at the request's own host. */
export interface Invalid {
  /** Targets with their query. */
  readonly paths: readonly string[]
  /** These and all below them, whatever their query. */
  readonly trees: readonly string[]
}

const NOTHING: Invalid = { paths: [], trees: [] }

/**
 * What this request has changed; nothing for a safe method or an answer that says it failed. The target itself, what its
 * method changes beyond that (see Reach), and what Location, Content-Location and Destination name, if it is of the same
 * origin: else one origin could empty the cache of others (§4.4).
 *
 * What is stored has the path that its client sent, letter by letter. A client that follows a reference may write it as browsers
 * do, with what is not allowed there in percent-encoding and without dot segments, or as it came: all of these are named.
 */
export function invalidatedBy(scheme: 'http' | 'https', request: RequestHead, response: ResponseHead): Invalid {
  const { method, path } = request
  const { status } = response
  if (isSafe(method) || request.isConnect || status < 200 || status > 399) return NOTHING
  const reach = reachOf(method)
  const paths = new Set([path])
  const trees: string[] = []
  // Put together and not resolved: a path may begin with two slashes, and is no other host for that.
  const target = URL.parse(`${scheme}://${request.authority === '' ? 'none.invalid' : request.authority}${path}`)
  const created = new Set<string>()
  if (target !== null) {
    for (const named of [response.get(Field.location), response.find('content-location')])
      for (const one of named === null ? [] : spellings(named, target, path, false)) created.add(one)
  }
  for (const one of created) paths.add(one)
  if (reach.listing === 'yes' || (reach.listing === 'created' && status === 201)) addListing(paths, path)
  if (status === 201) for (const one of created) addListing(paths, one)
  // A redirection has changed nothing yet, and the next request will; but See Other follows what has been done.
  const done = status < 300 || status === 303
  if (!done) return { paths: [...paths], trees }
  if (reach.anywhere) trees.push('/')
  else if (reach.below) trees.push(path)
  const destination = reach.destination && target !== null ? request.find('destination') : null
  if (destination !== null && target !== null) {
    const [first, ...others] = spellings(destination, target, path, true)
    if (first !== undefined) trees.push(first)
    for (const one of first === undefined ? [] : [first, ...others]) {
      paths.add(one)
      addListing(paths, one)
    }
  }
  return { paths: [...paths], trees }
}

/** Adds the collection that a path is a member of: with the slash that it ends with, and without, as some write it. */
function addListing(paths: Set<string>, path: string): void {
  const question = path.indexOf('?')
  const whole = question < 0 ? path : path.slice(0, question)
  const end = whole.lastIndexOf('/', whole.length - 2)
  if (end < 0) return
  paths.add(whole.slice(0, end + 1))
  if (end > 0) paths.add(whole.slice(0, end))
}

/**
 * Path and query of what a reference names, as clients that follow it write them; none if it is of another origin.
 * @param eitherScheme whether http and https are the same: clients before something that ends TLS write the one, and
 * what we are told is the other; keys have the latter
 */
function spellings(reference: string, target: URL, base: string, eitherScheme: boolean): readonly string[] {
  const uri = URL.parse(escaped(reference), target.href)
  if (uri === null || !(eitherScheme ? isOfHost(uri, target) : uri.origin === target.origin)) return []
  const found = [uri.pathname + uri.search]
  const raw = resolved(reference, base)
  if (raw !== null) found.push(raw, withoutDots(raw))
  return found
}

function isOfHost(uri: URL, target: URL): boolean {
  return (uri.protocol === 'http:' || uri.protocol === 'https:') && uri.host === target.host
}

/** Bytes beyond ASCII in percent-encoding: they are UTF-8 to browsers, and were read as latin1 here. */
function escaped(text: string): string {
  return text.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * Path and query of a reference (RFC 3986 §4.2, §5.2) at a target of this path and query, nothing in it changed. Null:
 * it names a scheme and no host after it, and only its reader knows what is meant.
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
