/** Connections that last: many requests on one, on both sides, in order, and how they end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { Origin } from '../../kit/origin.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const echo = (asked: { head: string; body: string; answer(body: string): void }): void =>
  asked.answer(`${asked.head.split(' ', 2).join(' ')} ${asked.body}`)

test('many requests of one client go over one connection on either side', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 20; i++) {
    const answer = await client.get(`/${i}`).response()
    assert.equal(answer.body, `GET /${i} `)
    assert.equal(answer.field('connection'), null)
  }
  assert.equal(origin.connections, 1)
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1)
})

test('clients one after the other share one connection to the server', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  for (let i = 0; i < 5; i++) {
    using client = await Client.connect(hg.port)
    assert.equal((await client.get(`/${i}`).response()).body, `GET /${i} `)
  }
  assert.equal(origin.connections, 1)
})

test('a client that asks for it gets Connection: close and the end of its connection, and the server’s is kept', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  for (let i = 0; i < 2; i++) {
    using client = await Client.connect(hg.port)
    const answer = await client.get('/', 'Connection: close\r\n').response()
    assert.equal(answer.field('connection'), 'close')
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
  }
  assert.equal(origin.connections, 1)
})

test('a server that closes after its response is left, and the client’s connection goes on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  for (const name of ['one', 'two']) {
    client.get(`/${name}`)
    const { peer, head } = await origin.asked()
    assert.equal(head.split('\r\n')[0], `GET /${name} HTTP/1.1`)
    peer.send(ok(name, 'Connection: close\r\n'))
    const answer = await client.response()
    assert.equal(answer.body, name)
    assert.equal(answer.field('connection'), null)
    assert.equal(await peer.closed(), '')
  }
})

test('pipelined requests are answered in their order, those with bodies among them', async () => {
  await using origin = await Origin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n' +
      'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello' +
      'POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n' +
      'HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n' +
      'GET /5 HTTP/1.1\r\nHost: a\r\n\r\n',
  )
  const bodies = ['', 'hello', 'abcde', '', '']
  for (const [i, body] of bodies.entries()) {
    const asked = await origin.next()
    assert.equal(asked.head.split(' ')[1], `/${i + 1}`)
    assert.equal(asked.body, body)
    assert.equal(origin.requests, i + 1, 'the next one comes when this one is answered')
    if (i === 3) asked.say('HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n')
    else asked.answer(`answer ${i + 1}`)
  }
  for (let i = 1; i <= 5; i++) {
    const answer = await client.response(i === 4 ? 'HEAD' : 'GET')
    assert.equal(answer.status, 200)
    if (i === 4) assert.equal(answer.field('content-length'), '77')
    else assert.equal(answer.body, `answer ${i}`)
  }
  assert.equal(client.pending, '')
  assert.equal(origin.connections, 1)
})

test('a refused request between pipelined ones is answered in its place, and the rest goes on', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin, { route: { path: '/shop' } })
  using client = await Client.connect(hg.port)
  client.get('/shop/1').get('/elsewhere').get('/shop/2')
  const answers = [await client.response(), await client.response(), await client.response()]
  assert.deepEqual(
    answers.map((a) => a.status),
    [200, 404, 200],
  )
  assert.match(answers[1]?.field('proxy-status') ?? '', /details="no_route"/)
  assert.equal(answers[1]?.field('connection'), null)
  assert.equal(answers[2]?.body, 'GET /shop/2 ')
})

test('of pipelined requests those before a malformed one are answered, then it is, then the connection ends', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1').send('GET /2 HTTP/1.1\r\nHost : a\r\n\r\n').get('/3')
  assert.equal((await client.response()).body, 'GET /1 ')
  const refused = await client.response()
  assert.equal(refused.status, 400)
  assert.match(refused.field('proxy-status') ?? '', /details="field_bad"/)
  assert.equal(refused.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  assert.equal(origin.requests, 1)
})

test('a hundred pipelined requests, more than a read can bring, are all answered', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  const pad = `X-Pad: ${'p'.repeat(4000)}\r\n`
  for (let i = 0; i < 100; i++) client.get(`/${i}`, pad)
  for (let i = 0; i < 100; i++) assert.equal((await client.response()).body, `GET /${i} `)
  assert.equal(origin.connections, 1)
})

test('a client that goes on asking and does not read the answers is not read any more either', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('x'.repeat(1000)))
  await using hg = await front(origin, { route: { path: '/shop' } })
  // Both kinds of answers: those of the server, and Headgate's own.
  for (const path of ['/shop', '/elsewhere']) {
    using client = await Client.connect(hg.port)
    client.socket.removeAllListeners('data').pause()
    const one = `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Pad: ${'p'.repeat(5000)}\r\n\r\n`
    const block = one.repeat(400)
    let sent = 0
    // What is not taken within this time is not going to be.
    const taken = (): Promise<boolean> =>
      Promise.race([
        new Promise<boolean>((resolve) => client.socket.write(block, () => resolve(true))),
        meanwhile(400).then(() => false),
      ])
    do sent += 400
    while (sent < 200_000 && (await taken()))
    assert.ok(sent < 200_000, path)
    // When it reads, it gets all of them.
    let got = ''
    let answers = 0
    client.socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1')
      const parts = got.split('HTTP/1.1 ')
      answers += parts.length - 1
      got = parts.pop()?.slice(-8) ?? ''
    })
    client.socket.resume()
    await until(
      () => answers === sent,
      () => [answers, sent],
      10_000,
    )
  }
  await settled(hg.gate)
})

test('pipelined requests followed by FIN are all answered, then the connection closes', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  client.end()
  for (const path of ['/1', '/2', '/3']) assert.equal((await client.response()).body, `GET ${path} `)
  assert.equal(await client.closed(), '')
  assert.equal(client.error, null)
})

test('a client that closes its sending side after its request still gets the answer', async () => {
  await using origin = await Origin.listen()
  await using hg = await front(origin)
  // Together with the request, so that even the connection to the server is not made yet.
  using early = await Client.connect(hg.port)
  early.get('/early').end()
  ;(await origin.next()).answer('for one who half-closed early')
  const answer = await early.response()
  assert.equal(answer.body, 'for one who half-closed early')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await early.closed(), '')
})

test('a client that closes its sending side while the answer comes gets all of it, and its connection ends with it', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
  await client.until('hello')
  client.end()
  await meanwhile(50) // FIN is seen before the rest: nothing tells of it
  peer.send('world')
  assert.equal(await client.bytes(5), 'world')
  assert.equal(await client.closed(), '')
  await settled(hg.gate)
})

test('FIN in the middle of a pipelined request ends the connection after the answers before it', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1').send('GET /2 HTTP/1.1\r\nHo').end()
  assert.equal((await client.response()).body, 'GET /1 ')
  assert.equal(await client.closed(), '')
  assert.equal(origin.requests, 1)
  await settled(hg.gate)
})

test('an empty line before a request is passed over', async () => {
  await using origin = await Origin.listen(echo)
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1').send('\r\n').get('/2')
  assert.equal((await client.response()).body, 'GET /1 ')
  assert.equal((await client.response()).body, 'GET /2 ')
})

test('an idle connection that the server closes is noticed, and the next request goes over a new one', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
  const { peer } = await origin.asked()
  await peer.until('hi')
  peer.send(ok('first')).end()
  assert.equal((await client.response()).body, 'first')
  assert.equal(await peer.closed(), '', 'Headgate closes its side, too')
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nho')
  const again = await origin.asked()
  await again.peer.until('ho')
  again.peer.send(ok('second'))
  assert.equal((await client.response()).body, 'second')
})

test('a connection that died while it was idle is replaced and the request sent again, once', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1')
  const { peer } = await origin.asked()
  peer.send(ok('1'))
  await client.response()
  // It closes when the request has come, as a server does whose idle timeout ran out a moment before.
  client.get('/2')
  await peer.until('\r\n\r\n')
  peer.end()
  const again = await origin.asked()
  assert.equal(again.head.split('\r\n')[0], 'GET /2 HTTP/1.1')
  again.peer.end()
  const answer = await client.response()
  assert.equal(answer.status, 502)
  assert.match(answer.field('proxy-status') ?? '', /details="response_cut"/)
  assert.equal(origin.connections, 2)
})

test('a request is not sent again once a byte of its response was seen, nor one that is not idempotent', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const scenes = [
    { request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', said: 'HTTP/1.1 2', cause: 'response_cut' },
    { request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', said: 'garbage\r\n\r\n', cause: 'response_bad' },
    { request: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', said: '', cause: 'response_cut' },
  ]
  for (const [i, { request, said, cause }] of scenes.entries()) {
    using client = await Client.connect(hg.port)
    client.get('/first')
    const { peer } = await origin.asked()
    peer.send(ok('first'))
    await client.response()
    client.send(request)
    await peer.until('\r\n\r\n')
    peer.send(said).end()
    const answer = await client.response()
    assert.equal(answer.status, 502)
    assert.match(answer.field('proxy-status') ?? '', new RegExp(`details="${cause}"`))
    assert.equal(origin.connections, i + 1)
  }
})

test('idle connections to a server are closed when their time is over', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { pool: { idle: { timeout: '50ms' } } })
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(ok(''))
  await client.response()
  assert.equal(await peer.closed(), '')
  peer.end()
  await until(() => origin.open === 0)
})
