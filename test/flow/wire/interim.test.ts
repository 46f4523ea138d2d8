/** Interim responses, Expect: 100-continue, and final answers that come before the request is complete. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok, VIA } from '../../kit/front.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const DATE = 'Date: Fri, 20 Nov 2026 19:59:00 GMT\r\n'
const FINAL = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\n\r\nok`

test('interim responses are passed on, each as it comes and without what concerns one hop', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nKeep-Alive: timeout=5\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n',
  )
  assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
  peer.send(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n${FINAL}`)
  assert.equal(
    await client.until('ok'),
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n${FINAL}`,
  )
  client.get('/next')
  await peer.until('\r\n\r\n')
  peer.send(FINAL)
  assert.equal((await client.response()).status, 200)
})

test('a server that sends interim responses without end is held back by a client that does not read them', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.socket.removeAllListeners('data').pause()
  client.get('/')
  const { peer } = await origin.asked()
  const hints = `HTTP/1.1 103 Early Hints\r\nLink: <${'x'.repeat(8000)}>\r\n\r\n`
  const block = hints.repeat(250)
  let sent = 0
  // What is not taken within this time is not going to be.
  const taken = (): Promise<boolean> =>
    Promise.race([
      new Promise<boolean>((resolve) => peer.socket.write(block, () => resolve(true))),
      meanwhile(500).then(() => false),
    ])
  do sent += block.length
  while (sent < 400_000_000 && (await taken()))
  assert.ok(sent < 400_000_000, `${sent} bytes of interim responses were taken`)
  // When it reads, all of it comes, and the answer.
  let received = 0
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  client.socket.resume()
  peer.send(FINAL)
  await until(
    () => received === sent + FINAL.length,
    () => [received, sent],
  )
})

test('an HTTP/1.0 client gets no interim response', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${FINAL}`)
  assert.equal(await client.closed(), `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\nConnection: close\r\n\r\nok`)
})

test('a 100 that nobody waits for is not passed on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.1 100 Continue\r\n\r\n${FINAL}`)
  assert.equal(await client.until('ok'), FINAL)
})

test('a client that waits for 100 gets the server’s, sends its body, and the connections go on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  const ways = [
    ['Content-Length: 5', 'hello'],
    ['Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ] as const
  let peer: Peer | null = null
  for (const [framing, body] of ways) {
    client.send(`POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n${framing}\r\n\r\n`)
    peer ??= await origin.next()
    const head = await peer.until('\r\n\r\n')
    assert.equal(head, `POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n${framing}\r\n${VIA}`)
    await meanwhile(50) // without the server's word the client gets none: nothing tells of it
    assert.equal(client.pending, '')
    peer.send('HTTP/1.1 100 Continue\r\n\r\n')
    assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    client.send(body)
    assert.equal(await peer.bytes(body.length), body)
    peer.send(FINAL)
    assert.equal(await client.until('ok'), FINAL)
  }
  assert.equal(origin.connections, 1)
})

test('a final answer instead of 100 is passed on with Connection: close, and a body that comes all the same reaches nobody', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 36\r\n\r\n')
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.1 413 Content Too Large\r\n${DATE}Content-Length: 2\r\n\r\nno`)
  assert.equal(
    await client.until('no'),
    `HTTP/1.1 413 Content Too Large\r\n${DATE}Content-Length: 2\r\nConnection: close\r\n\r\nno`,
  )
  client.get('/body-that-looks-like-a-request')
  assert.equal(await client.closed(), '')
  assert.equal(client.error, null)
  assert.equal(await peer.closed(), '', 'nothing else may follow on the server’s connection, so it is closed')
  assert.equal(origin.connections, 1)
  client.end()
  await settled(hg.gate)
})

test('a client that does not wait for its 100 is served all the same', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello').get('/next')
  const { peer } = await origin.asked()
  await peer.until('hello')
  peer.send(`HTTP/1.1 100 Continue\r\n\r\n${FINAL}`)
  assert.equal(await client.until('ok'), `HTTP/1.1 100 Continue\r\n\r\n${FINAL}`)
  await peer.until('\r\n\r\n')
  peer.send(ok('next'))
  assert.equal((await client.response()).body, 'next')
  assert.equal(origin.connections, 1)
})

test('Expect without a body, or from HTTP/1.0, expects nothing', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const request of [
    'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n',
    'POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  ]) {
    using client = await Client.connect(hg.port)
    client.send(request)
    const { peer, head } = await origin.asked()
    assert.doesNotMatch(head, /expect/i)
    peer.send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`)
    assert.equal((await client.response()).status, 200)
  }
})

test('a request that is refused is refused before its body, with no 100', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { listener: { limits: { body: '10B' } } })
  using client = await Client.connect(hg.port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n')
  const answer = await client.response()
  assert.equal(answer.status, 413)
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  assert.equal(origin.connections, 0)
})

test('a final answer while the body is still being sent reaches the client whole', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  const { peer } = await origin.asked()
  await peer.until('hello\r\n')
  peer.send(`HTTP/1.1 403 Forbidden\r\n${DATE}Content-Length: 10\r\n\r\nenou`)
  assert.equal(
    await client.until('enou'),
    `HTTP/1.1 403 Forbidden\r\n${DATE}Content-Length: 10\r\nConnection: close\r\n\r\nenou`,
  )
  client.send('5\r\nworld\r\n')
  assert.equal(
    await peer.until('world\r\n'),
    '5\r\nworld\r\n',
    'as long as the answer is not complete the body goes on',
  )
  peer.send('gh now')
  assert.equal(await client.closed(), 'gh now')
  assert.equal(client.error, null)
})

test('a server that answers, closes and does not read the rest: the client that goes on sending gets the whole answer', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const block = 'x'.repeat(3000)
  // Many times, as Headgate may find out by reading or by writing that the server is gone.
  for (let i = 0; i < 60; i++) {
    using client = await Client.connect(hg.port)
    client.send('POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 500000000\r\n\r\n')
    let sending = true
    const pump = (): void => {
      if (!sending) return
      client.send(block)
      setImmediate(pump)
    }
    pump()
    const { peer } = await origin.asked()
    peer.socket.pause()
    const answer = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large'
    // With unread bytes in its buffer the kernel makes a RST of the closing.
    peer.socket.write(answer, () => (i % 3 === 0 ? peer.socket.end() : peer.socket.destroy()))
    const answered = await client.response()
    sending = false
    assert.equal(answered.status, 413)
    assert.equal(answered.body, 'too large')
    assert.equal(answered.field('connection'), 'close')
    await client.closed()
  }
  await settled(hg.gate)
})

test('a client that leaves in the middle of its body is noticed, and the server does not get a whole request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const [framing, part] of [
    ['Content-Length: 10', 'hello'],
    ['Transfer-Encoding: chunked', '5\r\nhello\r\n'],
  ]) {
    using client = await Client.connect(hg.port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${part}`)
    const { peer } = await origin.asked()
    await peer.until('hello')
    client.end()
    assert.doesNotMatch(await peer.closed(), /0\r\n/)
    assert.equal(await client.closed(), '')
  }
  await until(() => hg.gate.usage().causes.client_gone === 2)
  await settled(hg.gate)
})
