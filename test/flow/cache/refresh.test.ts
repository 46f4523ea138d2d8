/** The request in the background that makes a stale page new again: it is for all, counts as any request on its route, and comes once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, shop } from '../../kit/cache-origin.ts'
import { Client, fetchOnce, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

const ASKS = [
  ['a HEAD', 'HEAD', '', {}],
  ['a GET with Cache-Control: no-store', 'GET', 'Cache-Control: no-store\r\n', {}],
  ['a GET that takes stale ones', 'GET', 'Cache-Control: max-age=99999, max-stale=9999\r\n', {}],
  [
    'a GET with max-age=0, where the route does not listen to that',
    'GET',
    'Cache-Control: max-age=0, no-store\r\nPragma: no-cache\r\n',
    { requestDirectives: 'ignore' },
  ],
  ['a GET with Range', 'GET', 'Range: bytes=0-1\r\nIf-Range: "v"\r\n', {}],
  ['a GET with conditions', 'GET', 'If-None-Match: "x"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n', {}],
] as const

for (const threads of [1, 2]) {
  for (const [what, method, fields, settings] of ASKS) {
    test(`within grace ${what} leads to one plain GET in the background, after which the page is fresh (${threads} threads)`, async () => {
      await using at = await shop({ grace: '1h', ...settings }, { threads })
      const asked: Asked[] = []
      const old = `${late(10)}ETag: "v"\r\n`
      at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', old) : asked.push(one)))
      await at.client.get('/page').response()
      const request = `${method} /page HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${fields}\r\n`
      for (let k = 0; k < 8; k++) {
        const answer = await fetchOnce(at.gate.port, request, method)
        assert.match(answer.field('cache-status') ?? '', /^gate; hit; ttl=-1\d; detail=grace$/)
      }
      await until(() => asked.length === 1)
      await meanwhile(20)
      assert.equal(asked.length, 1)
      const head = asked[0]?.head ?? ''
      assert.match(head, /^GET \/page HTTP\/1\.1\r\n/)
      assert.doesNotMatch(head, /\r\n(cache-control|pragma|range|if-range):/i)
      assert.match(head, /\r\nif-none-match: "v"(\r\n|$)/i)
      assert.equal(/\r\nif-modified-since:/i.test(head), false, 'nothing is known of that date')
      asked[0]?.answer('new', `${FRESH}ETag: "w"\r\n`)
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      for (let k = 0; k < 4; k++) {
        const { body, head: next } = await get(at.gate.port, '/page')
        assert.equal(body, 'new')
        assert.match(next, /\r\ncache-status: gate; hit; ttl=(60|59)/i)
      }
      assert.equal(at.origin.count('/page'), 2)
      at.client[Symbol.dispose]()
      await settled(at.gate.gate)
    })
  }

  test(`who says no-cache or max-age=0 gets a new answer itself, and the page is fresh after that (${threads} threads)`, async () => {
    for (const fields of ['Cache-Control: no-cache\r\n', 'Cache-Control: max-age=0\r\n', 'Pragma: no-cache\r\n']) {
      await using at = await shop({ grace: '1h' }, { threads })
      at.origin.on('/page', (asked, n) => asked.answer(`page ${n}`, n === 1 ? late(10) : FRESH))
      await at.client.get('/page').response()
      assert.equal((await at.client.get('/page', fields).response()).body, 'page 2', fields)
      assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit; ttl=\d/)
      assert.equal(at.origin.count('/page'), 2)
    }
  })

  for (const [what, fields, answer] of [
    [
      'is for a known user alone',
      'Authorization: Basic YTpi\r\n',
      (one: Asked) => one.answer('of one', late(10, ', stale-while-revalidate=3600')),
    ],
    [
      'is a 304 for a known user alone',
      'Authorization: Basic YTpi\r\n',
      (one: Asked) => one.say(`HTTP/1.1 304 Not Modified\r\nETag: "v"\r\nAge: 0\r\n${FRESH}\r\n`),
    ],
    [
      'is a part',
      '',
      (one: Asked) => one.answer('pa', `${FRESH}Content-Range: bytes 0-1/4\r\n`, '206 Partial Content'),
    ],
  ] as const) {
    test(`a refresh whose answer ${what} is not tried again with each visitor, who all get the copy (${threads} threads)`, async () => {
      await using at = await shop({ grace: '1h' }, { threads })
      at.origin.on('/page', (one, n) =>
        n === 1 ? one.answer('old', `${late(10, ', public, stale-while-revalidate=3600')}ETag: "v"\r\n`) : answer(one),
      )
      await at.client.get('/page', fields).response()
      const began = performance.now()
      for (let k = 0; k < 20; k++) {
        assert.equal((await get(at.gate.port, '/page', fields)).body, 'old')
        if (k === 0) await until(() => at.origin.count('/page') === 2)
        if (k === 0) await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      }
      await meanwhile(20)
      const seen = at.origin.count('/page')
      assert.ok(performance.now() - began < 900, 'the machine is too slow for this')
      assert.equal(seen, 2)
      at.client[Symbol.dispose]()
      await settled(at.gate.gate)
    })
  }

  test(`a refresh that turns out to be longer than the store takes is not tried again with each visitor (${threads} threads)`, async () => {
    const long = 'x'.repeat(300_000)
    const framings = [
      (one: Asked) => one.answer(long, FRESH),
      (one: Asked) =>
        one.say(
          `HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`,
        ),
    ]
    for (const answer of framings) {
      await using at = await shop({ grace: '1h' }, { threads, cache: { size: '16MB', maxObject: '100KB' } })
      at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', late(10)) : answer(one)))
      await at.client.get('/page').response()
      assert.equal((await at.client.get('/page').response()).body, 'old')
      await until(() => at.origin.count('/page') === 2)
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      // Who has to ask for himself does; nobody asks behind his back as well.
      let own = 0
      for (let k = 0; k < 5; k++) {
        const { body, complete } = await get(at.gate.port, '/page')
        assert.ok(complete && (body === 'old' || body === long))
        if (body === long) own++
      }
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      assert.equal(at.origin.count('/page'), 2 + own)
      at.client[Symbol.dispose]()
      await settled(at.gate.gate)
    }
  })

  test(`refreshes take a place on their route: its limit is never exceeded (${threads} threads)`, async () => {
    await using at = await narrow(threads)
    for (let k = 0; k < 5; k++) {
      const first = get(at.gate.port, `/p${k}`)
      ;(await at.origin.next()).answer('old', late(10))
      await first
    }
    at.origin.most = 0
    const busy = get(at.gate.port, '/busy')
    const asked = await at.origin.next()
    for (let k = 0; k < 5; k++) assert.equal((await get(at.gate.port, `/p${k}`)).body, 'old')
    await meanwhile(30)
    assert.equal(at.origin.inside, 1)
    asked.answer('done')
    await busy
    // With the place free one at a time goes, and gives it back when its answer is there.
    for (let k = 0; k < 5; k++) {
      await until(() => at.gate.gate.usage().routes[0]?.inUse === 0)
      await meanwhile(60)
      assert.equal((await get(at.gate.port, `/p${k}`)).body, 'old')
      const again = await at.origin.next()
      assert.match(again.head, new RegExp(`^GET /p${k} `))
      for (let other = 0; other < 5; other++) await get(at.gate.port, `/p${other}`)
      assert.deepEqual([at.origin.inside, at.gate.gate.usage().routes[0]?.inUse], [1, 1])
      again.answer('new', FRESH)
    }
    await settled(at.gate.gate)
    assert.equal(at.origin.most, 1)
  })

  test(`a refresh that has to ask a second time, as the 304 was about another ETag, counts all the while (${threads} threads)`, async () => {
    await using at = await narrow(threads)
    const first = get(at.gate.port, '/p0')
    ;(await at.origin.next()).answer('old', `${late(10)}ETag: "a"\r\n`)
    await first
    at.origin.most = 0
    assert.equal((await get(at.gate.port, '/p0')).body, 'old')
    const asked = await at.origin.next()
    asked.answer('', 'ETag: "b"\r\n', '304 Not Modified')
    const again = await at.origin.next()
    assert.doesNotMatch(again.head, /if-none-match/i)
    assert.equal(at.gate.gate.usage().routes[0]?.inUse, 1)
    const other = get(at.gate.port, '/p1')
    await until(() => at.gate.gate.usage().routes[0]?.waiting === 1)
    again.answer('new', `${FRESH}ETag: "b"\r\n`)
    ;(await at.origin.next()).answer('other', FRESH)
    assert.equal((await other).body, 'other')
    assert.equal(at.origin.most, 1)
    assert.equal((await get(at.gate.port, '/p0')).body, 'new')
    await settled(at.gate.gate)
  })

  test(`a fetch whose client has left keeps its place on the route until its answer is there (${threads} threads)`, async () => {
    await using at = await narrow(threads)
    const leaver = (await Client.connect(at.gate.port)).get('/p0')
    const asked = await at.origin.next()
    leaver.reset()
    await until(() => at.gate.gate.usage().listeners[0]?.inUse === 0)
    const others: Client[] = []
    for (let k = 1; k < 5; k++) others.push((await Client.connect(at.gate.port)).get(`/p${k}`))
    await until(() => at.gate.gate.usage().routes[0]?.waiting === 4)
    assert.deepEqual([at.origin.inside, at.gate.gate.usage().routes[0]?.inUse], [1, 1])
    asked.answer('page', FRESH)
    for (let k = 1; k < 5; k++) (await at.origin.next()).answer('page', FRESH)
    for (const client of others) assert.equal((await client.response()).body, 'page')
    assert.equal(at.origin.most, 1)
    assert.match((await get(at.gate.port, '/p0')).field('cache-status') ?? '', /^gate; hit/)
    for (const client of others) client[Symbol.dispose]()
    await settled(at.gate.gate)
  })

  test(`a page is fetched anew from the server that it came from, where the pool balances by path (${threads} threads)`, async () => {
    await using stack = new AsyncDisposableStack()
    const origins: CacheOrigin[] = []
    for (let k = 0; k < 4; k++) origins.push(stack.use(await CacheOrigin.listen()))
    const paths = Array.from({ length: 12 }, (_, k) => `/p${k}`)
    for (const origin of origins) for (const path of paths) origin.says(path, late(10))
    await using gate = await headgate({
      threads,
      cache: { size: '16MB' },
      pools: { shop: { servers: origins.map(({ address }) => address), balance: { hash: 'path' } } },
      routes: [{ to: 'shop', cache: { grace: '1h' } }],
    })
    for (const path of paths) await get(gate.port, path)
    const counts = (): number[][] => paths.map((path) => origins.map((origin) => origin.count(path)))
    const before = counts()
    assert.ok(Object.keys(tally(before.map((of) => of.indexOf(1)))).length > 1, 'they are spread')
    for (const path of paths) await get(gate.port, path)
    await until(
      () =>
        counts()
          .flat()
          .reduce((a, b) => a + b) === 24,
      counts,
    )
    assert.deepEqual(
      counts(),
      before.map((of) => of.map((n) => 2 * n)),
    )
    await settled(gate.gate)
  })
}

/** A Headgate whose route lets one request at a time to its server, and a few wait. */
async function narrow(
  threads: number,
): Promise<{ readonly origin: Origin; readonly gate: Awaited<ReturnType<typeof caching>> } & AsyncDisposable> {
  const origin = await Origin.listen()
  const cache = { grace: '1h', graceUnderPressure: '1h' }
  const route = { to: 'shop', maxConnections: 1, queue: { max: 5, timeout: '5s' }, cache }
  const gate = await caching(origin, {}, { threads, routes: [route] })
  return {
    origin,
    gate,
    async [Symbol.asyncDispose](): Promise<void> {
      await gate[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}
