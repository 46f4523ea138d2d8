/** `headgate ctl` as a process of its own, against a running Headgate. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { CacheOrigin } from '../kit/cache-origin.ts'
import { get } from '../kit/client.ts'
import { headgate } from '../kit/headgate.ts'
import { command } from './command.ts'

const token = 'correct-horse-battery'
const pools = { app: { servers: [{ address: '127.0.0.1:9', maxConnections: 5 }], queue: { max: 10 } } }

/** Runs ctl against a Headgate, which a test has to itself. */
async function against(admin: unknown, args: readonly string[], env: Record<string, string> = {}) {
  await using running = await headgate({ pools, admin })
  const { gate } = running
  const ended = await command(['ctl', ...args], { env: { HEADGATE_ADMIN: gate.admin ?? '', ...env } })
  return { ...ended, usage: gate.usage() }
}

test('ctl status shows limits and servers, and ends with 0', async () => {
  const { code, out, err } = await against('127.0.0.1:0', ['status'])
  assert.equal(err, '')
  assert.equal(code, 0)
  assert.match(out, /1 thread, 0 requests/)
  assert.match(out, /server 127\.0\.0\.1:9 +0 of 5 .*unchecked/)
  assert.equal(out, stripVTControlCharacters(out))
})

test('ctl incident tells what happened to a request, and 1 where nobody remembers it', async () => {
  await using running = await headgate({ pools, admin: '127.0.0.1:0' })
  const env = { HEADGATE_ADMIN: running.gate.admin ?? '' }
  const { body } = await get(running.port, '/cart')
  const [id = ''] = /[0-9A-HJKMNP-TV-Z]{14}/.exec(body) ?? []
  const { code, out, err } = await command(['ctl', 'incident', id.toLowerCase()], { env })
  assert.equal(code, 0, err)
  assert.match(out, new RegExp(`^${id} {2}connect_refused, status 502\n\nNothing listens at the server`))
  assert.match(out, /^ {2}request +GET \/cart HTTP\/1\.1/m)
  assert.match(out, /^ {2}setting +pools\.app\.servers\[0\]\.address$/m)
  assert.match(out, /^The error page said: The site could not be reached\.$/m)
  const unknown = await command(['ctl', 'incident', '00000000000000'], { env })
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /none of the threads remembers[\s\S]*access log/)
  assert.equal((await command(['ctl', 'incident', 'x'], { env })).code, 2)
})

test('ctl prints the answer as JSON when it is asked to', async () => {
  const { out } = await against('127.0.0.1:0', ['limits', '--json'])
  const { limits } = JSON.parse(out) as { limits: { path: string; value: unknown }[] }
  assert.equal(limits.find(({ path }) => path === 'pools.app.queue.max')?.value, 10)
})

test('ctl set-limit changes a limit while Headgate runs', async () => {
  const { code, out, usage } = await against('127.0.0.1:0', ['set-limit', 'pools.app.servers[0].maxConnections', '7'])
  assert.equal(code, 0)
  assert.match(out, /is 7/)
  assert.equal(usage.pools[0]?.servers[0]?.limit, 7)
})

test('ctl set-limit refuses 0 where a file may not have it, names the order to give instead, and changes nothing', async () => {
  const at = 'pools.app.servers[0].maxConnections'
  const { code, err, usage } = await against('127.0.0.1:0', ['set-limit', at, '0'])
  assert.equal(code, 2)
  assert.match(err, /0 would let nothing in[\s\S]*headgate ctl state app ADDRESS maint/)
  assert.notEqual(usage.pools[0]?.servers[0]?.limit, 0)
})

test('ctl state takes a server out of service', async () => {
  const { code, usage } = await against('127.0.0.1:0', ['state', 'app', '127.0.0.1:9', 'drain'])
  assert.equal(code, 0)
  assert.equal(usage.pools[0]?.servers[0]?.adminState, 'drain')
})

test('ctl shows a token where one is required, and says which variable holds it where it is missing', async () => {
  const admin = { bind: '127.0.0.1:0', token }
  assert.equal((await against(admin, ['status'], { HEADGATE_ADMIN_TOKEN: token })).code, 0)
  const { code, err } = await against(admin, ['status'])
  assert.equal(code, 1)
  assert.match(err, /shows no token[\s\S]*HEADGATE_ADMIN_TOKEN/)
})

test('an order that Headgate refuses ends with 1, with its reason and the remedy', async () => {
  const unknown = await against('127.0.0.1:0', ['set-limit', 'pools.app.queue.maks', '7'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /did you mean pools\.app\.queue\.max\?/)
  const uncached = await against('127.0.0.1:0', ['purge', '--tag', 'a'])
  assert.equal(uncached.code, 1)
  assert.match(uncached.err, /no route of this Headgate caches/)
})

test('a command that is wrong ends with 2 before anything is asked', async () => {
  const nothing = await command(['ctl', 'purge'])
  assert.equal(nothing.code, 2)
  assert.match(nothing.err, /one of --url, --prefix and --tag/)
  assert.equal((await command(['ctl', 'set-limit', 'x', 'many'])).code, 2)
  const elsewhere = await command(['ctl', 'status', '--admin', 'https://gate:1'])
  assert.equal(elsewhere.code, 2)
  assert.match(elsewhere.err, /--admin: /)
})

test('where nothing listens ctl ends with 1 and asks the right question', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const { code, err } = await command(['ctl', 'status', '--admin', `127.0.0.1:${port}`])
  assert.equal(code, 1)
  assert.match(err, /cannot be reached \(ECONNREFUSED\)[\s\S]*headgate run/)
})

