/** Refreshes that fail are in the log of the control plane, where visitors who get stale copies notice nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import { Said } from '../../kit/said.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const LATE = 'Cache-Control: max-age=60\r\nAge: 70\r\n'

/** A Headgate over two threads, whose log is kept, before a server with pages that are stale from the first. */
async function noisy(origin: CacheOrigin, said: Said) {
  const pools = { shop: { servers: [origin.address] } }
  const routes = [{ name: 'pages', to: 'shop', cache: { grace: '1h' } }]
  return await caching(origin, {}, { pools, routes, threads: 2 }, { log: said.log })
}

test('a server that fails is told once for the route, with the status, a URL and what to do, however many pages', async () => {
  await using origin = await CacheOrigin.listen()
  const said = new Said()
  await using gate = await noisy(origin, said)
  const paths = Array.from({ length: 6 }, (_, k) => `/page/${k}`)
  for (const path of paths) {
    origin.on(path, (asked, n) => (n === 1 ? asked.answer('old', LATE) : asked.answer('oh', '', '503 Oh')))
    await get(gate.port, path)
  }
  for (const path of paths) {
    assert.equal((await get(gate.port, path)).body, 'old')
    await until(() => origin.count(path) === 2)
  }
  const line = await said.first(/cannot be refreshed/)
  assert.partialDeepStrictEqual(line, {
    level: 'warn',
    phase: 'begin',
    route: 'pages',
    reason: 'server-error',
    status: 503,
  })
  assert.match(String(line.url), /^http:\/\/shop\.test\/page\/\d$/)
  assert.match(line.message, /^the stale copies of route pages cannot be refreshed: \d fetch(es)? failed/)
  assert.match(line.message, /\(server-error, status 503\): .*Look at the server.*headgate ctl show/)
  // They are tried again after a second or two.
  for (let asked = 0; asked < 100 && origin.count('/page/0') < 4; asked++) {
    assert.equal((await get(gate.port, '/page/0')).body, 'old')
    await meanwhile(50)
  }
  assert.equal(origin.count('/page/0'), 4)
  await meanwhile(1100)
  assert.equal(said.lines.filter(({ message }) => /refreshed/.test(message)).length, 1)
  await settled(gate.gate)
})

test('a server that cannot be reached is told with the cause', async () => {
  const origin = await CacheOrigin.listen()
  const said = new Said()
  await using gate = await noisy(origin, said)
  origin.says('/page', LATE)
  await get(gate.port, '/page')
  await origin[Symbol.asyncDispose]()
  assert.equal((await get(gate.port, '/page')).body, 'page 1')
  const line = await said.first(/cannot be refreshed/)
  assert.partialDeepStrictEqual(line, { route: 'pages', reason: 'connect_refused', status: null, failed: 1 })
})

test('what fails in front of its client, or is not to be stored any more, is no refresh that fails', async () => {
  await using origin = await CacheOrigin.listen()
  const said = new Said()
  await using gate = await noisy(origin, said)
  origin.on('/now', (asked) => asked.answer('oh', '', '503 Oh'))
  origin.on('/mine', (asked, n) => asked.answer('mine', n === 1 ? LATE : 'Cache-Control: private\r\n'))
  for (let k = 0; k < 2; k++) {
    await get(gate.port, '/mine')
    assert.equal((await get(gate.port, '/now')).status, 503)
  }
  await until(() => origin.count('/mine') >= 2)
  await meanwhile(1200)
  assert.deepEqual(
    said.lines.filter(({ message }) => /refreshed/.test(message)),
    [],
  )
  await settled(gate.gate)
})
