/** The lines before a pool and before a route: bounded, timed, first come first served, left by those who leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLACK } from '../../../src/ledger/queue-state.ts'
import type { Headgate } from '../../../src/run/supervisor.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import { DeafServer } from '../../kit/deaf.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { held, meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const waiting = (gate: Headgate): number => gate.usage().pools[0]?.waiting ?? -1
const pathOf = (asked: Asked): string => asked.head.split(' ')[1] ?? ''

/** Starts requests one after the other, each when the one before stands in the line. Answers with their connections. */
async function lineUp(gate: Headgate, port: number, paths: readonly string[]): Promise<Client[]> {
  const clients: Client[] = []
  for (const path of paths) {
    const before = waiting(gate)
    const client = await Client.connect(port)
    client.get(path, 'Connection: close\r\n')
    await until(() => waiting(gate) === before + 1)
    clients.push(client)
  }
  return clients
}

/** The settings of a pool with one server. */
function pool(address: string, maxConnections: number, max: number, timeout = '30s'): Record<string, unknown> {
  return { shop: { servers: [{ address, maxConnections }], queue: { max, timeout } } }
}

test('the queue is bounded: who finds no place in it is refused at once, and its place is taken again when one leaves', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, pools: pool(origin.address, 1, 3) })
  const first = get(hg.port, '/held')
  const inside = await origin.next()
  const line = await lineUp(hg.gate, hg.port, ['/1', '/2', '/3'])
  const before = performance.now()
  assert.equal(verdictOf(await get(hg.port, '/4')), '503 queue_full')
  assert.ok(performance.now() - before < 4000)
  assert.deepEqual([waiting(hg.gate), origin.requests], [3, 1])

  line[1]?.reset()
  await until(() => waiting(hg.gate) === 2)
  const [late] = await lineUp(hg.gate, hg.port, ['/5'])
  assert.equal(verdictOf(await get(hg.port, '/6')), '503 queue_full')
  inside.answer('ok')
  const served: string[] = []
  for (let k = 0; k < 3; k++) {
    const asked = await origin.next()
    served.push(pathOf(asked))
    asked.answer('ok')
  }
  assert.deepEqual(served.sort(), ['/1', '/3', '/5'])
  for (const client of [line[0], line[2], late]) assert.equal((await client?.response())?.status, 200)
  assert.equal((await first).status, 200)
  assert.equal(origin.most, 1)
  await settled(hg.gate)
  assert.equal(origin.requests, 4)
})

test('who waits for queue.timeout gets 503 then, and a diagnosis with the setting and its place', async () => {
  await using origin = await Origin.listen()
  const text = `
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers:
      - address: ${origin.address}
        maxConnections: 1
    queue:
      max: 10
      timeout: 500ms
threads: 2
accessLog: LOG
`
  await using hg = await logged(text)
  const first = get(hg.port, '/held')
  const inside = await origin.next()
  const began = performance.now()
  await Promise.all(
    ['/1', '/2', '/3', '/4'].map(async (path) => {
      assert.equal(verdictOf(await get(hg.port, path)), '503 queue_timeout')
      const took = performance.now() - began
      assert.ok(took >= 500 && took < 2500, `${path} took ${took} ms`)
    }),
  )
  assert.equal(waiting(hg.gate), 0)
  inside.answer('ok')
  assert.equal((await first).status, 200)
  assert.equal(origin.requests, 1)

  const lines = (await hg.log()).filter(({ cause }) => cause !== null)
  assert.equal(lines.length, 4)
  for (const line of lines) {
    assert.equal(line.end, 'QQ')
    assert.equal(line.server, null)
    assert.equal(line.connectMs, null)
    assert.ok((line.queueMs ?? 0) >= 490 && (line.queueMs ?? 0) < 2500, `${line.queueMs} ms in the queue`)
    assert.deepEqual(
      { ...line.diagnosis, advice: '', observed: Math.trunc((line.diagnosis?.observed ?? 0) / 400) },
      {
        gate: 'pool shop',
        limit: 500,
        observed: 1,
        limitBy: 'configured',
        setting: 'pools.shop.queue.timeout',
        place: `headgate.yaml:${lineOf(text, 'timeout: 500ms')}`,
        advice: '',
        detail: null,
      },
    )
  }
})

