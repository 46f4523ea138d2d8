/**
 * Exchanges and the cache between clients and servers that are no HTTP/1 and have no sockets: what they are given and give
 * are heads, names with values, and content. So another protocol needs no change of theirs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryPlane } from '../../kit/memory-plane.ts'

const server = '127.0.0.1:9'

function shop(pool: object = {}, route: object = {}): MemoryPlane {
  return new MemoryPlane({
    pools: { shop: { servers: [{ address: server, maxConnections: 1 }], ...pool } },
    routes: [{ to: 'shop', ...route }],
  })
}

const CACHED = { cache: { grace: '1h' } }

test('a response reaches its client as status, names with values and content, and its permit comes back', async () => {
  await using plane = shop()
  const client = plane.ask('GET /a?b=1')
  const request = await plane.server.request(0)
  assert.deepEqual([request.method, request.path, plane.used(`server:shop/${server}`)], ['GET', '/a?b=1', 1])
  request.answer(200, 'hello', 'Content-Type: text/plain\r\nX-Two: a\r\nX-Two: b\r\n')
  await client.responder.done
  const { status, length, content, fields, ended } = client.responder
  assert.deepEqual([status, length, content, ended], [200, 5, 'hello', 'whole'])
  assert.deepEqual(
    fields.filter(([name]) => /^(content|x)-/i.test(name)),
    [
      ['Content-Type', 'text/plain'],
      ['X-Two', 'a'],
      ['X-Two', 'b'],
    ],
  )
  assert.equal(plane.used(`server:shop/${server}`), 0)
})

test('the content of a request reaches the server without any framing, however many pieces it comes in', async () => {
  await using plane = shop()
  const client = plane.ask('POST /order', ['one ', 'two ', 'three'])
  const request = await plane.server.request(0)
  assert.deepEqual([request.content, request.complete], ['one two three', true])
  request.answer(201, '')
  await client.responder.done
  assert.equal(client.responder.status, 201)
})

test('interim responses and trailers pass as names with values', async () => {
  await using plane = shop()
  const client = plane.ask('GET /')
  const request = await plane.server.request(0)
  request.hint(103, 'Link: </a.css>; rel=preload\r\n')
  request.begin(200, 'Transfer-Encoding: chunked\r\n')
  request.give('body')
  request.done('X-Sum: 42\r\n')
  await client.responder.done
  const { interims, length, content, ending } = client.responder
  assert.deepEqual(interims, [{ status: 103, fields: [['Link', '</a.css>; rel=preload']] }])
  assert.deepEqual([length, content, ending], [-1, 'body', [['X-Sum', '42']]])
})

test('a second request waits for its turn, and one that finds the queue full is refused with the reason', async () => {
  await using plane = shop({ queue: { max: 1, timeout: '5s' } })
  const first = plane.ask('GET /1')
  const one = await plane.server.request(0)
  const second = plane.ask('GET /2')
  const third = plane.ask('GET /3')
  await third.responder.done
  assert.equal(third.responder.status, 503)
  assert.match(third.responder.field('proxy-status') ?? '', /details="queue_full"/)
  assert.equal(plane.server.requests.length, 1)
  one.answer(200, 'one')
  const two = await plane.server.request(1)
  two.answer(200, 'two')
  await Promise.all([first.responder.done, second.responder.done])
  assert.deepEqual([first.responder.content, second.responder.content], ['one', 'two'])
  assert.equal(plane.server.connections, 1)
})

test('a client that leaves while it waits gives up its place, and one that leaves its server gives back the permit', async () => {
  await using plane = shop({ queue: { max: 1, timeout: '5s' } })
  const first = plane.ask('GET /1')
  await plane.server.request(0)
  const second = plane.ask('GET /2')
  second.leave()
  assert.equal(plane.ledger.queue('queue:pool:shop').length, 0)
  first.leave()
  assert.equal(plane.used(`server:shop/${server}`), 0)
  assert.deepEqual(
    plane.records.map(({ cause }) => cause),
    ['client_gone', 'client_gone'],
  )
})

test('a request goes to another server when the first one takes no connection', async () => {
  const servers = [{ address: server }, { address: '127.0.0.1:19' }]
  await using plane = shop({ servers, balance: 'first', retries: 1 })
  const [broken, well] = plane.servers
  assert.ok(broken !== undefined && well !== undefined)
  broken.refuses = 'connect_refused'
  const client = plane.ask('POST /', ['order'])
  const request = await well.request(0)
  assert.equal(request.content, 'order')
  request.answer(200, 'taken')
  await client.responder.done
  assert.equal(client.responder.content, 'taken')
  assert.deepEqual(
    plane.records.map(({ retries, redispatched }) => [retries, redispatched]),
    [[1, true]],
  )
})

test('a client that takes nothing holds up the server, and what waits goes on when it does', async () => {
  await using plane = shop()
  const client = plane.ask('GET /')
  const request = await plane.server.request(0)
  request.begin(200, 'Content-Length: 8\r\n')
  client.responder.ready = false
  request.give('half')
  assert.equal(request.paused, true)
  client.drain()
  assert.equal(request.paused, false)
  request.give('rest')
  request.done()
  await client.responder.done
  assert.equal(client.responder.content, 'halfrest')
})

test('a response that breaks off cuts its client off, unless nothing of it has left yet', async () => {
  await using plane = shop()
  const early = plane.ask('GET /early')
  const first = await plane.server.request(0)
  first.begin(200, 'Content-Length: 8\r\n')
  first.fail('response_cut', false)
  await early.responder.done
  assert.deepEqual([early.responder.status, early.responder.ended], [502, 'whole'])
  const late = plane.ask('GET /late')
  const second = await plane.server.request(1)
  second.begin(200, 'Content-Length: 8\r\n')
  second.give('half')
  await Promise.resolve()
  second.fail('response_cut', false)
  await late.responder.done
  assert.deepEqual([late.responder.status, late.responder.content, late.responder.ended], [200, 'half', 'cut'])
})

test('a stored response is served without a server, with its age', async () => {
  await using plane = shop({}, CACHED)
  const first = plane.ask('GET /page')
  ;(await plane.server.request(0)).answer(200, 'page', 'Cache-Control: max-age=60\r\nETag: "v1"\r\n')
  await first.responder.done
  const second = plane.ask('GET /page')
  await second.responder.done
  assert.deepEqual([second.responder.content, second.responder.field('etag')], ['page', '"v1"'])
  assert.match(second.responder.field('age') ?? '', /^\d+$/)
  const third = plane.ask('GET /page\r\nIf-None-Match: "v1"')
  await third.responder.done
  assert.deepEqual([third.responder.status, third.responder.content], [304, ''])
  assert.equal(plane.server.requests.length, 1)
})

test('clients that ask for the same share one fetch, and each gets all of it', async () => {
  await using plane = shop({}, CACHED)
  const clients = [1, 2, 3].map(() => plane.ask('GET /shared'))
  const request = await plane.server.request(0)
  request.begin(200, 'Content-Length: 6\r\nCache-Control: max-age=60\r\n')
  request.give('sha')
  request.give('red')
  request.done()
  await Promise.all(clients.map(({ responder }) => responder.done))
  assert.deepEqual(
    clients.map(({ responder }) => responder.content),
    ['shared', 'shared', 'shared'],
  )
  assert.equal(plane.server.requests.length, 1)
})

test('what is stale is served while its server is full, and the server is asked whether it is still right afterwards', async () => {
  await using plane = shop({ queue: { max: 0 } }, { cache: { grace: '0s', graceUnderPressure: '1h' } })
  const first = plane.ask('GET /page')
  ;(await plane.server.request(0)).answer(200, 'page', 'Cache-Control: max-age=10\r\nAge: 60\r\nETag: "v1"\r\n')
  await first.responder.done
  const busy = plane.ask('GET /busy')
  const held = await plane.server.request(1)
  const stale = plane.ask('GET /page')
  await stale.responder.done
  assert.deepEqual([stale.responder.status, stale.responder.content], [200, 'page'])
  held.answer(200, 'busy')
  await busy.responder.done
  const again = plane.ask('GET /page')
  const asked = await plane.server.request(2)
  assert.deepEqual(asked.edited('if-none-match'), ['"v1"'])
  asked.answer(304, '', 'ETag: "v1"\r\n')
  await again.responder.done
  assert.deepEqual([again.responder.status, again.responder.content], [200, 'page'])
})
