/** Which server a request goes to when an attempt has failed without a byte of an answer, and how often: RFC 9110 §9.2.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { settled, until, verdictOf } from '../../kit/settle.ts'

/** An address at which nothing listens. */
const dead = '127.0.0.1:1'

/** A server that reads a request and closes the connection. */
const cutting = (): Promise<Origin> => Origin.listen((asked) => asked.end())

/** A server that answers the first request on each connection and closes when a second one comes. */
function onceEach(letter: string): Promise<Origin> {
  const known = new WeakSet<object>()
  return Origin.listen((asked: Asked) => {
    if (known.has(asked.socket)) return asked.end()
    known.add(asked.socket)
    asked.answer(letter)
  })
}

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

const withBody = (method: string, body: string): string =>
  `${method} / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('a GET whose connection is closed without an answer goes to another server, a fresh connection or not', async () => {
  await using farm = await Farm.listen(1)
  await using cut = await cutting()
  await using stale = await onceEach('stale')
  await using fresh = await logged(yaml([cut.address, farm.address('a')]))
  assert.equal((await get(fresh.port, '/')).body, 'a')
  await using reused = await logged(yaml([stale.address, farm.address('a')]))
  using client = await Client.connect(reused.port)
  assert.equal((await client.get('/').response()).body, 'stale')
  assert.equal((await client.get('/').response()).body, 'a')
  assert.deepEqual([cut.requests, stale.requests, stale.connections], [1, 2, 1])
  const [first] = await fresh.log()
  const [, second] = await reused.log()
  for (const line of [first, second]) {
    assert.deepEqual(
      [line?.server, line?.retries, line?.redispatched, line?.cause, line?.end],
      [farm.address('a'), 1, true, null, '--'],
    )
  }
})

test('a PUT in one piece goes to the other server whole; a POST that may have been seen goes nowhere else', async () => {
  await using cut = await cutting()
  await using origin = await Origin.listen((asked) => asked.answer(asked.body))
  await using hg = await headgate({ pools: { shop: { balance: 'first', servers: [cut.address, origin.address] } } })
  using client = await Client.connect(hg.port)
  const body = 'x'.repeat(3000)
  assert.equal((await client.send(withBody('PUT', body)).response()).body, body)
  assert.equal(verdictOf(await client.send(withBody('POST', body)).response()), '502 response_cut')
  assert.deepEqual([cut.requests, origin.requests], [2, 1])
})

test('a request that brings down every server it meets meets no more than `retries` and one', async () => {
  const farm = await Promise.all(Array.from({ length: 5 }, cutting))
  const servers = farm.map(({ address }) => address)
  for (const [more, met] of [
    [[], 3],
    [['retries: 1'], 2],
    [['retries: 0'], 1],
  ] as const) {
    await using hg = await logged(yaml(servers, ...more))
    const before = farm.reduce((sum, { requests }) => sum + requests, 0)
    assert.equal(verdictOf(await get(hg.port, '/')), '502 response_cut')
    assert.equal(farm.reduce((sum, { requests }) => sum + requests, 0) - before, met)
    await settled(hg.gate)
    const [line] = await hg.log()
    assert.deepEqual([line?.retries, line?.redispatched, line?.end], [met - 1, met > 1, 'XH'])
  }
  await Promise.all(farm.map((origin) => origin[Symbol.asyncDispose]()))
})

test('no other server is asked after a byte of a response, nor when the answer takes too long', async () => {
  await using farm = await Farm.listen(1)
  const servers = (first: Origin) => [first.address, farm.address('a')]
  for (const [says, diagnosis] of [
    ['HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n', '502 response_cut'],
    ['HTTP/1.1 100 Continue\r\n\r\n', '502 response_cut'],
    ['HTTP/1.1 2', '502 response_cut'],
  ] as const) {
    await using origin = await Origin.listen((asked) => {
      asked.say(says)
      asked.end()
    })
    await using hg = await headgate({ pools: { shop: { balance: 'first', servers: servers(origin) } } })
    using client = await Client.connect(hg.port)
    let answer = await client.get('/').response()
    if (answer.status === 103) answer = await client.response()
    assert.equal(verdictOf(answer), diagnosis)
  }
  await using slow = await Origin.listen(() => {})
  await using hg = await headgate({
    pools: { shop: { balance: 'first', servers: servers(slow), timeouts: { firstByte: '60ms' } } },
  })
  assert.equal(verdictOf(await get(hg.port, '/')), '504 first_byte_timeout')
  assert.deepEqual(farm.order, [])
})

test('with no room elsewhere, what met a closed idle connection stays at its server, on a fresh connection', async () => {
  await using first = await Origin.listen()
  await using farm = await Farm.listen(1, true)
  const limited = (address: string): string => `{ address: "${address}", maxConnections: 1 }`
  await using hg = await logged(yaml([limited(first.address), limited(farm.address('a'))]))
  using client = await Client.connect(hg.port)
  client.get('/1')
  const one = await first.next()
  const elsewhere = get(hg.port, '/fills')
  await farm.came(1)
  one.answer('one')
  assert.equal((await client.response()).body, 'one')
  client.get('/2')
  const two = await first.next()
  assert.equal(two.socket, one.socket)
  two.end()
  const again = await first.next()
  assert.notEqual(again.socket, one.socket)
  again.answer('again')
  assert.equal((await client.response()).body, 'again')
  farm.release('a')
  assert.equal((await elsewhere).status, 200)
  await until(() => hg.gate.usage().pools[0]?.inUse === 0)
  const line = (await hg.log()).find(({ target }) => target === '/2')
  assert.deepEqual([line?.retries, line?.redispatched, line?.server], [1, false, first.address])
})

test('when the others turn out to be dead it comes back to the server whose idle connection was closed', async () => {
  await using stale = await onceEach('stale')
  await using hg = await logged(yaml([stale.address, dead, '127.0.0.1:2'], 'retries: 1'))
  using client = await Client.connect(hg.port)
  for (const path of ['/1', '/2']) assert.equal((await client.get(path).response()).body, 'stale')
  assert.deepEqual([stale.requests, stale.connections], [3, 2])
  await until(() => hg.gate.usage().pools[0]?.inUse === 0)
  const [, line] = await hg.log()
  assert.deepEqual([line?.server, line?.retries, line?.redispatched, line?.reused], [stale.address, 2, true, false])
})

test('a closed idle connection is no reason to ask a backup server', async () => {
  await using stale = await onceEach('stale')
  await using farm = await Farm.listen(1)
  await using hg = await logged(yaml([stale.address, `{ address: "${farm.address('a')}", backup: true }`]))
  using client = await Client.connect(hg.port)
  for (const path of ['/1', '/2']) assert.equal((await client.get(path).response()).body, 'stale')
  assert.deepEqual(farm.order, [])
})

test('what was cut waits for the other server while that is full', async () => {
  await using cut = await cutting()
  await using farm = await Farm.listen(1, true)
  await using hg = await headgate({
    pools: {
      shop: {
        balance: 'first',
        servers: [cut.address, { address: farm.address('a'), maxConnections: 1 }],
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

test('a request without Host names the server that it goes to in the end', async () => {
  await using cut = await cutting()
  await using origin = await Origin.listen((asked) => asked.answer(/^host: (.*)$/im.exec(asked.head)?.[1] ?? 'none'))
  await using hg = await headgate({ pools: { shop: { balance: 'first', servers: [cut.address, origin.address] } } })
  using client = await Client.connect(hg.port)
  assert.equal((await client.send('GET / HTTP/1.0\r\n\r\n').response()).body, origin.address)
  assert.equal(cut.requests, 1)
})
