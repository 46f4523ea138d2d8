/** What is stale is given away at once and fetched again behind the visitor's back, as far as server and operator allow (RFC 5861, RFC 9111 §4.2.4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, httpDateIn, type Shop, shop } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

/** The path has an answer that is stale from the first; each request after that first one is handed to the test. */
function staleThen(origin: CacheOrigin, path: string, fields: string): { readonly asked: Asked[] } {
  const asked: Asked[] = []
  origin.on(path, (one, n) => {
    if (n === 1) one.answer('old', fields)
    else asked.push(one)
  })
  return { asked }
}

/** Asks for a path on the shop's client: body and Cache-Status. */
async function ask({ client }: Shop, path: string, fields = ''): Promise<{ body: string; how: string }> {
  const { body, head } = await client.get(path, fields).response()
  return { body, how: /^cache-status: gate; (.*)$/im.exec(head)?.[1] ?? '' }
}

/** Whether a path whose answer is so late is served at once, without its server. */
async function atOnce(at: Shop, path: string, fields: string): Promise<boolean> {
  const { asked } = staleThen(at.origin, path, fields)
  assert.equal((await ask(at, path)).body, 'old')
  at.client.get(path)
  const answer = at.client.response()
  await until(() => asked.length === 1)
  // Either the client has its answer before the server has said a word, or it has none.
  const first = await Promise.race([answer.then(() => true), meanwhile(60).then(() => false)])
  asked[0]?.answer('new', FRESH)
  assert.equal((await answer).body, first ? 'old' : 'new')
  return first
}

test('a copy within its grace is served at once, and exactly one request in the background fetches a new one', async () => {
  await using at = await shop({ grace: '1m' }, { threads: 2 })
  const { asked } = staleThen(at.origin, '/page', late(10))
  assert.equal((await ask(at, '/page')).body, 'old')

  const answers = await Promise.all(Array.from({ length: 40 }, () => get(at.gate.port, '/page')))
  for (const { body, head } of answers) {
    assert.equal(body, 'old')
    assert.match(head, /\r\ncache-status: gate; hit; ttl=-1\d; detail=grace(\r\n|$)/i)
  }
  await until(() => asked.length === 1)
  assert.equal((await ask(at, '/page')).body, 'old')
  assert.equal(at.origin.count('/page'), 2)

  asked[0]?.answer('new', FRESH)
  await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
  const { body, how } = await ask(at, '/page')
  assert.equal(body, 'new')
  assert.match(how, /^hit; ttl=(60|59)$/)
  assert.equal(at.origin.count('/page'), 2)
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
})

test('the grace of the operator is a bound: behind it the client waits for the server', async () => {
  await using at = await shop({ grace: '30s' })
  assert.equal(await atOnce(at, '/within', late(20)), true)
  assert.equal(await atOnce(at, '/behind', `${late(40)}ETag: "v"\r\n`), false)
})

test('stale-while-revalidate of the answer comes before the grace of the operator, in both directions (RFC 5861 §3)', async () => {
  await using none = await shop({ grace: 0 })
  assert.equal(await atOnce(none, '/longer', late(20, ', stale-while-revalidate=30')), true)
  assert.equal(await atOnce(none, '/over', `${late(40, ', stale-while-revalidate=30')}ETag: "v"\r\n`), false)
  await using long = await shop({ grace: '1h' })
  assert.equal(await atOnce(long, '/shorter', `${late(20, ', stale-while-revalidate=10')}ETag: "v"\r\n`), false)
})

test('what its server wants asked about is never served stale (RFC 9111 §4.2.4): must-revalidate, proxy-revalidate, s-maxage, no-cache', async () => {
  await using at = await shop({ grace: '1h', keep: '1h' })
  for (const forbids of ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache']) {
    const fields = `${late(5, `, ${forbids}`)}ETag: "v"\r\n`
    assert.equal(await atOnce(at, `/${forbids}`, fields), false, forbids)
  }
})

test('stale-if-error lets a stale copy stand in for a 5xx, and only for so long (RFC 5861 §4)', async () => {
  await using at = await shop({ grace: 0, keep: 0 })
  at.origin.on('/within', (asked, n) =>
    n === 1 ? asked.answer('old', late(20, ', stale-if-error=60')) : asked.answer('broken', '', '500 Oops'),
  )
  at.origin.on('/over', (asked, n) =>
    n === 1
      ? asked.answer('old', `${late(80, ', stale-if-error=60')}ETag: "v"\r\n`)
      : asked.answer('broken', '', '500 Oops'),
  )
  await ask(at, '/within')
  const { body, how } = await ask(at, '/within')
  assert.equal(body, 'old')
  assert.match(how, /^fwd=stale; fwd-status=500; ttl=-2\d; detail="status 500"$/)
  assert.equal(at.origin.count('/within'), 2)
  await ask(at, '/over')
  assert.equal((await ask(at, '/over')).body, 'broken')
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
})

