/** Answers that are none: what is stored stays, those who wait are not let loose on the server, and whoever may have the copy gets it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheOrigin, type Shop, shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import { crowd as crowdAt } from '../../kit/crowd.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
/** Stale for ten seconds when it comes. */
const STALE = 'Cache-Control: max-age=60\r\nAge: 70\r\nETag: "v"\r\n'

function ask(origin: CacheOrigin, path: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one) => asked.push(one))
  return asked
}

/** `n` clients that ask for the page. */
function crowd({ gate }: Shop, n: number): Promise<Client[]> {
  return crowdAt(gate, '/page', new Array(n).fill(''))
}

async function done(at: Shop, clients: readonly Client[] = []): Promise<void> {
  for (const client of [at.client, ...clients]) client[Symbol.dispose]()
  await settled(at.gate.gate)
}

for (const status of ['500 Oops', '503 Unavailable', '429 Too Many Requests']) {
  for (const threads of [1, 2]) {
    test(`when the one who fetches gets ${status}, one of those who wait asks next, not all of them (${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      const asked = ask(at.origin, '/page')
      const clients = await crowd(at, 12)
      assert.equal(asked.length, 1)
      for (const n of [1, 2, 3]) {
        asked.at(-1)?.answer('bad', '', status)
        await until(
          () => asked.length === n + 1,
          () => asked.length,
        )
        await meanwhile(20)
        assert.equal(asked.length, n + 1, 'one at a time')
      }
      asked.at(-1)?.answer('the page', FRESH)
      const answers = await Promise.all(clients.map((client) => client.response()))
      assert.deepEqual(tally(answers.map(({ body }) => body)), { bad: 3, 'the page': 9 })
      // And no mark is left: the next ones share as before.
      assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit/)
      await done(at, clients)
    })
  }
}

test('429 in front of a visitor is his answer, and the copy stays for those who meet a server that is down', async () => {
  await using at = await shop()
  const says = ['', '429 Too Many Requests', '503 Unavailable']
  at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', STALE) : one.answer('bad', '', says[n - 1] ?? '')))
  await at.client.get('/page').response()
  assert.equal(verdictOf(await get(at.gate.port, '/page')), '429')
  assert.equal((await get(at.gate.port, '/page')).body, 'old')
  assert.equal(at.origin.count('/page'), 3)
  await done(at)
})

for (const status of ['400 Bad Request', '413 Content Too Large', '421 Misdirected Request', '431 Too Large']) {
  test(`one client that makes the server answer ${status} does not take the page from the others`, async () => {
    await using at = await shop()
    at.origin.on('/page', (one) =>
      /^x-odd:/im.test(one.head) ? one.answer('bad', 'Cache-Control: no-store\r\n', status) : one.answer('page', FRESH),
    )
    await at.client.get('/page').response()
    const odd = await get(at.gate.port, '/page', 'X-Odd: 1\r\nCache-Control: no-cache\r\n')
    assert.equal(odd.body, 'bad')
    assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit/)
    assert.equal(at.origin.count('/page'), 2)
    await done(at)
  })
}

for (const [what, request] of [
  ['HEAD', 'HEAD /page HTTP/1.1\r\nHost: shop.test\r\n\r\n'],
  ['GET with no-store', 'GET /page HTTP/1.1\r\nHost: shop.test\r\nCache-Control: no-store\r\n\r\n'],
] as const) {
  test(`${what} gets the stale copy too when the server answers 503, and the server is left alone for a moment`, async () => {
    await using at = await shop()
    at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', STALE) : one.answer('bad', '', '503 Unavailable')))
    await at.client.get('/page').response()
    for (const detail of ['"status 503"', '"failed lately"']) {
      using client = await Client.connect(at.gate.port)
      const answer = await client.send(request).response(what === 'HEAD' ? 'HEAD' : 'GET')
      assert.equal(answer.status, 200)
      assert.equal(answer.body, what === 'HEAD' ? '' : 'old')
      assert.ok(answer.field('cache-status')?.endsWith(`detail=${detail}`), answer.field('cache-status') ?? '')
    }
    assert.equal(at.origin.count('/page'), 2)
    await done(at)
  })
}

test('a request that says no-store takes nothing from its answer into the store, though there is a stale copy', async () => {
  await using at = await shop()
  at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', STALE) : one.answer('new', FRESH)))
  await at.client.get('/page').response()
  assert.equal((await get(at.gate.port, '/page', 'Cache-Control: no-store\r\n')).body, 'new')
  const next = await get(at.gate.port, '/page')
  assert.match(next.field('cache-status') ?? '', /^gate; fwd=stale/)
  await done(at)
})

test('after a new answer that broke off in front of one visitor, the next ones get the copy', async () => {
  await using at = await shop({}, { threads: 2 })
  at.origin.on('/page', (one, n) => {
    if (n === 1) return one.answer('old', STALE)
    one.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\nhalf`)
    one.end()
  })
  await at.client.get('/page').response()
  using unlucky = await Client.connect(at.gate.port)
  assert.equal((await unlucky.get('/page').response()).complete, false)
  await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
  const next = await get(at.gate.port, '/page')
  assert.deepEqual([next.body, next.complete], ['old', true])
  assert.ok(next.field('cache-status')?.endsWith('detail="failed lately"'))
  assert.equal(at.origin.count('/page'), 2)
  await done(at)
})
