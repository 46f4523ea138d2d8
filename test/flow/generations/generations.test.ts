/** A second configuration beside the first, through real sockets: nothing is lost, doubled or served by the wrong one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin } from '../../kit/cache-origin.ts'
import { Client } from '../../kit/client.ts'
import { DataPlanes } from '../../kit/data-planes.ts'
import { Origin } from '../../kit/origin.ts'
import { until, verdictOf } from '../../kit/settle.ts'

/** Resolves with whether the promise has by the next turns of the event loop. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  return done
}

function shop(address: string, pool: object = {}, rest: object = {}): Record<string, unknown> {
  return {
    pools: { shop: { servers: [{ address, maxConnections: 1 }], queue: { max: 9, timeout: '20s' }, ...pool } },
    ...rest,
  }
}

test('a request under way ends in the old one, and its permit holds the new one up until it comes back', async () => {
  await using origin = await Origin.listen()
  await using gate = await DataPlanes.open(shop(origin.address))
  using first = await Client.connect(gate.port)
  using second = await Client.connect(gate.port)
  first.get('/first')
  const held = await origin.next()
  const { over } = gate.adopt(shop(origin.address))
  second.get('/second')
  await until(() => gate.ledger.queue('queue:pool:shop').length === 1)
  assert.deepEqual([gate.used('pool:shop'), await isDone(over), origin.requests], [1, false, 1])
  held.answer('one')
  assert.equal((await first.response()).body, 'one')
  await over
  ;(await origin.next()).answer('two')
  assert.equal((await second.response()).body, 'two')
  assert.equal(gate.used('pool:shop'), 0)
  await gate.stop()
})

test('requests that wait get their turn in the order in which they came, whichever configuration they came under', async () => {
  await using origin = await Origin.listen()
  await using gate = await DataPlanes.open(shop(origin.address))
  const clients: Client[] = []
  const waiting = async (path: string): Promise<void> => {
    const { length } = gate.ledger.queue('queue:pool:shop')
    const client = await Client.connect(gate.port)
    clients.push(client.get(path))
    if (clients.length > 1) await until(() => gate.ledger.queue('queue:pool:shop').length === length + 1)
    else await until(() => gate.used('pool:shop') === 1)
  }
  for (const path of ['/0', '/1', '/2']) await waiting(path)
  const { over } = gate.adopt(shop(origin.address))
  for (const path of ['/3', '/4']) await waiting(path)
  for (let n = 0; n < 5; n++) {
    const asked = await origin.next()
    assert.match(asked.head, new RegExp(`^GET /${n} `))
    assert.equal(gate.used('pool:shop'), 1)
    asked.answer(`${n}`)
    assert.equal((await clients[n]!.response()).body, `${n}`)
  }
  await over
  assert.equal(origin.most, 1)
  for (const client of clients) client[Symbol.dispose]()
  await gate.stop()
})

test('a raised limit lets in what waits, and a lowered one holds for both together', async () => {
  await using origin = await Origin.listen()
  await using gate = await DataPlanes.open(shop(origin.address))
  const clients = await Promise.all([1, 2, 3, 4].map(() => Client.connect(gate.port)))
  clients[0]!.get('/a')
  clients[1]!.get('/b')
  await until(() => gate.ledger.queue('queue:pool:shop').length === 1)
  const two = gate.adopt(shop(origin.address, { servers: [{ address: origin.address, maxConnections: 2 }] }))
  gate.ledger.ringAll()
  const [a, b] = await origin.take(2)
  clients[2]!.get('/c')
  await until(() => gate.ledger.queue('queue:pool:shop').length === 1)
  const one = gate.adopt(shop(origin.address))
  a!.answer('a')
  assert.equal((await clients[0]!.response()).body, 'a')
  assert.deepEqual([gate.used('pool:shop'), origin.requests], [1, 2])
  b!.answer('b')
  assert.equal((await clients[1]!.response()).body, 'b')
  await two.over
  ;(await origin.next()).answer('c')
  assert.equal((await clients[2]!.response()).body, 'c')
  await one.over
  assert.equal(origin.most, 2)
  for (const client of clients) client[Symbol.dispose]()
  await gate.stop()
})

test('a server that is gone ends what it was sent, gets nothing new, and loses its idle connections', async () => {
  await using before = await Origin.listen()
  await using after = await Origin.listen((asked) => asked.answer('new'))
  await using gate = await DataPlanes.open(shop(before.address))
  using client = await Client.connect(gate.port)
  using other = await Client.connect(gate.port)
  client.get('/')
  const held = await before.next()
  const { over } = gate.adopt(shop(after.address))
  assert.equal((await other.get('/').response()).body, 'new')
  held.answer('old')
  assert.equal((await client.response()).body, 'old')
  await over
  await until(() => before.open === 0)
  assert.equal((await client.get('/').response()).body, 'new')
  gate.prepare(shop(after.address))
  assert.throws(() => gate.used(`server:shop/${before.address}`), RangeError)
  await gate.stop()
})

test('a request that waits for a server that is gone is still served by it', async () => {
  await using before = await Origin.listen()
  await using after = await Origin.listen()
  await using gate = await DataPlanes.open(shop(before.address))
  using first = await Client.connect(gate.port)
  using second = await Client.connect(gate.port)
  using third = await Client.connect(gate.port)
  first.get('/first')
  const held = await before.next()
  second.get('/second')
  await until(() => gate.ledger.queue('queue:pool:shop').length === 1)
  const { over } = gate.adopt(shop(after.address))
  third.get('/third')
  const fresh = await after.next()
  held.answer('first')
  ;(await before.next()).answer('second')
  assert.equal((await second.response()).body, 'second')
  fresh.answer('third')
  assert.deepEqual([(await first.response()).body, (await third.response()).body], ['first', 'third'])
  await over
  await gate.stop()
})

test('a fetch for the store goes on when its client has left, and the old one is not over before it', async () => {
  await using origin = await Origin.listen()
  const config = shop(
    origin.address,
    {},
    { routes: [{ to: 'shop', cache: {} }], cache: { size: '16MB', maxObject: '1MB' } },
  )
  await using gate = await DataPlanes.open(config)
  const client = await Client.connect(gate.port)
  client.get('/page')
  const asked = await origin.next()
  asked.say('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhello')
  await client.until('hello')
  const { over } = gate.adopt(config)
  client[Symbol.dispose]()
  using follower = await Client.connect(gate.port)
  follower.get('/page')
  await follower.until('hello')
  assert.deepEqual([await isDone(over), gate.used('pool:shop')], [false, 1])
  asked.say('world')
  await follower.until('world')
  await over
  assert.equal(gate.used('pool:shop'), 0)
  using third = await Client.connect(gate.port)
  assert.equal((await third.get('/page').response()).body, 'helloworld', 'what is stored outlives it')
  assert.equal(origin.requests, 1)
  await gate.stop()
})

test('a connection takes over the new one with its next request', async () => {
  await using origin = await CacheOrigin.listen()
  origin.says('/one', '')
  const trusting = (peers: string[], path: string): Record<string, unknown> =>
    shop(
      origin.address,
      {},
      {
        listeners: { web: { bind: '127.0.0.1:0', trustedProxies: peers } },
        routes: [{ to: 'shop', path }],
      },
    )
  await using gate = await DataPlanes.open(trusting([], '/one'))
  using client = await Client.connect(gate.port)
  const forwarded = 'X-Forwarded-For: 203.0.113.7\r\n'
  assert.equal((await client.get('/one', forwarded).response()).status, 200)
  assert.doesNotMatch(origin.heads('/one').at(-1)!, /203\.0\.113\.7/)
  const { over } = gate.adopt(trusting(['127.0.0.1'], '/o'))
  await over
  assert.match(verdictOf(await client.get('/one', forwarded).response()), /^404/)
  const last = gate.adopt(trusting(['127.0.0.1'], '/'))
  await last.over
  assert.equal((await client.get('/one', forwarded).response()).status, 200)
  assert.match(origin.heads('/one').at(-1)!, /X-Forwarded-For: 203\.0\.113\.7, 127\.0\.0\.1/i)
  assert.equal(gate.records.map(({ client: from }) => from).join(), '127.0.0.1,203.0.113.7,203.0.113.7')
  await gate.stop()
})

test('a listener that is gone ends its connections, and the old one with the last of them', async () => {
  await using origin = await Origin.listen()
  const listeners = { web: { bind: '127.0.0.1:0' }, side: { bind: '127.0.0.1:0' } }
  await using gate = await DataPlanes.open(shop(origin.address, {}, { listeners }))
  using idle = await Client.connect(gate.ports[0]!.side!)
  using busy = await Client.connect(gate.ports[0]!.side!)
  busy.get('/')
  const held = await origin.next()
  const { over } = gate.adopt(shop(origin.address))
  await idle.closed()
  await assert.rejects(Client.connect(gate.ports[0]!.side!), /ECONNREFUSED/)
  assert.equal(await isDone(over), false)
  held.answer('done')
  assert.equal((await busy.response()).body, 'done')
  await busy.closed()
  await over
  await gate.stop()
})

test('threads adopt one after the other, and permits pass between them all the while', async () => {
  await using kept = await Origin.listen()
  await using gone = await Origin.listen()
  const pool = (...addresses: string[]): object => ({
    servers: addresses.map((address) => ({ address, maxConnections: 1 })),
  })
  await using gate = await DataPlanes.open(shop(kept.address, pool(kept.address, gone.address)), 2)
  const clients = await Promise.all([0, 1, 0, 1, 0].map((thread) => Client.connect(gate.ports[thread]!.web!)))
  clients[0]!.get('/')
  clients[1]!.get('/')
  const [onKept, onGone] = [await kept.next(), await gone.next()]
  for (const n of [2, 3]) {
    clients[n]!.get('/')
    await until(() => gate.ledger.queue('queue:pool:shop').length === n - 1)
  }
  const { config, plan } = gate.prepare(shop(kept.address, pool(kept.address)))
  const near = gate.adoptOn(0, config, plan)
  onGone.answer('gone')
  ;(await gone.next()).answer('gone') // those that were routed before still know it, on both threads
  ;(await gone.next()).answer('gone')
  const far = gate.adoptOn(1, config, plan)
  const over = gate.release(Promise.all([near, far]))
  clients[4]!.get('/')
  await until(() => gate.ledger.queue('queue:pool:shop').length === 1)
  onKept.answer('kept')
  ;(await kept.next()).answer('kept')
  const answers = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(answers.map(({ body }) => body).sort(), ['gone', 'gone', 'gone', 'kept', 'kept'])
  await over
  for (const client of clients) client[Symbol.dispose]()
  await gate.stop()
})

test('configurations that follow each other under load lose and double nothing', async () => {
  await using a = await Origin.listen((asked) => setImmediate(() => asked.answer('ok')))
  await using b = await Origin.listen((asked) => setTimeout(() => asked.answer('ok'), 2))
  const pool = (...addresses: string[]): object => ({
    servers: addresses.map((address) => ({ address, maxConnections: 2 })),
    queue: { max: 100, timeout: '20s' },
  })
  const routes = (n: number): object => ({
    routes: [{ to: 'shop', maxConnections: n, queue: { max: 100, timeout: '20s' } }],
  })
  const shapes = [
    shop('', pool(a.address, b.address), routes(3)),
    shop('', pool(b.address), routes(2)),
    shop('', pool(a.address), routes(4)),
    shop('', pool(b.address, a.address)),
  ]
  await using gate = await DataPlanes.open(shapes[0]!, 2)
  let stopped = false
  let served = 0
  const visit = async (thread: number): Promise<void> => {
    using client = await Client.connect(gate.ports[thread]!.web!)
    while (!stopped) {
      assert.equal((await client.get('/').response()).body, 'ok')
      served++
    }
  }
  const visitors = Promise.all(Array.from({ length: 12 }, (_, i) => visit(i % 2)))
  for (let turn = 1; turn <= 24; turn++) {
    const { over } = gate.adopt(shapes[turn % shapes.length]!)
    gate.ledger.ringAll()
    const before = served
    await Promise.all([over, until(() => served > before + 20)])
  }
  stopped = true
  await visitors
  assert.ok(a.most <= 2 && b.most <= 2, `${a.most} and ${b.most} at once`)
  await gate.stop()
})
