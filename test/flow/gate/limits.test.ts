/** Limits of servers, pools and routes: exact over all threads, counted where it matters, at the server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { DeafServer } from '../../kit/deaf.ts'
import { headgate } from '../../kit/headgate.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

/** Each of `connections` clients asks `rounds` times, one request after the other. Answers with all diagnoses. */
async function burst(port: number, connections: number, rounds: number, path = '/'): Promise<string[]> {
  const all = await Promise.all(
    Array.from({ length: connections }, async () => {
      using client = await Client.connect(port)
      const diagnoses: string[] = []
      for (let k = 0; k < rounds; k++) diagnoses.push(verdictOf(await client.get(path).response()))
      return diagnoses
    }),
  )
  return all.flat()
}

/** Answers after 0 to 4 ms, so that requests end in another order than they came. */
function soon(asked: Asked): void {
  setTimeout(() => asked.answer('ok'), asked.head.length % 2 === 0 ? 1 + Math.random() * 3 : 0)
}

for (const threads of [1, 2, 4]) {
  test(`over ${threads} thread(s) no server ever has more requests than its limit, and no slot lies idle while others wait`, async () => {
    await using a = await Origin.listen(soon)
    await using b = await Origin.listen(soon)
    await using hg = await headgate({
      threads,
      pools: {
        shop: {
          servers: [
            { address: a.address, maxConnections: 3 },
            { address: b.address, maxConnections: 5 },
          ],
          queue: { max: 1000, timeout: '30s' },
        },
      },
    })
    assert.deepEqual(tally(await burst(hg.port, 120, 4)), { 200: 480 })
    assert.deepEqual([a.most, b.most], [3, 5])
    assert.equal(a.requests + b.requests, 480)
    await settled(hg.gate)
  })

  test(`over ${threads} thread(s) without a queue exactly what fits is let in and the rest is refused`, async () => {
    await using a = await Origin.listen()
    await using b = await Origin.listen()
    await using hg = await headgate({
      threads,
      pools: {
        shop: {
          servers: [
            { address: a.address, maxConnections: 13 },
            { address: b.address, maxConnections: 7 },
          ],
        },
      },
    })
    // Nothing is answered, so nothing is freed: twenty get in, whoever they are.
    const clients = await Promise.all(Array.from({ length: 300 }, () => Client.connect(hg.port)))
    for (const client of clients) client.get('/')
    const refused: string[] = []
    const all = clients.map(async (client) => {
      const answer = await client.response()
      if (answer.status !== 200) refused.push(verdictOf(answer))
      return answer.status
    })
    await until(() => refused.length === 280 && a.inside + b.inside === 20)
    assert.deepEqual(tally(refused), { '503 pool_full': 280 })
    assert.deepEqual([a.inside, b.inside], [13, 7])
    assert.equal(hg.gate.usage().pools[0]?.inUse, 20)
    for (const asked of [...(await a.take(13)), ...(await b.take(7))]) asked.answer('ok')
    assert.deepEqual(tally(await Promise.all(all)), { 200: 20, 503: 280 })
    for (const client of clients) client[Symbol.dispose]()
    await settled(hg.gate)
  })

  test(`over ${threads} thread(s) the limit of a pool holds below the sum of its servers`, async () => {
    let inside = 0
    let most = 0
    const count = (asked: Asked): void => {
      most = Math.max(most, ++inside)
      setTimeout(() => {
        inside--
        asked.answer('ok')
      }, 2)
    }
    await using a = await Origin.listen(count)
    await using b = await Origin.listen(count)
    await using hg = await headgate({
      threads,
      pools: {
        shop: {
          servers: [{ address: a.address, maxConnections: 6 }, b.address],
          maxConnections: 9,
          queue: { max: 1000, timeout: '30s' },
        },
      },
    })
    assert.deepEqual(tally(await burst(hg.port, 100, 4)), { 200: 400 })
    assert.equal(most, 9)
    assert.ok(a.most <= 6, `${a.most} at a`)
    await settled(hg.gate)
  })

  test(`over ${threads} thread(s) each route keeps to its own limit before a pool that they share`, async () => {
    await using origin = await Origin.listen(countByPath(soon))
    const most = new Map<string, number>()
    const inside = new Map<string, number>()
    function countByPath(answer: (asked: Asked) => void): (asked: Asked) => void {
      return (asked) => {
        const path = asked.head.split(' ')[1] ?? ''
        const now = (inside.get(path) ?? 0) + 1
        inside.set(path, now)
        most.set(path, Math.max(most.get(path) ?? 0, now))
        answer({
          ...asked,
          answer: (body) => {
            inside.set(path, (inside.get(path) ?? 0) - 1)
            asked.answer(body)
          },
        })
      }
    }
    await using hg = await headgate({
      threads,
      pools: {
        shop: { servers: [{ address: origin.address, maxConnections: 10 }], queue: { max: 1000, timeout: '30s' } },
      },
      routes: [
        { name: 'cart', path: '/cart', to: 'shop', maxConnections: 4, queue: { max: 1000, timeout: '30s' } },
        { name: 'search', path: '/search', to: 'shop', maxConnections: 2, queue: { max: 1000, timeout: '30s' } },
        { name: 'rest', to: 'shop' },
      ],
    })
    const diagnoses = await Promise.all([
      burst(hg.port, 40, 3, '/cart'),
      burst(hg.port, 40, 3, '/search'),
      burst(hg.port, 40, 3, '/other'),
    ])
    assert.deepEqual(tally(diagnoses.flat()), { 200: 360 })
    assert.deepEqual([most.get('/cart'), most.get('/search')], [4, 2])
    assert.ok(origin.most <= 10, `${origin.most} at the server`)
    assert.ok((most.get('/other') ?? 0) >= 4, 'what the other routes leave is used')
    await settled(hg.gate)
  })
}

