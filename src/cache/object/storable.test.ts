import assert from 'node:assert/strict'
import { it } from 'node:test'
import { byTheRfc, forced } from '../../../test/kit/cache-settings.ts'
import { get, requestHead, responseHead } from '../../../test/kit/heads.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { controlOf } from '../freshness/control.ts'
import { ageOf, Freshness, freshnessOf } from '../freshness/freshness.ts'
import { RequestDirectives, readRequestDirectives } from '../freshness/reuse.ts'
import type { CacheSettings } from '../freshness/settings.ts'
import { type NotStored, whyNotKept, whyNotStored } from './storable.ts'

const now = Date.UTC(2026, 10, 21, 12)

function why(
  lines: readonly string[],
  of: { request?: RequestHead; status?: number; settings?: Partial<CacheSettings>; rule?: typeof whyNotStored } = {},
): NotStored | null {
  const request = of.request ?? get()
  const settings = { ...byTheRfc, ...of.settings }
  const head = responseHead(of.status ?? 200, ...lines)
  const control = new CacheControl()
  const ask = new RequestDirectives()
  readRequestDirectives(ask, request, control, settings)
  controlOf(control, head, settings)
  const life = new Freshness()
  const authorized = request.has(Field.authorization)
  freshnessOf(life, head, control, { asked: now, answered: now, age: ageOf(head), authorized }, settings)
  return (of.rule ?? whyNotStored)(request, ask, head, control, life, settings)
}

const fresh = ['Cache-Control: max-age=60']

it('stores any final status with explicit freshness (RFC 9111 §3)', () => {
  for (const status of [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599]) {
    assert.equal(why(fresh, { status }), null, `${status}`)
    assert.equal(why(['Expires: Sun, 22 Nov 2026 00:00:00 GMT'], { status }), null, `${status}`)
    assert.equal(why(['Cache-Control: s-maxage=5'], { status }), null, `${status}`)
  }
})

it('stores without it only what may be guessed, or is public', () => {
  const old = ['Last-Modified: Sun, 01 Nov 2026 00:00:00 GMT']
  for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]) assert.equal(why(old, { status }), null)
  for (const status of [201, 202, 302, 403, 502, 503, 504, 599]) {
    assert.equal(why(old, { status }), 'no-freshness', `${status}`)
    assert.equal(why([...old, 'Cache-Control: public'], { status }), null, `${status}`)
  }
  assert.equal(
    why(['Expires: Sun, 22 Nov 2026 00:00:00 GMT', 'CDN-Cache-Control: none'], { status: 302 }),
    'no-freshness',
  )
})

it('stores nothing that is interim, partial, or a 304', () => {
  assert.equal(why(fresh, { status: 103 }), 'interim')
  assert.equal(why(fresh, { status: 206 }), 'partial')
  assert.equal(why(fresh, { status: 304 }), 'not-modified')
})

it('stores answers to GET without content only', () => {
  for (const method of ['HEAD', 'POST', 'PUT', 'OPTIONS', 'get', 'FOO']) {
    assert.equal(why(fresh, { request: requestHead(`${method} / HTTP/1.1`) }), 'method', method)
  }
  assert.equal(why(fresh, { request: get('Content-Length: 5') }), 'request-content')
  assert.equal(why(fresh, { request: get('Transfer-Encoding: chunked') }), 'request-content')
  assert.equal(why(fresh, { request: get('Content-Length: 0') }), null)
})

it('obeys no-store of response and request (§5.2.1.5, §5.2.2.5)', () => {
  assert.equal(why(['Cache-Control: max-age=60, No-Store']), 'no-store')
  assert.equal(why([...fresh, 'Cache-Control: no-store']), 'no-store')
  assert.equal(why(['Cache-Control: max-age=60, "']), 'unreadable')
  assert.equal(why(fresh, { request: get('Cache-Control: no-store') }), 'request-no-store')
  assert.equal(why(['Cache-Control: no-store'], { settings: { ttl: forced(60_000) } }), 'no-store')
})

it('prefers must-understand to no-store for statuses whose rules it knows (§5.2.2.3)', () => {
  assert.equal(why(['Cache-Control: max-age=60, no-store, must-understand']), null)
  assert.equal(why(['Cache-Control: max-age=60, no-store, must-understand'], { status: 499 }), 'status')
  assert.equal(why(['Cache-Control: max-age=60, must-understand'], { status: 599 }), 'status')
})