test('a queue of no places refuses at once', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: pool(origin.address, 1, 0) })
  const first = get(hg.port, '/held')
  const inside = await origin.next()
  assert.equal(verdictOf(await get(hg.port, '/1')), '503 pool_full')
  inside.answer('ok')
  await first
})

test('on one thread the queue is strictly first come, first served', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: pool(origin.address, 1, 100) })
  const first = get(hg.port, '/held')
  const inside = await origin.next()
  const paths = Array.from({ length: 30 }, (_, i) => `/${i}`)
  const line = await lineUp(hg.gate, hg.port, paths)
  inside.answer('ok')
  const served: string[] = []
  while (served.length < 30) {
    const asked = await origin.next()
    served.push(pathOf(asked))
    asked.answer('ok')
  }
  assert.deepEqual(served, paths)
  assert.equal((await first).status, 200)
  for (const client of line) assert.equal((await client.response()).status, 200)
  await settled(hg.gate)
})

for (const threads of [2, 4]) {
  test(`over ${threads} threads nobody in the queue is overtaken by more than ${SLACK} who came later`, async () => {
    await using origin = await Origin.listen()
    await using hg = await headgate({ threads, pools: pool(origin.address, 1, 100) })
    const first = get(hg.port, '/held')
    const inside = await origin.next()
    const paths = Array.from({ length: 60 }, (_, i) => `/${i}`)
    const line = await lineUp(hg.gate, hg.port, paths)
    inside.answer('ok')
    const served: number[] = []
    while (served.length < 60) {
      const asked = await origin.next()
      served.push(Number(pathOf(asked).slice(1)))
      asked.answer('ok')
    }
    served.forEach((n, at) => {
      const younger = served.slice(0, at).filter((other) => other > n)
      assert.ok(younger.length <= SLACK, `${n} was overtaken by ${younger}, in ${served}`)
    })
    assert.equal(origin.most, 1)
    assert.equal((await first).status, 200)
    for (const client of line) assert.equal((await client.response()).status, 200)
    await settled(hg.gate)
  })
}

test('who comes while others wait does not slip past them, though its connection is warm', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: pool(origin.address, 1, 100) })
  using warm = await Client.connect(hg.port)
  warm.get('/warm')
  const inside = await origin.next()
  const line = await lineUp(hg.gate, hg.port, ['/1', '/2', '/3'])
  // The one that is served asks again in the very moment in which its slot is freed.
  warm.get('/again')
  inside.answer('ok')
  const served: string[] = []
  for (let k = 0; k < 4; k++) {
    const asked = await origin.next()
    served.push(pathOf(asked))
    asked.answer('ok')
  }
  assert.deepEqual(served, ['/1', '/2', '/3', '/again'])
  assert.equal((await warm.response()).status, 200)
  assert.equal((await warm.response()).status, 200)
  for (const client of line) assert.equal((await client.response()).status, 200)
})

test('who leaves the queue reaches no server, by whichever way it leaves and whatever it has sent', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, pools: pool(origin.address, 1, 100) })
  const first = get(hg.port, '/held')
  const inside = await origin.next()
  const clients: Client[] = []
  for (let k = 0; k < 5; k++) {
    const client = await Client.connect(hg.port)
    if (k % 2 === 0) client.get('/gone')
    else client.send('POST /gone HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1000\r\n\r\nfirst of it')
    clients.push(client)
  }
  await until(() => waiting(hg.gate) === 5)
  clients[0]?.reset()
  clients[1]?.reset()
  clients[2]?.socket.destroy()
  clients[3]?.socket.destroy()
  clients[4]?.end()
  await until(() => waiting(hg.gate) === 0)
  inside.answer('ok')
  assert.equal((await first).status, 200)
  const next = get(hg.port, '/next')
  const asked = await origin.next()
  assert.equal(pathOf(asked), '/next')
  asked.answer('ok')
  await next
  for (const client of clients) client[Symbol.dispose]()
  await settled(hg.gate)
  assert.deepEqual(hg.gate.usage().causes, { client_gone: 5 })
  assert.equal(origin.requests, 2)
})

test('the slot of one that leaves while it is served goes to the next in the queue', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, pools: pool(origin.address, 1, 10) })
  using leaver = await Client.connect(hg.port)
  leaver.get('/leaver')
  await origin.next()
  const [waiter] = await lineUp(hg.gate, hg.port, ['/waiter'])
  leaver.reset()
  const asked = await origin.next()
  assert.equal(pathOf(asked), '/waiter')
  asked.answer('ok')
  assert.equal((await waiter?.response())?.status, 200)
  await settled(hg.gate)
})

