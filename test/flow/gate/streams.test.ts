/** Long-lived streams have a budget of their own, and leave the slots to requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Headgate } from '../../../src/run/supervisor.ts'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { meanwhile, settled, until, verdictOf } from '../../kit/settle.ts'

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
/** The head of a response of which nobody can tell whether it ends. */
const LONG = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n'

/** Requests and streams of the pool, and requests of the first route, as they are now. */
function inUse(gate: Headgate): { requests: number; streams: number; route: number } {
  const { pools, routes } = gate.usage()
  return { requests: pools[0]?.inUse ?? -1, streams: pools[0]?.streams.inUse ?? -1, route: routes[0]?.inUse ?? -1 }
}

function becomes(gate: Headgate, requests: number, streams: number): Promise<void> {
  return until(
    () => inUse(gate).requests === requests && inUse(gate).streams === streams,
    () => inUse(gate),
  )
}

async function webSocket(port: number, origin: Origin): Promise<{ client: Client; asked: Asked }> {
  const client = await Client.connect(port)
  client.get('/socket', UPGRADE)
  const asked = await origin.next()
  asked.say(SWITCHING)
  assert.equal((await client.response()).status, 101)
  return { client, asked }
}

test('an upgraded connection holds a stream and no slot; its end gives the stream back', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }], streams: { max: 2 } } },
    routes: [{ to: 'shop', maxConnections: 1 }],
  })
  // Until it is upgraded it is a request like any other, and counts as one.
  using first = await Client.connect(hg.port)
  first.get('/socket', UPGRADE)
  const asked = await origin.next()
  assert.deepEqual(inUse(hg.gate), { requests: 1, streams: 1, route: 1 })
  assert.equal(verdictOf(await get(hg.port, '/')), '503 route_full')
  asked.say(SWITCHING)
  assert.equal((await first.response()).status, 101)
  await becomes(hg.gate, 0, 1)
  assert.equal(inUse(hg.gate).route, 0)

  const second = await webSocket(hg.port, origin)
  await becomes(hg.gate, 0, 2)
  asked.say('to you')
  await first.until('to you')
  first.send('to me')
  const request = get(hg.port, '/request')
  ;(await origin.next()).answer('ok')
  assert.equal((await request).status, 200)

  first.reset()
  await becomes(hg.gate, 0, 1)
  second.asked.socket.destroy()
  await second.client.closed()
  second.client[Symbol.dispose]()
  await settled(hg.gate)
})

test('beyond streams.max an upgrade is refused, with a diagnosis, while requests go on', async () => {
  await using origin = await Origin.listen()
  const text = `
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers: [ '${origin.address}' ]
    streams:
      max: 1
threads: 2
accessLog: LOG
`
  await using hg = await logged(text)
  const { client } = await webSocket(hg.port, origin)
  using refused = await Client.connect(hg.port)
  const answer = await refused.get('/socket', UPGRADE).response()
  assert.equal(verdictOf(answer), '503 streams_full')
  assert.match(answer.field('retry-after') ?? '', /^[1-9]\d*$/)
  const request = get(hg.port, '/request')
  ;(await origin.next()).answer('ok')
  assert.equal((await request).status, 200)
  assert.equal(origin.requests, 2)

  client.reset()
  await becomes(hg.gate, 0, 0)
  const next = await webSocket(hg.port, origin)
  next.client.reset()
  const line = (await hg.log()).find(({ cause }) => cause === 'streams_full')
  assert.equal(line?.end, 'FR')
  assert.deepEqual(
    { ...line.diagnosis, advice: '' },
    {
      gate: 'pool shop',
      limit: 1,
      observed: 1,
      limitBy: 'configured',
      setting: 'pools.shop.streams.max',
      place: `headgate.yaml:${lineOf(text, 'max: 1')}`,
      advice: '',
      detail: null,
    },
  )
})

test('a declined upgrade is a request again and gives the stream back at once', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [origin.address], streams: { max: 1 } } } })
  using client = await Client.connect(hg.port)
  client.get('/socket', UPGRADE)
  const asked = await origin.next()
  asked.say('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nno')
  await client.until('no')
  await becomes(hg.gate, 1, 0)
  asked.say(' !')
  await client.until(' !')
  await becomes(hg.gate, 0, 0)
})

test('an upgrade that fails in any way before it is one gives everything back', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: {
      shop: {
        servers: [{ address: origin.address, maxConnections: 1 }],
        streams: { max: 1 },
        timeouts: { firstByte: '400ms' },
        queue: { max: 1, timeout: '150ms' },
      },
    },
  })
  const wants = async (ends: (client: Client, asked: Asked) => void): Promise<string> => {
    using client = await Client.connect(hg.port)
    client.get('/socket', UPGRADE)
    ends(client, await origin.next())
    const diagnosis = await client.response().then(verdictOf, () => 'gone')
    client[Symbol.dispose]()
    await settled(hg.gate)
    return diagnosis
  }
  assert.equal(await wants((_, asked) => asked.reset()), '502 response_cut')
  assert.equal(await wants((_, asked) => asked.say('HTTP/1.1 101\rSwitching\r\n\r\n')), '502 response_bad')
  assert.equal(await wants(() => {}), '504 first_byte_timeout')
  assert.equal(await wants((client) => client.reset()), 'gone')

  // In the queue it holds its stream already: there is no use in waiting for a slot and then hearing of no stream.
  using held = await Client.connect(hg.port)
  held.get('/held')
  const inside = await origin.next()
  using waits = await Client.connect(hg.port)
  waits.get('/socket', UPGRADE)
  await becomes(hg.gate, 1, 1)
  assert.equal(verdictOf(await waits.response()), '503 queue_timeout')
  await becomes(hg.gate, 1, 0)
  inside.reset()
  held[Symbol.dispose]()
  waits[Symbol.dispose]()
  await settled(hg.gate)
})

