/**
 * Every timeout: comes at its time, with its own cause and status, frees what was held, and disturbs nobody else. While
 * each story goes on another client makes slow but steady progress beside it, up and down, on the same thread.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { DeafServer } from '../../kit/deaf.ts'
import { Farm } from '../../kit/farm.ts'
import { type Logged, type LogLine, lineOf, logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { meanwhile, settled, until, verdictOf } from '../../kit/settle.ts'
import { takes } from '../../kit/stopwatch.ts'

/** A Headgate of one thread whose route `/` leads to `server`; settings in the flow style of YAML. */
const yaml = (server: string, drip: Origin, { pool = '', listener = '' } = {}): string => `threads: 1
listeners: { web: { bind: "127.0.0.1:0"${listener === '' ? '' : `, ${listener}`} } }
accessLog: LOG
pools:
  shop: { servers: [${server}]${pool === '' ? '' : `, ${pool}`} }
  steady: { servers: ["${drip.address}"], timeouts: { firstByte: 1s, betweenBytes: 1s } }
routes:
  - { to: shop }
  - { to: steady, path: /steady }
`

/** A server whose answers come in drops. */
function dripping(): Promise<Origin> {
  return Origin.listen(async (asked) => {
    asked.say(`HTTP/1.1 200 OK\r\nContent-Length: ${asked.body.length}\r\n\r\n`)
    for (const drop of asked.body) {
      await meanwhile(30)
      asked.say(drop)
    }
  })
}

/** Someone who sends slowly and gets its answer slowly, for some 400 ms, all beside the story. */
function steady(port: number): Promise<void> {
  const done = steadily(port)
  done.catch(() => {}) // when the story itself fails that is to be told, not that this one ended with it
  return done
}

async function steadily(port: number): Promise<void> {
  using client = await Client.connect(port)
  client.send('POST /steady HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 6\r\n\r\n')
  for (const drop of '012345') {
    await meanwhile(30)
    client.send(drop)
  }
  const answer = await client.response()
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '012345')
}

interface Expected {
  readonly cause: string
  readonly status: number
  readonly end: string
  readonly gate: string
  readonly setting: string
  readonly limit: number
}

/** The one line of the log that is not of the steady one, which has to go well; and all there is to say of a timeout. */
async function told(hg: Logged, text: string, expected: Expected): Promise<LogLine> {
  await settled(hg.gate)
  const lines = await hg.log()
  const line = lines.find(({ target }) => target !== '/steady')
  assert.equal(lines.length, 2)
  assert.deepEqual(
    lines.filter(({ cause }) => cause !== null),
    [line],
    'nobody else was disturbed',
  )
  assert.ok(line !== undefined)
  const { diagnosis } = line
  const setting = expected.setting.split('.').at(-1) ?? ''
  assert.deepEqual(
    {
      cause: line.cause,
      status: line.status,
      end: line.end,
      gate: diagnosis?.gate,
      setting: diagnosis?.setting,
      limit: diagnosis?.limit,
      place: diagnosis?.place,
    },
    { ...expected, place: `headgate.yaml:${lineOf(text, `${setting}: ${expected.limit}ms`)}` },
  )
  const observed = diagnosis?.observed ?? -1
  assert.ok(observed >= expected.limit && observed < expected.limit + 1000, `observed ${observed}`)
  assert.match(diagnosis?.advice ?? '', /\w/)
  assert.match(line.incident ?? '', /^[0-9A-Z]{14}$/)
  return line
}