it('stores nothing that cannot be read, whatever stands beside it: what was meant is unknown', () => {
  for (const line of [
    'must-understand, max-age=60, private="x',
    'max-age=60, private="x, must-understand',
    'must-understand, no-store, max-age=60, private="x',
    'no-store, "',
  ])
    assert.equal(why([`Cache-Control: ${line}`]), 'unreadable', line)
  assert.equal(why(['Cache-Control: ";"', 'Cache-Control: must-understand, no-store, max-age=60']), 'unreadable')
})

it('obeys private, unless it is about single fields (§5.2.2.7)', () => {
  assert.equal(why(['Cache-Control: max-age=60, private']), 'private')
  assert.equal(why(['Cache-Control: private', 'CDN-Cache-Control: max-age=60']), null)
  assert.equal(why(['Cache-Control: max-age=60', 'CDN-Cache-Control: private, max-age=60']), 'private')
  assert.equal(why(['Cache-Control: max-age=60, private="x"']), null)
  assert.equal(why(['Cache-Control: private'], { settings: { ttl: forced(60_000) } }), 'private')
})

it('stores answers to known users only where the server allows it (§3.5)', () => {
  const request = get('Authorization: Basic x')
  assert.equal(why(fresh, { request }), 'authorization')
  for (const directive of ['public', 's-maxage=60', 'must-revalidate']) {
    assert.equal(why([`Cache-Control: max-age=60, ${directive}`], { request }), null, directive)
  }
  assert.equal(why(['Cache-Control: max-age=60, proxy-revalidate'], { request }), 'authorization')
  assert.equal(why(['Cache-Control: public', 'CDN-Cache-Control: max-age=60'], { request }), 'authorization')
})

it('stores no cookies unless both server and route say so', () => {
  const cookie = 'Set-Cookie: a=b'
  const settings = { setCookie: 'when-public' } as const
  assert.equal(why([...fresh, cookie]), 'set-cookie')
  assert.equal(why(['Cache-Control: public, max-age=60', cookie]), 'set-cookie')
  assert.equal(why([...fresh, cookie], { settings }), 'set-cookie')
  assert.equal(why(['Cache-Control: public, max-age=60', cookie], { settings }), null)
  assert.equal(why(['Cache-Control: s-maxage=60', cookie], { settings }), null)
  assert.equal(why(['Cache-Control: max-age=60, private="Set-Cookie"', cookie]), null)
  assert.equal(why(['Cache-Control: max-age=60, no-cache="set-cookie"', cookie]), null)
})

it('does not store what varies with everything (§4.1)', () => {
  assert.equal(why([...fresh, 'Vary: *']), 'vary-any')
  assert.equal(why([...fresh, 'Vary: Accept', 'Vary: X, *']), 'vary-any')
  assert.equal(why([...fresh, 'Vary: Accept;x']), 'vary-any')
  assert.equal(why([...fresh, 'Vary: Accept, X-Forwarded-For']), 'vary-own')
  assert.equal(why([...fresh, 'Vary: Accept']), null)
})

it('stores only what it can use or validate', () => {
  assert.equal(why([]), 'says-nothing')
  assert.equal(why(['Cache-Control: max-age=0']), 'stale-at-once')
  assert.equal(why(['Cache-Control: max-age=60, no-cache']), 'no-cache')
  for (const validator of ['ETag: "a"', 'Last-Modified: Sun, 01 Nov 2026 00:00:00 GMT']) {
    assert.equal(why(['Cache-Control: max-age=0', validator]), null)
    assert.equal(why(['Cache-Control: max-age=60, no-cache', validator]), null)
  }
  assert.equal(why(['Cache-Control: max-age=0, stale-if-error=60']), null)
  assert.equal(why(['ETag: "a"'], { settings: { keep: 0 } }), 'says-nothing')
  assert.equal(why(['ETag: "a"', 'Cache-Control: no-cache, max-age=0'], { settings: { keep: 0 } }), 'stale-at-once')
})

