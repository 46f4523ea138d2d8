/** Several threads are one Headgate: they share the work and the limits, and one that dies takes nothing with it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Headgate } from '../../../src/run/supervisor.ts'
import { Client, get } from '../../kit/client.ts'
import { DeafServer } from '../../kit/deaf.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { held, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

function crowd(port: number, n: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: n }, () => Client.connect(port)))
}

/** Those of `clients` whose connection ended, now that a thread is gone. */
async function lost(gate: Headgate, clients: readonly Client[], inUse: () => number): Promise<Client[]> {
  const gone: Client[] = []
  for (const client of clients)
    client.socket.once('close', () => gone.push(client)).once('end', () => client.socket.end())
  await until(
    () => gone.length > 0 && gone.length + inUse() === clients.length,
    () => ({ gone: gone.length, held: held(gate.usage()) }),
  )
  return gone
}

/** Fills the pool to its limit, sees the next one refused, and lets all go: the whole limit can be used. */
async function wholeLimit(port: number, origin: Origin, limit: number): Promise<void> {
  const before = origin.requests
  const clients = await crowd(port, limit)
  for (const client of clients) client.get('/fill')
  await until(
    () => origin.requests === before + limit,
    () => origin.requests - before,
  )
  assert.equal(verdictOf(await get(port, '/over')), '503 pool_full')
  for (const asked of await origin.take(limit)) asked.answer('filled')
  for (const client of clients) {
    assert.equal((await client.response()).body, 'filled')
    client[Symbol.dispose]()
  }
}

