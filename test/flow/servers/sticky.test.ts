/** What becomes of a client's sticky cookie when its server fails, is full, or is gone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answered, Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { until } from '../../kit/settle.ts'

/** The Cookie field a browser sends back; there has to be exactly one Set-Cookie. */
function cookieOf(answer: Answered): string {
  assert.equal(cookiesIn(answer), 1, answer.head)
  return `Cookie: ${answer.field('set-cookie')?.split(';')[0]}\r\n`
}

function cookiesIn(answer: Answered): number {
  return answer.head.match(/^set-cookie:/gim)?.length ?? 0
}

/** A server that answers with its letter until told to `fail`; then it closes connections without an answer. */
class Failing implements AsyncDisposable {
  readonly origin: Origin
  fails = false
  private constructor(origin: Origin) {
    this.origin = origin
  }

  static async listen(letter: string, fields = ''): Promise<Failing> {
    const failing: Failing = new Failing(
      await Origin.listen((asked: Asked) => (failing.fails ? asked.end() : asked.answer(letter, fields))),
    )
    return failing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.origin[Symbol.asyncDispose]()
  }
}

test('the client of a server that refuses connections gets one new cookie, and its next request goes straight there', async () => {
  const a = await Origin.listen((asked) => asked.answer('a'))
  await using b = await Origin.listen((asked) => asked.answer('b'))
  await using hg = await logged(
    `threads: 2
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools:
  shop:
    sticky: shop
    balance: first
    servers: ["${a.address}", "${b.address}"]
`,
  )
  const first = await get(hg.port, '/first')
  assert.equal(first.body, 'a')
  const cookie = cookieOf(first)
  await a[Symbol.asyncDispose]()
  const moved = await get(hg.port, '/moved', cookie)
  assert.equal(moved.body, 'b')
  const other = cookieOf(moved)
  assert.notEqual(other, cookie)
  for (let i = 0; i < 4; i++) {
    const stays = await get(hg.port, '/stays', other)
    assert.deepEqual([stays.body, cookiesIn(stays)], ['b', 0])
  }
  const lines = await hg.log()
  assert.equal(lines.find(({ target }) => target === '/moved')?.retries, 1)
  for (const { retries } of lines.filter(({ target }) => target === '/stays')) assert.equal(retries, 0)
})

test('a server that closes connections without an answer loses its client to the one that answers', async () => {
  await using a = await Failing.listen('a')
  await using b = await Failing.listen('b')
  await using hg = await headgate({
    pools: { shop: { sticky: 'shop', balance: 'first', servers: [a.origin.address, b.origin.address] } },
  })
  const cookie = cookieOf(await get(hg.port, '/'))
  assert.equal(cookiesIn(await get(hg.port, '/', cookie)), 0)
  a.fails = true
  const moved = await get(hg.port, '/', cookie)
  assert.equal(moved.body, 'b')
  assert.notEqual(cookieOf(moved), cookie)
  const before = a.origin.requests
  const stays = await get(hg.port, '/', cookieOf(moved))
  assert.deepEqual([stays.body, cookiesIn(stays), a.origin.requests], ['b', 0, before])
})

test('an idle connection that was just closed moves nobody: the client stays with its server, on a fresh connection', async () => {
  const known = new WeakSet<object>()
  await using a = await Origin.listen((asked) => {
    if (known.has(asked.socket)) return asked.end()
    known.add(asked.socket)
    asked.answer('a')
  })
  await using farm = await Farm.listen(1)
  await using hg = await headgate({
    pools: { shop: { sticky: 'shop', balance: 'first', servers: [a.address, farm.address('a')] } },
  })
  const cookie = cookieOf(await get(hg.port, '/'))
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 3; i++) {
    const again = await client.get('/', cookie).response()
    assert.deepEqual([again.status, cookiesIn(again)], [200, 0])
  }
  assert.equal(a.requests, 1 + 2 * 3, 'each met the connection of the one before, which was closed under it')
  assert.deepEqual(farm.order, [])
})

test('a client whose server fails its checks gets a cookie for another, once', async () => {
  let well = true
  await using a = await Origin.listen((asked) => {
    if (asked.head.startsWith('GET /up ')) asked.answer('', '', well ? '200 OK' : '500 Internal Server Error')
    else asked.answer('a')
  })
  await using b = await Origin.listen((asked) => asked.answer('b'))
  await using hg = await headgate({
    pools: {
      shop: {
        sticky: 'shop',
        balance: 'first',
        servers: [a.address, b.address],
        health: { http: '/up', interval: '20ms', timeout: '2s', fall: 1, rise: 1 },
      },
    },
  })
  const first = await get(hg.port, '/')
  assert.equal(first.body, 'a')
  const cookie = cookieOf(first)
  well = false
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.health === 'down')
  const moved = await get(hg.port, '/', cookie)
  assert.equal(moved.body, 'b')
  well = true
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.health === 'up')
  const stays = await get(hg.port, '/', cookieOf(moved))
  assert.deepEqual([stays.body, cookiesIn(stays)], ['b', 0])
})

test('a client whose server is no longer configured gets a cookie for one that is', async () => {
  await using farm = await Farm.listen(2)
  const shop = (servers: readonly string[]) => ({ pools: { shop: { sticky: 'shop', servers } } })
  await using before = await headgate(shop([farm.address('a')]))
  await using after = await headgate(shop([farm.address('b')]))
  const moved = await get(after.port, '/', cookieOf(await get(before.port, '/')))
  assert.equal(moved.body, 'b')
  assert.equal(cookiesIn(await get(after.port, '/', cookieOf(moved))), 0)
})

test('no cookie is stored or given with what is stored; what the cache passes on has it', async () => {
  await using a = await Failing.listen('a', 'Cache-Control: max-age=60\r\n')
  await using b = await Origin.listen((asked) =>
    asked.answer('b', `Cache-Control: ${asked.head.startsWith('GET /own ') ? 'private' : 'max-age=60'}\r\n`),
  )
  await using hg = await headgate({
    pools: { shop: { sticky: 'shop', balance: 'first', servers: [a.origin.address, b.address] } },
    routes: [{ to: 'shop', cache: {} }],
    cache: { size: '16MB' },
  })
  const cookie = cookieOf(await get(hg.port, '/', 'Cache-Control: no-store\r\n'))
  a.fails = true
  for (const asks of [cookie, '', cookie]) {
    const answer = await get(hg.port, '/shared', asks)
    assert.deepEqual([answer.body, cookiesIn(answer)], ['b', 0])
  }
  const own = await get(hg.port, '/own', cookie)
  assert.equal(own.body, 'b')
  assert.notEqual(cookieOf(own), cookie)
})
