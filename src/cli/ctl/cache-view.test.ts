import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explained } from '../../cache/object/reasons.ts'
import { banLines, cacheLines, objectLines, purgeLines, removalLines } from './cache-view.ts'
import type { Look, Of } from './view.ts'

type Report = Of<'objectAnswer'>
const look: Look = { width: Number.POSITIVE_INFINITY, paint: (_, text) => text }
const at = '2026-11-21T12:00:00.000Z'
const variant: Report['variants'][number] = {
  vary: {},
  coding: null,
  status: 200,
  size: 2048,
  age: 0,
  fresh: 60,
  grace: 70,
  pressure: 3660,
  neverStale: null,
  keep: 7200,
  tags: ['a', 'b'],
  etag: null,
}
const report: Report = {
  url: 'http://a.test/',
  routes: ['shop'],
  variants: [variant],
  last: { stored: true, reason: 'stored', ...explained('stored'), at, status: null },
  passed: null,
}

test('a purge is confirmed as what it did: gone, made stale, or made stale to spare the servers', () => {
  assert.deepEqual(purgeLines({ soft: true, softened: true }), ['It is made stale at once, to spare the servers.'])
  assert.deepEqual(purgeLines({ soft: true, softened: true, warning: 'some of it is gone' }), [
    'It is made stale at once, to spare the servers.',
    'But some of it is gone.',
  ])
  assert.deepEqual(purgeLines({ soft: true, softened: false }), ['It is made stale at once.'])
  const gone = ['It is gone for all threads; memory is freed as it is met.']
  assert.deepEqual(purgeLines({ soft: false, softened: false }), gone)
  assert.deepEqual(banLines(), gone)
})

test('a variant is shown with its units, and with what it was chosen by even where that was nothing', () => {
  const lines = objectLines(
    { ...report, variants: [{ ...variant, vary: { 'cookie cur': null, 'x-a': '1\u001b' } }] },
    look,
  )
  assert.equal(lines[0], 'http://a.test/: 1 variant')
  assert.match(
    lines[1] ?? '',
    /^variant +status +size +age +fresh for +with grace for +under pressure for +kept for +tags$/,
  )
  assert.match(lines[2] ?? '', /^no cookie cur, x-a: 1\? +200 +2 KiB +0s +1m +1m10s +1h1m +2h +a b$/)
  assert.equal(lines[3], `The last answer was stored (${at}). It is stored.`)
  assert.equal(lines.length, 4)
})

test('what may not be used stale is shown as that, and what is over as over', () => {
  const row = (more: Partial<typeof variant>): string =>
    objectLines({ ...report, variants: [{ ...variant, ...more }] }, look)[2] ?? ''
  assert.match(row({ neverStale: 'must-revalidate' }), /0s +1m +never: s-maxage or must-revalidate +2h/)
  assert.match(row({ neverStale: 'no-cache' }), /0s +asked each time +never: no-cache +2h/)
  assert.match(row({ age: 90, fresh: -30, grace: -20, pressure: 1800 }), /1m30s +over +over +30m +2h/)
})

test('why an answer was not stored is told in a sentence with its remedy, and apart from what passed by', () => {
  const says = explained('private')
  const last = { stored: false, reason: 'private', ...says, at, status: null } as const
  const passed = { reason: 'bypass', ...explained('bypass'), at, count: 2 } as const
  const [title, ...lines] = objectLines({ ...report, variants: [], last, passed }, look)
  assert.equal(title, 'http://a.test/: nothing is stored')
  assert.equal(lines[0], `The last answer was not stored (private, ${at}): ${says.says}`)
  assert.equal(lines[1], `  fix: ${says.fix}`)
  assert.match(lines[2] ?? '', /^2 requests passed the cache by, the last \(bypass, /)
  assert.match(lines[3] ?? '', /^ {2}fix: Narrow bypass/)
  const failed = { ...last, reason: 'connect_refused', ...explained('connect_refused') } as const
  assert.match(
    objectLines({ ...report, variants: [], last: failed }, look)[1] ?? '',
    /^The last fetch failed \(connect_refused, /,
  )
  const error = { ...last, reason: 'server-error', status: 503 } as const
  assert.match(
    objectLines({ ...report, variants: [], last: error }, look)[1] ?? '',
    /not stored \(server-error, status 503, /,
  )
})

test('a URL that nothing is ever stored for, or of which nothing is remembered, is told as that', () => {
  assert.deepEqual(objectLines({ ...report, routes: [], variants: [], last: null }, look).slice(1), [
    'No route that caches takes this URL.',
  ])
  assert.deepEqual(objectLines({ ...report, variants: [], last: null }, look).slice(1), [
    'No answer of a server is remembered.',
  ])
})

test('the share that was served from the cache counts stale and collapsed answers, and no passes', () => {
  const counts = { objects: 5, hits: 6, stale: 1, collapsed: 1, revalidated: 1, misses: 1, passes: 90 }
  const usage = {
    size: 4 << 20,
    used: 1 << 20,
    resets: 0,
    removals: 0,
    ...counts,
    refreshed: 3,
    refreshFailed: 2,
    evicted: 0,
  }
  const lines = cacheLines(usage, look)
  assert.equal(lines[0], '1 MiB of 4 MiB in use')
  assert.match(lines[1] ?? '', /^80\.0 % served from the cache \(hits, stale and collapsed; passes do not count\)$/)
  assert.ok(lines.some((line) => /^refresh failed +2$/.test(line)))
  assert.ok(!lines.some((line) => line.startsWith('parts lost')))
  assert.ok(cacheLines({ ...usage, resets: 2 }, look).some((line) => /^parts lost +2$/.test(line)))
  const none = { ...usage, hits: 0, stale: 0, collapsed: 0, revalidated: 0, misses: 0 }
  assert.ok(!cacheLines(none, look).some((line) => line.includes('%')))
})

test('orders are listed whatever their kind, with what they make of what they mean', () => {
  assert.deepEqual(removalLines({ removals: [] }, look), ['No removals are under way.'])
  const removals = [
    { removal: 'tags a', soft: true, age: 0 },
    { removal: 'req.url == /', soft: false, age: 61 },
  ]
  assert.deepEqual(removalLines({ removals }, look), [
    'removal       makes it  age',
    'tags a        stale     0s',
    'req.url == /  gone      1m1s',
  ])
})