test('connections are spread over all threads, and what they take is counted once', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop: { servers: ['${origin.address}'] }
threads: 4
accessLog: LOG
`)
  const clients = await crowd(hg.port, 200)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 200)
  for (const client of clients) client.get('/')
  for (const client of clients) assert.equal((await client.response()).status, 200)
  assert.equal(hg.gate.usage().requests, 200)
  for (const client of clients) client[Symbol.dispose]()
  await settled(hg.gate)
  const counts = tally((await hg.log()).map(({ thread }) => thread))
  assert.deepEqual(Object.keys(counts), ['0', '1', '2', '3'])
  for (const [thread, n] of Object.entries(counts)) assert.ok(n > 20, `thread ${thread} had ${n} of 200`)
})

test('a thread that dies is replaced within a second; the other goes on, and what the dead one held comes back exactly', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 40 }] } },
    routes: [{ to: 'shop', maxConnections: 50 }],
  })
  const clients = await crowd(hg.port, 40)
  for (const client of clients) client.get('/held')
  const asked = await origin.take(40)
  assert.equal(verdictOf(await get(hg.port, '/over')), '503 pool_full')
  await until(() => hg.gate.usage().listeners[0]?.inUse === 40)

  const before = performance.now()
  hg.gate.crash(0)
  const replaced = hg.gate.replaced(0).then(() => performance.now() - before)
  const gone = await lost(hg.gate, clients, () => hg.gate.usage().listeners[0]?.inUse ?? -1)
  assert.ok(gone.length > 0 && gone.length < 40, `${gone.length} of 40 were on that thread`)
  const left = 40 - gone.length
  const usage = hg.gate.usage()
  assert.deepEqual(
    [usage.listeners[0]?.inUse, usage.routes[0]?.inUse, usage.pools[0]?.inUse, usage.pools[0]?.servers[0]?.inUse],
    [left, left, left, left],
  )
  const took = await replaced
  assert.ok(took < 1000, `it took ${took} ms`)
  assert.equal(usage.requests, 41, 'what was counted is not forgotten')

  await until(() => origin.inside === left)
  for (const one of asked) one.answer('survived')
  for (const client of clients) {
    if (!gone.includes(client)) assert.equal((await client.response()).body, 'survived')
    client[Symbol.dispose]()
  }
  await settled(hg.gate)
  await wholeLimit(hg.port, origin, 40)
  await settled(hg.gate)
  assert.equal(origin.most, 40)
})

test('slots that come back from a dead thread go to those who wait on the others', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: {
      shop: { servers: [{ address: origin.address, maxConnections: 20 }], queue: { max: 100, timeout: '30s' } },
    },
  })
  const clients = await crowd(hg.port, 60)
  for (const client of clients) client.get('/')
  await until(() => origin.inside === 20 && hg.gate.usage().pools[0]?.waiting === 40)
  hg.gate.crash(1)
  const gone = await lost(hg.gate, clients, () => hg.gate.usage().listeners[0]?.inUse ?? -1)
  const rest = 60 - gone.length
  // Without one answer given: as many of the rest are inside as fit, the others wait.
  await until(
    () => origin.inside === Math.min(20, rest) && hg.gate.usage().pools[0]?.waiting === Math.max(0, rest - 20),
    () => [origin.inside, held(hg.gate.usage())],
  )
  assert.equal(hg.gate.usage().pools[0]?.inUse, Math.min(20, rest))
  assert.ok(origin.requests > 20)
  const answering = (async () => {
    for (;;) (await origin.next()).answer('ok')
  })()
  for (const client of clients) {
    if (!gone.includes(client)) assert.equal((await client.response()).status, 200)
    client[Symbol.dispose]()
  }
  void answering
  assert.equal(origin.most, 20)
  await settled(hg.gate)
})

test('whatever a thread holds when it dies comes back: places in every line, connections being made, streams, tunnels', async () => {
  await using origin = await Origin.listen()
  await using deaf = await DeafServer.listen()
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 60, whenFull: { max: 50, timeout: '30s' } } },
    pools: {
      shop: {
        servers: [{ address: origin.address, maxConnections: 10 }],
        queue: { max: 50, timeout: '30s' },
        streams: { max: 20, after: '100ms' },
      },
      deaf: { servers: [{ address: deaf.address, maxConnections: 8 }], timeouts: { connect: '30s' } },
    },
    routes: [
      { name: 'shop', to: 'shop' },
      { name: 'few', path: '/few', to: 'shop', maxConnections: 4, queue: { max: 10, timeout: '30s' } },
      { name: 'deaf', path: '/deaf', to: 'deaf' },
    ],
  })
  const clients = await crowd(hg.port, 60)
  const at = (from: number, to: number): Client[] => clients.slice(from, to)
  // 8 tunnels.
  for (const client of at(0, 8)) client.get('/tunnel', UPGRADE)
  for (const asked of await origin.take(8)) asked.say(SWITCHING)
  for (const client of at(0, 8)) assert.equal((await client.response()).status, 101)
  // 8 responses that have become streams.
  for (const client of at(8, 16)) client.get('/events')
  for (const asked of await origin.take(8)) {
    asked.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
  }
  await until(() => hg.gate.usage().pools[0]?.streams.inUse === 16)
  // 8 whose connection is being made, one that is refused; 4 on a route and 5 in its line; 6 more; 10 in the pool's line.
  for (const client of at(16, 24)) client.get('/deaf')
  await until(() => hg.gate.usage().pools[1]?.inUse === 8)
  for (const client of at(24, 33)) client.get('/few')
  await origin.take(4)
  for (const client of at(33, 49)) client.get('/shop')
  await origin.take(6)
  await until(() => hg.gate.usage().pools[0]?.waiting === 10)
  // Half a head, half a body; and 12 connections in the line of the listener.
  for (const client of at(49, 52)) client.send('GET / HTTP/1.1\r\nHo')
  const waiting = await crowd(hg.port, 12)
  await until(() => hg.gate.usage().listeners[0]?.waiting === 12)
  assert.deepEqual(held(hg.gate.usage()), [
    'web: 60',
    'line of web: 12',
    'few: 4',
    'line of few: 5',
    'shop: 10',
    'line of shop: 10',
    'streams of shop: 16',
    `${origin.address}: 10`,
    'deaf: 8',
    `${deaf.address}: 8`,
  ])

  hg.gate.crash(0)
  hg.gate.crash(1)
  for (const client of [...clients, ...waiting]) {
    await client.closed()
    client[Symbol.dispose]()
  }
  await Promise.all([hg.gate.replaced(0), hg.gate.replaced(1)])
  assert.deepEqual(held(hg.gate.usage()), [])
  await until(() => origin.inside === 0)
  const next = await crowd(hg.port, 60)
  for (const client of next.slice(0, 10)) client.get('/shop')
  await until(() => origin.inside === 10)
  for (const asked of await origin.take(10)) asked.answer('ok')
  for (const client of next.slice(0, 10)) assert.equal((await client.response()).status, 200)
  for (const client of next) client[Symbol.dispose]()
  await settled(hg.gate)
})

test('ten threads die one after the other under load: limits hold all the time, and in the end nothing is missing', async () => {
  const LIMIT = 6
  let holding = false
  await using origin = await Origin.listen((asked) => {
    if (!holding) setTimeout(() => asked.answer('ok'), 2)
  })
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 30, whenFull: { max: 100, timeout: '30s' } } },
    pools: {
      shop: {
        servers: [{ address: origin.address, maxConnections: LIMIT }],
        queue: { max: 100, timeout: '30s' },
      },
    },
    routes: [{ to: 'shop', maxConnections: 20, queue: { max: 100, timeout: '30s' } }],
  })
  let over = false
  const ends: string[] = []
  const visitors = Array.from({ length: 40 }, async () => {
    while (!over) {
      try {
        using client = await Client.connect(hg.port)
        for (let k = 0; k < 5 && !over; k++) ends.push(String((await client.get('/').response()).status))
      } catch {
        ends.push('cut')
      }
    }
  })
  try {
    for (let k = 0; k < 10; k++) {
      const from = ends.length
      hg.gate.crash(k % 2)
      await hg.gate.replaced(k % 2)
      await until(() => ends.length > from + 20)
    }
  } finally {
    over = true
  }
  await Promise.all(visitors)
  await settled(hg.gate)
  assert.ok(origin.most <= LIMIT, `${origin.most} at the server`)
  const counts = tally(ends)
  assert.deepEqual(Object.keys(counts), ['200', 'cut'])
  assert.ok((counts[200] ?? 0) > 500, JSON.stringify(counts))

  // All of the limit can be used, and no more than that.
  holding = true
  const busy = await crowd(hg.port, 20)
  for (const client of busy) client.get('/')
  await until(
    () => origin.inside === LIMIT && hg.gate.usage().pools[0]?.waiting === 20 - LIMIT,
    () => held(hg.gate.usage()),
  )
  for (const client of busy) client.reset()
  await settled(hg.gate)
})

test('with one thread a death is a short break: the process lives, and the next request is served at the same port', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  // In a process of its own, to see that nothing else keeps it alive.
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const file = join(folder, 'alone.mjs')
  writeFileSync(
    file,
    `import { headgate } from ${JSON.stringify(new URL('../../kit/headgate.ts', import.meta.url).href)}
    const hg = await headgate({ pools: { shop: { servers: [${JSON.stringify(origin.address)}] } } })
    for (let k = 0; k < 2; k++) {
      hg.gate.crash(0)
      await hg.gate.replaced(0)
    }
    const response = await fetch('http://127.0.0.1:' + hg.port)
    console.log(response.status, await response.text())
    await hg.gate.stop()`,
  )
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(said, '200 ok\n')
  assert.equal(status, 0)
  rmSync(folder, { recursive: true })
})

test('a unix socket is served again after the death of its thread', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const path = join(folder, 'web.sock')
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { bind: `unix:${path}` } },
    pools: { shop: { servers: [origin.address] } },
  })
  for (let k = 0; k < 2; k++) {
    const socket = connect({ path }).setEncoding('latin1')
    socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n')
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n/)
    hg.gate.crash(0)
    await hg.gate.replaced(0)
  }
  rmSync(folder, { recursive: true })
})

test('a thread that cannot listen where its predecessor did tries again until it can', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  hg.gate.crash(0)
  // Somebody takes the port in the moment in which nobody has it.
  const thief = createServer((socket) => socket.destroy())
  for (let taken = false; !taken; ) {
    thief.listen({ port: hg.port, host: '127.0.0.1' })
    taken = await once(thief, 'listening').then(
      () => true,
      () => false,
    )
  }
  let back = false
  const replaced = hg.gate.replaced(0).then(() => {
    back = true
  })
  const socket = connect({ port: hg.port, host: '127.0.0.1' }).on('error', () => {})
  await once(socket, 'close')
  assert.equal(back, false)
  thief.close()
  await replaced
  assert.equal((await get(hg.port, '/')).body, 'ok')
})

test('there is no thread beyond the last', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  assert.throws(() => hg.gate.crash(1), /RangeError|there is no thread 1/)
  await assert.rejects(hg.gate.replaced(1), /there is no thread 1/)
  await hg.gate.replaced(0)
})
