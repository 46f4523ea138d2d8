/** Limits that are changed while requests are under way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Headgate } from '../../../src/run/supervisor.ts'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

function now(gate: Headgate): string {
  const pool = gate.usage().pools[0]
  return `${pool?.inUse} in use, ${pool?.waiting} waiting`
}

function comes(gate: Headgate, said: string): Promise<void> {
  return until(
    () => now(gate) === said,
    () => now(gate),
  )
}

for (const threads of [1, 2]) {
  test(`over ${threads} thread(s) a raised limit lets in the line at once, a lowered one lets in nobody until it is kept`, async () => {
    await using origin = await Origin.listen()
    await using hg = await headgate({
      threads,
      pools: {
        shop: { servers: [{ address: origin.address, maxConnections: 2 }], queue: { max: 100, timeout: '30s' } },
      },
    })
    const limit = 'pools.shop.servers[0].maxConnections'
    const all = Array.from({ length: 12 }, (_, i) => get(hg.port, `/${i}`))
    await comes(hg.gate, '2 in use, 10 waiting')
    hg.gate.setLimit(limit, 6)
    await comes(hg.gate, '6 in use, 6 waiting')
    const inside = await origin.take(6)

    // Lowered: the six go on; the first four that end are not replaced, the fifth is.
    hg.gate.setLimit(limit, 2)
    assert.equal(hg.gate.usage().pools[0]?.servers[0]?.limit, 2)
    for (let k = 5; k >= 2; k--) {
      inside.pop()?.answer('ok')
      await comes(hg.gate, `${k} in use, 6 waiting`)
    }
    await meanwhile() // bounded: who is let in reaches the server in a millisecond or two
    assert.deepEqual([now(hg.gate), origin.requests], ['2 in use, 6 waiting', 6])
    inside.pop()?.answer('ok')
    const seventh = await origin.next()
    assert.deepEqual([now(hg.gate), origin.requests], ['2 in use, 5 waiting', 7])

    // To nothing: whoever is inside is finished, all others wait.
    hg.gate.setLimit(limit, 0)
    inside.pop()?.answer('ok')
    seventh.answer('ok')
    await comes(hg.gate, '0 in use, 5 waiting')
    await meanwhile()
    assert.equal(origin.requests, 7)
    hg.gate.setLimit(limit, 0x7fffffff)
    for (const asked of await origin.take(5)) asked.answer('ok')
    assert.deepEqual(tally((await Promise.all(all)).map(verdictOf)), { 200: 12 })
    assert.equal(origin.most, 6)
    await settled(hg.gate)
  })
}

test('the limits of a pool, a route and the streams follow as well', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [origin.address], maxConnections: 1 } },
    routes: [
      { name: 'cart', path: '/cart', to: 'shop', maxConnections: 1 },
      { name: 'rest', to: 'shop' },
    ],
  })
  const first = get(hg.port, '/cart')
  const inside = [await origin.next()]
  assert.equal(verdictOf(await get(hg.port, '/')), '503 pool_full')
  hg.gate.setLimit('pools.shop.maxConnections', 3)
  const second = get(hg.port, '/')
  inside.push(await origin.next())
  assert.equal(verdictOf(await get(hg.port, '/cart')), '503 route_full')
  hg.gate.setLimit('routes[0].maxConnections', 2)
  const third = get(hg.port, '/cart')
  inside.push(await origin.next())
  assert.equal(verdictOf(await get(hg.port, '/')), '503 pool_full')

  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  hg.gate.setLimit('pools.shop.maxConnections', 4)
  hg.gate.setLimit('pools.shop.streams.max', 0)
  using client = await Client.connect(hg.port)
  assert.equal(verdictOf(await client.get('/', upgrade).response()), '503 streams_full')
  hg.gate.setLimit('pools.shop.streams.max', 1)
  client.get('/', upgrade)
  inside.push(await origin.next())
  for (const asked of inside) asked.answer('ok')
  for (const answer of await Promise.all([first, second, third, client.response()])) assert.equal(answer.status, 200)
  client[Symbol.dispose]()
  await settled(hg.gate)
})

test('the bound of a queue can be moved: nobody is sent away, nobody new gets in until there is room', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 4, timeout: '30s' } },
    },
  })
  const all = Array.from({ length: 5 }, (_, i) => get(hg.port, `/${i}`))
  await comes(hg.gate, '1 in use, 4 waiting')
  hg.gate.setLimit('pools.shop.queue.max', 1)
  assert.equal(verdictOf(await get(hg.port, '/late')), '503 queue_full')
  hg.gate.setLimit('pools.shop.queue.max', 5)
  all.push(get(hg.port, '/5'))
  await comes(hg.gate, '1 in use, 5 waiting')
  hg.gate.setLimit('pools.shop.queue.max', 0)
  assert.equal(verdictOf(await get(hg.port, '/late')), '503 pool_full')
  for (let k = 0; k < 6; k++) (await origin.next()).answer('ok')
  assert.deepEqual(tally((await Promise.all(all)).map(verdictOf)), { 200: 6 })
  await settled(hg.gate)
})

test('the limit of a listener: lowered nobody is closed, raised the line of connections is let in at once', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 3, whenFull: { max: 10, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  const listener = (): string => {
    const web = hg.gate.usage().listeners[0]
    return `${web?.inUse} in, ${web?.waiting} waiting`
  }
  const clients: Client[] = []
  // Each has begun a request (RFC 9112 §2.2): who has not may have to make way.
  for (let k = 0; k < 8; k++) clients.push((await Client.connect(hg.port)).send('\r\n'))
  await until(() => listener() === '3 in, 5 waiting', listener)
  hg.gate.setLimit('listeners.web.maxConnections', 5)
  await until(() => listener() === '5 in, 3 waiting', listener)

  hg.gate.setLimit('listeners.web.maxConnections', 1)
  const answers: Promise<string>[] = clients.map(async (client) => `${(await client.get('/').response()).status}`)
  await until(() => origin.requests === 5)
  await meanwhile() // bounded: who is let in reaches the server in a millisecond or two
  assert.deepEqual([listener(), origin.requests], ['5 in, 3 waiting', 5])
  hg.gate.setLimit('listeners.web.whenFull.max', 3)
  using ninth = await Client.connect(hg.port)
  assert.equal(verdictOf(await ninth.response()), '503 listener_full')
  hg.gate.setLimit('listeners.web.maxConnections', 8)
  for (const asked of await origin.take(8)) asked.answer('ok')
  assert.deepEqual(tally(await Promise.all(answers)), { 200: 8 })
  for (const client of clients) client[Symbol.dispose]()
  await settled(hg.gate)
})

test('under load limits move up and down all the time, and none is ever exceeded', async () => {
  let allowed = 8
  let worst = 0
  await using origin = await Origin.listen((asked) => {
    worst = Math.max(worst, origin.inside - allowed)
    setTimeout(() => asked.answer('ok'), 2)
  })
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: { servers: [{ address: origin.address, maxConnections: 8 }], queue: { max: 1000, timeout: '30s' } },
    },
  })
  const moving = (async () => {
    for (const limit of [1, 8, 3, 5, 0, 2, 8, 1, 4, 0, 6, 8]) {
      hg.gate.setLimit('pools.shop.servers[0].maxConnections', limit)
      // What was let in before may still be inside; from then on the new limit is what counts.
      await until(() => (hg.gate.usage().pools[0]?.inUse ?? 99) <= limit)
      allowed = limit
      await meanwhile(40)
      allowed = 8
    }
  })()
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => {
      using client = await Client.connect(hg.port)
      const seen: number[] = []
      for (let k = 0; k < 15; k++) seen.push((await client.get('/').response()).status)
      return seen
    }),
  )
  await moving
  assert.deepEqual(tally(statuses.flat()), { 200: 900 })
  assert.equal(worst, 0)
  await settled(hg.gate)
})

test('drain and maint stop new requests at a server, and ready lets the line in at once', async () => {
  await using a = await Origin.listen()
  await using b = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: {
        balance: 'first',
        servers: [
          { address: a.address, maxConnections: 2 },
          { address: b.address, maxConnections: 1 },
        ],
        queue: { max: 10, timeout: '30s' },
      },
    },
  })
  hg.gate.setAdminState('shop', a.address, 'maint')
  assert.equal(hg.gate.usage().pools[0]?.servers[0]?.adminState, 'maint')
  const all = Array.from({ length: 4 }, (_, i) => get(hg.port, `/${i}`))
  await comes(hg.gate, '1 in use, 3 waiting')
  await until(() => b.requests === 1) // a slot is taken before the request arrives
  assert.equal(a.requests, 0)
  hg.gate.setAdminState('shop', a.address, 'ready')
  await comes(hg.gate, '3 in use, 1 waiting')
  const atA = await a.take(2)
  hg.gate.setAdminState('shop', a.address, 'drain')
  for (const asked of atA) asked.answer('ok')
  await comes(hg.gate, '1 in use, 1 waiting')
  for (let k = 0; k < 2; k++) (await b.next()).answer('ok')
  assert.deepEqual(tally((await Promise.all(all)).map(verdictOf)), { 200: 4 })
  assert.deepEqual([a.requests, b.requests], [2, 2])
  await settled(hg.gate)
})

test('a refusal names the operator’s limit as such, and no line of the file that says something else', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`
listeners: { web: { bind: '127.0.0.1:0' } }
pools: { shop: { servers: [{ address: '${origin.address}', maxConnections: 3 }] } }
routes: [{ to: shop }]
threads: 1
accessLog: LOG
`)
  hg.gate.setLimit('pools.shop.servers[0].maxConnections', 1)
  assert.equal(hg.gate.usage().pools[0]?.servers[0]?.limitBy, 'operator')
  const first = get(hg.port, '/first')
  const asked = await origin.next()
  assert.equal(verdictOf(await get(hg.port, '/second')), '503 pool_full')
  asked.answer('ok')
  await first
  await settled(hg.gate)
  const diagnosis = (await hg.log()).find(({ cause }) => cause === 'pool_full')?.diagnosis
  assert.deepEqual(
    [diagnosis?.limit, diagnosis?.limitBy, diagnosis?.setting, diagnosis?.place],
    [1, 'operator', 'pools.shop.servers[0].maxConnections', null],
  )
})

test('what is no limit, no number or no server is refused in words', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  const { gate } = hg
  assert.throws(
    () => gate.setLimit('pools.shop.retries', 3),
    /RangeError|is no limit that can be changed while running/,
  )
  assert.throws(() => gate.setLimit('pools.shop.servers[1].maxConnections', 3), RangeError)
  assert.throws(() => gate.setLimit('pools.shop.maxConnections', -1), /a limit is a whole number from 0 to/)
  assert.throws(() => gate.setLimit('pools.shop.maxConnections', 1.5), RangeError)
  assert.throws(() => gate.setAdminState('shop', 'nobody:80', 'drain'), /there is no server nobody:80 in a pool shop/)
  assert.throws(() => gate.setAdminState('other', origin.address, 'drain'), RangeError)
})
