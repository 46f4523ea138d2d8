/** What is ordered to go is gone when the order is answered, on every thread: by URL, beginning, tag, condition, and by the method PURGE. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, done, FRESH, more, order, store, stored } from '../../kit/cache-orders.ts'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { requestsBegun, tally, until, verdictOf } from '../../kit/settle.ts'

test('a purge by URL removes all variants of it and nothing else, on both threads, before it is answered', async () => {
  await using at = await shop({}, more)
  await store(at, { '/page': 'Vary: Accept-Language\r\n', '/page/2': '', '/other': '' })
  for (const language of ['de', 'fr']) await get(at.gate.port, '/page', `Accept-Language: ${language}\r\n`)
  assert.ok(await stored(at, '/page', 'Accept-Language: fr\r\n'))
  assert.deepEqual(await order(at, 'purge', { url: 'http://shop.test/page' }), { soft: false, softened: false })
  for (const fields of ['', 'Accept-Language: de\r\n', 'Accept-Language: fr\r\n']) {
    assert.equal(await stored(at, '/page', fields), false, fields)
  }
  assert.ok(await stored(at, '/page/2'))
  assert.ok(await stored(at, '/other'))
  await done(at)
})

test('a purge by the beginning of a URL removes all below it', async () => {
  await using at = await shop({}, more)
  await store(at, { '/shoes/1': '', '/shoes/2': '', '/shirts': '' })
  await order(at, 'purge', { prefix: 'http://shop.test/shoes/' })
  assert.deepEqual(
    [await stored(at, '/shoes/1'), await stored(at, '/shoes/2'), await stored(at, '/shirts')],
    [false, false, true],
  )
  await done(at)
})

test('a purge by tags removes what Surrogate-Key, xkey or Cache-Tag marked with one of them', async () => {
  await using at = await shop({}, more)
  await store(at, {
    '/fastly': 'Surrogate-Key: home product-1\r\n',
    '/varnish': 'xkey: product-1\r\n',
    '/cloud': 'Cache-Tag: home,product-1\r\n',
    '/product-10': 'Surrogate-Key: product-10\r\n',
    '/none': '',
  })
  await order(at, 'purge', { tags: ['product-1', 'unknown'] })
  for (const path of ['/fastly', '/varnish', '/cloud']) assert.equal(await stored(at, path), false, path)
  for (const path of ['/product-10', '/none']) assert.equal(await stored(at, path), true, path)
  await done(at)
})

test('a ban looks at all lines of a field, as one list', async () => {
  await using at = await shop({}, more)
  const twice = 'X-Cat: shoes\r\nX-Cat: sale\r\n'
  await store(at, { '/one': twice, '/two': twice, '/three': 'X-Cat: shoes\r\n' })
  await order(at, 'ban', { expression: 'req.url == /one && obj.http.x-cat ~ sale' })
  assert.equal(await stored(at, '/one'), false)
  await order(at, 'ban', { expression: 'obj.http.x-cat == "shoes, sale" && req.url == /two' })
  assert.equal(await stored(at, '/two'), false)
  await order(at, 'ban', { expression: 'obj.http.x-cat ~ sale' })
  assert.ok(await stored(at, '/three'))
  await done(at)
})

test('a ban removes what is stored and meets its condition, not what is fetched later', async () => {
  await using at = await shop({}, more)
  await store(at, { '/a.css': 'Content-Type: text/css\r\n', '/b.css': 'Content-Type: text/plain\r\n', '/c': '' })
  const says = await order(at, 'ban', { expression: 'req.url ~ "[.]css$" && obj.http.content-type == "text/css"' })
  assert.match(String(says.expression), /content-type/)
  assert.equal(await stored(at, '/a.css'), false)
  assert.ok(await stored(at, '/a.css'), 'fetched anew, it stays')
  assert.ok(await stored(at, '/b.css'))
  assert.ok(await stored(at, '/c'))
  assert.equal((await call(at, 'ban', { expression: 'req.url ~~ 1' })).status, 400)
  await done(at)
})

test('a soft purge makes stale: visitors get the old copy at once while one request fetches the new one', async () => {
  await using at = await shop({ grace: '1m' }, more)
  await store(at, { '/page': '', '/tagged': 'xkey: a\r\n' })
  for (const [path, what] of [
    ['/page', { url: 'http://shop.test/page', soft: true }],
    ['/tagged', { tags: ['a'], soft: true }],
  ] as const) {
    const asked: Asked[] = []
    at.origin.on(path, (one) => asked.push(one))
    assert.deepEqual(await order(at, 'purge', what), { soft: true, softened: false })
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(at.gate.port, path)))
    assert.deepEqual(tally(answers.map(({ body }) => body)), { [`${path.slice(1)} 1`]: 8 }, path)
    for (const answer of answers)
      assert.match(answer.field('cache-status') ?? '', /^gate; hit; ttl=(0|-1); detail=grace$/, path)
    await until(() => asked.length === 1)
    asked[0]?.answer('new', FRESH)
    await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
    assert.ok(await stored(at, path))
    assert.equal(at.origin.count(path), 2)
  }
  await done(at)
})

test('a fetch that began before a purge does not bring back what the purge removed', async () => {
  await using at = await shop({}, more)
  const asked: Asked[] = []
  at.origin.on('/page', (one) => asked.push(one))
  const early = get(at.gate.port, '/page')
  await until(() => asked.length === 1)
  await order(at, 'purge', { url: 'http://shop.test/page' })
  // Who asks after the order must not get what was asked for before it, even if it waits for that fetch.
  const later = get(at.gate.port, '/page')
  await requestsBegun(at.gate.gate, 2)
  asked[0]?.answer('old', FRESH)
  assert.equal((await early).body, 'old')
  await until(() => asked.length === 2)
  asked[1]?.answer('new', FRESH)
  assert.equal((await later).body, 'new')
  at.origin.says('/page', FRESH)
  assert.equal((await get(at.gate.port, '/page')).body, 'new')
  assert.equal(at.origin.count('/page'), 2)

  // And when nobody asked meanwhile.
  at.origin.on('/quiet', (one) => asked.push(one))
  const alone = get(at.gate.port, '/quiet')
  await until(() => asked.length === 3)
  await order(at, 'ban', { expression: 'req.url == "/quiet"' })
  asked[2]?.answer('old', FRESH)
  assert.equal((await alone).body, 'old')
  at.origin.says('/quiet', FRESH)
  assert.equal((await get(at.gate.port, '/quiet')).body, 'quiet 2')
  await done(at)
})

function purge(at: Shop, path: string, from: string): Promise<Answered> {
  return fetchFrom(at, from, `PURGE ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n`)
}

async function fetchFrom(at: Shop, from: string, request: string): Promise<Answered> {
  using client = await Client.connect(at.gate.port, from)
  return await client.send(request).response()
}

test('PURGE from a listed address removes what it names; from any other it is a method that passes on', async () => {
  await using at = await shop({ purge: ['127.0.0.2'] }, more)
  await store(at, { '/page': 'Vary: Accept-Language\r\n', '/other': '' })
  const answer = await purge(at, '/page', '127.0.0.2')
  assert.deepEqual([answer.status, answer.body.trim()], [200, 'purged'])
  assert.equal(await stored(at, '/page'), false)
  assert.ok(await stored(at, '/other'))

  const before = at.origin.count('/other')
  assert.match((await purge(at, '/other', '127.0.0.1')).body, /^other/)
  assert.equal(at.origin.count('/other'), before + 1)
  assert.match(at.origin.last('/other'), /^PURGE /)
  await done(at)
})

/** Fills all places of the shop's pool until the test answers. */
async function saturate(at: Shop, limit: number): Promise<() => Promise<void>> {
  const asked: Asked[] = []
  at.origin.on('/busy', (one) => asked.push(one))
  at.gate.gate.setLimit('pools.shop.maxConnections', limit)
  const busy = Array.from({ length: limit }, (_, k) => get(at.gate.port, `/busy?${k}`))
  await until(() => asked.length === limit)
  return async () => {
    for (const one of asked) one.answer('done')
    await Promise.all(busy)
  }
}

