/** Servers' responses are read as strictly as requests: what is bad is answered with 502, what is cut is cut, what is too much reaches nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { logged } from '../../kit/logged.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { settled, until, verdictOf } from '../../kit/settle.ts'

const bad: Readonly<Record<string, readonly string[]>> = {
  '502 response_bad': [
    'garbage\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2p1\r\n',
    '\x15\x03\x01\x00\x02\x02\x46', // an alert of TLS
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 600 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 200 O\0K\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX : y\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: y\r\n folded\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nrubbish',
  ],
  '502 response_transfer_coding': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nxyz',
  ],
  '502 response_head_too_large': [
    `HTTP/1.1 200 ${'x'.repeat(300)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}`,
    `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20)}\r\n`,
  ],
  '502 response_cut': [
    '',
    'HTTP/1.1 200 O',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n',
    'HTTP/1.1 103 Early Hints\r\n\r\n',
  ],
}

test('every way in which a response’s head can be wrong is answered with 502 and its cause, and the client’s connection goes on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { pool: { limits: { line: '256B', head: '1000B', fields: 16 } } })
  using client = await Client.connect(hg.port)
  for (const [expected, all] of Object.entries(bad)) {
    for (const bytes of all) {
      client.get('/')
      const { peer } = await origin.asked()
      peer.send(bytes)
      if (expected.endsWith('cut')) peer.end()
      if (bytes.includes('103')) assert.equal((await client.response()).status, 103)
      const answer = await client.response()
      assert.equal(verdictOf(answer), expected, JSON.stringify(bytes))
      assert.equal(answer.field('connection'), null)
      await peer.closed()
    }
  }
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(ok('well'))
  assert.equal((await client.response()).body, 'well')
})

/** How a server can leave in the middle, and what the client has got by then. */
const cuts: readonly {
  readonly name: string
  readonly said: string
  leave(peer: Peer): void
  readonly body: string
}[] = [
  {
    name: 'FIN within a length',
    said: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello',
    leave: (p) => p.end(),
    body: 'hello',
  },
  {
    name: 'RST within a length',
    said: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello',
    leave: (p) => p.reset(),
    body: 'hello',
  },
  {
    name: 'FIN between chunks',
    said: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    leave: (p) => p.end(),
    body: 'hello',
  },
  {
    name: 'FIN within a chunk',
    said: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello',
    leave: (p) => p.end(),
    body: 'hello',
  },
  {
    name: 'FIN before the last CRLF',
    said: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
    leave: (p) => p.end(),
    body: 'hello',
  },
  {
    name: 'RST before any body',
    said: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
    leave: (p) => p.reset(),
    body: '',
  },
]

test('a response cut short is seen as cut short, however it is framed and however the server leaves', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const { name, said, leave, body } of cuts) {
    using client = await Client.connect(hg.port)
    client.get('/')
    const { peer } = await origin.asked()
    peer.send(said)
    // What has come is with the client before the server leaves.
    await until(() => client.pending.includes(`\r\n\r\n`) && client.pending.includes(body))
    leave(peer)
    const answer = await client.response()
    assert.equal(answer.complete, false, name)
    assert.match(answer.body, new RegExp(`^(${body})?$`), name)
    await client.closed()
    assert.equal((client.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET', name)
  }
  assert.equal(hg.gate.usage().causes.response_cut, cuts.length)
  await settled(hg.gate)
})

test('bad framing in the middle of a body cuts the response', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const rest of ['x\r\n', '5 \r\nhello\r\n', '5\r\nhello!\r\n', '0\r\nX : y\r\n\r\n']) {
    using client = await Client.connect(hg.port)
    client.get('/')
    const { peer } = await origin.asked()
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await until(() => client.pending.includes('abc\r\n'))
    peer.send(rest)
    const answer = await client.response()
    assert.equal(answer.complete, false, JSON.stringify(rest))
    await client.closed()
    await peer.closed()
  }
  assert.equal(hg.gate.usage().causes.response_bad, 4)
})

test('bytes after a response never reach the next client, and their connection is not used again', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
  const ends = [
    ok('good'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  ]
  using client = await Client.connect(hg.port)
  for (const [i, end] of ends.entries()) {
    client.get(`/${i}`)
    const { peer } = await origin.asked()
    peer.send(end + evil)
    const answer = await client.response()
    assert.equal(answer.status, Number(end.slice(9, 12)))
    assert.equal(await peer.closed(), '')
    assert.equal(client.pending, '')
  }
  client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
  const { peer } = await origin.asked()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody')
  assert.equal((await client.response('HEAD')).status, 200)
  assert.equal(await peer.closed(), '')
  assert.equal(client.pending, '')
})

test('bytes that come on an idle connection close it, and are no answer to the next request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1')
  const first = await origin.asked()
  first.peer.send(ok('1'))
  assert.equal((await client.response()).body, '1')
  first.peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  assert.equal(await first.peer.closed(), '')
  client.get('/2')
  const second = await origin.asked()
  assert.match(second.head, /^GET \/2 /)
  second.peer.send(ok('2'))
  assert.equal((await client.response()).body, '2')
})

test('a server that speaks before it is asked is left', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')
  const { peer } = await origin.asked()
  // An answer before the body is there is an early one; what follows it is nobody's.
  peer.send(`${ok('early')}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
  const answer = await client.response()
  assert.equal(answer.body, 'early')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  assert.equal(await peer.closed(), '')
})

test('fields of one hop and those that Connection names do not reach the client', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(
    'HTTP/1.1 200 OK\r\nDate: x\r\nConnection: keep-alive, X-Hop, Set-Cookie, Content-Length\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nSet-Cookie: a=b\r\n' +
      'Proxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nUpgrade: h2\r\nTE: x\r\nTrailer: X\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok',
  )
  assert.equal(
    await client.until('\r\n\r\nok'),
    'HTTP/1.1 200 OK\r\nDate: x\r\nSet-Cookie: a=b\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok',
  )
})

test('the log names what was wrong with a response', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await logged(
    `listeners: { web: { bind: '127.0.0.1:0' } }\npools: { shop: { servers: ['${origin.address}'] } }\nroutes: [{ to: shop }]\nthreads: 1\naccessLog: { to: LOG, format: json }\n`,
  )
  using client = await Client.connect(hg.port)
  client.get('/a')
  ;(await origin.asked()).peer.send('HTTP/1.1 200 OK\r\nX: y\r\nZ : z\r\n\r\n')
  await client.response()
  client.get('/b')
  const { peer } = await origin.asked()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello')
  await client.until('hello')
  peer.end()
  await client.closed()
  const lines = await hg.log()
  assert.deepEqual(
    lines.map(({ target, status, cause, end, diagnosis }) => [
      target,
      status,
      cause,
      end,
      diagnosis?.gate,
      diagnosis?.detail,
    ]),
    [
      ['/a', 502, 'response_bad', 'PH', `server ${origin.address}`, 'field 2: space before the colon'],
      [
        '/b',
        200,
        'response_cut',
        'XD',
        `server ${origin.address}`,
        'the server closed the connection before its response was complete',
      ],
    ],
  )
})
