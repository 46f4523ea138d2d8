/** What a listener does with a client for whom it has no place. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

type Gate = Awaited<ReturnType<typeof headgate>>['gate']

const inUse = (gate: Gate): number => gate.usage().listeners[0]?.inUse ?? -1
const waiting = (gate: Gate): number => gate.usage().listeners[0]?.waiting ?? -1

/**
 * Connects one after the other, each when the one before has its place or stands in the line. Each has begun a request,
 * with the empty line that RFC 9112 §2.2 lets go before it: who has not may have to make way.
 */
async function inTurn(gate: Gate, port: number, n: number): Promise<Client[]> {
  const clients: Client[] = []
  const from = inUse(gate) + waiting(gate)
  for (let i = 1; i <= n; i++) {
    clients.push((await Client.connect(port)).send('\r\n'))
    await until(() => inUse(gate) + waiting(gate) === from + i)
  }
  return clients
}

test('a refused connection gets a whole 503 and is closed, whatever it has sent by then', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    listeners: { web: { maxConnections: 1 } },
    pools: { shop: { servers: [origin.address] } },
    accessLog: false,
  })
  using inside = await Client.connect(hg.port)
  inside.get('/')
  const asked = await origin.next()

  const said = {
    nothing: '',
    'half a head': 'GET / HTTP/1.1\r\nHo',
    'a request': 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n',
    'three requests': 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n'.repeat(3),
    'no HTTP at all': '\x16\x03\x01\x02\x00\x01',
    'a long body': `POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`,
  }
  for (const [what, text] of Object.entries(said)) {
    using refused = await Client.connect(hg.port)
    if (text !== '') refused.send(text)
    const answer = await refused.response()
    assert.equal(verdictOf(answer), '503 listener_full', what)
    assert.match(answer.head, /^HTTP\/1\.1 503 Service Unavailable\r\n/, what)
    assert.match(answer.field('retry-after') ?? '', /^[1-9]\d*$/, what)
    assert.equal(answer.field('connection'), 'close', what)
    assert.equal(Buffer.byteLength(answer.body), Number(answer.field('content-length')), what)
    assert.equal(await refused.closed(), '', what)
    assert.equal(refused.error, null, what)
  }
  asked.answer('ok')
  assert.equal((await inside.response()).body, 'ok')
  assert.equal(origin.requests, 1)
  assert.equal(hg.gate.usage().listeners[0]?.refused, Object.keys(said).length)
  assert.deepEqual(hg.gate.usage().causes, { listener_full: Object.keys(said).length })
})

test('of a thousand who come at once with their requests each of those refused reads its answer to the end', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    listeners: { web: { maxConnections: 20 } },
    pools: { shop: { servers: [origin.address] } },
  })
  const connected = (n: number): Promise<Client[]> =>
    Promise.all(Array.from({ length: n }, async () => (await Client.connect(hg.port)).get('/')))
  const inside = await connected(20)
  const asked = await origin.take(20)
  const clients = [...inside, ...(await connected(980))]
  await until(() => hg.gate.usage().listeners[0]?.refused === 980)
  for (const one of asked) one.answer('ok')
  const answers = await Promise.all(
    clients.map(async (client) => {
      const answer = await client.response()
      if (answer.status === 200) return answer.body
      assert.equal(await client.closed(), '')
      return client.error === null && answer.complete ? verdictOf(answer) : `cut: ${client.error?.message}`
    }),
  )
  assert.deepEqual(tally(answers), { ok: 20, '503 listener_full': 980 })
  assert.equal(origin.requests, 20)
  for (const client of clients) client[Symbol.dispose]()
  await settled(hg.gate)
})

