/** Answers that many follow, and that turn out on their way not to fit: each gets all of the one that was fetched. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { CacheOrigin, caching } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import { crowd } from '../../kit/crowd.ts'
import { Flows, lines } from '../../kit/flow.ts'
import type { Running } from '../../kit/headgate.ts'
import { requestsBegun, settled, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const BYTES = 1_500_000

/** A Headgate before a server that takes one request at a time, with a line of one, and a store of small objects. */
function narrow(origin: CacheOrigin, more: Record<string, unknown> = {}, cache = {}): Promise<Running> {
  const servers = [{ address: origin.address, maxConnections: 1 }]
  return caching(origin, cache, {
    cache: { size: '16MB', maxObject: '64KB' },
    pools: { shop: { servers, queue: { max: 1, timeout: '1s' } } },
    ...more,
  })
}

/** So many clients that follow the fetch of the first of them, all of which have got the head. */
async function followers(gate: Running, fields: readonly string[]): Promise<Client[]> {
  const clients = await crowd(gate, '/long', fields.slice(0, 1))
  await until(() => clients[0]!.pending.includes('\r\n\r\n'))
  clients.push(...(await crowd(gate, '/long', fields.slice(1))))
  await until(() => clients.every((one) => one.pending.includes('\r\n\r\n')))
  for (const one of clients.slice(1)) assert.match(one.pending, /; collapsed\r\n/)
  return clients
}

async function ended(gate: Running, clients: readonly Client[]): Promise<void> {
  for (const one of clients) one[Symbol.dispose]()
  await settled(gate.gate)
}

/** A client that reads nothing. */
function deaf(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write('GET /long HTTP/1.1\r\nHost: shop.test\r\n\r\n')
  return socket
}

for (const threads of [1, 2]) {
  test(`all who follow one fetch get all of it, though the server takes no other request, on ${threads} threads`, async () => {
    await using origin = await CacheOrigin.listen()
    await using gate = await narrow(origin, { threads })
    const flows = new Flows(origin, '/long', BYTES, FRESH)
    const clients = await followers(gate, Array(12).fill(''))
    await flows.go()
    const text = lines(BYTES, 1)
    for (const one of clients) {
      const { status, body, complete } = await one.response()
      assert.ok(status === 200 && complete && body === text, `${status}, ${body.length} bytes`)
    }
    assert.equal(origin.count('/long'), 1)
    await ended(gate, clients)
  })
}

test('who comes when it is known not to fit fetches for itself, is not told of sharing, and is refused before the first byte', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', BYTES, FRESH, 200_000)
  const clients = await crowd(gate, '/long', [''])
  await until(() => clients[0]!.pending.length > 200_000)
  const late = await crowd(gate, '/long', ['', ''])
  assert.equal(verdictOf(await late[1]!.response()), '503 queue_full')
  await flows.go()
  const first = await clients[0]!.response()
  assert.ok(first.body === lines(BYTES, 1))
  assert.equal(first.field('cache-status'), 'gate; fwd=uri-miss; ttl=59', 'nothing was stored')
  await until(() => flows.all.length === 2)
  await flows.go()
  const own = await late[0]!.response()
  assert.ok(own.body === lines(BYTES, 2))
  assert.equal(own.field('cache-status'), 'gate; fwd=uri-miss; detail=too-large')
  await ended(gate, [...clients, ...late])
})

