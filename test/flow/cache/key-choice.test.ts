/** Fields and cookies of a route's key keep answers apart under one target, which goes as a whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { requestsBegun, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const key = { headers: ['X-Device'], cookies: ['lang', 'ab_*'] }
const more = { admin: { bind: '127.0.0.1:0' }, threads: 2 }
const asks = [
  '',
  'X-Device: phone\r\n',
  'Cookie: lang=de\r\n',
  'X-Device: phone\r\nCookie: ab_y=2; lang=de; ab_x=1\r\n',
]

/** Asks in each of these ways, and says how many of them the server answered. */
async function fetched(at: Shop, path = '/p'): Promise<number> {
  const before = at.origin.count(path)
  for (const fields of asks) await get(at.gate.port, path, fields)
  return at.origin.count(path) - before
}

async function call(at: Shop, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`http://${at.gate.gate.admin}/v1/cache/${path}`, body === undefined ? {} : post)
  const says = (await answer.json()) as Record<string, unknown>
  assert.equal(answer.status, 200, JSON.stringify(says))
  return says
}

async function done(at: Shop): Promise<void> {
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
}

test('a request that changes something invalidates all that is stored for its target, whatever it carries itself (RFC 9111 §4.4)', async () => {
  await using at = await shop({ key })
  at.origin.says('/p', FRESH).says('/q', FRESH)
  at.origin.on('/post', (asked) => asked.answer('', 'Location: /q\r\n', '201 Created'))
  for (const path of ['/p', '/q']) assert.deepEqual([await fetched(at, path), await fetched(at, path)], [4, 0])
  await at.client.send('POST /p HTTP/1.1\r\nHost: shop.test\r\nCookie: lang=fr\r\nContent-Length: 0\r\n\r\n').response()
  assert.deepEqual([await fetched(at), await fetched(at), await fetched(at, '/q')], [4, 0, 0])
  await at.client.send('POST /post HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n').response()
  assert.deepEqual([await fetched(at), await fetched(at, '/q')], [0, 4])
})

test('an answer may vary by more than the key counts, and by the same', async () => {
  await using at = await shop({ key })
  at.origin.says('/p', `${FRESH}Vary: X-Device, X-More\r\n`)
  assert.deepEqual([await fetched(at), await fetched(at)], [4, 0])
  const bodies: string[] = []
  for (const fields of ['X-More: 1\r\n', 'X-More: 2\r\n', 'X-More: 1\r\nCookie: lang=de\r\n', 'X-More: 1\r\n'])
    bodies.push((await at.client.get('/p', fields).response()).body)
  assert.deepEqual(bodies, ['p 5', 'p 6', 'p 7', 'p 5'])
})

test('purges by URL and by its beginning, bans and the method PURGE remove all that the key keeps apart', async () => {
  await using at = await shop({ key, purge: ['loopback'] }, more)
  at.origin.says('/p', FRESH).says('/q', FRESH)
  for (const remove of [
    () => call(at, 'purge', { url: 'http://shop.test/p' }),
    () => call(at, 'purge', { prefix: 'http://shop.test/p' }),
    () => call(at, 'ban', { expression: 'req.url == "/p"' }),
    () => at.client.send('PURGE /p HTTP/1.1\r\nHost: shop.test\r\n\r\n').response(),
  ]) {
    await fetched(at, '/q')
    await fetched(at)
    assert.equal(await fetched(at), 0)
    await remove()
    assert.deepEqual([await fetched(at), await fetched(at, '/q')], [4, 0])
  }
  await done(at)
})

test('the report about an object says by which fields and cookies its variants differ', async () => {
  await using at = await shop({ key }, more)
  at.origin.says('/p', `${FRESH}Vary: X-More\r\n`)
  for (const fields of asks) await get(at.gate.port, '/p', `X-More: 1\r\n${fields}`)
  const { variants } = await call(at, `object?url=${encodeURIComponent('http://shop.test/p')}`)
  const vary = (variants as { vary: Record<string, string | null> }[])
    .map((variant) => JSON.stringify(variant.vary))
    .sort()
  assert.deepEqual(
    vary,
    [
      { 'x-device': null, 'cookie lang': null, 'cookie ab_*': null, 'x-more': '1' },
      { 'x-device': 'phone', 'cookie lang': null, 'cookie ab_*': null, 'x-more': '1' },
      { 'x-device': null, 'cookie lang': 'lang=de', 'cookie ab_*': null, 'x-more': '1' },
      { 'x-device': 'phone', 'cookie lang': 'lang=de', 'cookie ab_*': 'ab_x=1; ab_y=2', 'x-more': '1' },
    ]
      .map((one) => JSON.stringify(one))
      .sort(),
  )
  await done(at)
})

test('those who ask for the same follow one fetch, and nobody gets what was fetched for another choice', async () => {
  await using at = await shop({ key }, more)
  const asked: Asked[] = []
  at.origin.on('/p', (one) => asked.push(one))
  const device = (one: Asked): string => /^x-device: (.*)/im.exec(one.head)?.[1] ?? 'none'
  const first = get(at.gate.port, '/p', 'X-Device: phone\r\n')
  await until(() => asked.length === 1)
  const others = Array.from({ length: 8 }, (_, k) =>
    get(at.gate.port, '/p', `X-Device: ${k % 2 ? 'phone' : 'desk'}\r\n`),
  )
  await requestsBegun(at.gate.gate, 9)
  asked[0]?.answer(device(asked[0]), FRESH)
  assert.equal((await first).body, 'phone')
  await until(() => asked.length === 2)
  asked[1]?.answer(device(asked[1]), FRESH)
  const bodies = (await Promise.all(others)).map(({ body }) => body)
  assert.deepEqual(
    bodies,
    bodies.map((_, k) => (k % 2 ? 'phone' : 'desk')),
  )
  assert.equal(asked.length, 2)
  await done(at)
})

test('a request with more in its cookies than the store takes for a key passes the cache by', async () => {
  await using at = await shop({ key })
  at.origin.says('/p', FRESH)
  const long = `Cookie: lang=${'x'.repeat(6000)}\r\n`
  for (const n of [1, 2]) {
    const answer = await at.client.get('/p', long).response()
    assert.deepEqual([answer.body, answer.field('cache-status')], [`p ${n}`, 'gate; fwd=bypass'])
  }
})