test('while the servers are saturated a purge makes stale instead, a ban is refused, and force does what was said', async () => {
  await using at = await shop({ graceUnderPressure: '1h', purge: ['127.0.0.1'] }, more)
  await store(at, { '/page': '', '/second': '', '/banned': '' })
  const leave = await saturate(at, 2)
  assert.deepEqual(await order(at, 'purge', { url: 'http://shop.test/page' }), { soft: true, softened: true })
  assert.match(
    (await get(at.gate.port, '/page')).field('cache-status') ?? '',
    /^gate; hit; ttl=(0|-\d+); detail=pool_full$/,
  )
  assert.match((await purge(at, '/second', '127.0.0.1')).body, /^made stale/)
  assert.equal((await get(at.gate.port, '/second')).status, 200)
  const refused = await call(at, 'ban', { expression: 'req.url == "/banned"' })
  assert.equal(refused.status, 409)
  assert.match(JSON.stringify(refused.says), /servers-saturated/)
  assert.ok(await stored(at, '/banned'))
  await order(at, 'ban', { expression: 'req.url == "/banned"', force: true })
  assert.equal((await get(at.gate.port, '/banned')).status, 503)
  assert.equal((await order(at, 'purge', { url: 'http://shop.test/page', force: true })).softened, false)
  assert.equal((await get(at.gate.port, '/page')).status, 503)
  await leave()
  assert.equal((await get(at.gate.port, '/page')).body, 'page 2')
  await done(at)
})