test('an answer that comes in one piece with its head is not called stored when it does not fit', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin, { cache: { size: '16MB', maxObject: '2KB' } })
  const text = lines(5000)
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
  origin.on('/long', (asked) => asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${chunk}`))
  const answer = await get(gate.port, '/long')
  assert.equal(answer.body, text)
  assert.equal(answer.field('cache-status'), 'gate; fwd=uri-miss; detail=too-large')
})

test('all get all of it when the one whose request it was leaves', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', BYTES, FRESH)
  const clients = await followers(gate, ['', '', ''])
  clients[0]!.reset()
  await flows.go()
  for (const one of clients.slice(1)) assert.ok((await one.response()).body === lines(BYTES, 1))
  await ended(gate, clients)
})

test('the fetch of what does not fit ends when all who follow it have left', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', 20_000_000, FRESH)
  const clients = await followers(gate, ['', '', ''])
  const going = flows.go()
  for (const one of clients) await one.bytes(300_000)
  for (const one of clients) one.reset()
  await going
  assert.ok(flows.all[0]!.sent < 20_000_000)
  await ended(gate, clients)
})

test('a refresh that nobody follows ends when what comes does not fit', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin, {}, { grace: '1h' })
  origin.says('/long', 'Cache-Control: max-age=60\r\nAge: 61\r\n')
  await get(gate.port, '/long')
  const flows = new Flows(origin, '/long', 20_000_000, FRESH)
  assert.equal((await get(gate.port, '/long')).body, 'long 1')
  await until(() => flows.all.length === 1)
  await flows.go()
  assert.ok(flows.all[0]!.sent < 20_000_000)
  await settled(gate.gate)
})

test('one who does not read holds up the server and not memory, and is dropped in the end: then the others get all', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin, { listeners: { web: { timeouts: { send: '400ms' } } } })
  // Kernels hold a few megabytes for each connection.
  const bytes = 24_000_000
  const flows = new Flows(origin, '/long', bytes, FRESH)
  const [first] = await crowd(gate, '/long', [''])
  await until(() => first!.pending.includes('\r\n\r\n'))
  const socket = deaf(gate.port)
  const gone = new Promise((resolve) => socket.on('close', resolve))
  await requestsBegun(gate.gate, 2)
  let last = ''
  let got = 0
  first!.socket.removeAllListeners('data').on('data', (chunk) => {
    got += chunk.length
    last = chunk.toString('latin1').slice(-7)
  })
  const going = flows.go()
  await until(() => gate.gate.usage().listeners[0]!.inUse === 1)
  const held = flows.all[0]!.sent
  assert.ok(held < bytes, 'until it was dropped, the server was held up')
  await going
  await until(
    () => last.endsWith('\r\n0\r\n\r\n'),
    () => got,
    20_000,
  )
  assert.ok(got > bytes)
  socket.resume()
  await gone
  await ended(gate, [first!])
})

test('a server that breaks off is seen as that by all', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', BYTES, FRESH)
  const clients = await followers(gate, ['', '', ''])
  await flows.all[0]!.send(lines(300_000))
  await until(() => clients.every((one) => one.pending.length > 290_000))
  flows.all[0]!.cut()
  for (const one of clients) {
    const answer = await one.response()
    assert.equal(answer.complete, false)
    assert.ok(one.error !== null, 'it is cut with RST')
  }
  await ended(gate, clients)
})

test('clients of every kind share it: those that take codings, HTTP/1.0, and one that purges it on the way', async () => {
  await using origin = await CacheOrigin.listen()
  const cache = { compress: true, purge: ['127.0.0.1'] }
  await using gate = await narrow(origin, {}, cache)
  const flows = new Flows(origin, '/long', BYTES, `${FRESH}Content-Type: text/plain\r\n`)
  const clients = await followers(gate, ['Accept-Encoding: gzip\r\n', '', 'Accept-Encoding: br\r\n'])
  using old = await Client.connect(gate.port)
  old.send('GET /long HTTP/1.0\r\nHost: shop.test\r\n\r\n')
  await until(() => old.pending.includes('\r\n\r\n'))
  using purger = await Client.connect(gate.port)
  assert.equal((await purger.send('PURGE /long HTTP/1.1\r\nHost: shop.test\r\n\r\n').response()).status, 200)
  await flows.go()
  for (const one of [...clients, old]) {
    const { body, complete, field } = await one.response()
    assert.ok(complete && body === lines(BYTES, 1), `${body.length} bytes`)
    assert.equal(field('content-encoding'), null)
  }
  assert.equal(origin.count('/long'), 1)
  await ended(gate, [...clients, old, purger])
})