it('tells apart an answer that says nothing, one that is stale when it comes, and one that cannot be read', () => {
  for (const line of ['X-A: b', 'Cache-Control: public', 'Cache-Control: foo=bar'])
    assert.equal(why([line]), 'says-nothing')
  assert.equal(why(['Age: 90'], { settings: { defaultTtl: 1000, graceUnderPressure: 0 } }), 'stale-at-once')
  for (const line of [
    'Cache-Control: max-age=0',
    'Cache-Control: s-maxage=0, max-age=x',
    'Expires: Sun, 06 Nov 1994 08:49:37 GMT',
    'Expires: 0',
    'Expires: -1',
    'CDN-Cache-Control: max-age=0',
    'CDN-Cache-Control: max-age=-5',
  ])
    assert.equal(why([line]), line.endsWith('-5') ? 'unreadable' : 'stale-at-once', line)
  for (const line of [
    'Cache-Control: max-age=abc',
    'Cache-Control: max-age=1, max-age=2',
    'Cache-Control: s-maxage=1h, max-age=60',
    'Expires: tomorrow',
  ])
    assert.equal(why([line]), 'unreadable', line)
  const two = ['Expires: Sun, 22 Nov 2026 00:00:00 GMT', 'Expires: Mon, 23 Nov 2026 00:00:00 GMT']
  assert.equal(why(two), 'unreadable')
})

it('stores nothing that is too old to be used when it comes, be it by Age or by Date', () => {
  const settings = { graceUnderPressure: 0 }
  assert.equal(why([...fresh, 'Age: 60'], { settings }), 'stale-at-once')
  assert.equal(why([...fresh, 'Date: Sat, 21 Nov 2026 11:58:00 GMT'], { settings }), 'stale-at-once')
  assert.equal(why([...fresh, 'Age: 59'], { settings }), null)
  assert.equal(why([...fresh, 'Age: 60', 'ETag: "a"'], { settings }), null)
  assert.equal(why([...fresh, 'Age: 60']), null, 'it helps when the servers are full')
  assert.equal(why([...fresh, 'Age: 120']), 'stale-at-once')
})

it('stores by order of the operator what says nothing', () => {
  assert.equal(why([], { status: 403, settings: { ttl: forced(1000, 403, 403) } }), null)
  assert.equal(why([], { settings: { ttl: forced(1000) } }), null)
  assert.equal(why([], { settings: { defaultTtl: 1000 } }), null)
})

it('stores nothing of a status for which the route says so', () => {
  assert.equal(why(fresh, { status: 404, settings: { ttl: forced(0, 404, 404) } }), 'route')
  assert.equal(why(fresh, { status: 410, settings: { ttl: forced(0, 404, 404) } }), null)
})

it('does not store what is about conditions or parts of this very request (RFC 9110 §13.1, §14.2)', () => {
  const conditions = [
    'If-Match: "a"',
    'If-None-Match: "a"',
    'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT',
    'If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT',
    'Range: bytes=9-',
  ]
  for (const status of [412, 416]) {
    for (const condition of conditions) {
      assert.equal(why(fresh, { status, request: get(condition) }), 'conditional', `${status}, ${condition}`)
    }
    assert.equal(why(fresh, { status, request: get('If-Range: "a"') }), null)
    assert.equal(why(fresh, { status }), null)
  }
  assert.equal(why(fresh, { request: get('If-None-Match: "a"') }), null)
})

it('has the same rules for what is renewed, whatever the method that brings it: nothing of a known user, nothing against no-store', () => {
  const head = (...lines: readonly string[]): RequestHead => requestHead('HEAD / HTTP/1.1', ...lines)
  const kept = (lines: readonly string[], request: RequestHead): NotStored | null =>
    why(lines, { request, rule: whyNotKept })
  assert.equal(kept(fresh, head()), null)
  assert.equal(kept(fresh, head('Authorization: Basic x')), 'authorization')
  assert.equal(kept(['Cache-Control: max-age=60, public'], head('Authorization: Basic x')), null)
  assert.equal(kept(fresh, head('Cache-Control: no-store')), 'request-no-store')
  assert.equal(kept([...fresh, 'Vary: *'], head()), 'vary-any')
  assert.equal(kept(['Cache-Control: max-age=60, private'], head()), 'private')
  assert.equal(why(fresh, { request: head() }), 'method')
})
