/** Tunnels: upgraded connections and CONNECT. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, fetchOnce } from '../../kit/client.ts'
import { front, ok, type Plain, VIA } from '../../kit/front.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { settled, until, verdictOf } from '../../kit/settle.ts'

const ASK =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n'
const ASKED = `GET /chat HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${VIA}`
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
/** Every byte there is. */
const BYTES = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')

/** An open tunnel through a Headgate before `origin`. */
async function tunnel(origin: RawOrigin, plain: Plain = {}) {
  const hg = await front(origin, plain)
  const client = (await Client.connect(hg.port)).send(ASK)
  const { peer, head } = await origin.asked()
  assert.equal(head, ASKED)
  peer.send(SWITCH)
  assert.equal(await client.until('\r\n\r\n'), SWITCHED)
  return {
    hg,
    client,
    peer,
    async [Symbol.asyncDispose]() {
      client.socket.destroy()
      await hg[Symbol.asyncDispose]()
    },
  }
}

/** Both ends of a tunnel, each as the one that speaks first. */
function ways({ client, peer }: { client: Client; peer: Peer }): readonly (readonly [Client, Client])[] {
  return [
    [client, peer],
    [peer, client],
  ]
}

test('an upgraded connection carries any bytes both ways, as a stream and no longer as a request', async () => {
  await using origin = await RawOrigin.listen()
  await using t = await tunnel(origin)
  for (const [from, to] of ways(t)) {
    for (let i = 0; i < 3; i++) {
      from.send(BYTES)
      assert.equal(await to.bytes(256), BYTES)
    }
  }
  const pool = t.hg.gate.usage().pools[0]
  assert.equal(pool?.streams.inUse, 1)
  assert.equal(pool?.inUse, 0)
  assert.equal(pool?.servers[0]?.inUse, 0)
  t.client.end()
  assert.equal(await t.peer.closed(), '')
  t.peer.end()
  assert.equal(await t.client.closed(), '')
  await settled(t.hg.gate)
  assert.deepEqual(t.hg.gate.usage().causes, {})
})

test('bytes right behind the request and right behind the 101 are the tunnel’s', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(`${ASK}GET /not-a-request HTTP/1.1\r\n\r\n`)
  const { peer } = await origin.asked()
  peer.send(`${SWITCH}HTTP/1.1 200 not a response\r\n\r\n`)
  assert.equal(await client.until('not a response\r\n\r\n'), `${SWITCHED}HTTP/1.1 200 not a response\r\n\r\n`)
  assert.equal(await peer.until('\r\n\r\n'), 'GET /not-a-request HTTP/1.1\r\n\r\n')
  assert.equal(hg.gate.usage().requests, 1)
})

test('when one side has said its last word the other may go on', async () => {
  for (const which of [0, 1] as const) {
    await using origin = await RawOrigin.listen()
    await using t = await tunnel(origin)
    const [from, to] = ways(t)[which] as [Client, Client]
    from.send('last word').end()
    assert.equal(await to.closed(), 'last word')
    to.send('and').send(' another')
    assert.equal(await from.bytes(11), 'and another')
    to.end()
    assert.equal(await from.closed(), '')
    assert.equal(from.error, null)
    assert.equal(to.error, null)
    await settled(t.hg.gate)
  }
})

test('what a side has sent before it closed arrives, however much it is, however slowly it is taken, whoever closes first', async () => {
  const much = 'x'.repeat(1_000_000)
  for (const which of [0, 1] as const) {
    for (const takerFirst of [true, false]) {
      await using origin = await RawOrigin.listen()
      await using t = await tunnel(origin)
      const [from, to] = ways(t)[which] as [Client, Client]
      to.socket.pause()
      if (takerFirst) {
        to.end()
        assert.equal(await from.closed(), '')
      }
      const out = new Promise<void>((resolve) => from.socket.on('finish', resolve))
      for (let i = 0; i < 6; i++) from.send(much)
      from.end()
      if (!takerFirst) {
        to.end()
        assert.equal(await from.closed(), '')
      }
      to.socket.resume()
      assert.equal((await to.closed()).length, 6_000_000)
      await out
      assert.equal(to.error, null)
      assert.equal(from.error, null)
      await settled(t.hg.gate)
      assert.deepEqual(t.hg.gate.usage().causes, {})
    }
  }
})

