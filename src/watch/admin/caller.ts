/**
 * Which callers are let in. Three ways in are closed: another machine without the token; a page of another site that a browser on
 * this machine shows; and a name that was made to lead here (DNS rebinding), which would make that page one of this site.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { Problem } from './problem.ts'

/** What a caller is held to. */
export interface Door {
  /** null: callers of this machine need none. */
  readonly token: string | null
  /** Over a Unix socket no browser comes, and Host may be anything. */
  readonly socket: boolean
}

/** Throws a Problem when a request with these fields may not be served. */
export function checkCaller(headers: IncomingHttpHeaders, door: Door): void {
  const host = hostOf(headers.host ?? '')
  if (door.token === null && !door.socket && !isLoopback(host)) {
    const detail = `the request says Host: ${printable(headers.host ?? '')}, and without a token only names of this machine are served`
    throw new Problem('foreign-host', detail, 'call it as 127.0.0.1 or localhost, or configure admin.token', 'Host')
  }
  checkOrigin(headers, door)
  if (door.token !== null) checkToken(headers.authorization, door.token)
}

/** A browser names the origin that asks; this API has no pages of its own on other origins. */
function checkOrigin({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders, door: Door): void {
  const own = origin === undefined || (!door.socket && origin.toLowerCase() === `http://${(host ?? '').toLowerCase()}`)
  // A form or an image of another site names no origin with GET, but modern browsers name the relation.
  if (own && site !== 'cross-site' && site !== 'same-site') return
  const detail = `a page of ${printable(origin ?? 'another site')} sent this request`
  throw new Problem('foreign-origin', detail, 'call the API from a program or the command line: headgate ctl', 'Origin')
}

function checkToken(authorization: string | undefined, token: string): void {
  const fix =
    'send Authorization: Bearer with the token of admin.token; headgate ctl takes it from HEADGATE_ADMIN_TOKEN'
  if (authorization === undefined) throw new Problem('no-token', 'the request shows no token', fix, 'Authorization')
  // The scheme has no case (RFC 9110 §11.1).
  const shown = /^Bearer +([^ ]+)$/i.exec(authorization)?.[1]
  if (shown === undefined || !same(shown, token))
    throw new Problem('bad-token', 'the request shows another token', fix, 'Authorization')
}

/** Takes the same time wherever two texts differ, and however long they are: what is compared are their digests. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The host of a Host field, without port and brackets. */
function hostOf(field: string): string {
  const found = /^(?:\[([^\]]+)\]|([^:]*))(?::\d*)?$/.exec(field.trim().toLowerCase())
  return found?.[1] ?? found?.[2] ?? ''
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)
}
