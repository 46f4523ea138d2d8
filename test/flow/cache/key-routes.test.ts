/** What may be meant for another route than the one it takes is nothing for the cache of that one, in whatever spelling. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client } from '../../kit/client.ts'

const CACHE = { ttl: '1m', grace: 0, heuristic: false }
const ACCOUNT = [
  { name: 'pages', to: 'shop', cache: CACHE },
  { name: 'account', to: 'shop', path: '/account' },
]

/** Sees that Alice and then Bob get their own, by a server that gets it as it came. */
async function passes(at: Shop, path: string, host = 'shop.test', client = at.client): Promise<void> {
  const [alice, bob] = await both(at, path, host, client)
  assert.deepEqual([alice.body, bob.body], ['page of u=alice', 'page of u=bob'], path)
  assert.equal(bob.field('cache-status'), 'gate; fwd=bypass')
  assert.ok(at.origin.last(path).startsWith(`GET ${path} `), path)
}

/** Sees that Bob gets what is stored. */
async function isStored(at: Shop, path: string, host = 'shop.test', client = at.client): Promise<void> {
  const [alice, bob] = await both(at, path, host, client)
  assert.deepEqual([alice.body, bob.body], ['page of u=alice', 'page of u=alice'], path)
  assert.match(bob.field('cache-status') ?? '', /^gate; hit; ttl=/)
}

async function both(at: Shop, path: string, host: string, client: Client): Promise<[Answered, Answered]> {
  at.origin.on(path.replace(/\?.*/, ''), (asked) => asked.answer(`page of ${/^cookie: (.*)/im.exec(asked.head)?.[1]}`))
  const ask = (who: string): Promise<Answered> =>
    client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: u=${who}\r\n\r\n`).response()
  return [await ask('alice'), await ask('bob')]
}

test('no spelling of a path of a route that does not cache is stored or served by one that does (RFC 3986 §6.2.2)', async () => {
  await using at = await shop({}, { routes: ACCOUNT })
  for (const path of [
    '/accoun%74',
    '/%61ccount/1',
    '/accoun%2574',
    '//account',
    '/./account',
    '/x/../account',
    '/x/%2e%2e/account',
    '/x/..%2faccount',
    '/%5caccount',
    '/account;x',
    '/account%3bx',
    '/account%3f.css',
    '/account%23.css',
    '/account%00.css',
    '/x/..;/account',
    '/a//../account',
  ])
    await passes(at, path)
})

test('the answer to a POST in such a spelling is not stored for GET either', async () => {
  await using at = await shop({}, { routes: ACCOUNT })
  at.origin.says('/accoun%74', 'Content-Location: /accoun%74\r\nCache-Control: max-age=60\r\n')
  await at.client.send('POST /accoun%74 HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n').response()
  assert.equal((await at.client.get('/accoun%74').response()).body, 'accoun%74 2')
})

test('all other paths are stored by the letters that were sent', async () => {
  await using at = await shop({}, { routes: ACCOUNT })
  for (const path of [
    '/accounting',
    '/accoun%74ing',
    '/caf%C3%A9',
    '/a%20b',
    '//x',
    '/x/../y',
    '/x;v=1',
    '/x/account',
    '/x?y=%2faccount',
    '/x?/../account',
  ])
    await isStored(at, path)
})

test('a path that leaves its route by dot segments is not stored there, whether another route takes it or none', async () => {
  await using at = await shop({}, { routes: [{ to: 'shop', path: '/static', cache: CACHE }, { to: 'shop' }] })
  for (const path of ['/static/..%2faccount', '/static/%2e%2e/account', '/static/../account', '/static/x/..%2f../y'])
    await passes(at, path)
  for (const path of ['/static/x', '/static/x%20y', '/static/x/../y', '/static//x']) await isStored(at, path)
  await using alone = await shop({}, { routes: [{ to: 'shop', path: '/static', cache: CACHE }] })
  await passes(alone, '/static/..%2faccount')
  await isStored(alone, '/static/x%20y')
})

test('which other route is meant depends on host and listener, as it does for requests', async () => {
  await using at = await shop(
    {},
    {
      listeners: { web: {}, inside: {} },
      routes: [
        { to: 'shop', cache: CACHE },
        { to: 'shop', path: '/account', host: ['shop.test', '*.shops.test'] },
        { to: 'shop', path: '/admin', listeners: ['inside'] },
      ],
    },
  )
  using inside = await Client.connect(at.gate.ports.inside!)
  await passes(at, '/accoun%74')
  await passes(at, '/accoun%74', 'one.shops.test')
  await passes(at, '/accoun%74', 'shop.test', inside)
  await isStored(at, '/accoun%74', 'other.test')
  await isStored(at, '/%61dmin', 'other.test')
  await passes(at, '/%61dmin', 'other.test', inside)
})

test('a route that caches otherwise counts as well; one that differs only in its pool does not', async () => {
  await using at = await shop(
    {},
    {
      routes: [
        { to: 'shop', cache: CACHE },
        { to: 'shop', path: '/account', cache: { ...CACHE, key: { cookies: ['u'] } } },
        { to: 'shop', path: '/images', cache: CACHE, maxConnections: 10 },
      ],
    },
  )
  await passes(at, '/accoun%74')
  await isStored(at, '/image%73')
})

test('what a route says of its own path is meant as it is written', async () => {
  await using at = await shop(
    {},
    {
      routes: [
        { to: 'shop' },
        { to: 'shop', path: '/caf%C3%A9', cache: CACHE },
        { to: 'shop', path: '/a;b', cache: CACHE },
        { to: 'shop', path: '/über', host: 'other.test' },
        { to: 'shop', host: 'other.test', cache: CACHE },
      ],
    },
  )
  for (const path of ['/caf%C3%A9', '/caf%C3%A9/x%20y', '/a;b', '/a;b/x']) await isStored(at, path)
  await passes(at, '/caf%C3%A9/../account')
  await passes(at, '/%C3%BCber', 'other.test')
})