test('what may never be used stale is not removed while the servers are saturated, whatever its removal is called, unless it is forced', async () => {
  await using at = await shop({ graceUnderPressure: '1h', purge: ['127.0.0.1'] }, more)
  const never = ['s-maxage=60', 'max-age=60, must-revalidate', 'max-age=60, proxy-revalidate']
  for (const [k, control] of never.entries()) {
    at.origin.says(`/never/${k}`, `Cache-Control: ${control}\r\n`)
    await get(at.gate.port, `/never/${k}`)
  }
  at.origin.says('/asked', 'Cache-Control: no-cache\r\nETag: "a"\r\n')
  await get(at.gate.port, '/asked')
  await store(at, { '/varies': 'Vary: Accept-Language\r\n' })
  const leave = await saturate(at, 2)
  for (const [k, control] of never.entries()) {
    const url = `http://shop.test/never/${k}`
    for (const soft of [false, true]) {
      const { status, says } = await call(at, 'purge', { url, soft })
      assert.equal(status, 409, control)
      assert.partialDeepStrictEqual(says, {
        type: 'urn:headgate:problem:servers-saturated',
        detail: 'all slots of pool shop are in use, and what is stored there may not be used stale',
        fix: 'wait until they have room, or insist with force: true',
        place: 'pools.shop',
      })
    }
    const refused = await purge(at, `/never/${k}`, '127.0.0.1')
    assert.equal(verdictOf(refused), '409 purge_saturated')
    assert.ok(refused.field('retry-after') !== null)
    assert.ok(await stored(at, `/never/${k}`), control)
  }
  // Each request for it goes to a server anyway; and of variants it is not known what they allow.
  for (const path of ['/asked', '/varies', '/nothing']) {
    assert.equal((await order(at, 'purge', { url: `http://shop.test${path}` })).softened, true, path)
  }
  await order(at, 'purge', { url: 'http://shop.test/never/0', force: true })
  assert.equal((await get(at.gate.port, '/never/0')).status, 503)
  await order(at, 'purge', { tags: ['none'] })
  await leave()
  await order(at, 'purge', { url: 'http://shop.test/never/1' })
  assert.equal(await stored(at, '/never/1'), false)
  await done(at)
})