test('a client that half-closes with its request is half-closed at the server too', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const behind of ['hello', '']) {
    using client = await Client.connect(hg.port)
    client.send(`${ASK}${behind}`).end()
    const { peer } = await origin.asked()
    peer.send(SWITCH)
    assert.equal(await client.until('\r\n\r\n'), SWITCHED)
    assert.equal(await peer.closed(), behind)
    peer.send('bye').end()
    assert.equal(await client.closed(), 'bye')
    await settled(hg.gate)
  }
})

test('a tunnel that breaks on one side is broken on the other', async () => {
  for (const which of [0, 1] as const) {
    await using origin = await RawOrigin.listen()
    await using t = await tunnel(origin)
    const [from, to] = ways(t)[which] as [Client, Client]
    from.send('half a frame')
    await to.bytes(12)
    from.reset()
    await to.closed()
    assert.equal((to.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET', which === 0 ? 'client' : 'server')
    await settled(t.hg.gate)
    assert.deepEqual(t.hg.gate.usage().causes, which === 0 ? { client_gone: 1 } : { response_cut: 1 })
  }
})

test('an upgrade that the server declines is a request like any other', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { pool: { streams: { max: 1 } } })
  using client = await Client.connect(hg.port)
  client.send(ASK)
  const peer = await origin.next()
  for (let i = 0; i < 3; i++) {
    if (i > 0) client.send(ASK)
    assert.equal(await peer.until('\r\n\r\n'), ASKED)
    peer.send(ok('no'))
    const answer = await client.response()
    assert.equal(answer.body, 'no')
    assert.equal(answer.field('connection'), null)
    assert.equal(hg.gate.usage().pools[0]?.streams.inUse, 0)
  }
  // 426 may name what it would take.
  client.get('/')
  await peer.until('\r\n\r\n')
  peer.send('HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await client.response()).status, 426)
  assert.equal(origin.connections, 1)
})

test('a route passes on the upgrades it allows and takes the others for plain requests', async () => {
  const scenes = [
    { upgrade: undefined, asked: 'websocket', passes: true },
    { upgrade: undefined, asked: 'WebSocket', passes: true },
    { upgrade: undefined, asked: 'h2c', passes: false },
    { upgrade: undefined, asked: 'websocket, h2c', passes: false },
    { upgrade: false, asked: 'websocket', passes: false },
    { upgrade: true, asked: 'foo/2, bar', passes: true },
    { upgrade: true, asked: 'h2c', passes: false },
    { upgrade: true, asked: 'websocket, HTTP/2.0', passes: false },
    { upgrade: ['websocket', 'h2c'], asked: 'h2c', passes: false },
    { upgrade: ['foo', 'websocket'], asked: 'foo', passes: true },
    { upgrade: ['foo', 'websocket'], asked: 'bar', passes: false },
  ]
  for (const { upgrade, asked, passes } of scenes) {
    await using origin = await RawOrigin.listen()
    await using hg = await front(origin, { route: upgrade === undefined ? {} : { upgrade } })
    using client = await Client.connect(hg.port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: ${asked}\r\n\r\n`)
    const { peer, head } = await origin.asked()
    const own = passes ? `Connection: upgrade\r\nUpgrade: ${asked}\r\n` : ''
    assert.equal(head, `GET / HTTP/1.1\r\nHost: a\r\n${own}${VIA}`)
    peer.send(ok('plain'))
    assert.equal((await client.response()).body, 'plain')
  }
})

test('Upgrade that Connection does not name, or of HTTP/1.0, is not passed on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const request of [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]) {
    using client = await Client.connect(hg.port)
    client.send(request)
    const { peer, head } = await origin.asked()
    assert.doesNotMatch(head, /upgrade/i)
    peer.send(ok('plain', 'Connection: close\r\n'))
    assert.equal((await client.response()).body, 'plain')
  }
})

test('a 101 that nobody asked for, that names no protocol, or that comes before the request is complete, is a bad response', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const half = ASK.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhe')
  const scenes = [
    ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', SWITCH],
    [ASK, 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    [ASK, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
    [half, SWITCH],
  ] as const
  for (const [request, response] of scenes) {
    using client = await Client.connect(hg.port)
    client.send(request)
    const { peer } = await origin.asked()
    peer.send(response)
    assert.equal(verdictOf(await client.response()), '502 response_bad')
    assert.doesNotMatch(await peer.closed(), /^HTTP/)
  }
  await until(() => hg.gate.usage().pools[0]?.streams.inUse === 0)
})

/** A request that a server would answer, as a tunnel's first bytes. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

/** A Headgate, and what becomes of requests there: the refusal, and the server's status ('': it is not asked). */
type Scene = readonly [Plain, readonly (readonly [refusal: string, status: string])[]]

/** A refusal after which the connection ends, whatever the client sends then. */
async function refusedForGood(client: Client, refusal: string): Promise<void> {
  const answer = await client.response()
  assert.equal(verdictOf(answer), refusal)
  assert.equal(answer.field('connection'), 'close')
  client.send(SMUGGLED)
  assert.equal(await client.closed(), '')
  assert.equal(client.error, null)
}

test('a CONNECT that is refused ends the connection, and what follows it is not read as requests, whoever refuses it and why', async () => {
  await using origin = await RawOrigin.listen()
  const scenes: readonly Scene[] = [
    [{}, [['405 method_refused', '']]],
    [{ route: { host: 'other.test' } }, [['404 no_route', '']]],
    [
      { route: { connect: true } },
      [
        ['403', '403 Forbidden'],
        ['407', '407 Proxy Authentication Required'],
        ['304', '304 Not Modified'],
        ['500', '500 Oops'],
        ['502 response_bad', '101 Switching Protocols'],
      ],
    ],
    [{ route: { connect: true, cache: {} } }, [['403', '403 Forbidden']]],
  ]
  for (const [plain, refusals] of scenes) {
    await using hg = await front(origin, plain)
    for (const [refusal, status] of refusals) {
      for (const behind of ['', SMUGGLED]) {
        using client = await Client.connect(hg.port)
        client.send(`CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n${behind}`)
        const peer = status === '' ? null : (await origin.asked()).peer
        peer?.send(`HTTP/1.1 ${status}\r\nUpgrade: x\r\nConnection: upgrade, close\r\nContent-Length: 4\r\n\r\n`)
        if (!/^[13]/.test(status)) peer?.send('nope')
        await refusedForGood(client, refusal)
        if (peer !== null) assert.equal(await peer.closed(), '', 'nothing of the tunnel reaches the server')
      }
    }
    assert.equal(hg.gate.usage().requests, refusals.length * 2, 'nothing behind them was a request')
    await settled(hg.gate)
  }
})

test('an Upgrade that is refused while bytes lie behind the request ends the connection, and they are not read as requests', async () => {
  await using origin = await RawOrigin.listen()
  const scenes: readonly Scene[] = [
    [
      {},
      [
        ['200', '200 OK'],
        ['403', '403 Forbidden'],
        ['502 response_bad', '101 Switching Protocols'],
      ],
    ],
    [{ route: { upgrade: false } }, [['200', '200 OK']]],
    [{ route: { cache: {} } }, [['200', '200 OK']]],
    [{ route: { host: 'other.test' } }, [['404 no_route', '']]],
  ]
  for (const [plain, refusals] of scenes) {
    await using hg = await front(origin, plain)
    for (const [refusal, status] of refusals) {
      using client = await Client.connect(hg.port)
      client.send(ASK + SMUGGLED)
      if (status !== '') {
        const { peer } = await origin.asked()
        peer.send(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      }
      await refusedForGood(client, refusal)
    }
    assert.equal(hg.gate.usage().requests, refusals.length, 'nothing behind them was a request')
    await settled(hg.gate)
  }
})

test('bytes behind a request with an Upgrade that come while its answer is on the way are not read as requests either', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(ASK)
  const { peer } = await origin.asked()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')
  await client.until('ha')
  client.send(SMUGGLED)
  // Once another client, who came later, has got its answer, these bytes have been read.
  assert.equal(verdictOf(await fetchOnce(hg.port, 'nonsense\r\n\r\n')), '400 request_line_bad')
  peer.send('lf')
  assert.equal(await client.closed(), 'lf')
  assert.equal(origin.connections, 1)
  assert.equal(peer.pending, '')
})

test('a client that waits for the answer to its Upgrade keeps its connection', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { upgrade: false } })
  using client = await Client.connect(hg.port)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  const { peer } = await origin.asked()
  peer.send(ok('plain'))
  const answer = await client.response()
  assert.deepEqual([answer.body, answer.field('connection')], ['plain', null])
  // Requests behind a request without Upgrade are pipelined as ever.
  client.get('/1').get('/2')
  for (const path of ['/1', '/2']) {
    assert.match(await peer.until('\r\n\r\n'), new RegExp(`^GET ${path} `))
    peer.send(ok(path))
    assert.equal((await client.response()).body, path)
  }
})

test('a 101 to a protocol that the client did not offer is not passed on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { upgrade: true } })
  for (const [offered, switched, passes] of [
    ['websocket', 'h2c', false],
    ['websocket', 'websocket, h2c', false],
    ['foo/1, bar', 'foo/2', false],
    ['websocket', 'WebSocket', true],
    ['foo/1, bar', 'Bar, FOO/1', true],
  ] as const) {
    using client = await Client.connect(hg.port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${offered}\r\n\r\n`)
    const { peer } = await origin.asked()
    peer.send(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${switched}\r\n\r\nmore`)
    const answer = await client.response()
    if (passes) {
      assert.deepEqual([answer.status, answer.field('upgrade')], [101, switched])
      assert.equal(await client.bytes(4), 'more')
    } else {
      assert.equal(verdictOf(answer), '502 response_bad', switched)
      assert.equal(await peer.closed(), '')
      // Nothing came behind its request: the client may go on.
      client.get('/next')
      const next = await origin.asked()
      assert.match(next.head, /^GET \/next /)
      next.peer.send(ok('next', 'Connection: close\r\n'))
      assert.equal((await client.response()).body, 'next')
    }
  }
})

test('an allowed CONNECT opens a tunnel when the server says so, whatever framing its answer claims', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { connect: true } })
  using client = await Client.connect(hg.port)
  client.send('CONNECT db.test:5432 HTTP/1.1\r\nHost: other:1\r\n\r\nbehind')
  const { peer, head } = await origin.asked()
  assert.equal(head, `CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n${VIA}`)
  peer.send('HTTP/1.1 200 Established\r\nContent-Length: 3\r\nVia: 1.1 x\r\n\r\nat once')
  assert.equal(await client.until('at once'), 'HTTP/1.1 200 Established\r\nVia: 1.1 x\r\n\r\nat once')
  assert.equal(await peer.until('behind'), 'behind')
  peer.send(BYTES)
  assert.equal(await client.bytes(256), BYTES)
  client.end()
  assert.equal(await peer.closed(), '')
  peer.end()
  assert.equal(await client.closed(), '')
  await settled(hg.gate)
})
