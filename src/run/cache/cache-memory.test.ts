/** Whether what is removed from the cache could be fetched again, as the guard of purges sees it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readUrl } from '../../cache/key/named-url.ts'
import { configFrom } from '../../config/native.ts'
import type { GateUsage, PoolUsage, ServerUsage, Usage } from '../status/usage.ts'
import { type Concern, concerned, holders, holdersOf, lostLine, saturation } from './cache-memory.ts'

const config = configFrom({
  listeners: { web: { bind: ':0' } },
  pools: { app: { servers: ['a:1', 'b:1'] }, other: { servers: ['c:1'] } },
  routes: [
    { name: 'shop', to: 'app', cache: true, host: ['shop.test', '*.shop.test'] },
    { name: 'images', to: 'other', cache: true, path: '/images/' },
  ],
})
const by = { limitBy: 'configured', boundBy: 'configured' } as const
const gate = { inUse: 1, limit: 10, waiting: 0, bound: 10, refused: 0, ...by }
const statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
const attempts = { requests: 0, statuses, failures: {}, retried: 0, causes: {} }
const up: ServerUsage = {
  name: 'a:1',
  inUse: 1,
  limit: 5,
  limitBy: 'configured',
  adminState: 'ready',
  health: 'up',
  ...attempts,
}
const full: ServerUsage = { ...up, inUse: 5 }

function why(
  {
    pool = {},
    route = {},
    servers = [up, up],
  }: {
    pool?: Partial<PoolUsage>
    route?: Partial<GateUsage>
    servers?: ServerUsage[]
  },
  routes = ['shop'],
): string | null {
  const whole = { ...gate, queued: 0, requests: 0, streams: { inUse: 0, limit: 1, limitBy: by.limitBy }, causes: {} }
  const usage: Usage = {
    requests: 0,
    listeners: [],
    routes: [
      { name: 'shop', ...gate, ...route },
      { name: 'images', ...gate },
    ],
    pools: [
      { name: 'app', ...whole, servers, ...pool },
      { name: 'other', ...whole, servers: [up] },
    ],
    causes: {},
  }
  const full = saturation(config, usage, routes)
  return full && `${full.reason} (${full.place})`
}

test('a pool is saturated where somebody waits, or no server that takes requests has a place', () => {
  assert.equal(why({}), null)
  assert.equal(why({ servers: [full, up] }), null)
  assert.match(why({ servers: [full, full] }) ?? '', /^all slots of pool app are in use \(pools\.app\)$/)
  assert.match(why({ pool: { inUse: 10 } }) ?? '', /all slots of pool app/)
  assert.match(why({ pool: { waiting: 1 } }) ?? '', /^a request waits in the queue of pool app/)
  assert.match(why({ pool: { waiting: 3 } }) ?? '', /^3 requests wait/)
  for (const gone of [{ adminState: 'maint' }, { adminState: 'drain' }, { health: 'down' }] as const) {
    assert.match(why({ servers: [full, { ...up, ...gone }] }) ?? '', /all slots/, JSON.stringify(gone))
    assert.match(why({ servers: [{ ...up, ...gone }] }) ?? '', /no server of pool app takes requests/)
  }
})

test('a route is saturated by its own limit and line, and only the routes that are meant count', () => {
  assert.match(why({ route: { inUse: 10 } }) ?? '', /^all slots of route shop are in use \(routes\[0\]\)$/)
  assert.match(why({ route: { waiting: 2 } }) ?? '', /in the queue of route shop/)
  assert.equal(why({ route: { inUse: 10 }, servers: [full] }, ['images']), null)
  assert.equal(why({ servers: [full] }, []), null)
  assert.match(why({ servers: [full] }, ['images', 'shop']) ?? '', /pool app/)
})

test('an order concerns the routes that may have stored what it means', () => {
  const meant = (concern: Partial<Concern>): string[] =>
    config.routes
      .filter((route) => concerned(route, { host: null, path: null, whole: false, ...concern }))
      .map(({ name }) => name)
  assert.deepEqual(meant({}), ['shop', 'images'])
  assert.deepEqual(meant({ host: 'shop.test:8080', path: '/cart', whole: true }), ['shop'])
  assert.deepEqual(meant({ host: 'www.shop.test', path: '/images/1', whole: true }), ['shop', 'images'])
  assert.deepEqual(meant({ host: 'a.test', path: '/images', whole: true }), ['images'])
  assert.deepEqual(meant({ host: 'a.test', path: '/im', whole: true }), [])
  assert.deepEqual(meant({ host: 'a.test', path: '/im' }), ['images'])
  assert.deepEqual(meant({ path: '/' }), ['shop', 'images'])
})

const mixed = configFrom({
  listeners: { web: { bind: ':0' }, inside: { bind: ':1' } },
  pools: { app: { servers: ['a:1'] } },
  routes: [
    { name: 'pages', to: 'app', host: 'shop.test', cache: true },
    { name: 'api', to: 'app', host: 'shop.test', path: '/api' },
    { name: 'images', to: 'app', host: '*.img.test', path: '/i', cache: { key: { host: false } } },
    { name: 'one', to: 'app', host: 'one.test', listeners: ['inside'], cache: { key: { path: false } } },
  ],
})
const caching = mixed.routes.filter(({ cache }) => cache !== null)

test('a whole URL may be held by the route that takes it, not by one that another hides', () => {
  const of = (url: string): string[] => {
    const named = readUrl(url)
    assert.ok('head' in named, url)
    return holdersOf(mixed, caching, named).map(({ name }) => name)
  }
  assert.deepEqual(of('http://shop.test/'), ['pages'])
  assert.deepEqual(of('http://shop.test/apis?/api'), ['pages'])
  assert.deepEqual(of('https://shop.test:8443/api/1'), [])
  assert.deepEqual(of('http://other.test/'), [])
  // Without the host, or the path, in its key a route may hold what any of them names.
  assert.deepEqual(of('http://other.test/i/1'), ['images'])
  assert.deepEqual(of('http://one.test/any'), ['one'])
})

test('a beginning may be held by each route that takes something below it, or forgets where that was', () => {
  const of = (host: string | null, path: string): string[] =>
    holders(caching, { host, path, whole: false }).map(({ name }) => name)
  assert.deepEqual(of(null, '/'), ['pages', 'images', 'one'])
  assert.deepEqual(of('shop.test', '/x'), ['pages'])
  assert.deepEqual(of('other.test', '/i/'), ['images'])
  assert.deepEqual(of('one.test', '/x'), ['one'])
})

test('what was lost with a thread is told in one line, with what becomes of it', () => {
  assert.match(
    lostLine(2, 1, 16),
    /^thread 2 died .*: 1 of the 16 parts of the cache was emptied, .*nothing needs to be done$/,
  )
  assert.match(lostLine(0, 2, 16), /: 2 of the 16 parts of the cache were emptied/)
})