test('a CONNECT tunnel counts as a stream too', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }], streams: { max: 1 } } },
    routes: [{ to: 'shop', connect: true }],
  })
  using client = await Client.connect(hg.port)
  client.send('CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n')
  ;(await origin.next()).say('HTTP/1.1 200 OK\r\n\r\n')
  await client.until('\r\n\r\n')
  await becomes(hg.gate, 0, 1)
  using second = await Client.connect(hg.port)
  second.send('CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n')
  assert.equal(verdictOf(await second.response()), '503 streams_full')
  client.reset()
  second[Symbol.dispose]()
  await settled(hg.gate)
})

test('a response that outlives streams.after becomes a stream: its slot is free while it goes on', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: {
        servers: [{ address: origin.address, maxConnections: 1 }],
        streams: { max: 2, after: '250ms' },
        queue: { max: 5, timeout: '30s' },
        timeouts: { total: '600ms' },
      },
    },
    routes: [{ to: 'shop', maxConnections: 2 }],
  })
  using listener = await Client.connect(hg.port)
  const began = performance.now()
  listener.get('/long')
  const asked = await origin.next()
  asked.say(`${LONG}5\r\none\r\n\r\n`)
  await listener.until('one')
  assert.deepEqual(inUse(hg.gate), { requests: 1, streams: 0, route: 1 })

  // Who waits for the slot gets it when the other has become a stream, and not before.
  const request = get(hg.port, '/request')
  const next = await origin.next()
  const took = performance.now() - began
  assert.ok(took >= 250 && took < 500, `it took ${took} ms`)
  assert.deepEqual(inUse(hg.gate), { requests: 1, streams: 1, route: 1 })
  next.answer('ok')
  assert.equal((await request).status, 200)

  // It flows on past the total timeout, which is for requests, and its end gives the stream back.
  await meanwhile(500)
  asked.say('5\r\ntwo\r\n\r\n')
  await listener.until('two')
  assert.deepEqual(inUse(hg.gate), { requests: 0, streams: 1, route: 0 })
  asked.say('0\r\n\r\n')
  await listener.until('0\r\n\r\n')
  await becomes(hg.gate, 0, 0)
  // The connections are as good as new, on both sides.
  listener.get('/again')
  ;(await origin.next()).answer('again')
  assert.equal((await listener.response()).body, 'again')
})

test('while there is no room among the streams a long response keeps its slot, and moves when there is', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: {
      shop: {
        servers: [{ address: origin.address, maxConnections: 2 }],
        streams: { max: 1, after: '150ms' },
      },
    },
  })
  const clients: Client[] = []
  const asked: Asked[] = []
  for (let k = 0; k < 2; k++) {
    const client = await Client.connect(hg.port)
    client.get('/long')
    const one = await origin.next()
    one.say(`${LONG}5\r\none\r\n\r\n`)
    await client.until('one')
    clients.push(client)
    asked.push(one)
  }
  await becomes(hg.gate, 1, 1)
  await meanwhile(250) // bounded: both are past their 150 ms by then
  assert.deepEqual(inUse(hg.gate), { requests: 1, streams: 1, route: 0 })
  asked[0]?.say('0\r\n\r\n')
  await clients[0]?.until('0\r\n\r\n')
  await becomes(hg.gate, 0, 1)
  asked[1]?.say('0\r\n\r\n')
  await clients[1]?.until('0\r\n\r\n')
  await becomes(hg.gate, 0, 0)
  for (const client of clients) client[Symbol.dispose]()
})

test('a response that is not there yet is no stream, however long it takes', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: {
      shop: { servers: [{ address: origin.address, maxConnections: 1 }], streams: { max: 5, after: '100ms' } },
    },
  })
  const slow = get(hg.port, '/slow')
  const asked = await origin.next()
  await meanwhile(250) // bounded: past the 100 ms
  assert.deepEqual(inUse(hg.gate), { requests: 1, streams: 0, route: 0 })
  asked.answer('ok')
  assert.equal((await slow).status, 200)
  await settled(hg.gate)
})

test('with both sides closing a tunnel in every order nothing is left', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, pools: { shop: { servers: [origin.address], streams: { max: 40 } } } })
  const ends: ((client: Client, asked: Asked) => void)[] = [
    (client) => client.reset(),
    (client) => client.end(),
    (_, asked) => asked.socket.resetAndDestroy(),
    (_, asked) => asked.socket.end(),
    (client, asked) => {
      client.end()
      asked.socket.end()
    },
    (client, asked) => {
      client.send('x'.repeat(500_000))
      asked.socket.destroy()
    },
    (client, asked) => {
      asked.say('y'.repeat(500_000))
      client.reset()
    },
  ]
  for (const end of ends) {
    const { client, asked } = await webSocket(hg.port, origin)
    end(client, asked)
    await client.closed().catch(() => {})
    client[Symbol.dispose]()
    asked.socket.end()
  }
  await settled(hg.gate)
})
