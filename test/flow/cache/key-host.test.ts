/** Hosts and ports in the key: what reaches the server in another form has answers of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from '../../kit/cache-origin.ts'
import { fetchOnce } from '../../kit/client.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

test('a spelling of Host that the server sees as it is has its own answers (RFC 9110 §4.2.3, §7.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked) => asked.answer(/^host: (.*)/im.exec(asked.head)?.[1] ?? '', FRESH))
  const ask = async (host: string, target = '/p'): Promise<string> =>
    (await at.client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).response()).body
  const odd = ['shop.test:0', 'shop.test:', 'shop.test:080', 'shop.test:0080', 'shop.test.', 'shop.test:8080']
  for (const host of odd) assert.equal(await ask(host), host)
  assert.equal(await ask('evil.test', 'http://shop.test.:0/p'), 'shop.test.:0')
  assert.equal(await ask('shop.test'), 'shop.test')
  for (const host of ['SHOP.test', 'shop.test:80', 'Shop.Test:80']) assert.equal(await ask(host), 'shop.test', host)
  assert.equal(await ask('shop.test.:80'), 'shop.test.')
  assert.equal(at.origin.requests, odd.length + 2)
})

test('a request of HTTP/1.0 without Host changes what such requests get (RFC 9111 §4.4, RFC 9112 §3.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked, n) => asked.answer(`${n}`, asked.head.startsWith('GET') ? FRESH : ''))
  const ask = async (method: string): Promise<string> =>
    (await fetchOnce(at.gate.port, `${method} /p HTTP/1.0\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`))
      .body
  assert.deepEqual(
    [await ask('GET'), await ask('GET'), await ask('POST'), await ask('GET'), await ask('GET')],
    ['1', '1', '2', '3', '3'],
  )
  for (const head of at.origin.heads('/p')) assert.match(head, /^Host: 127\.0\.0\.1/m)
})