test('a burst over many connections goes through the queue and nobody is forgotten', async () => {
  await using origin = await Origin.listen((asked) => setTimeout(() => asked.answer('ok'), 3))
  await using hg = await headgate({ threads: 2, pools: pool(origin.address, 4, 500) })
  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => get(hg.port, `/${i}`)))
  assert.deepEqual(tally(answers.map(verdictOf)), { 200: 500 })
  assert.equal(origin.most, 4)
  assert.ok((hg.gate.usage().pools[0]?.queued ?? 0) > 100)
  await settled(hg.gate)
})

test('one deadline holds over a second wait: who comes back from a failed connection does not start anew', async () => {
  await using deaf = await DeafServer.listen()
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: {
      shop: {
        balance: 'first',
        servers: [
          { address: deaf.address, maxConnections: 1 },
          { address: origin.address, maxConnections: 1 },
        ],
        queue: { max: 10, timeout: '900ms' },
        timeouts: { connect: '400ms' },
      },
    },
  })
  // The first tries the deaf server; the second holds the only slot of the other.
  const began = performance.now()
  const twice = get(hg.port, '/twice')
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.inUse === 1)
  const holder = get(hg.port, '/holder')
  const inside = await origin.next()
  // After its connection failed it waits for the other one, for what is left of its 900 ms.
  await until(() => waiting(hg.gate) === 1)
  const answer = await twice
  const took = performance.now() - began
  assert.equal(verdictOf(answer), '503 queue_timeout')
  assert.ok(took >= 900 && took < 3000, `it took ${took} ms`)
  inside.answer('ok')
  await holder
  await settled(hg.gate)
})

test('who comes back from a failed connection keeps its place before those who came later', async () => {
  await using deaf = await DeafServer.listen()
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: {
      shop: {
        balance: 'first',
        servers: [
          { address: deaf.address, maxConnections: 1 },
          { address: origin.address, maxConnections: 1 },
        ],
        queue: { max: 10, timeout: '30s' },
        timeouts: { connect: '400ms' },
      },
    },
  })
  const early = get(hg.port, '/early')
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.inUse === 1)
  const holder = get(hg.port, '/holder')
  const inside = await origin.next()
  const [late] = await lineUp(hg.gate, hg.port, ['/late'])
  // /late gets the deaf server's slot when /early gives it back, so both wait for the other one in the end.
  await until(() => waiting(hg.gate) === 2, undefined, 3000)
  inside.answer('ok')
  const order: string[] = []
  for (let k = 0; k < 2; k++) {
    const asked = await origin.next()
    order.push(pathOf(asked))
    asked.answer('ok')
  }
  assert.deepEqual(order, ['/early', '/late'])
  for (const answer of [await early, await holder, (await late?.response()) as Answered])
    assert.equal(answer.status, 200)
  await settled(hg.gate)
})

test('a route has a line of its own before that of its pool', async () => {
  await using origin = await Origin.listen()
  const text = `
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers: [ '${origin.address}' ]
routes:
  - name: cart
    path: /cart
    to: shop
    maxConnections: 1
    queue:
      max: 2
      timeout: 600ms
  - name: rest
    to: shop
threads: 2
accessLog: LOG
`
  await using hg = await logged(text)
  const lined = (): number => hg.gate.usage().routes[0]?.waiting ?? -1
  const first = get(hg.port, '/cart/0')
  const inside = await origin.next()
  const [one, two] = [get(hg.port, '/cart/1'), get(hg.port, '/cart/2')]
  await until(() => lined() === 2)
  assert.equal(waiting(hg.gate), 0, 'the pool is not asked before the route lets it in')
  assert.equal(verdictOf(await get(hg.port, '/cart/3')), '503 queue_full')
  inside.answer('ok')
  await first
  const second = await origin.next()
  assert.ok(['/cart/1', '/cart/2'].includes(pathOf(second)))
  const other = pathOf(second) === '/cart/1' ? two : one
  assert.equal(verdictOf(await other), '503 queue_timeout')
  second.answer('ok')
  assert.equal((await (pathOf(second) === '/cart/1' ? one : two)).status, 200)

  const lines = await hg.log()
  const of = (cause: string) => {
    const diagnosis = lines.find((line) => line.cause === cause)?.diagnosis
    return [diagnosis?.gate, diagnosis?.limit, diagnosis?.setting, diagnosis?.place]
  }
  assert.deepEqual(of('queue_full'), [
    'route cart',
    2,
    'routes[0].queue.max',
    `headgate.yaml:${lineOf(text, 'max: 2')}`,
  ])
  assert.deepEqual(of('queue_timeout'), [
    'route cart',
    600,
    'routes[0].queue.timeout',
    `headgate.yaml:${lineOf(text, 'timeout: 600ms')}`,
  ])
  assert.equal(origin.requests, 2)
})