test('a connection beyond the limit waits unread in the line and is let in when a place is free', async () => {
  // More than the kernel's buffers hold, on both sides together.
  const size = 32_000_000
  const server = createServer((socket) => {
    let got = 0
    socket.on('data', (chunk) => {
      got += chunk.length
      if (got >= size) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ngot them')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using hg = await headgate({
    listeners: { web: { maxConnections: 1, whenFull: { max: 10, timeout: '30s' } } },
    pools: { shop: { servers: [`127.0.0.1:${(server.address() as AddressInfo).port}`] } },
  })
  const [inside, surplus] = (await inTurn(hg.gate, hg.port, 2)) as [Client, Client]
  surplus.send(`POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
  await meanwhile(200) // bounded: over loopback the kernel takes all it will take in a few ms
  assert.ok(surplus.socket.writableLength > 0, 'nobody reads from it')
  assert.equal(hg.gate.usage().requests, 0)
  assert.deepEqual([inUse(hg.gate), waiting(hg.gate)], [1, 1])

  inside.end()
  assert.equal((await surplus.response()).body, 'got them')
  assert.deepEqual([inUse(hg.gate), waiting(hg.gate)], [1, 0])
  assert.deepEqual(hg.gate.usage().causes, {})
  surplus[Symbol.dispose]()
  await settled(hg.gate)
  server.close()
})

test('the line of a listener is let in first come, first served', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    listeners: { web: { maxConnections: 1, whenFull: { max: 10, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  const clients = await inTurn(hg.gate, hg.port, 6)
  // They ask in the opposite order; it is the arrival of the connection that counts.
  for (const [i, client] of [...clients.entries()].reverse()) client.get(`/${i}`, 'Connection: close\r\n')
  const order: string[] = []
  for (let i = 0; i < 6; i++) {
    const asked = await origin.next()
    order.push(asked.head.split(' ')[1] ?? '')
    asked.answer('ok')
  }
  assert.deepEqual(order, ['/0', '/1', '/2', '/3', '/4', '/5'])
  assert.equal(origin.most, 1)
  for (const client of clients) assert.equal((await client.response()).status, 200)
})

test('over two threads the line of a listener is one, and the limit holds', async () => {
  await using origin = await Origin.listen((asked) => setTimeout(() => asked.answer('ok'), 2))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 7, whenFull: { max: 400, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  let most = 0
  const looking = setInterval(() => {
    most = Math.max(most, inUse(hg.gate))
  }, 1)
  const statuses = await Promise.all(
    Array.from({ length: 400 }, async (_, i) => {
      using client = await Client.connect(hg.port)
      return (await client.get(`/${i}`, 'Connection: close\r\n').response()).status
    }),
  )
  clearInterval(looking)
  assert.deepEqual(tally(statuses), { 200: 400 })
  assert.ok(origin.most <= 7, `${origin.most} at the server`)
  assert.ok(most <= 7, `${most} connections`)
  await settled(hg.gate)
})

test('who waits longer than whenFull.timeout is told so, with a diagnosis, and others keep waiting', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const text = `
listeners:
  web:
    bind: 127.0.0.1:0
    maxConnections: 1
    whenFull:
      max: 5
      timeout: 400ms
pools:
  shop: { servers: ['${origin.address}'] }
threads: 1
accessLog: LOG
`
  await using hg = await logged(text)
  const began = performance.now()
  const [inside, first] = (await inTurn(hg.gate, hg.port, 2)) as [Client, Client]
  await meanwhile(200)
  const [second] = (await inTurn(hg.gate, hg.port, 1)) as [Client]
  first.get('/first')
  const answer = await first.response()
  const took = performance.now() - began
  assert.equal(verdictOf(answer), '503 listener_wait_timeout')
  assert.match(answer.field('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(await first.closed(), '')
  assert.equal(first.error, null)
  assert.ok(took >= 400 && took < 2500, `it took ${took} ms`)
  assert.deepEqual([inUse(hg.gate), waiting(hg.gate)], [1, 1])
  inside.end()
  assert.equal((await second.get('/second').response()).body, 'ok')
  second[Symbol.dispose]()

  const line = (await hg.log()).find(({ cause }) => cause !== null)
  assert.equal(line?.cause, 'listener_wait_timeout')
  assert.equal(line.end, 'QQ')
  assert.equal(line.target, '')
  assert.ok((line.queueMs ?? 0) >= 400)
  assert.deepEqual(
    { ...line.diagnosis, advice: '', observed: Math.trunc((line.diagnosis?.observed ?? 0) / 300) },
    {
      gate: 'listener web',
      limit: 400,
      observed: 1,
      limitBy: 'configured',
      setting: 'listeners.web.whenFull.timeout',
      place: `headgate.yaml:${lineOf(text, 'timeout: 400ms')}`,
      advice: '',
      detail: null,
    },
  )
})

test('the line of a listener is bounded: who finds no place in it is refused at once', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 2, whenFull: { max: 3, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  const clients = await inTurn(hg.gate, hg.port, 5)
  assert.deepEqual([inUse(hg.gate), waiting(hg.gate)], [2, 3])
  using sixth = await Client.connect(hg.port)
  assert.equal(verdictOf(await sixth.response()), '503 listener_full')
  assert.equal(await sixth.closed(), '')
  assert.deepEqual([inUse(hg.gate), waiting(hg.gate)], [2, 3])
  // All at once: of two that wait on different threads the younger one may be let in first.
  const answers = clients.map((client) => client.get('/', 'Connection: close\r\n').response())
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200)
  await settled(hg.gate)
})

test('a place goes past those who have left the line meanwhile', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    listeners: { web: { maxConnections: 1, whenFull: { max: 10, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  const [inside, ended, reset, last] = (await inTurn(hg.gate, hg.port, 4)) as [Client, Client, Client, Client]
  ended.end()
  ended[Symbol.dispose]()
  reset.reset()
  last.get('/last')
  inside.end()
  assert.equal((await last.response()).body, 'ok')
  last[Symbol.dispose]()
  await settled(hg.gate)
  assert.equal(origin.requests, 1)
})
