/** Responses that are broken before anything of them has gone out: the client gets an answer, never silence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { logged } from '../../kit/logged.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { requestsBegun, settled, verdictOf } from '../../kit/settle.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n'
const BROKEN = [
  'x\r\n',
  '\r\n',
  '5 \r\nhello\r\n',
  '5\r\nhello!\r\n',
  '5\r\nhello\r\nfffffffffffffffff\r\n',
  '5;=\r\nhello\r\n',
  '5\r\nhello\r\n0\r\nX : y\r\n\r\n',
  '5\r\nhello\r\n0\r\n folded\r\n\r\n',
  '5\r\nhello\r\n0\r\nX: y\n\r\n',
  `5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(20)}\r\n`,
]

for (const cache of [false, true]) {
  test(`a body that is broken in the read that brought its head is answered with 502, and the client’s connection goes on (${cache ? 'with' : 'without'} a cache)`, async () => {
    await using origin = await RawOrigin.listen()
    await using hg = await front(origin, {
      pool: { limits: { fields: 16 } },
      route: cache ? { cache: {} } : {},
    })
    using client = await Client.connect(hg.port)
    for (const [i, body] of BROKEN.entries()) {
      client.get(`/${i}`)
      const { peer } = await origin.asked()
      peer.send(CHUNKED + body)
      const answer = await client.response()
      assert.equal(verdictOf(answer), '502 response_bad', JSON.stringify(body))
      assert.match(answer.body, /not valid HTTP/)
      assert.equal(answer.field('connection'), null)
      await peer.closed()
    }
    // Nothing of a broken response is kept.
    client.get('/1')
    const { peer } = await origin.asked()
    peer.send(ok('well'))
    assert.equal((await client.response()).body, 'well')
    assert.equal(hg.gate.usage().causes.response_bad, BROKEN.length)
    client.socket.destroy()
    await settled(hg.gate)
  })
}

test('a server that resets its connection within a response leaves nobody without an answer', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (let i = 0; i < 20; i++) {
    using client = await Client.connect(hg.port)
    client.get('/')
    const { peer } = await origin.asked()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello').reset()
    // Whether the end is seen together with the beginning is up to the kernel.
    const answer = await client.response()
    if (answer.status === 200) assert.equal(answer.complete, false)
    else assert.equal(verdictOf(answer), '502 response_cut')
  }
  assert.equal(hg.gate.usage().causes.response_cut, 20)
})

test('a stale copy is served instead of an answer that is broken before anything of it has gone out', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { cache: { grace: '0s' } } })
  using client = await Client.connect(hg.port)
  client.get('/')
  const first = await origin.asked()
  first.peer.send(ok('old', 'Cache-Control: max-age=60, stale-if-error=600\r\nAge: 70\r\n'))
  assert.equal((await client.response()).body, 'old')
  client.get('/')
  assert.match(await first.peer.until('\r\n\r\n'), /^GET/)
  first.peer.send(`${CHUNKED}5\r\nhello!\r\n`)
  const answer = await client.response()
  assert.deepEqual([answer.status, answer.body, answer.complete], [200, 'old', true])
  assert.match(answer.field('cache-status') ?? '', /response_bad/)
  // Its server has failed a moment ago: it is not asked again at once.
  assert.equal((await client.get('/').response()).body, 'old')
  assert.equal(origin.connections, 1)
  client.socket.destroy()
  await settled(hg.gate)
})

test('those who follow a fetch that is broken before anything of it has gone out get an answer too', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { cache: {} } })
  const clients = await Promise.all([1, 2, 3].map(() => Client.connect(hg.port)))
  for (const client of clients) client.get('/')
  let answered = 0
  const answers = Promise.all(
    clients.map(async (client) => {
      const answer = await client.response()
      answered++
      return answer
    }),
  )
  const { peer } = await origin.asked()
  await requestsBegun(hg.gate, 3)
  peer.send(`${CHUNKED}5\r\nhello!\r\n`)
  // One of them may take the fetch over.
  const serve = async (): Promise<void> => {
    while (answered < 3) (await origin.asked()).peer.send(ok('well', 'Cache-Control: max-age=60\r\n'))
  }
  void serve().catch(() => {})
  for (const answer of await answers) {
    assert.ok(answer.complete)
    assert.match(verdictOf(answer), /^(200|502 response_(bad|cut))$/)
  }
  for (const client of clients) client.socket.destroy()
  await settled(hg.gate)
})

test('a trailer field that may not be one is dropped from a response that is right otherwise, and the rest passes', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  let peer: Peer | undefined
  for (const forbidden of [
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
    'transfer_encoding: chunked',
    'Host: x',
    'Set-Cookie: a=b',
    'Authorization: x',
    'Content-Type: text/html',
    'Cache-Control: no-store',
    'Proxy: http://evil.test/',
  ]) {
    client.get('/')
    peer ??= await origin.next()
    await peer.until('\r\n\r\n')
    peer.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${forbidden}\r\nX-Sum: 1\r\n\r\n`)
    const answer = await client.response()
    assert.deepEqual([answer.body, answer.trailers, answer.complete], ['ok', 'X-Sum: 1\r\n', true], forbidden)
  }
  assert.equal(origin.connections, 1)
})

test('a trailer field that frames a message is refused from a client, as only an attack has one', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const field of ['Content-Length: 3', 'Transfer-Encoding: chunked', 'Transfer_Encoding: chunked']) {
    using client = await Client.connect(hg.port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${field}\r\n\r\n`)
    assert.equal(verdictOf(await client.response()), '400 chunk_bad', field)
  }
})

test('the log of a broken body names the fault and the status that the client got', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await logged(
    `listeners: { web: { bind: '127.0.0.1:0' } }\npools: { shop: { servers: ['${origin.address}'] } }\nroutes: [{ to: shop }]\nthreads: 1\naccessLog: { to: LOG, format: json }\n`,
  )
  using client = await Client.connect(hg.port)
  client.get('/')
  ;(await origin.asked()).peer.send(`${CHUNKED}5\r\nhello!\r\n`)
  const { body } = await client.response()
  const [line] = await hg.log()
  assert.deepEqual([line?.status, line?.cause, line?.end], [502, 'response_bad', 'PD'])
  assert.equal(line?.diagnosis?.detail, 'chunk longer than its size')
  assert.ok(line?.bytesOut > body.length, 'what went out is counted, not what was taken back')
})
