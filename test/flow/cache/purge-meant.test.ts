/** Orders to remove mean what they say: whoever writes a URL, a beginning or a host in another way means the same, and what means nothing is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, done, more, order, store, stored } from '../../kit/cache-orders.ts'
import { shop } from '../../kit/cache-origin.ts'

test('a purge by a path alone removes what begins so on every host', async () => {
  await using at = await shop({}, more)
  await store(at, { '/images/1': '', '/images/2': '', '/other': '' })
  await order(at, 'purge', { prefix: '/images/' })
  assert.deepEqual(
    [await stored(at, '/images/1'), await stored(at, '/images/2'), await stored(at, '/other')],
    [false, false, true],
  )
  await done(at)
})

test('hosts have no case, and the port of the scheme need not be written', async () => {
  await using at = await shop({}, more)
  await store(at, { '/a/1': '' })
  for (const [kind, written] of [
    ['prefix', 'http://SHOP.test/a/'],
    ['prefix', 'HTTP://shop.test:80/a/'],
    ['url', 'http://SHOP.TEST:80/a/1'],
  ] as const) {
    await order(at, 'purge', { [kind]: written })
    assert.equal(await stored(at, '/a/1'), false, written)
    assert.equal(await stored(at, '/a/1'), true, written)
  }
  for (const other of [
    'http://shop.test:8080/a/',
    'https://shop.test/a/',
    'http://other.test/a/',
    'http://shop.test/A/',
  ]) {
    await order(at, 'purge', { prefix: other })
    assert.equal(await stored(at, '/a/1'), true, other)
  }
  await done(at)
})

test('where a route stores without regard to the host, orders that name one concern what it stores', async () => {
  await using at = await shop({ key: { host: false } }, more)
  await store(at, { '/a/1': '' })
  for (const [path, body] of [
    ['purge', { prefix: 'http://shop.test/a/' }],
    ['purge', { url: 'http://shop.test/a/1' }],
    ['ban', { expression: 'req.http.host == shop.test' }],
    ['ban', { expression: 'req.http.host ~ "^shop" && req.url ~ "^/a/"' }],
  ] as const) {
    await order(at, path, body)
    assert.equal(await stored(at, '/a/1'), false, JSON.stringify(body))
    assert.equal(await stored(at, '/a/1'), true, JSON.stringify(body))
  }
  await order(at, 'ban', { expression: 'req.http.host == shop.test && req.url ~ "^/b/"' })
  assert.equal(await stored(at, '/a/1'), true)
  await done(at)
})

test('a URL with letters beyond ASCII is the one that browsers ask for', async () => {
  await using at = await shop({}, more)
  await store(at, { '/%C3%BC': '' })
  const { says } = await call(at, `object?url=${encodeURIComponent('http://shop.test/\u00fc')}`)
  assert.equal((says.variants as unknown[]).length, 1)
  await order(at, 'purge', { url: 'http://shop.test/\u00fc' })
  assert.equal(await stored(at, '/%C3%BC'), false)
  await order(at, 'purge', { prefix: '/\u00fc' })
  assert.equal(await stored(at, '/%C3%BC'), false)
  await done(at)
})

test('a tag with a comma is one where spaces separate tags, and two where commas do', async () => {
  await using at = await shop({}, more)
  await store(at, {
    '/fastly': 'Surrogate-Key: a,b c\r\n',
    '/varnish': 'xkey: a,b\r\n',
    '/cloud': 'Cache-Tag: a,b\r\n',
  })
  const kept = async (): Promise<boolean[]> => [
    await stored(at, '/fastly'),
    await stored(at, '/varnish'),
    await stored(at, '/cloud'),
  ]
  await order(at, 'purge', { tags: ['a'] })
  assert.deepEqual(await kept(), [true, true, false])
  await order(at, 'purge', { tags: ['a,b'] })
  assert.deepEqual(await kept(), [false, false, true])
  await order(at, 'purge', { tags: ['c'] })
  assert.deepEqual(await kept(), [false, true, true])
  await done(at)
})

test('a regular expression over which other engines brood for ever holds up nobody', async () => {
  await using at = await shop({}, more)
  const path = `/${'a'.repeat(28)}!`
  await store(at, { [path]: '', '/other': '', [`/${'a'.repeat(28)}`]: '' })
  const from = performance.now()
  for (const pattern of ['^/(a|a){28}$', '^/(a?){28}$', String.raw`^/(\w{1,2}){28}$`, '^/(a+)+$'])
    await order(at, 'ban', { expression: `req.url ~ "${pattern}"` })
  assert.deepEqual([await stored(at, path), await stored(at, '/other')], [true, true])
  assert.equal(await stored(at, `/${'a'.repeat(28)}`), false)
  assert.ok(performance.now() - from < 2000)
  const refused = await call(at, 'ban', { expression: String.raw`req.url ~ "^/(a)\1"` })
  assert.equal(refused.status, 400)
  assert.match(JSON.stringify(refused.says), /invalid escape sequence.*no references back/)
  await done(at)
})
