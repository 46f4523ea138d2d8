/** What an unsafe request makes invalid (RFC 9111 §4.4) does not end at its route: what counts is where a GET would find it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { Client } from '../../kit/client.ts'

const CACHE = { grace: 0, heuristic: false }
const FRESH = 'Cache-Control: max-age=60\r\n'

/** A server that counts each GET of a path, and names `/page` in its answers to all else. */
function publishes(at: Shop, field = 'Location', status = '201 Created'): void {
  for (const path of ['/page', '/api/x'])
    at.origin.on(path, (asked, n) => {
      if (asked.head.startsWith('GET')) asked.answer(`${n}`, FRESH)
      else asked.answer('', `${field}: /page\r\n`, status)
    })
}

async function get(client: Client, path: string, host = 'shop.test'): Promise<string> {
  return (await client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).response()).body
}

async function change(client: Client, path: string, host = 'shop.test', method = 'POST'): Promise<number> {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`
  return (await client.send(head).response()).status
}

test('what Location and Content-Location name is made invalid in the cache of another route', async () => {
  const routes = [
    { to: 'shop', cache: CACHE },
    { to: 'shop', path: '/api', cache: CACHE },
  ]
  await using at = await shop({}, { routes })
  for (const field of ['Location', 'Content-Location']) {
    publishes(at, field)
    const first = await get(at.client, '/page')
    assert.equal(await get(at.client, '/page'), first)
    assert.equal(await change(at.client, '/api/x'), 201)
    assert.notEqual(await get(at.client, '/page'), first, field)
  }
})

test('an unsafe request on a route that does not cache makes invalid what another one has stored', async () => {
  await using at = await shop(
    {},
    {
      routes: [
        { to: 'shop', cache: CACHE },
        { to: 'shop', path: '/api' },
      ],
    },
  )
  for (const method of ['POST', 'PUT', 'DELETE', 'FOO']) {
    publishes(at)
    const first = await get(at.client, '/page')
    assert.equal(await get(at.client, '/page'), first)
    assert.equal(await change(at.client, '/api/x', 'shop.test', method), 201)
    assert.notEqual(await get(at.client, '/page'), first, method)
  }
})

test('on such a route too, failures and safe methods leave alone what is stored', async () => {
  await using at = await shop(
    {},
    {
      routes: [
        { to: 'shop', cache: CACHE },
        { to: 'shop', path: '/api' },
      ],
    },
  )
  publishes(at)
  const first = await get(at.client, '/page')
  await change(at.client, '/api/x', 'shop.test', 'OPTIONS')
  publishes(at, 'Location', '409 Conflict')
  await change(at.client, '/api/x')
  assert.equal(await get(at.client, '/page'), first)
})

test('it is the key of the route that stored it which is removed, with all its variants', async () => {
  const key = { query: false, headers: ['X-Country'] }
  const routes = [
    { to: 'shop', cache: { ...CACHE, key } },
    { to: 'shop', path: '/api', cache: CACHE },
  ]
  await using at = await shop({}, { routes })
  publishes(at)
  const from = async (country: string): Promise<string> =>
    (await at.client.get('/page?utm=1', `X-Country: ${country}\r\n`).response()).body
  assert.deepEqual([await from('se'), await from('de'), await from('se')], ['1', '2', '1'])
  await change(at.client, '/api/x')
  assert.deepEqual([await from('se'), await from('de')], ['3', '4'])
})

test('where a GET would find it depends on host and listener; the same path elsewhere stays', async () => {
  await using at = await shop(
    {},
    {
      listeners: { web: {}, inside: {} },
      routes: [
        { to: 'shop', cache: CACHE, listeners: ['web'] },
        { to: 'shop', host: 'one.test', cache: CACHE, listeners: ['web'] },
        { to: 'shop', path: '/api' },
        { to: 'shop', path: '/page', cache: CACHE, listeners: ['inside'] },
      ],
    },
  )
  publishes(at)
  using inside = await Client.connect(at.gate.ports.inside!)
  const all = async (): Promise<readonly string[]> => [
    await get(at.client, '/page'),
    await get(at.client, '/page', 'one.test'),
    await get(at.client, '/page', 'two.test'),
    await get(inside, '/page'),
  ]
  assert.deepEqual(await all(), ['1', '2', '3', '4'])
  await change(at.client, '/api/x', 'one.test')
  assert.deepEqual(await all(), ['1', '5', '3', '4'])
  await change(at.client, '/api/x')
  assert.deepEqual(await all(), ['6', '5', '3', '4'])
  await change(inside, '/api/x')
  assert.deepEqual(await all(), ['6', '5', '3', '7'])
})

test('an unsafe request at a listener that caches nothing is passed on, and changes nothing stored at another', async () => {
  await using at = await shop(
    {},
    {
      listeners: { web: {}, inside: {} },
      routes: [
        { to: 'shop', cache: CACHE, listeners: ['web'] },
        { to: 'shop', listeners: ['inside'] },
      ],
    },
  )
  publishes(at)
  using inside = await Client.connect(at.gate.ports.inside!)
  assert.equal(await get(at.client, '/page'), '1')
  assert.equal(await change(inside, '/api/x'), 201)
  assert.equal(await get(at.client, '/page'), '1')
})
