/** Paths that pass the cache by do so in every spelling. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from '../../kit/cache-origin.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

test('no spelling of a path that passes the cache by is stored or served (RFC 3986 §6.2.2)', async () => {
  await using at = await shop({ bypass: { paths: ['/cart'] } })
  const spellings = [
    '/c%61rt',
    '/c%2561rt',
    '/%63art/1',
    '//cart',
    '/./cart',
    '/x/../cart',
    '/x/%2e%2e/cart',
    '/%2fcart',
    '/cart;v=1',
    '/cart%3bv=1',
    '/cart%3f.css',
    '/a//../cart',
    '/cart/../x',
  ]
  for (const path of spellings) {
    at.origin.on(path, (asked) => asked.answer(`cart of ${/^cookie: (.*)/im.exec(asked.head)?.[1]}`, FRESH))
    assert.equal((await at.client.get(path, 'Cookie: u=alice\r\n').response()).body, 'cart of u=alice')
    const other = await at.client.get(`${path}?y`, 'Cookie: u=bob\r\n').response()
    assert.deepEqual([other.body, other.field('cache-status')], ['cart of u=bob', 'gate; fwd=bypass'], path)
    assert.equal((await at.client.get(path, 'Cookie: u=bob\r\n').response()).body, 'cart of u=bob', path)
    // The server gets it as it came.
    assert.ok(at.origin.last(path).startsWith(`GET ${path} `))
  }
})

test('all other paths are stored by the letters that were sent', async () => {
  await using at = await shop({ bypass: { paths: ['/cart'] } })
  for (const path of ['/carton', '/c%61rton', '/x/../carton', '//carton', '/x/cart']) {
    at.origin.says(path, FRESH)
    for (let k = 0; k < 2; k++) assert.equal((await at.client.get(path).response()).body, `${path.slice(1)} 1`)
  }
})
