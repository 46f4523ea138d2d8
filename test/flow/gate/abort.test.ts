/** Whatever is broken off, by whomever and at whatever moment: no slot, no place in a line is ever lost, or given twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { logged } from '../../kit/logged.ts'
import { Random } from '../../kit/random.ts'
import { RoughOrigin } from '../../kit/rough.ts'
import { held, settled, tally, until } from '../../kit/settle.ts'

/** Another seed gives another course of events; sockets and threads add some of their own. */
const SEED = 20260701
const VISITORS = 140
const VISITS = 14

function pause(random: Random, most: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(most)))
}

/** What a visitor does with its connection; whatever it leaves undone is broken off when its visit is over. */
const manners: Readonly<Record<string, (client: Client, random: Random) => Promise<unknown>>> = {
  'says nothing': (_, random) => pause(random, 40),
  async 'half a head'(client, random) {
    client.send('GET / HTTP/1.1\r\nHo')
    await pause(random, 30)
  },
  async 'slow head'(client, random) {
    for (const piece of ['GET / HT', 'TP/1.1\r\nHost: shop.te', 'st\r\n\r', '\n']) {
      client.send(piece)
      await pause(random, 10)
    }
    await client.response()
  },
  async 'asks and goes'(client, random) {
    client.get(random.pick(['/', '/few', '/few/more']))
    await pause(random, 60)
  },
  async 'asks and waits'(client, random) {
    for (let k = 0; k < 3; k++) await client.get(random.pick(['/', '/few'])).response()
  },
  async 'goes in its body'(client, random) {
    client.send(`POST ${random.pick(['/', '/few'])} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 50000\r\n\r\n`)
    client.send('x'.repeat(random.below(50_000)))
    await pause(random, 60)
  },
  async 'goes in its chunks'(client, random) {
    client.send('POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await pause(random, 30)
    client.send(random.pick(['0\r\n\r\n', '5\r\nwo', 'zz\r\n', '']))
    await pause(random, 30)
  },
  async 'sends a body and waits'(client) {
    client.send(`POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 30000\r\n\r\n${'x'.repeat(30_000)}`)
    await client.response()
  },
  async 'goes in the answer'(client) {
    await client.get('/').until('\r\n')
  },
  async 'does not read'(client, random) {
    client.socket.pause()
    client.get('/').get('/').get('/')
    await pause(random, 60)
  },
  async 'pipelines and goes'(client, random) {
    client.get('/').get('/few').get('/')
    if (random.below(2) === 0) await client.response()
    await pause(random, 20)
  },
  async 'half-closes'(client, random) {
    client.get('/')
    await pause(random, 10)
    await client.end().response()
  },
  async 'old client'(client) {
    await client.send('GET / HTTP/1.0\r\n\r\n').response()
  },
  async 'no HTTP'(client, random) {
    client.send('\x16\x03\x01\x02\x00\x01')
    await pause(random, 20)
  },
  async tunnels(client, random) {
    client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
    if ((await client.response()).status === 101) client.send('hello')
    await pause(random, 50)
  },
}

async function visit(port: number, random: Random): Promise<string> {
  const [name, act] = random.pick(Object.entries(manners))
  const leave = random.pick<(client: Client) => void>([
    (client) => client.reset(),
    (client) => client[Symbol.dispose](),
    (client) => client.end()[Symbol.dispose](),
  ])
  try {
    using client = await Client.connect(port)
    // Nobody stays for ever: half of them leave before they have what they came for.
    await Promise.race([act(client, random), pause(random, random.below(2) === 0 ? 50 : 900)]).finally(() =>
      leave(client),
    )
  } catch {
    // Refused, cut, timed out: all of it is expected here.
  }
  return name
}

async function livelyDay(seed: number, after: string): Promise<void> {
  const random = new Random(seed)
  await using a = await RoughOrigin.listen(random.fork(), 7)
  await using b = await RoughOrigin.listen(random.fork(), 4)
  const dead = await RoughOrigin.listen(random.fork(), 0)
  const nobody = dead.address
  await dead[Symbol.asyncDispose]()
  await using hg = await logged(
    JSON.stringify({
      listeners: {
        web: {
          bind: '127.0.0.1:0',
          maxConnections: 70,
          whenFull: { max: 30, timeout: '100ms' },
          timeouts: { header: '100ms', body: '100ms', send: '150ms', keepAlive: '200ms' },
        },
      },
      pools: {
        shop: {
          servers: [
            { address: a.address, maxConnections: 7 },
            { address: b.address, maxConnections: 4 },
            { address: nobody, maxConnections: 3 },
          ],
          maxConnections: 12,
          queue: { max: 40, timeout: '50ms' },
          streams: { max: 12, after },
          timeouts: {
            connect: '500ms',
            firstByte: '120ms',
            betweenBytes: '100ms',
            total: '400ms',
            tunnelIdle: '150ms',
          },
          idle: { max: 3, timeout: '50ms' },
        },
      },
      routes: [
        { name: 'few', path: '/few', to: 'shop', maxConnections: 5, queue: { max: 8, timeout: '60ms' } },
        { name: 'rest', to: 'shop' },
      ],
      threads: 2,
      accessLog: false,
    }),
  )
  const visits = await Promise.all(
    Array.from({ length: VISITORS }, async () => {
      const own = random.fork()
      const names: string[] = []
      for (let k = 0; k < VISITS; k++) names.push(await visit(hg.port, own))
      return names
    }),
  )
  assert.equal(Object.keys(tally(visits.flat())).length, Object.keys(manners).length)
  await settled(hg.gate)
  // A response that has become a stream is still at its server, so only without that the servers see the limits.
  if (after === '0') assert.deepEqual([a.excesses, b.excesses], [0, 0])
  // It has been a lively day: all kinds of ends were seen, and none of them was a defect.
  const { causes, requests } = hg.gate.usage()
  assert.ok(requests > 500, `${requests} requests`)
  for (const cause of ['client_gone', 'queue_timeout', 'response_cut', 'first_byte_timeout'] as const) {
    assert.ok((causes[cause] ?? 0) > 0, `${cause} in ${JSON.stringify(causes)}`)
  }
  assert.equal(causes.internal, undefined)
  assert.deepEqual(
    hg.said.filter((line) => line.includes('"level":"error"')),
    [],
  )

  // Every slot can be used again, and not one more than there are.
  a.holding = b.holding = true
  hg.gate.setAdminState('shop', nobody, 'maint')
  const clients: Client[] = []
  for (let k = 0; k < 11; k++) clients.push((await Client.connect(hg.port)).get('/'))
  await until(
    () => a.inside === 7 && b.inside === 4,
    () => [a.inside, b.inside, held(hg.gate.usage())],
  )
  for (const client of clients) client.reset()
  await settled(hg.gate)
}

test('clients that break off anywhere, before servers that do so too: limits hold, and afterwards nothing is held', async () => {
  await livelyDay(SEED, '0')
})

test('the same with responses that become streams on the way', async () => {
  await livelyDay(SEED + 1, '60ms')
})
