/** What the main thread makes of an operator's removals and questions, with a store of its own and no worker. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseBan } from '../../cache/purge/ban.ts'
import type { RemovalSnapshot } from '../../cache/purge/removals.ts'
import { configFrom } from '../../config/native.ts'
import type { Noted } from '../../exchange/cache/store-notes.ts'
import { createStoreMemory } from '../../store/memory.ts'
import { Store } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
import type { Purge } from '../../watch/admin/cache-control-port.ts'
import { CachePurger } from './cache-purger.ts'

const config = configFrom({
  listeners: { web: { bind: ':0' } },
  pools: { app: { servers: ['a:1'] } },
  routes: [{ name: 'shop', to: 'app', host: 'shop.test', cache: true }],
})
const counted = 'hit stale collapsed revalidated miss pass refreshed refreshFailed'
  .split(' ')
  .map((key) => `cache:${key}`)
const nothing: Purge = { url: null, prefix: null, tags: [], soft: false, force: false }

function removals(
  t: TestContext,
  { saturated = null, noted = { answer: null, passed: null } }: { saturated?: string | null; noted?: Noted } = {},
): { cache: CachePurger; told: RemovalSnapshot[] } {
  const told: RemovalSnapshot[] = []
  const cache = new CachePurger({
    config,
    store: new Store(createStoreMemory(planStore({ bytes: 1 << 20, threads: 1 })), 1, () => {}),
    broadcast: async (removals) => void told.push(removals),
    why: async () => noted,
    saturated: () => (saturated === null ? null : { reason: saturated, place: 'pools.app' }),
    count: (key) => counted.indexOf(key),
  })
  t.after(() => cache.stop())
  return { cache, told }
}

test('a purge says whether it makes stale, and whether that was asked for', async (t) => {
  const url = 'http://shop.test/'
  const { cache, told } = removals(t)
  assert.deepEqual(await cache.purge({ ...nothing, url }), { done: true, soft: false, softened: false })
  assert.deepEqual(await cache.purge({ ...nothing, url, soft: true }), { done: true, soft: true, softened: false })
  const full = removals(t, { saturated: 'pool app is full' })
  assert.deepEqual(await full.cache.purge({ ...nothing, url }), { done: true, soft: true, softened: true })
  assert.deepEqual(await full.cache.purge({ ...nothing, url, soft: true }), { done: true, soft: true, softened: false })
  assert.deepEqual(await full.cache.purge({ ...nothing, url, force: true }), {
    done: true,
    soft: false,
    softened: false,
  })
  assert.deepEqual(
    told.flatMap((removals) => removals.removals.map(({ soft }) => soft)),
    [false, true],
  )
})

test('a saturated server refuses bans, and no purge of what is not stored', async (t) => {
  const { cache } = removals(t, { saturated: 'pool app is full' })
  const ban = parseBan('obj.status == 200')
  assert.deepEqual(await cache.ban(ban, false), {
    done: false,
    why: 'saturated',
    reason: 'pool app is full',
    place: 'pools.app',
  })
  assert.partialDeepStrictEqual(await cache.ban(ban, true), { done: true })
})

test('what no route that caches takes is no order: nobody is told, and the answer names the routes', async (t) => {
  const { cache, told } = removals(t)
  for (const what of [{ url: 'http://other.test/' }, { prefix: 'http://other.test/a/' }]) {
    const removal = await cache.purge({ ...nothing, ...what, force: true })
    assert.ok(!removal.done && removal.why === 'nowhere')
    assert.match(removal.reason, /^no route that caches takes .*http:\/\/other\.test\//)
    assert.deepEqual(removal.routes, ['shop (shop.test, /)'])
  }
  assert.deepEqual(told, [])
})

test('removals of every kind are listed until they have been carried out, in one form', async (t) => {
  const { cache } = removals(t)
  await cache.purge({ ...nothing, tags: ['a', 'b'], soft: true })
  await cache.purge({ ...nothing, url: 'http://SHOP.test:80/page' })
  await cache.purge({ ...nothing, prefix: '/images/' })
  await cache.ban(parseBan('obj.status==500'), false)
  assert.deepEqual(await cache.removals(), [
    { removal: 'tags a b', soft: true, age: 0 },
    { removal: 'url http://shop.test/page', soft: false, age: 0 },
    { removal: 'prefix /images/', soft: false, age: 0 },
    { removal: 'obj.status == 500', soft: false, age: 0 },
  ])
  assert.equal((await cache.usage()).removals, 4)
})

test('what was noted is told with its sentence, its remedy and its moment', async (t) => {
  const at = Date.UTC(2026, 10, 21, 12)
  const answer = { at, reason: 'server-error', status: 503 } as const
  const passed = { at, reason: 'bypass', status: 0, count: 7 } as const
  const { cache } = removals(t, { noted: { answer, passed } })
  const report = await cache.object('http://shop.test/')
  assert.deepEqual(report.routes, ['shop'])
  assert.partialDeepStrictEqual(report.last, {
    stored: false,
    reason: 'server-error',
    status: 503,
    at: '2026-11-21T12:00:00.000Z',
  })
  assert.match(report.last?.fix ?? '', /^Look at the server/)
  assert.partialDeepStrictEqual(report.passed, { reason: 'bypass', count: 7 })
  const stored = removals(t, { noted: { answer: { at, reason: 'validated', status: 0 }, passed: null } })
  assert.partialDeepStrictEqual((await stored.cache.object('http://shop.test/')).last, { stored: true, status: null })
})

test('each counter of the ledger is told under its own name', async (t) => {
  const { hits, stale, collapsed, revalidated, misses, passes, refreshed, refreshFailed } =
    await removals(t).cache.usage()
  assert.deepEqual(
    [hits, stale, collapsed, revalidated, misses, passes, refreshed, refreshFailed],
    counted.map((_, at) => at),
  )
})

test('what clients change is ordered tree by tree, and where there is no room for more of them, everything is', async (t) => {
  const { cache, told } = removals(t)
  const tree = (path: string) => ({ kind: 'tree', scheme: 'http', host: 'shop.test', path }) as const
  await cache.changed([tree('/a'), tree('/b')])
  assert.deepEqual(
    told[0]!.removals.map(({ what, soft, number }) => ({ what, soft, number })),
    [
      { what: tree('/a'), soft: false, number: 1 },
      { what: tree('/b'), soft: false, number: 2 },
    ],
  )
  assert.deepEqual(
    (await cache.removals()).map(({ removal }) => removal),
    ['changed http://shop.test/a/', 'changed http://shop.test/b/'],
  )
  await cache.changed(Array.from({ length: 20_000 }, (_, i) => tree(`/${i}`)))
  assert.deepEqual(told[1]!.removals.at(-1)!.what, { kind: 'prefix', scheme: null, host: null, path: '/' })
  assert.equal(told[1]!.removals.at(-1)!.number, told[1]!.last)
  assert.partialDeepStrictEqual(await cache.purge({ ...nothing, prefix: '/p' }), { done: true })
})
