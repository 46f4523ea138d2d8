/**
 * URLs as people and their tools name them, read as a request for them would be: what they mean has the key that such a
 * request has. Only what has one meaning is helped: letters beyond ASCII are percent-encoded as browsers do it.
 */
import { RequestHead } from '../../wire/http/head.ts'
import { parseRequest } from '../../wire/http1/request.ts'

/** Why a text names nothing: what is wrong with it, to be read after its name, and what to write instead. */
export interface Misnamed {
  readonly says: string
  readonly fix: string
}

/** A whole URL. */
export interface NamedUrl {
  readonly scheme: 'http' | 'https'
  /** The head of a request for it. */
  readonly head: RequestHead
}

/** The beginning of URLs. */
export interface NamedPrefix {
  /** null: any. */
  readonly scheme: 'http' | 'https' | null
  /** With its port where that is not the scheme's own; null: any. */
  readonly host: string | null
  /** Path and maybe the beginning of a query. */
  readonly path: string
}

/** Reads a whole URL. */
export function readUrl(text: string): NamedUrl | Misnamed {
  const found = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(text)
  if (found === null) return { says: 'is not a whole URL', fix: 'write it with its host: http://shop.example/cart' }
  const scheme = found[1]!.toLowerCase() as 'http' | 'https'
  const host = hostOf(scheme, found[2]!)
  if (typeof host !== 'string') return host
  const path = encoded(found[3]!)
  if (typeof path !== 'string') return path
  const head = new RequestHead()
  const request = Buffer.from(`GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const limits = { line: request.length, head: request.length, fields: 1 }
  if (parseRequest(head, request, 0, request.length, limits) > 0) return { scheme, head }
  const fix = 'percent-encode signs that a URL cannot have: a space is %20'
  return { says: `cannot be asked for: ${head.detail}`, fix }
}

/** Reads the beginning of a URL, `http://shop.example/images/`, or of a path, `/images/`. */
export function readPrefix(text: string): NamedPrefix | Misnamed {
  const found = /^(?:(https?):\/\/([^/?#]*))?(\/[^#]*)$/i.exec(text)
  if (found === null) {
    const fix = 'write http://shop.example/images/, or /images/ for every host'
    return { says: 'is not the beginning of a URL, or of a path', fix }
  }
  const path = encoded(found[3]!)
  if (typeof path !== 'string') return path
  if (found[1] === undefined) return { scheme: null, host: null, path }
  const scheme = found[1].toLowerCase() as 'http' | 'https'
  const host = hostOf(scheme, found[2]!)
  return typeof host === 'string' ? { scheme, host, path } : host
}

/** The host in its one form: in lower case, without the port of the scheme. */
function hostOf(scheme: string, authority: string): string | Misnamed {
  if (authority.includes('@')) return { says: 'names a user', fix: 'leave out what stands before the @' }
  const host = /[\s\\]/.test(authority) ? '' : (URL.parse(`${scheme}://${authority}/`)?.host ?? '')
  if (host !== '') return host
  return { says: 'has no valid host', fix: 'write it with its host, and maybe a port: http://shop.example:8080/cart' }
}

function encoded(path: string): string | Misnamed {
  if (/[\p{Cc} ]/u.test(path)) {
    return { says: 'has a space or a control character', fix: 'percent-encode it: a space is %20, a line feed %0A' }
  }
  if (!path.isWellFormed()) return { says: 'has half a character', fix: 'percent-encode the bytes that are meant' }
  return path.replace(/[^\p{ASCII}]+/gu, encodeURIComponent)
}
