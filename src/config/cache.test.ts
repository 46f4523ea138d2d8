/** What a route and the store say of caching, from the written form to the model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteCacheConfig } from './model.ts'
import { configFrom, readNative } from './native.ts'
import { Places } from './places.ts'
import type { WrittenRouteCache } from './written.ts'

const base = { listeners: { web: { bind: ':80' } }, pools: { app: { servers: ['a'] } } }

function cache(written: boolean | WrittenRouteCache): RouteCacheConfig {
  const read = configFrom({ ...base, routes: [{ to: 'app', cache: written }] }).routes[0]?.cache
  assert.ok(read)
  return read
}

/** `rule path: fix` of everything that is wrong with a route's cache. */
function faults(written: unknown): string[] {
  const { notices } = readNative({ ...base, routes: [{ to: 'app', cache: written }] }, new Places(''), {})
  return notices.map(({ rule, path, fix }) => `${rule} ${path.replace('routes[0].cache.', '')}: ${fix}`)
}

test('nothing is stored until a route says so', () => {
  assert.equal(configFrom(base).routes[0]?.cache, null)
  assert.equal(configFrom({ ...base, routes: [{ to: 'app', cache: false }] }).routes[0]?.cache, null)
})

test('cache: true is the same as an empty object, and all of its defaults are known', () => {
  assert.deepEqual(cache(true), cache({}))
  assert.deepEqual(cache(true), {
    key: { host: true, path: true, query: { take: 'all', names: [], sort: false }, headers: [], cookies: [] },
    ttl: [],
    defaultTtl: 0,
    heuristic: { share: 0.1, max: 86_400_000 },
    maxTtl: 365 * 86_400_000,
    grace: 0,
    graceUnderPressure: 3_600_000,
    keep: 86_400_000,
    bypass: { cookies: [], headers: [], paths: [] },
    setCookie: 'never-store',
    requestDirectives: 'obey',
    targeted: ['cdn-cache-control'],
    surrogateControl: false,
    purge: [],
    hitForMiss: 120_000,
    coalesce: { max: 10_000, timeout: 5000, otherwise: 'fetch' },
    compress: null,
    status: true,
  })
})

test('the parameters of the query that matter are named, or those that do not', () => {
  const query = (written: NonNullable<WrittenRouteCache['key']>['query']) =>
    cache({ key: { query: written } }).key.query
  assert.deepEqual(query(false), { take: 'none', names: [], sort: false })
  assert.deepEqual(query({ only: 'page', sort: true }), { take: 'only', names: ['page'], sort: true })
  assert.deepEqual(query({ without: ['utm_*'] }), { take: 'without', names: ['utm_*'], sort: false })
  assert.deepEqual(query({ sort: true }), { take: 'all', names: [], sort: true })
  assert.deepEqual(faults({ key: { query: { only: ['a'], without: ['b'] } } }), ['bad-value key.query: remove without'])
})

test('a freshness for all goes for good answers, and one by status is looked up from the narrowest', () => {
  assert.deepEqual(cache({ ttl: '1m' }).ttl, [{ from: 200, to: 399, ttl: 60_000 }])
  assert.deepEqual(cache({ ttl: { '200-299': '1h', 404: '1m', '400-499': 0 } }).ttl, [
    { from: 404, to: 404, ttl: 60_000 },
    { from: 200, to: 299, ttl: 3_600_000 },
    { from: 400, to: 499, ttl: 0 },
  ])
  assert.match(faults({ ttl: { found: '1h' } })[0] ?? '', /^bad-value ttl\.found: write a status/)
  assert.match(faults({ ttl: { '299-200': '1h' } })[0] ?? '', /^bad-value ttl\.299-200/)
  assert.match(faults({ ttl: { 200: 60 } })[0] ?? '', /^bad-duration ttl\.200: write '60ms' or '60s'/)
})