test('a copy that no grace is given to is spared like one that may not be stale', async () => {
  await using at = await shop({ graceUnderPressure: 0 }, more)
  await store(at, { '/page': '', '/late': 'Cache-Control: stale-while-revalidate=60\r\n' })
  const leave = await saturate(at, 1)
  assert.equal((await call(at, 'purge', { url: 'http://shop.test/page' })).status, 409)
  assert.ok(await stored(at, '/page'))
  assert.equal((await order(at, 'purge', { url: 'http://shop.test/late' })).softened, true)
  assert.equal((await get(at.gate.port, '/late')).status, 200)
  await leave()
  await done(at)
})

/** Asks the admin API about a URL. */
async function report(at: Shop, path: string): Promise<Record<string, unknown>> {
  return (await call(at, `object?url=${encodeURIComponent(`http://shop.test${path}`)}`)).says
}

test('the report about an object tells of its variants, and of the last answer why it was stored or not', async () => {
  await using at = await shop({ keep: '10m' }, more)
  await store(at, { '/page': 'Vary: Accept-Language\r\nETag: "v1"\r\nxkey: a b\r\n' })
  await get(at.gate.port, '/page', 'Accept-Language: de\r\n')
  const { variants, last } = (await report(at, '/page')) as { variants: Record<string, unknown>[]; last: unknown }
  assert.partialDeepStrictEqual(last, { stored: true, reason: 'stored', says: 'It is stored.', fix: '', status: null })
  assert.ok(Math.abs(Date.now() - Date.parse(String((last as Record<string, unknown>).at))) < 60_000)
  assert.equal(variants.length, 2)
  const german = variants.find(({ vary }) => (vary as Record<string, string>)['accept-language'] === 'de')
  assert.deepEqual([german?.status, german?.size, german?.tags, german?.etag], [200, 6, ['a', 'b'], '"v1"'])
  assert.ok(Number(german?.fresh) >= 58 && Number(german?.keep) > Number(german?.fresh))

  at.origin.says('/mine', 'Cache-Control: private\r\n')
  await get(at.gate.port, '/mine')
  for (const { variants: same } of await Promise.all(Array.from({ length: 20 }, () => report(at, '/page')))) {
    assert.equal((same as unknown[]).length, 2, 'whoever else looks')
  }
  const mine = await report(at, '/mine')
  assert.partialDeepStrictEqual(mine, {
    url: 'http://shop.test/mine',
    routes: ['routes[0]'],
    variants: [],
    last: { stored: false, reason: 'private' },
    passed: null,
  })
  assert.match(JSON.stringify(mine.last), /The server said private: .*have the server leave out private/)
  assert.deepEqual((await report(at, '/never')).last, null)
  await order(at, 'purge', { url: 'http://shop.test/page' })
  assert.deepEqual((await report(at, '/page')).variants, [])
  await done(at)
})

test('usage counts what the cache did since the start', async () => {
  await using at = await shop({ grace: '1m' }, more)
  await store(at, { '/page': '' })
  at.origin.says('/late', 'Cache-Control: max-age=60\r\nAge: 70\r\n')
  for (let k = 0; k < 2; k++) await get(at.gate.port, '/late')
  // What is being fetched again in the background is an object more.
  await until(() => at.origin.count('/late') >= 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
  const usage = (await (await fetch(`http://${at.gate.gate.admin}/v1/cache`)).json()) as Record<string, number>
  assert.deepEqual(
    {
      hits: usage.hits,
      stale: usage.stale,
      collapsed: usage.collapsed,
      evicted: usage.evicted,
      objects: usage.objects,
    },
    { hits: 8, stale: 1, collapsed: 0, evicted: 0, objects: 2 },
  )
  assert.ok(usage.misses === 2 || usage.misses === 3, `${usage.misses} misses: a refresh in the background is one`)
  assert.ok((usage.used ?? 0) > 0 && (usage.used ?? 0) <= (usage.size ?? 0))
  await done(at)
})