test('a copy that is only kept is asked about with its validators; a 304 renews it, a 200 replaces it (RFC 9111 §4.3)', async () => {
  await using at = await shop({ grace: 0, keep: '1h' })
  const modified = httpDateIn(-864_000)
  const fields = `${late(20)}ETag: "v1"\r\nLast-Modified: ${modified}\r\n`
  at.origin.on('/page', (asked, n) => {
    if (n === 1) asked.answer('first', fields)
    else if (n === 2) asked.say(`HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n${late(20)}X-New: yes\r\n\r\n`)
    else asked.answer('second', FRESH)
  })
  await ask(at, '/page')
  assert.doesNotMatch(at.origin.last('/page'), /if-none-match|if-modified-since/i)
  const renewed = await at.client.get('/page').response()
  assert.deepEqual([renewed.status, renewed.body, renewed.field('x-new')], [200, 'first', 'yes'])
  assert.match(at.origin.last('/page'), /\r\nif-none-match: "v1"/i)
  assert.match(at.origin.last('/page'), new RegExp(`\r\nif-modified-since: ${modified}`, 'i'))
  // Stale again from the first: the same question once more, and this time there is something new.
  const replaced = await ask(at, '/page')
  assert.equal(replaced.body, 'second')
  assert.match(replaced.how, /^fwd=stale; ttl=(60|59); stored$/)
  assert.equal((await ask(at, '/page')).body, 'second')
  assert.equal(at.origin.count('/page'), 3)
})

test('a copy that a 304 renewed is fresh for as long as the 304 says (RFC 9111 §4.3.4)', async () => {
  await using at = await shop({ grace: 0, keep: '1h' })
  at.origin.on('/page', (asked, n) => {
    if (n === 1) asked.answer('first', `${late(20)}ETag: "v1"\r\n`)
    else asked.say(`HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nAge: 0\r\n${FRESH}\r\n`)
  })
  await ask(at, '/page')
  assert.match((await ask(at, '/page')).how, /ttl=(60|59)/)
  for (let k = 0; k < 3; k++) assert.match((await ask(at, '/page')).how, /^hit; ttl=(60|59)$/)
  assert.equal(at.origin.count('/page'), 2)
})

test('in the background the question is conditional too, and a 304 renews the copy', async () => {
  await using at = await shop({ grace: '1m' })
  at.origin.on('/page', (asked, n) => {
    if (n === 1) asked.answer('first', `${late(20)}ETag: "v1"\r\n`)
    else asked.say(`HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nAge: 0\r\n${FRESH}\r\n`)
  })
  await ask(at, '/page')
  assert.match((await ask(at, '/page')).how, /detail=grace$/)
  await until(() => at.origin.count('/page') === 2)
  assert.match(at.origin.last('/page'), /\r\nif-none-match: "v1"/i)
  await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
  assert.match((await ask(at, '/page')).how, /^hit; ttl=(60|59)$/)
  assert.equal(at.origin.count('/page'), 2)
})

for (const [how, fails] of [
  ['answers 503', (asked: Asked) => asked.answer('down', FRESH, '503 Down')],
  ['ends the connection without an answer', (asked: Asked) => asked.reset()],
  ['is cut in the middle of its answer', cut],
] as const) {
  test(`a refresh whose server ${how} leaves the copy, and the next try waits a second or more`, async () => {
    await using at = await shop({ grace: '1m' })
    // On a connection that was used before, a request that gets no answer is sent once more (RFC 9112 §9.3.1).
    const old = `${late(10)}Connection: close\r\n`
    at.origin.on('/page', (asked, n) => (n === 1 ? asked.answer('old', old) : fails(asked)))
    await ask(at, '/page')
    const began = performance.now()
    assert.equal((await ask(at, '/page')).body, 'old')
    await until(() => at.origin.count('/page') === 2)
    await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
    for (let k = 0; k < 20; k++) assert.equal((await ask(at, '/page')).body, 'old')
    await meanwhile(20)
    const seen = at.origin.count('/page')
    assert.ok(performance.now() - began < 900, 'the machine is too slow for this')
    assert.equal(seen, 2, 'nobody asks again so soon')
    await meanwhile(1100)
    at.origin.says('/page', FRESH)
    assert.equal((await ask(at, '/page')).body, 'old')
    await until(() => at.origin.count('/page') === 3)
    await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
    assert.equal((await ask(at, '/page')).body, 'page 3')
    at.client[Symbol.dispose]()
    await settled(at.gate.gate)
  })
}

/** Says the half of an answer, and closes. */
function cut(asked: Asked): void {
  asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\nhalf`)
  asked.end()
}

test('a refresh that finds the servers full does not join their line: the next request for it tries again', async () => {
  await using origin = await CacheOrigin.listen()
  const pool = { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 10, timeout: '5s' } }
  await using gate = await caching(origin, { grace: '1m' }, { pools: { shop: pool } })
  const inside: Asked[] = []
  origin.on('/busy', (one) => inside.push(one)).says('/page', late(10))
  await get(gate.port, '/page')
  const busy = get(gate.port, '/busy')
  await until(() => inside.length === 1)
  for (let k = 0; k < 5; k++) assert.match((await get(gate.port, '/page')).head, /detail=grace/)
  assert.deepEqual([gate.gate.usage().pools[0]?.waiting, origin.count('/page')], [0, 1])
  inside[0]?.answer('done')
  assert.equal((await busy).body, 'done')
  await settled(gate.gate)
})
