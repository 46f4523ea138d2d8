/** When a request is sent again, where to, and when it must not be: RFC 9110 §9.2.2, RFC 9112 §9.3.1. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { settled, tally, until, verdictOf } from '../../kit/settle.ts'

/** Addresses at which nothing listens. */
const dead = ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'] as const

/** One listener, one thread, a log, and a pool of these servers; further lines belong to the pool. */
const yaml = (servers: readonly string[], ...more: string[]): string =>
  [
    'threads: 1',
    'listeners: { web: { bind: "127.0.0.1:0" } }',
    'accessLog: LOG',
    'pools:',
    '  shop:',
    '    balance: first',
    ...more.map((line) => `    ${line}`),
    '    servers:',
    ...servers.map((server) => `      - ${server}`),
    '',
  ].join('\n')

/** A server that answers the first request on each connection; what it does with a later one the test says. */
function oneGood(then: (asked: Asked) => void): Promise<Origin> {
  const known = new WeakSet<object>()
  return Origin.listen((asked) => {
    if (known.has(asked.socket)) return then(asked)
    known.add(asked.socket)
    asked.answer('fresh')
  })
}

const post = (path: string, body = 'one=1'): string =>
  `POST ${path} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('a refused connection leads to another server, and the log counts it', async () => {
  await using farm = await Farm.listen(1)
  await using hg = await logged(yaml([dead[0], dead[1], farm.address('a')]))
  const answer = await get(hg.port, '/')
  assert.equal(answer.status, 200)
  assert.equal(answer.body, 'a')
  const [line] = await hg.log()
  assert.equal(line?.server, farm.address('a'))
  assert.equal(line.retries, 2)
  assert.equal(line.redispatched, true)
  assert.equal(line.reused, false)
  assert.equal(line.cause, null)
  assert.equal(line.end, '--')
  assert.ok((line.connectMs ?? -1) >= 0)
})

test('the body goes to the other server whole', async () => {
  await using origin = await Origin.listen((asked) => asked.answer(`${asked.head.split(' ')[0]} ${asked.body}`))
  await using hg = await headgate({ pools: { shop: { balance: 'first', servers: [dead[0], origin.address] } } })
  using client = await Client.connect(hg.port)
  assert.equal((await client.send(post('/', 'a'.repeat(5000))).response()).body, `POST ${'a'.repeat(5000)}`)
  assert.equal(origin.requests, 1)
})

test('when every server refuses, each was tried once and the answer says so', async () => {
  const text = yaml(dead, 'retries: 9')
  await using hg = await logged(text)
  const answer = await get(hg.port, '/')
  assert.equal(verdictOf(answer), '502 connect_refused')
  assert.match(answer.field('proxy-status') ?? '', /; error=connection_refused; /)
  assert.equal(answer.field('retry-after'), null, 'the server failed; nobody was turned away')
  await settled(hg.gate)
  const [line] = await hg.log()
  assert.equal(line?.cause, 'connect_refused')
  assert.equal(line.end, 'RC')
  assert.equal(line.server, dead[2])
  assert.equal(line.retries, 2)
  assert.equal(line.redispatched, true)
  assert.deepEqual(line.diagnosis, {
    gate: `server ${dead[2]}`,
    limit: null,
    observed: null,
    limitBy: null,
    setting: 'pools.shop.servers[2].address',
    place: `headgate.yaml:${lineOf(text, dead[2])}`,
    advice: 'Nothing listens at the server’s address. Is it running, and is the port right?',
    detail: 'connect ECONNREFUSED 127.0.0.1:3',
  })
})

test('no more servers are tried than the pool’s retries allow', async () => {
  await using farm = await Farm.listen(1)
  await using hg = await logged(yaml([...dead.slice(0, 2), farm.address('a')], 'retries: 1'))
  assert.equal(verdictOf(await get(hg.port, '/')), '502 connect_refused')
  const [line] = await hg.log()
  assert.equal(line?.retries, 1)
  assert.equal(line.server, dead[1])
  assert.deepEqual(farm.order, [])
})

test('who was refused by one server waits for the other that is full', async () => {
  await using farm = await Farm.listen(1, true)
  await using hg = await headgate({
    pools: {
      shop: {
        balance: 'first',
        servers: [dead[0], { address: farm.address('a'), maxConnections: 1 }],
        queue: { max: 5, timeout: '5s' },
      },
    },
  })
  const first = get(hg.port, '/1')
  await farm.came(1)
  const second = get(hg.port, '/2')
  await until(() => hg.gate.usage().pools[0]?.waiting === 1)
  farm.release('a')
  await farm.came(2)
  farm.release('a')
  assert.deepEqual([(await first).status, (await second).status], [200, 200])
  await settled(hg.gate)
})

test('an idle connection that the server closed is not used again', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(yaml([origin.address]))
  using client = await Client.connect(hg.port)
  for (const path of ['/1', '/2', '/3']) {
    client.get(path)
    const asked = await origin.next()
    asked.answer('ok')
    assert.equal((await client.response()).status, 200)
    asked.end()
    await until(() => origin.open === 0) // Headgate has seen the FIN and closed its side
  }
  const lines = await hg.log()
  assert.deepEqual(
    lines.map(({ reused, retries }) => [reused, retries]),
    Array(3).fill([false, 0]),
  )
  assert.equal(origin.connections, 3)
})

for (const [how, close] of [
  ['closes', (asked: Asked) => asked.end()],
  ['resets', (asked: Asked) => asked.reset()],
] as const) {
  test(`a GET is sent once more, on a fresh connection, when the server ${how} a reused one under it`, async () => {
    await using origin = await oneGood(close)
    await using hg = await logged(yaml([origin.address]))
    using client = await Client.connect(hg.port)
    for (let i = 0; i < 4; i++) assert.equal((await client.get(`/${i}`).response()).body, 'fresh')
    assert.equal(origin.connections, 4)
    assert.equal(origin.requests, 7, 'each but the first came twice')
    const lines = await hg.log()
    assert.deepEqual(
      lines.map(({ retries, reused, redispatched, cause }) => [retries, reused, redispatched, cause]),
      [[0, false, false, null], ...Array(3).fill([1, false, false, null])],
    )
  })

  test(`a POST whose bytes were sent is not sent again when the server ${how} the connection`, async () => {
    await using origin = await oneGood(close)
    await using hg = await logged(yaml([origin.address]))
    using client = await Client.connect(hg.port)
    assert.equal((await client.get('/').response()).body, 'fresh')
    assert.equal(verdictOf(await client.send(post('/order')).response()), '502 response_cut')
    assert.equal(origin.requests, 2)
    assert.equal((await client.get('/').response()).body, 'fresh', 'the client’s connection goes on')
    const [, line] = await hg.log()
    assert.equal(line?.method, 'POST')
    assert.equal(line.end, 'XH')
    assert.deepEqual([line.retries, line.reused], [0, true])
  })
}

test('a PUT with its body in one piece may be sent again, one whose body was streamed may not', async () => {
  const bodies: number[] = []
  await using origin = await oneGood((asked) => {
    bodies.push(asked.body.length)
    asked.end()
  })
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  using client = await Client.connect(hg.port)
  assert.equal((await client.get('/').response()).body, 'fresh')
  assert.equal((await client.send(post('/').replace('POST', 'PUT')).response()).body, 'fresh')
  const long = 'x'.repeat(300_000)
  assert.equal(verdictOf(await client.send(post('/', long).replace('POST', 'PUT')).response()), '502 response_cut')
  assert.deepEqual(bodies, [5, 300_000])
})

test('what is sent again is not sent a third time', async () => {
  let good = true
  await using origin = await Origin.listen((asked) => (good ? asked.answer('ok') : asked.end()))
  await using hg = await logged(yaml([origin.address]))
  using client = await Client.connect(hg.port)
  assert.equal((await client.get('/').response()).status, 200)
  good = false
  assert.equal(verdictOf(await client.get('/again').response()), '502 response_cut')
  assert.equal(origin.requests, 3)
  assert.equal(origin.connections, 2)
  const [, line] = await hg.log()
  assert.deepEqual([line?.retries, line?.cause, line?.end], [1, 'response_cut', 'XH'])
})

test('a server that died with its idle connections is replaced by another within the request', async () => {
  await using farm = await Farm.listen(1)
  const first = await oneGood((asked) => asked.end())
  await using hg = await logged(yaml([first.address, farm.address('a')]))
  using client = await Client.connect(hg.port)
  assert.equal((await client.get('/').response()).body, 'fresh')
  const gone = first[Symbol.asyncDispose]()
  assert.equal((await client.get('/').response()).body, 'a')
  await gone
  const [, line] = await hg.log()
  assert.equal(line?.redispatched, true)
  assert.equal(line.server, farm.address('a'))
})

for (const [what, said] of [
  ['part of a response head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['an interim response', 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'],
  ['a head that is not HTTP', 'SSH-2.0-OpenSSH_9.7\r\n\r\n'],
] as const) {
  test(`a GET is not sent again after ${what} has come`, async () => {
    await using origin = await oneGood((asked) => {
      asked.say(said)
      asked.end()
    })
    await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
    using client = await Client.connect(hg.port)
    assert.equal((await client.get('/').response()).body, 'fresh')
    let answer = await client.get('/').response()
    if (answer.status === 103) answer = await client.response()
    assert.match(verdictOf(answer), /^502 response_(cut|bad)$/)
    assert.equal(origin.requests, 2)
    assert.equal(origin.connections, 1)
    await until(() => hg.gate.usage().pools[0]?.inUse === 0)
  })
}

test('a response that has begun and is cut reaches the client as cut, once', async () => {
  await using origin = await oneGood((asked) => {
    asked.say('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf')
    asked.end()
  })
  await using hg = await logged(yaml([origin.address]))
  using client = await Client.connect(hg.port)
  assert.equal((await client.get('/').response()).body, 'fresh')
  const cut = await client.get('/').response()
  assert.equal(cut.status, 200)
  assert.equal(cut.body, 'half')
  assert.equal(cut.complete, false)
  assert.equal(origin.requests, 2)
  const [, line] = await hg.log()
  assert.deepEqual([line?.cause, line?.end, line?.status, line?.retries], ['response_cut', 'XD', 200, 0])
})

for (const how of ['end', 'reset'] as const) {
  for (const first of ['client', 'server'] as const) {
    test(`200 requests in the very moment of a server’s ${how} all succeed, the ${first} being quicker`, async () => {
      const sockets = new Set<Asked>()
      await using origin = await Origin.listen((asked) => {
        sockets.add(asked)
        asked.answer('ok')
      })
      await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
      using client = await Client.connect(hg.port)
      assert.equal((await client.get('/').response()).status, 200)
      for (let i = 0; i < 200; i++) {
        if (first === 'client') client.get(`/${i}`)
        for (const asked of sockets) asked[how]()
        sockets.clear()
        if (first === 'server') client.get(`/${i}`)
        assert.equal((await client.response()).status, 200)
      }
      assert.equal(hg.gate.usage().requests, 201)
      assert.deepEqual(hg.gate.usage().causes, {})
    })
  }
}

test('a POST of which the dead connection took nothing is sent on another; one that may have been seen is not', async () => {
  let posts = 0
  let dying = false
  await using origin = await Origin.listen((asked) => {
    if (asked.head.startsWith('POST')) posts++
    asked.answer('ok')
    // Dead by the time the POST that follows in the same packet is written, unless Headgate is very quick.
    if (dying) asked.reset()
  })
  await using hg = await logged(yaml([origin.address]))
  using client = await Client.connect(hg.port)
  assert.equal((await client.get('/').response()).status, 200)
  const statuses: number[] = []
  for (let i = 0; i < 100; i++) {
    dying = true
    client.send(`GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n${post('/order')}`)
    assert.equal((await client.response()).status, 200)
    dying = false
    statuses.push((await client.response()).status)
  }
  const seen = tally(statuses)
  assert.ok((seen[200] ?? 0) > 0, 'not once was the connection dead early enough')
  assert.equal((seen[200] ?? 0) + (seen[502] ?? 0), 100)
  assert.equal(posts, seen[200], 'those that got through, each once')
  const lines = (await hg.log()).filter(({ method }) => method === 'POST')
  for (const { status, retries, reused, cause } of lines) {
    if (status === 200 && retries === 0) continue // it came upon a connection that was known to be gone
    assert.deepEqual([retries, reused, cause], status === 200 ? [1, false, null] : [0, true, 'response_cut'])
  }
  assert.ok(lines.some(({ retries }) => retries === 1))
})