test('a route without a queue refuses at its limit while other routes to the same pool go on', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [origin.address] } },
    routes: [
      { name: 'cart', path: '/cart', to: 'shop', maxConnections: 2 },
      { name: 'rest', to: 'shop' },
    ],
  })
  const held = [get(hg.port, '/cart/1'), get(hg.port, '/cart/2')]
  const inside = await origin.take(2)
  assert.equal(verdictOf(await get(hg.port, '/cart/3')), '503 route_full')
  const other = get(hg.port, '/other')
  ;(await origin.next()).answer('ok')
  assert.equal((await other).status, 200)
  const usage = hg.gate.usage()
  assert.deepEqual(
    usage.routes.map(({ name, inUse, limit, refused }) => ({ name, inUse, limit, refused })),
    [
      { name: 'cart', inUse: 2, limit: 2, refused: 1 },
      { name: 'rest', inUse: 0, limit: 0x7fffffff, refused: 0 },
    ],
  )
  for (const asked of inside) asked.answer('ok')
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 200)
  await settled(hg.gate)
})

test('a request counts at its server from before the connection is made', async () => {
  await using deaf = await DeafServer.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: { servers: [{ address: deaf.address, maxConnections: 2 }], timeouts: { connect: '700ms' }, retries: 0 },
    },
  })
  const began = performance.now()
  const waiting = [get(hg.port, '/1'), get(hg.port, '/2')]
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.inUse === 2)
  assert.equal(verdictOf(await get(hg.port, '/3')), '503 pool_full')
  assert.ok(performance.now() - began < 600, 'nobody waited for that')
  for (const answer of await Promise.all(waiting)) assert.equal(verdictOf(answer), '504 connect_timeout')
  const took = performance.now() - began
  assert.ok(took >= 700 && took < 3000, `it took ${took} ms`)
  await settled(hg.gate)
})

test('who leaves while its connection is being made gives its slot back at once', async () => {
  await using deaf = await DeafServer.listen()
  await using hg = await headgate({
    pools: { shop: { servers: [{ address: deaf.address, maxConnections: 1 }], timeouts: { connect: '30s' } } },
  })
  for (let k = 0; k < 3; k++) {
    using client = await Client.connect(hg.port)
    client.get('/')
    await until(() => hg.gate.usage().pools[0]?.servers[0]?.inUse === 1)
    client.reset()
    await settled(hg.gate)
  }
  assert.deepEqual(hg.gate.usage().causes, { client_gone: 3 })
})

test('a request counts until the last byte of the response body has come', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }] } } })
  using slow = await Client.connect(hg.port)
  slow.get('/slow')
  const asked = await origin.next()
  asked.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')
  await slow.until('01234')
  assert.equal(verdictOf(await get(hg.port, '/other')), '503 pool_full')
  asked.say('5678')
  await slow.until('5678')
  assert.equal(verdictOf(await get(hg.port, '/other')), '503 pool_full')
  asked.say('9')
  await slow.until('9')
  const next = get(hg.port, '/next')
  ;(await origin.next()).answer('next')
  assert.equal((await next).body, 'next')
})

test('a client that is slow to read what has come whole does not hold a slot', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('x'.repeat(50_000)))
  await using hg = await headgate({ pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }] } } })
  using slow = await Client.connect(hg.port)
  slow.socket.pause()
  // Answer after answer, until the kernel takes no more: then the last one has come, and is not out.
  let asked = 0
  for (let stuck = false; !stuck; asked++) {
    slow.get('/slow')
    await until(() => origin.requests > asked, undefined, 300).catch(() => {
      stuck = true
    })
  }
  assert.ok(asked > 10, `after ${asked}`)
  assert.equal(hg.gate.usage().requests, origin.requests, 'the last request has not been taken up')
  assert.equal(hg.gate.usage().pools[0]?.inUse, 0)
  assert.equal((await get(hg.port, '/other')).body.length, 50_000)
  slow.socket.resume()
  for (let k = 0; k < asked; k++) assert.equal((await slow.response()).body.length, 50_000)
})

test('a client that is slow to read a long response holds its slot, as the server is not done with it', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }] } } })
  using slow = await Client.connect(hg.port)
  slow.socket.pause()
  slow.get('/slow')
  const body = 'x'.repeat(24_000_000)
  ;(await origin.next()).answer(body)
  await meanwhile(200) // bounded: over loopback the kernel takes all it will take in a few ms
  assert.equal(hg.gate.usage().pools[0]?.inUse, 1)
  assert.equal(verdictOf(await get(hg.port, '/other')), '503 pool_full')
  slow[Symbol.dispose]()
  await settled(hg.gate)
  const next = get(hg.port, '/next')
  ;(await origin.next()).answer('next')
  assert.equal((await next).body, 'next')
})

test('a connection that fails gives its slot back and counts at the server tried next', async () => {
  await using origin = await Origin.listen()
  await using dead = await Origin.listen()
  const { address } = dead
  await dead[Symbol.asyncDispose]()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: {
        balance: 'first',
        servers: [
          { address, maxConnections: 1 },
          { address: origin.address, maxConnections: 2 },
        ],
      },
    },
  })
  const held = [get(hg.port, '/1'), get(hg.port, '/2')]
  const inside = await origin.take(2)
  assert.deepEqual(
    hg.gate.usage().pools[0]?.servers.map(({ inUse }) => inUse),
    [0, 2],
  )
  // The dead one has room, so this one is let in; when that fails there is no other place left for it.
  assert.equal(verdictOf(await get(hg.port, '/3')), '503 pool_full')
  for (const asked of inside) asked.answer('ok')
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 200)
  await settled(hg.gate)
})
