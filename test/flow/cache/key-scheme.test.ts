/** Behind a proxy that is trusted, the scheme and host of a request are those that the server is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import type { Asked } from '../../kit/origin.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const HTTPS = 'X-Forwarded-Proto: https\r\n'
const trusting = { listeners: { web: { trustedProxies: ['loopback'] } } }

/** What the server was told of scheme, host and port. */
function told({ head }: Asked): string {
  const lines = head.split('\r\n').filter((line) => /^(?:x-forwarded-(?:proto|host|port)|forwarded):/i.test(line))
  return lines.sort().join('|')
}

async function ask(at: Shop, path: string, fields = ''): Promise<string> {
  return (await at.client.get(path, fields).response()).body
}

/** Sends a request that changes something. */
async function post(at: Shop, path: string, fields = ''): Promise<void> {
  await at.client.send(`POST ${path} HTTP/1.1\r\nHost: shop.test\r\n${fields}Content-Length: 0\r\n\r\n`).response()
}

test('behind a trusted proxy the schemes do not share answers (RFC 9111 §2)', async () => {
  await using at = await shop({}, trusting)
  at.origin.on('/', (asked) =>
    told(asked).includes('Proto: https')
      ? asked.answer('home', FRESH)
      : asked.answer('away', `${FRESH}Location: https://shop.test/\r\n`, '301 Moved Permanently'),
  )
  for (let k = 0; k < 2; k++) {
    assert.equal(await ask(at, '/', 'X-Forwarded-Proto: http\r\n'), 'away')
    assert.equal(await ask(at, '/', HTTPS), 'home')
    assert.equal(await ask(at, '/', 'Forwarded: for=192.0.2.1;proto=https\r\n'), 'away', 'the server may read either')
    assert.equal(await ask(at, '/'), 'away')
  }
  assert.equal(at.origin.requests, 3)
})

test('nobody gets an answer to a request of which the server was told otherwise', async () => {
  await using at = await shop({}, trusting)
  at.origin.on('/p', (asked) => asked.answer(told(asked), FRESH))
  const asks = [
    '',
    HTTPS,
    'X-Forwarded-Proto: HTTPS\r\n',
    'X-Forwarded-Proto: https, http\r\n',
    'X-Forwarded-Proto: http, https\r\n',
    'X-Forwarded-Proto: gopher\r\n',
    'X-Forwarded-Host: evil.test\r\n',
    'X-Forwarded-Port: 1\r\n',
    'Forwarded: host=evil.test\r\n',
    'Forwarded: for=192.0.2.1, for=192.0.2.2;proto=https\r\n',
    `${HTTPS}Forwarded: proto=http\r\n`,
  ]
  const first: string[] = []
  for (const fields of asks) first.push(await ask(at, '/p', fields))
  assert.equal(at.origin.requests, asks.length)
  for (const [i, fields] of asks.entries()) assert.equal(await ask(at, '/p', fields), first[i], fields)
  assert.equal(at.origin.requests, asks.length)
  assert.equal(new Set(first).size, asks.length)
})

test('what a trusted proxy says of the addresses it was asked from makes no difference', async () => {
  await using at = await shop({}, trusting)
  at.origin.says('/p', FRESH)
  for (const k of [1, 2, 3]) {
    const fields = `${HTTPS}X-Forwarded-For: 192.0.2.${k}\r\nX-Forwarded-Host: shop.test\r\n`
    assert.equal(await ask(at, '/p', `${fields}Forwarded: for=192.0.2.${k};by="[2001:db8::${k}]"\r\n`), 'p 1')
  }
})

test('what others say of scheme and host reaches neither the server nor the key', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked) => asked.answer(told(asked), FRESH))
  const said = `${HTTPS}X-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nForwarded: host=evil.test;proto=https\r\n`
  const own = 'X-Forwarded-Host: shop.test|X-Forwarded-Proto: http'
  assert.deepEqual([await ask(at, '/p', said), await ask(at, '/p')], [own, own])
  assert.equal(at.origin.requests, 1)
})

test('Location with the scheme of the client invalidates what it names (RFC 9111 §4.4)', async () => {
  await using at = await shop({}, trusting)
  for (const path of ['/a', '/b']) at.origin.says(path, FRESH)
  at.origin.on('/post', (asked) => asked.answer('', 'Location: https://shop.test/a\r\n', '201 Created'))
  assert.deepEqual([await ask(at, '/a', HTTPS), await ask(at, '/a'), await ask(at, '/b', HTTPS)], ['a 1', 'a 2', 'b 1'])
  // Of another origin: nothing follows from it.
  await post(at, '/post')
  assert.deepEqual([await ask(at, '/a', HTTPS), await ask(at, '/a')], ['a 1', 'a 2'])
  await post(at, '/post', HTTPS)
  assert.deepEqual([await ask(at, '/a', HTTPS), await ask(at, '/a'), await ask(at, '/b', HTTPS)], ['a 3', 'a 2', 'b 1'])
  await post(at, '/b', HTTPS)
  assert.equal(await ask(at, '/b', HTTPS), 'b 3')
})

test('PURGE removes what the target names under the scheme that the proxy tells, whatever else it says', async () => {
  await using at = await shop({ purge: ['loopback'] }, trusting)
  at.origin.says('/p', FRESH)
  const more = `${HTTPS}X-Forwarded-Host: www.shop.test\r\nX-Forwarded-Port: 443\r\n`
  assert.deepEqual([await ask(at, '/p'), await ask(at, '/p', HTTPS), await ask(at, '/p', more)], ['p 1', 'p 2', 'p 3'])
  const purged = await at.client.send(`PURGE /p HTTP/1.1\r\nHost: shop.test\r\n${HTTPS}\r\n`).response()
  assert.equal(purged.status, 200)
  assert.deepEqual([await ask(at, '/p'), await ask(at, '/p', HTTPS), await ask(at, '/p', more)], ['p 1', 'p 4', 'p 5'])
})
