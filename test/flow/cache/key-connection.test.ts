/** Connection can keep fields from the server; what the cache counts is what the server sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from '../../kit/cache-origin.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const PHONE = 'X-Device: phone\r\n'
const HIDDEN = `Connection: X-Device\r\n${PHONE}`

for (const [how, cache, vary] of [
  ['Vary names', {}, 'Vary: X-Device\r\n'],
  ["the route's key counts", { key: { headers: ['X-Device'] } }, ''],
] as const) {
  test(`a request that has a field taken away which ${how} passes the cache by (RFC 9110 §7.6.1)`, async () => {
    await using at = await shop(cache)
    at.origin.on('/p', (asked, n) =>
      asked.answer(`${/^x-device: (.*)/im.exec(asked.head)?.[1] ?? 'none'} ${n}`, `${FRESH}${vary}`),
    )
    const ask = async (fields: string): Promise<string> => (await at.client.get('/p', fields).response()).body
    assert.deepEqual(
      [await ask(HIDDEN), await ask(PHONE), await ask(PHONE), await ask(HIDDEN), await ask(''), await ask(PHONE)],
      ['none 1', 'phone 2', 'phone 2', 'none 3', 'none 4', 'phone 2'],
    )
    const passed = await at.client.get('/p', HIDDEN).response()
    assert.equal(passed.field('cache-status'), 'gate; fwd=bypass')
  })
}

test('an answer to POST is not stored for GET when the request had a field taken away (RFC 9110 §9.3.3)', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Content-Location: /p\r\nVary: X-Device\r\n`)
  const post = async (fields: string): Promise<string> =>
    (await at.client.send(`POST /p HTTP/1.1\r\nHost: shop.test\r\n${fields}Content-Length: 0\r\n\r\n`).response()).body
  assert.equal(await post(HIDDEN), 'p 1')
  assert.equal((await at.client.get('/p', PHONE).response()).body, 'p 2')
})

test('options that take nothing away leave a request to the cache', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: Cookie\r\n`)
  for (const fields of [
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    'Connection: keep-alive, X-Not-There\r\n',
    'Connection: TE\r\nTE: trailers\r\n',
    '',
  ])
    assert.equal((await at.client.get('/p', `${fields}Cookie: a=b\r\n`).response()).body, 'p 1', fields)
})