test('what is stored may live for years, which no timer could hold', () => {
  assert.equal(cache({ ttl: '365d', keep: '3650d' }).keep, 3650 * 86_400_000)
  assert.deepEqual(faults({ keep: '3651d' }), ["out-of-range keep: write '3650d' or less"])
  assert.match(faults({ coalesce: { timeout: '25d' } })[0] ?? '', /coalesce\.timeout: write '24d' or less/)
})

test('grace under pressure is never below grace', () => {
  assert.equal(cache({ grace: '1d' }).graceUnderPressure, 86_400_000)
  assert.equal(cache({ grace: '5s', graceUnderPressure: 0 }).graceUnderPressure, 5000)
})

test('heuristic freshness, coalescing and compression are switched by a word or told in numbers', () => {
  assert.deepEqual(cache({ heuristic: true }).heuristic, { share: 0.1, max: 86_400_000 })
  assert.deepEqual(cache({ heuristic: { share: 0.2 } }).heuristic, { share: 0.2, max: 86_400_000 })
  assert.match(faults({ heuristic: { share: 2 } })[0] ?? '', /out-of-range heuristic\.share/)
  assert.equal(cache({ coalesce: false }).coalesce, null)
  assert.deepEqual(cache({ coalesce: { otherwise: 'refuse' } }).coalesce, {
    max: 10_000,
    timeout: 5000,
    otherwise: 'refuse',
  })
  assert.deepEqual(cache({ compress: true }).compress?.encodings, ['zstd', 'br', 'gzip'])
  assert.deepEqual(cache({ compress: { types: 'Text/CSS', encodings: 'br', min: 0 } }).compress, {
    types: ['text/css'],
    encodings: ['br'],
    min: 0,
  })
})

test('names come in the form in which they are compared', () => {
  const { bypass, key, targeted, purge } = cache({
    bypass: { cookies: 'session*', headers: 'X-Preview', paths: ['/cart/', '/'] },
    key: { headers: ['Accept-Language'], cookies: 'Currency' },
    targeted: ['Headgate-Cache-Control', 'CDN-Cache-Control'],
    purge: ['loopback', '10.0.0.0/8'],
  })
  assert.deepEqual(bypass, { cookies: ['session*'], headers: ['x-preview'], paths: ['/cart', '/'] })
  assert.deepEqual([key.headers, key.cookies], [['accept-language'], ['Currency']])
  assert.deepEqual(targeted, ['headgate-cache-control', 'cdn-cache-control'])
  assert.deepEqual(purge, ['127.0.0.0/8', '::1/128', '10.0.0.0/8'])
})

test('a misspelt setting of the cache is told the likely one', () => {
  assert.deepEqual(faults({ gracce: '1s' }), ["unknown-key gracce: did you mean 'grace'?"])
  assert.deepEqual(faults({ bypass: { paths: 'cart' } }), ["bad-address bypass.paths: write '/cart'"])
  assert.deepEqual(faults('yes'), ['switch-word routes[0].cache: did you mean true? Write true'])
})

test('the store has a size for everything and one for each answer', () => {
  assert.deepEqual(configFrom(base).cache, { size: 256 * 1024 * 1024, maxObject: 8 * 1024 * 1024 })
  assert.equal(configFrom({ ...base, cache: { size: '1GiB' } }).cache.size, 2 ** 30)
  assert.throws(() => configFrom({ ...base, cache: { size: '64KiB' } }), /too small/)
})

test('what is stored is compressed as its route says, where the cache says nothing of it', () => {
  const both = (compress: unknown, own: unknown) =>
    configFrom({ ...base, routes: [{ to: 'app', compress, cache: own }] } as never).routes[0]!
  const br = { types: ['text/css'], encodings: ['br'], min: 10 }
  assert.deepEqual(both(br, true).cache?.compress, br)
  assert.deepEqual(both(br, {}).cache?.compress, br)
  assert.equal(both(br, { compress: false }).cache?.compress, null)
  assert.equal(both(false, {}).cache?.compress, null)
  assert.deepEqual(both(false, { compress: br }).cache?.compress, br)
  assert.equal(both(false, { compress: br }).compress, null)
  assert.equal(configFrom(base as never).routes[0]?.compress, null)
})