test('a server that does not take the connection: 504 connect_timeout', async () => {
  await using deaf = await DeafServer.listen()
  await using drip = await dripping()
  const text = yaml(`"${deaf.address}"`, drip, { pool: 'timeouts: { connect: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  const answer = await takes(200, () => client.get('/').response())
  assert.equal(verdictOf(answer), '504 connect_timeout')
  assert.match(answer.head, /Proxy-Status: headgate-\w+; error=connection_timeout; /)
  await beside
  client.end()
  const line = await told(hg, text, {
    cause: 'connect_timeout',
    status: 504,
    end: 'TC',
    gate: `server ${deaf.address}`,
    setting: 'pools.shop.timeouts.connect',
    limit: 200,
  })
  assert.equal(line.connectMs, null)
  assert.equal(line.firstByteMs, null)
})

test('after connect the next server is tried, and only the time of the first is lost', async () => {
  await using deaf = await DeafServer.listen()
  await using farm = await Farm.listen(1)
  await using drip = await dripping()
  const servers = `"${deaf.address}", "${farm.address('a')}"`
  await using hg = await logged(yaml(servers, drip, { pool: 'balance: first, timeouts: { connect: 200ms }' }))
  using client = await Client.connect(hg.port)
  const answer = await takes(200, () => client.get('/').response())
  assert.equal(answer.body, 'a')
  client.end()
  await settled(hg.gate)
  const [line] = await hg.log()
  assert.deepEqual([line?.retries, line?.redispatched, line?.cause], [1, true, null])
  assert.ok((line?.connectMs ?? 999) < 150, 'the time of the connection that was made in the end')
  assert.ok((line?.totalMs ?? 0) >= 200)
})

test('nothing becomes free: 503 queue_timeout', async () => {
  await using farm = await Farm.listen(1, true)
  await using drip = await dripping()
  const text = yaml(`{ address: "${farm.address('a')}", maxConnections: 1 }`, drip, {
    pool: 'queue: { max: 5, timeout: 200ms }',
  })
  await using hg = await logged(text)
  using first = await Client.connect(hg.port)
  first.get('/steady') // any line that goes well; this one never ends before the story does
  const beside = steady(hg.port)
  using holder = await Client.connect(hg.port)
  holder.get('/hold')
  await farm.came(1)
  using client = await Client.connect(hg.port)
  const answer = await takes(200, () => client.get('/').response())
  assert.equal(verdictOf(answer), '503 queue_timeout')
  assert.match(answer.field('retry-after') ?? '', /^\d+$/)
  farm.releaseAll()
  assert.equal((await holder.response()).status, 200)
  await beside
  for (const each of [first, holder, client]) each.end()
  await settled(hg.gate)
  const line = (await hg.log()).find(({ cause }) => cause !== null)
  assert.equal(line?.end, 'QQ')
  assert.ok((line.queueMs ?? 0) >= 199 && (line.queueMs ?? 0) < 1000)
  assert.deepEqual(
    [line.diagnosis?.gate, line.diagnosis?.setting, line.diagnosis?.limit, line.diagnosis?.place],
    ['pool shop', 'pools.shop.queue.timeout', 200, `headgate.yaml:${lineOf(text, 'timeout: 200ms')}`],
  )
})

test('a server that does not begin to answer: 504 first_byte_timeout', async () => {
  await using origin = await Origin.listen()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { firstByte: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  const answer = await takes(200, () => client.get('/').response())
  assert.equal(verdictOf(answer), '504 first_byte_timeout')
  assert.equal(answer.field('connection'), null, 'the client’s connection goes on')
  await until(() => origin.open === 0)
  await beside
  client.end()
  const line = await told(hg, text, {
    cause: 'first_byte_timeout',
    status: 504,
    end: 'TH',
    gate: `server ${origin.address}`,
    setting: 'pools.shop.timeouts.firstByte',
    limit: 200,
  })
  assert.equal(line.firstByteMs, null)
})

test('the time to the first byte begins when the request was sent completely', async () => {
  await using origin = await Origin.listen()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { firstByte: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  client.send('PUT / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 6\r\n\r\n')
  for (const drop of '01234') {
    client.send(drop)
    await meanwhile(60)
  }
  const answer = await takes(200, () => client.send('5').response())
  assert.equal(verdictOf(answer), '504 first_byte_timeout')
  await beside
  client.end()
  const line = await told(hg, text, {
    cause: 'first_byte_timeout',
    status: 504,
    end: 'TH',
    gate: `server ${origin.address}`,
    setting: 'pools.shop.timeouts.firstByte',
    limit: 200,
  })
  assert.ok((line.diagnosis?.observed ?? 0) < 350, 'the upload is no part of it')
})

for (const [framing, head, got] of [
  ['by length', 'Content-Length: 1000\r\n\r\nhalf', 'half'],
  ['by chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'half'],
] as const) {
  test(`a response framed ${framing} that pauses: cut for the client, between_bytes_timeout`, async () => {
    await using origin = await Origin.listen((asked) => asked.say(`HTTP/1.1 200 OK\r\n${head}`))
    await using drip = await dripping()
    const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { betweenBytes: 200ms }' })
    await using hg = await logged(text)
    using client = await Client.connect(hg.port)
    const beside = steady(hg.port)
    await takes(200, async () => {
      const cut = await client.get('/').response()
      assert.deepEqual([cut.status, cut.body, cut.complete], [200, got, false])
    })
    assert.equal((client.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET')
    await until(() => origin.open === 0)
    await beside
    await told(hg, text, {
      cause: 'between_bytes_timeout',
      status: 200,
      end: 'TD',
      gate: `server ${origin.address}`,
      setting: 'pools.shop.timeouts.betweenBytes',
      limit: 200,
    })
  })
}

test('a server that does not read the request: 504 send_timeout', async () => {
  await using origin = await silent()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { betweenBytes: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  const began = performance.now()
  // More than the kernel keeps on both ways together.
  const length = 64 * 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${length}\r\n\r\n`)
  const piece = Buffer.alloc(1024 * 1024, 'x')
  let sent = 0
  const more = (): void => {
    while (sent < length) {
      sent += piece.length
      if (!client.socket.write(piece)) {
        client.socket.once('drain', more)
        return
      }
    }
  }
  more()
  const answer = await client.response()
  const took = performance.now() - began
  assert.equal(verdictOf(answer), '504 send_timeout')
  assert.ok(took >= 200 && took < 4000, `${took} ms, filling all buffers included`)
  assert.ok(sent < length, 'it is not stored anywhere')
  assert.equal(answer.field('connection'), 'close')
  await beside
  client.reset()
  await told(hg, text, {
    cause: 'send_timeout',
    status: 504,
    end: 'TH',
    gate: `server ${origin.address}`,
    setting: 'pools.shop.timeouts.betweenBytes',
    limit: 200,
  })
})

test('a head that does not end: 408 client_header_timeout, however steadily it drips', async () => {
  await using drip = await dripping()
  const text = yaml('"127.0.0.1:1"', drip, { listener: 'timeouts: { header: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  const dripper = setInterval(() => client.send('X-Drip: 1\r\n'), 20)
  const answer = await takes(200, () => client.send('GET /slow HTTP/1.1\r\nHost: shop.test\r\n').response())
  clearInterval(dripper)
  assert.equal(verdictOf(answer), '408 client_header_timeout')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  client.end()
  await beside
  const line = await told(hg, text, {
    cause: 'client_header_timeout',
    status: 408,
    end: 'cR',
    gate: 'listener web',
    setting: 'listeners.web.timeouts.header',
    limit: 200,
  })
  assert.deepEqual([line.method, line.target, line.server], ['', '', null])
  assert.ok(line.bytesIn >= 'GET /slow HTTP/1.1\r\nHost: shop.test\r\n'.length)
})

test('of a head that did not end nothing is known, least of all what others have asked for meanwhile', async () => {
  await using farm = await Farm.listen(1)
  await using drip = await dripping()
  const text = yaml(`"${farm.address('a')}"`, drip, { listener: 'timeouts: { header: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  client.send('GET /mine HTTP/1.1\r\n')
  using other = await Client.connect(hg.port)
  for (let i = 0; i < 5; i++) await other.send('HEAD /theirs HTTP/1.1\r\nHost: shop.test\r\n\r\n').response('HEAD')
  const answer = await client.response()
  assert.equal(verdictOf(answer), '408 client_header_timeout')
  assert.notEqual(answer.body, '', 'it did not ask with HEAD')
  for (const each of [client, other]) each.end()
  const line = (await hg.log()).find(({ cause }) => cause !== null)
  assert.deepEqual([line?.method, line?.target, line?.bytesIn], ['', '', 'GET /mine HTTP/1.1\r\n'.length])
})

test('a body that pauses: 408 client_body_timeout, and the server is left', async () => {
  await using origin = await RawOrigin.listen()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { listener: 'timeouts: { body: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  client.send('POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\n123')
  const { peer } = await origin.asked()
  assert.equal(await peer.bytes(3), '123')
  const answer = await takes(200, () => client.send('4').response())
  assert.equal(verdictOf(answer), '408 client_body_timeout')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await peer.closed(), '4')
  await client.closed()
  client.end()
  await beside
  await told(hg, text, {
    cause: 'client_body_timeout',
    status: 408,
    end: 'cH',
    gate: 'listener web',
    setting: 'listeners.web.timeouts.body',
    limit: 200,
  })
})

test('a client that does not read its response: dropped as client_stalled, and its slot is free', async () => {
  await using origin = await pouring()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { listener: 'timeouts: { send: 200ms }' })
  await using hg = await logged(text)
  const client = connect({ port: hg.port, host: '127.0.0.1' })
  client.on('error', () => {})
  await once(client, 'connect')
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n')
  await until(() => hg.gate.usage().pools[0]?.inUse === 1)
  const beside = steady(hg.port)
  const began = performance.now()
  await until(() => hg.gate.usage().pools[0]?.inUse === 0)
  assert.ok(performance.now() - began < 1500, 'it pours for some moments until all buffers are full')
  await beside
  await until(() => hg.gate.usage().listeners[0]?.inUse === 0)
  const line = await told(hg, text, {
    cause: 'client_stalled',
    status: 200,
    end: 'cD',
    gate: 'listener web',
    setting: 'listeners.web.timeouts.send',
    limit: 200,
  })
  assert.ok(line.bytesOut > 0)
  // Whatever it still finds in its buffers, it must not take it for the whole.
  let seen = 0
  client.on('data', (chunk) => {
    seen += chunk.length
  })
  client.resume()
  if (!client.closed) await new Promise((resolve) => client.on('close', resolve))
  assert.ok(client.errored !== null, 'it sees a reset')
  assert.ok(seen < 1 << 30)
})

test('a connection that says nothing is closed silently, before its first request and between two', async () => {
  await using farm = await Farm.listen(1)
  await using drip = await dripping()
  const text = yaml(`"${farm.address('a')}"`, drip, { listener: 'timeouts: { keepAlive: 200ms }' })
  await using hg = await logged(text)
  const beside = steady(hg.port)
  await takes(200, async () => {
    using client = await Client.connect(hg.port)
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
    client.end()
  })
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 3; i++) {
    await meanwhile(100)
    assert.equal((await client.get('/').response()).body, 'a')
  }
  await takes(195, async () => assert.equal(await client.closed(), ''))
  assert.equal(client.error, null)
  client.end()
  await beside
  await settled(hg.gate)
  assert.deepEqual((await hg.log()).map(({ target, cause }) => [target, cause]).toSorted(), [
    ['/', null],
    ['/', null],
    ['/', null],
    ['/steady', null],
  ])
})

test('a tunnel in which both sides are silent is closed on both, as tunnel_idle', async () => {
  await using origin = await RawOrigin.listen()
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { tunnelIdle: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
  const { peer } = await origin.asked()
  peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await client.until('\r\n\r\n')
  for (let i = 0; i < 3; i++) {
    // Either side alone keeps it alive.
    await meanwhile(100)
    client.send('up')
    assert.equal(await peer.bytes(2), 'up')
    await meanwhile(100)
    peer.send('down')
    assert.equal(await client.bytes(4), 'down')
  }
  await takes(195, async () => {
    await Promise.all([client.closed(), peer.closed()])
  })
  peer.end()
  await beside
  const line = await told(hg, text, {
    cause: 'tunnel_idle',
    status: 101,
    end: 'TD',
    gate: `server ${origin.address}`,
    setting: 'pools.shop.timeouts.tunnelIdle',
    limit: 200,
  })
  assert.ok(line.bytesOut > 12)
})

for (const [where, end] of [
  ['in the queue', 'TQ'],
  ['at the server', 'TH'],
] as const) {
  test(`total runs over everything and ends a request ${where}: 504 total_timeout`, async () => {
    await using farm = await Farm.listen(1, true)
    await using drip = await dripping()
    const text = yaml(`{ address: "${farm.address('a')}", maxConnections: 1 }`, drip, {
      pool: 'queue: { max: 5, timeout: 10s }, timeouts: { total: 500ms }',
    })
    await using hg = await logged(text)
    using client = await Client.connect(hg.port)
    const beside = steady(hg.port)
    hg.gate.setLimit('pools.shop.servers[0].maxConnections', 0)
    await takes(500, async () => {
      client.get('/')
      await until(() => hg.gate.usage().pools[0]?.waiting === 1)
      await meanwhile(150)
      if (end === 'TH') hg.gate.setLimit('pools.shop.servers[0].maxConnections', 1)
      assert.equal(verdictOf(await client.response()), '504 total_timeout')
    })
    assert.equal(farm.order.length, end === 'TH' ? 1 : 0)
    await beside
    client.end()
    const line = await told(hg, text, {
      cause: 'total_timeout',
      status: 504,
      end,
      gate: 'pool shop',
      setting: 'pools.shop.timeouts.total',
      limit: 500,
    })
    const queued = line.queueMs ?? 0
    assert.ok(end === 'TH' ? queued >= 140 && queued < 500 : queued >= 499, `queued ${queued}`)
  })
}

test('total ends a response that goes on too long: cut for the client', async () => {
  await using origin = await Origin.listen(async (asked) => {
    asked.say('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    for (let i = 0; i < 1000 && !asked.socket.destroyed; i++) {
      asked.say('x')
      await meanwhile(20)
    }
  })
  await using drip = await dripping()
  const text = yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { total: 200ms }' })
  await using hg = await logged(text)
  using client = await Client.connect(hg.port)
  const beside = steady(hg.port)
  await takes(200, async () => {
    const cut = await client.get('/').response()
    assert.deepEqual([cut.status, cut.complete], [200, false])
    assert.match(cut.body, /^x{3,15}$/)
  })
  await beside
  await told(hg, text, {
    cause: 'total_timeout',
    status: 200,
    end: 'TD',
    gate: 'pool shop',
    setting: 'pools.shop.timeouts.total',
    limit: 200,
  })
})

test('a slow but steady upload is nobody’s timeout, though it takes longer than connect, queue and first byte', async () => {
  const bodies: string[] = []
  await using origin = await Origin.listen((asked) => {
    bodies.push(asked.body)
    asked.answer('taken')
  })
  await using drip = await dripping()
  const server = `{ address: "${origin.address}", maxConnections: 1 }`
  await using hg = await logged(
    yaml(server, drip, {
      pool: 'queue: { max: 5, timeout: 300ms }, timeouts: { connect: 300ms, firstByte: 300ms }',
      listener: 'timeouts: { body: 400ms, header: 300ms }',
    }),
  )
  // The first on a fresh connection, the second on the idle one, the third after a wait in the line.
  const upload = async (): Promise<void> => {
    using client = await Client.connect(hg.port)
    client.send('POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 8\r\n\r\n')
    for (const drop of '01234567') {
      await meanwhile(60)
      client.send(drop)
    }
    assert.equal((await client.response()).body, 'taken')
  }
  await upload()
  await upload()
  using holder = await Client.connect(hg.port)
  holder.send('POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1\r\n\r\n')
  await until(() => hg.gate.usage().pools[0]?.inUse === 1)
  const third = upload()
  await until(() => hg.gate.usage().pools[0]?.waiting === 1)
  holder.send('x')
  assert.equal((await holder.response()).body, 'taken')
  await third
  holder.end()
  await settled(hg.gate)
  assert.deepEqual(bodies, ['01234567', '01234567', 'x', '01234567'])
  assert.deepEqual(
    (await hg.log()).map(({ cause }) => cause),
    [null, null, null, null],
  )
})

test('a slow but steady response is nobody’s timeout, though it takes longer than any pause may be', async () => {
  await using drip = await dripping()
  await using hg = await logged(yaml(`"${drip.address}"`, drip, { pool: 'timeouts: { betweenBytes: 500ms }' }))
  using client = await Client.connect(hg.port)
  const body = 'x'.repeat(25)
  const began = performance.now()
  client.send(`POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const answer = await client.response()
  assert.deepEqual([answer.status, answer.body, answer.complete], [200, body, true])
  assert.ok(performance.now() - began > 600)
  client.end()
  assert.deepEqual(
    (await hg.log()).map(({ cause }) => cause),
    [null],
  )
})

test('a client that pauses its reading is not the server’s timeout, nor is a server that pauses the client’s', async () => {
  const length = 32 * 1024 * 1024
  await using origin = await pouring(length)
  await using drip = await dripping()
  await using hg = await logged(yaml(`"${origin.address}"`, drip, { pool: 'timeouts: { betweenBytes: 300ms }' }))
  const client = connect({ port: hg.port, host: '127.0.0.1' })
  await once(client, 'connect')
  client.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n')
  let seen = 0
  let pauses = 0
  client.on('data', (chunk) => {
    seen += chunk.length
    if (seen < (pauses + 1) * (length / 4)) return
    pauses++
    client.pause()
    void meanwhile(500).then(() => client.resume())
  })
  await once(client, 'end')
  assert.ok(seen > length)
  assert.ok(pauses >= 3)
  await settled(hg.gate)
  const [line] = await hg.log()
  assert.deepEqual([line?.cause, line?.end, line?.bytesOut], [null, '--', seen])
})

/** A server that takes connections and never reads from them. */
async function silent(): Promise<AsyncDisposable & { readonly address: string }> {
  return serving((socket) => socket.pause())
}

/** A server that answers with `length` bytes, or with more than any buffers hold, as fast as they are taken. */
function pouring(length = 1 << 30): Promise<AsyncDisposable & { readonly address: string }> {
  const piece = Buffer.alloc(256 * 1024, 'x')
  return serving((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
      let left = length
      const pour = (): void => {
        while (left > 0 && !socket.destroyed) {
          const n = Math.min(left, piece.length)
          left -= n
          if (!socket.write(piece.subarray(0, n))) {
            socket.once('drain', pour)
            return
          }
        }
      }
      pour()
    })
  })
}

async function serving(connected: (socket: Socket) => void): Promise<AsyncDisposable & { readonly address: string }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    connected(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