test('who has passed the line of its route may still wait in that of the pool, and holds its place on the route', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: pool(origin.address, 1, 10),
    routes: [{ to: 'shop', maxConnections: 2, queue: { max: 10, timeout: '30s' } }],
  })
  const lines = (): (number | undefined)[] => {
    const { routes, pools } = hg.gate.usage()
    return [routes[0]?.inUse, routes[0]?.waiting, pools[0]?.inUse, pools[0]?.waiting]
  }
  const all = ['/1', '/2', '/3', '/4'].map((path) => get(hg.port, path))
  await until(() => lines().join() === '2,2,1,1', lines)
  for (let k = 0; k < 4; k++) (await origin.next()).answer('ok')
  assert.deepEqual(tally((await Promise.all(all)).map(verdictOf)), { 200: 4 })
  assert.equal(origin.most, 1)
  await settled(hg.gate)
})

test('when the only server is drained or in maintenance those who wait for it hear so at once', async () => {
  for (const state of ['drain', 'maint'] as const) {
    await using origin = await Origin.listen()
    await using hg = await headgate({ threads: 2, pools: pool(origin.address, 1, 10) })
    const first = get(hg.port, '/held')
    const inside = await origin.next()
    const line = await lineUp(hg.gate, hg.port, ['/1', '/2', '/3', '/4'])
    hg.gate.setAdminState('shop', origin.address, state)
    for (const client of line) assert.equal(verdictOf(await client.response()), '503 no_server', state)
    assert.equal(verdictOf(await get(hg.port, '/5')), '503 no_server', state)
    // What is under way is finished.
    inside.answer('ok')
    assert.equal((await first).status, 200)
    hg.gate.setAdminState('shop', origin.address, 'ready')
    const next = get(hg.port, '/6')
    ;(await origin.next()).answer('ok')
    assert.equal((await next).status, 200)
    await settled(hg.gate)
    assert.equal(origin.requests, 2)
  }
})

test('when one of two servers is drained those who wait get the slots of the other', async () => {
  await using a = await Origin.listen()
  await using b = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: {
        servers: [
          { address: a.address, maxConnections: 1 },
          { address: b.address, maxConnections: 1 },
        ],
        queue: { max: 10, timeout: '30s' },
      },
    },
  })
  const inside = [get(hg.port, '/1'), get(hg.port, '/2')]
  const [atA, atB] = await Promise.all([a.next(), b.next()])
  const line = await lineUp(hg.gate, hg.port, ['/3', '/4', '/5'])
  hg.gate.setAdminState('shop', a.address, 'drain')
  atA.answer('ok')
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.inUse === 0)
  await meanwhile() // bounded: a slot that is handed on arrives in a millisecond or two
  assert.deepEqual([a.requests, b.requests, waiting(hg.gate)], [1, 1, 3])
  atB.answer('ok')
  for (let k = 0; k < 3; k++) (await b.next()).answer('ok')
  for (const client of line) assert.equal((await client.response()).status, 200)
  assert.deepEqual(tally((await Promise.all(inside)).map(verdictOf)), { 200: 2 })
  assert.deepEqual([a.requests, b.requests, b.most], [1, 4, 1])
  await settled(hg.gate)
  assert.deepEqual(held(hg.gate.usage()), [])
})

test('pipelined requests on one connection wait one by one, and are all served in order', async () => {
  await using origin = await Origin.listen((asked) => asked.answer(pathOf(asked)))
  await using hg = await headgate({ pools: pool(origin.address, 1, 2) })
  using client = await Client.connect(hg.port)
  for (let k = 0; k < 20; k++) client.get(`/${k}`)
  for (let k = 0; k < 20; k++) assert.equal((await client.response()).body, `/${k}`)
  assert.equal(origin.most, 1)
})
