/** Requests with Authorization: what they bring is mostly for one, so that nobody waits for them, and they for nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheOrigin, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Client, get } from '../../kit/client.ts'
import { crowd } from '../../kit/crowd.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const KNOWN = 'Authorization: Bearer one\r\n'

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

/** Hands the requests for a path to the test, from the `from`th on; those before get an answer at once. */
function ask(origin: CacheOrigin, path: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one) => asked.push(one))
  return asked
}

async function done(at: Shop, clients: readonly Client[]): Promise<void> {
  for (const client of [at.client, ...clients]) client[Symbol.dispose]()
  await settled(at.gate.gate)
}

const users = (n: number): string[] => Array.from({ length: n }, (_, k) => `Authorization: Bearer user${k}\r\n`)

for (const threads of [1, 2]) {
  test(`known users who ask for what is theirs are served side by side, each time (${threads} threads)`, async () => {
    await using at = await shop({ coalesce: { max: 100, timeout: '100ms', otherwise: 'refuse' } }, { threads })
    const asked = ask(at.origin, '/me')
    for (const round of [1, 2, 3]) {
      const clients = await crowd(at.gate, '/me', users(6))
      // None of them is answered before all of them have asked.
      await until(
        () => asked.length === 6 * round,
        () => asked.length,
      )
      for (const one of asked.slice(-6)) one.answer(/user\d/.exec(one.head)?.[0] ?? '', FRESH)
      const answers = await Promise.all(clients.map((client) => client.response()))
      assert.deepEqual(
        answers.map(({ body }) => body),
        users(6).map((_, k) => `user${k}`),
      )
      for (const client of clients) client[Symbol.dispose]()
    }
    await done(at, [])
  })

  test(`a known user who comes first does not keep those without a name from sharing one fetch (${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked = ask(at.origin, '/page')
    const [known] = await crowd(at.gate, '/page', [KNOWN])
    await until(() => asked.length === 1)
    const others = await crowd(at.gate, '/page', new Array(20).fill(''))
    await until(() => asked.length === 2)
    await meanwhile(30)
    assert.equal(asked.length, 2)
    asked[0]?.answer('for one', FRESH)
    assert.equal((await known?.response())?.body, 'for one')
    asked[1]?.answer('for all', FRESH)
    const answers = await Promise.all(others.map((client) => client.response()))
    assert.deepEqual(tally(answers.map(({ body }) => body)), { 'for all': 20 })
    assert.equal(asked.length, 2)
    await done(at, [known!, ...others])
  })
}

test('what a server says is public is stored for known users too, and shared from then on (RFC 9111 §3.5)', async () => {
  await using at = await shop()
  at.origin.says('/page', 'Cache-Control: public, max-age=60\r\n')
  assert.equal((await get(at.gate.port, '/page', KNOWN)).body, 'page 1')
  for (const fields of [KNOWN, 'Authorization: Bearer two\r\n', '']) {
    const answer = await get(at.gate.port, '/page', fields)
    assert.match(answer.field('cache-status') ?? '', /^gate; hit/)
    assert.equal(answer.body, 'page 1')
  }
  await done(at, [])
})

test('the conditions and ranges of a known user are the server’s to judge, where nothing is stored', async () => {
  await using at = await shop()
  at.origin.on('/me', (one) =>
    /^range:/im.test(one.head)
      ? one.answer('pa', `${FRESH}Content-Range: bytes 0-1/4\r\n`, '206 Partial Content')
      : one.say(`HTTP/1.1 304 Not Modified\r\nETag: "v"\r\n\r\n`),
  )
  assert.equal(verdictOf(await get(at.gate.port, '/me', `${KNOWN}Range: bytes=0-1\r\n`)), '206')
  assert.equal(verdictOf(await get(at.gate.port, '/me', `${KNOWN}If-None-Match: "v"\r\n`)), '304')
  await done(at, [])
})

test('a refresh that a known user sets off asks as anybody would, so that its answer is for all', async () => {
  await using at = await shop({ grace: '1h' })
  at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', late(10)) : one.answer('new', FRESH)))
  await at.client.get('/page').response()
  assert.equal((await get(at.gate.port, '/page', KNOWN)).body, 'old')
  await until(() => at.origin.count('/page') === 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
  assert.doesNotMatch(at.origin.last('/page'), /^authorization:/im)
  const answer = await get(at.gate.port, '/page')
  assert.deepEqual([answer.body, /hit/.test(answer.field('cache-status') ?? '')], ['new', true])
  await done(at, [])
})

test('what was stored for a known user, as its server allows, is refreshed in the name of one', async () => {
  await using at = await shop({ grace: '1h' })
  const lines = late(10, ', public, stale-while-revalidate=3600')
  at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', lines) : one.answer('new', `${FRESH}`)))
  assert.equal((await get(at.gate.port, '/page', KNOWN)).body, 'old')
  assert.equal((await get(at.gate.port, '/page', KNOWN)).body, 'old')
  await until(() => at.origin.count('/page') === 2)
  assert.match(at.origin.last('/page'), /^authorization: Bearer one/im)
  await done(at, [])
})
