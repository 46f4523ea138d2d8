/** What becomes of requests while others fetch, change and remove the same: nothing older than an order is stored after it, and nobody asks for what has come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, shop } from '../../kit/cache-origin.ts'
import { Client, fetchOnce, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, requestsBegun, settled, tally, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

function ask(origin: CacheOrigin, path: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one) => asked.push(one))
  return asked
}

for (const [gate, limits] of [
  ['pool', { pools: { max: 1 }, route: {} }],
  ['route', { pools: { max: 100 }, route: { maxConnections: 1, queue: { max: 100, timeout: '10s' } } }],
] as const) {
  for (const threads of [1, 2]) {
    test(`who waited too long for the fetch of another and then in the line of the ${gate} is served what has come by then, and asks no server (${threads} threads)`, async () => {
      await using origin = await CacheOrigin.listen()
      await using at = await caching(
        origin,
        {},
        {
          threads,
          pools: {
            shop: {
              servers: [{ address: origin.address, maxConnections: limits.pools.max }],
              queue: { max: 100, timeout: '10s' },
            },
          },
          routes: [{ to: 'shop', cache: { heuristic: false, coalesce: { timeout: '150ms' } }, ...limits.route }],
        },
      )
      const asked = ask(origin, '/page')
      const clients: Client[] = []
      for (let k = 0; k < 10; k++) clients.push((await Client.connect(at.port)).get('/page'))
      const waiting = (): number | undefined =>
        gate === 'pool' ? at.gate.usage().pools[0]?.waiting : at.gate.usage().routes[0]?.waiting
      await until(() => waiting() === 9, waiting)
      assert.equal(asked.length, 1)
      asked[0]?.answer('the page', FRESH)
      const answers = await Promise.all(clients.map((client) => client.response()))
      assert.deepEqual(tally(answers.map(({ body }) => body)), { 'the page': 10 })
      assert.equal(asked.length, 1)
      const how = answers.filter((answer) => /collapsed/.test(answer.field('cache-status') ?? ''))
      assert.equal(how.length, 9)
      for (const client of clients) client[Symbol.dispose]()
      await settled(at.gate)
    })
  }
}

test('who waited too long for a fetch asks whether what that one brought is still right, not what was there before', async () => {
  await using origin = await CacheOrigin.listen()
  await using at = await caching(
    origin,
    { coalesce: { timeout: '100ms' } },
    {
      pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 9, timeout: '9s' } } },
    },
  )
  origin.says('/page', 'Cache-Control: max-age=60, must-revalidate\r\nAge: 70\r\nETag: "v1"\r\n')
  assert.equal((await get(at.port, '/page')).body, 'page 1')
  const asked = ask(origin, '/page')
  using first = (await Client.connect(at.port)).get('/page')
  await until(() => asked.length === 1)
  using second = (await Client.connect(at.port)).get('/page')
  await until(() => at.gate.usage().pools[0]?.waiting === 1)
  asked[0]?.answer('page 2', 'Cache-Control: no-cache\r\nETag: "v2"\r\n')
  assert.equal((await first.response()).body, 'page 2')
  await until(() => asked.length === 2)
  assert.deepEqual(
    asked.map(({ head }) => /^if-none-match: (.*)$/im.exec(head)?.[1]),
    ['"v1"', '"v2"'],
  )
  asked[1]?.say('HTTP/1.1 304 Not Modified\r\nETag: "v2"\r\n\r\n')
  assert.equal((await second.response()).body, 'page 2')
})

test('nobody waits for what is not to be shared until hitForMiss is over; then one asks for all again', async () => {
  await using at = await shop({ hitForMiss: '400ms' }, { threads: 2 })
  const asked = ask(at.origin, '/mine')
  const crowd = async (n: number): Promise<Client[]> => {
    const before = at.gate.gate.usage().requests
    const clients: Client[] = []
    for (let k = 0; k < n; k++) clients.push((await Client.connect(at.gate.port)).get('/mine'))
    await requestsBegun(at.gate.gate, before + n)
    return clients
  }
  const [one] = await crowd(1)
  await until(() => asked.length === 1)
  asked[0]?.answer('of one', 'Cache-Control: private\r\n')
  await one?.response()
  const marked = performance.now()
  const side = await crowd(5)
  assert.ok(performance.now() - marked < 400, 'the machine is too slow for this')
  await until(() => asked.length === 6)
  for (const each of asked.slice(1)) each.answer('of one', 'Cache-Control: private\r\n')
  await Promise.all(side.map((client) => client.response()))
  // The answers of those who passed leave no mark: the first one counts.
  await meanwhile(Math.max(0, 450 - (performance.now() - marked)))
  const line = await crowd(5)
  await until(() => asked.length === 7)
  await meanwhile(30)
  assert.equal(asked.length, 7, 'one asks for all')
  asked[6]?.answer('for all', FRESH)
  const answers = await Promise.all(line.map((client) => client.response()))
  assert.deepEqual(tally(answers.map(({ body }) => body)), { 'for all': 5 })
  for (const client of [at.client, one!, ...side, ...line]) client[Symbol.dispose]()
  await settled(at.gate.gate)
})

const POST = 'POST /page HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n'
const PUT = 'PUT /page HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
const OF_PAGE = `${FRESH}Content-Location: /page\r\n`

for (const [what, change] of [
  ['a purge', 'purge'],
  ['a change by somebody else', 'put'],
] as const) {
  test(`the answer to a POST that was sent before ${what} and comes after it is not stored (RFC 9111 §4.4)`, async () => {
    await using at = await shop({}, { threads: 2, admin: { bind: '127.0.0.1:0' } })
    const posts: Asked[] = []
    at.origin.on('/page', (one) => {
      if (one.head.startsWith('POST')) posts.push(one)
      else one.answer('new', FRESH)
    })
    using slow = (await Client.connect(at.gate.port)).send(POST)
    await until(() => posts.length === 1)
    if (change === 'put') assert.equal((await fetchOnce(at.gate.port, PUT)).status, 200)
    else {
      const purged = await fetch(`http://${at.gate.gate.admin}/v1/cache/purge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: 'http://shop.test/page' }),
      })
      assert.equal(purged.status, 200)
    }
    posts[0]?.answer('old', OF_PAGE)
    assert.equal((await slow.response()).body, 'old')
    assert.equal((await get(at.gate.port, '/page')).body, 'new')
    at.client[Symbol.dispose]()
  })
}

test('the answer to a POST that nothing came between is stored: its own removal is none that it is older than', async () => {
  await using at = await shop({}, { threads: 2 })
  at.origin.says('/page', OF_PAGE)
  using client = await Client.connect(at.gate.port)
  assert.equal((await client.send(POST).response()).body, 'page 1')
  assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit/)
  at.client[Symbol.dispose]()
})

test('Cache-Status says what the server answered where the client gets another status (RFC 9211 §2.3)', async () => {
  await using at = await shop({}, { threads: 2 })
  for (const [fields, status] of [
    ['Range: bytes=0-1\r\n', 206],
    ['If-None-Match: "v"\r\n', 304],
    ['Range: bytes=900-\r\n', 416],
  ] as const) {
    const path = `/p${status}`
    const asked = ask(at.origin, path)
    const { requests } = at.gate.gate.usage()
    using one = (await Client.connect(at.gate.port)).get(path, fields)
    await until(() => asked.length === 1)
    using other = (await Client.connect(at.gate.port)).get(path, fields)
    await requestsBegun(at.gate.gate, requests + 2)
    asked[0]?.answer('page', `${FRESH}ETag: "v"\r\n`)
    const answers = [await one.response(), await other.response()]
    assert.deepEqual(
      answers.map((answer) => [answer.status, answer.field('cache-status')?.replace(/ttl=\d+/, 'ttl=N')]),
      [
        [status, 'gate; fwd=uri-miss; fwd-status=200; ttl=N; stored'],
        [status, 'gate; fwd=uri-miss; fwd-status=200; collapsed'],
      ],
    )
  }
  at.client[Symbol.dispose]()
})

test('a fetch whose client leaves keeps the time it has used up: first byte and total count on', async () => {
  await using origin = await CacheOrigin.listen()
  for (const [timeouts, most] of [
    [{ firstByte: '600ms' }, 900],
    [{ firstByte: '30s', total: '600ms' }, 900],
  ] as const) {
    await using at = await caching(origin, {}, { pools: { shop: { servers: [origin.address], timeouts } } })
    const path = `/p${origin.requests}`
    const asked = ask(origin, path)
    const client = await Client.connect(at.port)
    const began = performance.now()
    client.get(path)
    await until(() => asked.length === 1)
    await meanwhile(400)
    client.reset()
    await until(() => at.gate.usage().listeners[0]?.inUse === 0)
    assert.equal(at.gate.usage().pools[0]?.inUse, 1, 'the fetch goes on')
    await until(() => at.gate.usage().pools[0]?.inUse === 0)
    const took = performance.now() - began
    assert.ok(took >= 550 && took < most, `${took} ms`)
  }
})