test('options may stand before the order as well as after it, and what stands after it counts', async () => {
  await using running = await headgate({ pools, admin: '127.0.0.1:0' })
  const admin = running.gate.admin ?? ''
  const before = await command(['ctl', '--admin', admin, '--json', 'limits'])
  assert.equal(before.code, 0, before.err)
  assert.ok(JSON.parse(before.out))
  assert.equal((await command(['ctl', '--admin', '127.0.0.1:1', 'limits', '--admin', admin])).code, 0)
})

test('a URL that means nothing ends with 2, with its place and the remedy', async () => {
  const caching = { pools, routes: [{ to: 'app', cache: true }], cache: { size: '16MB' }, admin: '127.0.0.1:0' }
  await using running = await headgate(caching)
  const env = { HEADGATE_ADMIN: running.gate.admin ?? '' }
  for (const args of [
    ['purge', '--url', 'http://shop.test/a b'],
    ['show', 'http://shop.test/a b'],
  ]) {
    const { code, err } = await command(['ctl', ...args], { env })
    assert.equal(code, 2, err)
    assert.match(err, /\.url has a space or a control character.*\n +fix: percent-encode it: a space is %20/)
  }
  assert.equal((await command(['ctl', 'purge', '--url', 'http://shop.test/\u00fc'], { env })).code, 0)
})

test('ctl show tells why an answer was not stored and what to do, and ctl purge what it did', async () => {
  await using origin = await CacheOrigin.listen()
  const { address } = origin.says('/page', '')
  await using running = await headgate({
    pools: { app: { servers: [address] } },
    routes: [{ to: 'app', host: 'shop.test', cache: { grace: '1h' } }],
    cache: { size: '16MB' },
    admin: '127.0.0.1:0',
  })
  const env = { HEADGATE_ADMIN: running.gate.admin ?? '' }
  const ctl = (...args: string[]) => command(['ctl', ...args], { env })
  await get(running.port, '/page')
  const { out } = await ctl('show', 'http://shop.test/page')
  assert.match(out, /nothing is stored\nThe last answer was not stored \(says-nothing, .*\n {2}fix: .*defaultTtl/)
  assert.match((await ctl('show', 'http://other.test/')).out, /No route that caches takes this URL/)
  assert.match((await ctl('cache')).out, /misses +1\n[\s\S]*refresh failed +0/)
  assert.match((await ctl('purge', '--url', 'http://shop.test/page', '--soft')).out, /^It is made stale at once\.\n$/)
  assert.match((await ctl('purge', '--tag', 'a')).out, /^It is gone for all threads/)
  assert.match((await ctl('ban', 'obj.status == 500')).out, /^It is gone for all threads/)
  const nowhere = await ctl('purge', '--url', 'http://other.test/')
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.err, /no route that caches takes[\s\S]*shop\.test/)
  running.gate.setAdminState('app', address, 'maint')
  const refused = await ctl('ban', 'obj.status == 500')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /no server of pool app takes requests[\s\S]*insist with --force/)
  assert.match((await ctl('purge', '--tag', 'a')).out, /^It is made stale at once, to spare the servers\.\n.*s-maxage/)
})

test('where something else answers, ctl says so in one sentence and ends with 1', async () => {
  for (const [status, body] of [
    ['200 OK', '{}'],
    ['200 OK', 'null'],
    ['200 OK', 'hello'],
    ['404 Not Found', 'null'],
    ['400 Bad Request', '{"detail":7}'],
  ]) {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume()
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body?.length}\r\nConnection: close\r\n\r\n${body}`)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const args of [['bans'], ['purge', '--tag', 'a']]) {
      const { code, err } = await command(['ctl', ...args, '--admin', `127.0.0.1:${port}`])
      assert.equal(code, 1, err)
      assert.match(err, /^error: what answers at \S+ is no admin API of this version of Headgate .*\n {2}fix: .*\n$/)
    }
    server.close()
  }
})

test('ctl --help names every order, with examples', async () => {
  const { code, out } = await command(['ctl', '--help'])
  assert.equal(code, 0)
  for (const name of ['status', 'incident', 'limits', 'set-limit', 'state', 'cache', 'show', 'purge', 'ban', 'bans'])
    assert.match(out, new RegExp(`^  ${name}\\b`, 'm'))
  assert.match(out, /Examples:\n {2}headgate ctl/)
})
