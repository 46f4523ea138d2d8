import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Address, HealthConfig } from '../../config/model.ts'
import type { CheckResult } from '../../pool/health.ts'
import type { AdminState, Health } from '../../pool/server.ts'
import { type ProbeConfig, probe } from './probe.ts'
import { type HealthChange, type Probed, Prober } from './prober.ts'

const asks: HealthConfig = {
  http: '/healthz',
  expect: [200, 399],
  interval: 5,
  timeout: 2000,
  rise: 2,
  fall: 3,
  host: '',
}

async function listening<T extends HttpServer | TcpServer>(
  server: T,
): Promise<{ server: T; address: Address } & AsyncDisposable> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    address: { host: '127.0.0.1', port },
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    },
  }
}

const serving = (answer: RequestListener): Promise<{ server: HttpServer; address: Address } & AsyncDisposable> =>
  listening(createServer(answer))

function findingOf(address: Address, config: ProbeConfig): Promise<{ finding: CheckResult; reason: string }> {
  return new Promise((found) => probe(address, config, (finding, reason) => found({ finding, reason })))
}

interface Stub {
  name: string
  config: Probed['config']
  adminState: AdminState
  health: Health
  checked: boolean
  progress: number
}

function stub(address: Address): Stub {
  const config = { name: 'one', address, maxConnections: 10, weight: 1, backup: false }
  return {
    name: 'one',
    config,
    adminState: 'ready',
    health: 'up',
    checked: false,
    progress: 0,
  }
}

/** A prober, with the changes it tells and the rings of its bell. */
function probing(
  server: Stub,
  config: HealthConfig,
): { changed: () => Promise<HealthChange>; rings: () => number; busy: () => boolean[] } & Disposable {
  const told: HealthChange[] = []
  const busy: boolean[] = []
  let wake = (): void => {}
  let rings = 0
  const prober = new Prober({
    ring: () => rings++,
    onChange: (change) => {
      told.push(change)
      wake()
    },
    onBusy: (change) => busy.push(change.busy),
    random: () => 0,
  })
  prober.watch('shop', [server], config)
  return {
    rings: () => rings,
    busy: () => busy,
    async changed() {
      if (told.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return told.shift()!
    },
    [Symbol.dispose]: () => prober.stop(),
  }
}

test('a probe asks for the path with a Host on a fresh connection, and takes a status within the range', async () => {
  const seen: string[] = []
  const sockets = new Set<unknown>()
  await using site = await serving((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers.connection}`)
    sockets.add(request.socket)
    response.writeHead(204).end()
  })
  const port = (site.address as { port: number }).port
  assert.deepEqual(await findingOf(site.address, asks), { finding: 'good', reason: 'status 204' })
  assert.deepEqual((await findingOf(site.address, { ...asks, host: 'shop.example' })).finding, 'good')
  assert.deepEqual(seen, [`GET /healthz 127.0.0.1:${port} close`, 'GET /healthz shop.example close'])
  assert.equal(sockets.size, 2)
})

test('a status outside the range, a refusal, an answer that is not HTTP and a connection that ends are bad', async () => {
  await using broken = await serving((_request, response) => response.writeHead(503).end())
  assert.deepEqual(await findingOf(broken.address, asks), { finding: 'bad', reason: 'status 503, not 200 to 399' })
  await using noise = await listening(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')))
  assert.equal((await findingOf(noise.address, asks)).finding, 'bad')
  await using mute = await listening(createTcpServer((socket) => socket.on('error', () => {}).end()))
  assert.equal((await findingOf(mute.address, asks)).finding, 'bad')
  const gone = await listening(createTcpServer())
  gone.server.close()
  await once(gone.server, 'close')
  assert.deepEqual(await findingOf(gone.address, asks), { finding: 'bad', reason: 'ECONNREFUSED' })
})

test('a server that takes the connection and does not answer in time is a timeout, not a refusal', async () => {
  await using slow = await serving(() => {})
  assert.deepEqual(await findingOf(slow.address, { ...asks, timeout: 30 }), {
    finding: 'timeout',
    reason: 'no answer within 30 ms',
  })
})

test('an endless answer is judged by its status and then cut off', async () => {
  let closed = (): void => {}
  const cut = new Promise<void>((resolve) => {
    closed = resolve
  })
  await using endless = await serving((_request, response) => {
    response.on('close', closed)
    const block = Buffer.alloc(16 * 1024)
    const more = (): void => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  assert.equal((await findingOf(endless.address, asks)).finding, 'good')
  await cut
})

test('a tcp probe is content with a connection, over a unix socket too', async () => {
  await using plain = await listening(createTcpServer((socket) => socket.on('error', () => {})))
  assert.equal((await findingOf(plain.address, { ...asks, http: null })).finding, 'good')
  const folder = await mkdtemp(join(tmpdir(), 'headgate-'))
  const server = createServer((request, response) => response.end(request.headers.host)).listen(join(folder, 'app'))
  await once(server, 'listening')
  try {
    const address = { path: join(folder, 'app') }
    assert.equal((await findingOf(address, { ...asks, http: null })).finding, 'good')
    assert.equal((await findingOf(address, asks)).finding, 'good')
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
})

test('a server goes down after `fall` bad probes in a row and up after `rise` good ones, and all threads hear of it', async () => {
  // One bad probe among good ones changes nothing; three in a row do.
  const answers = [200, 500, 500, 200, 500, 500, 500, 200, 500, 200, 200]
  let asked = 0
  await using site = await serving((_request, response) => response.writeHead(answers[asked++] ?? 200).end())
  const server = stub(site.address)
  using prober = probing(server, asks)
  const down = await prober.changed()
  assert.deepEqual(down, { pool: 'shop', server: 'one', from: 'up', to: 'down', reason: 'status 500, not 200 to 399' })
  assert.equal(asked, 7)
  assert.equal(server.health, 'down')
  assert.equal(prober.rings(), 1)
  const up = await prober.changed()
  assert.deepEqual([up.from, up.to, up.reason], ['down', 'up', 'status 200'])
  assert.equal(asked, 11)
  assert.equal(server.health, 'up')
  assert.equal(prober.rings(), 2)
})

test('a server that answers no check in time stays as long as it gets something done, and goes when it does not', async () => {
  let asked = 0
  const server = stub({ host: '', port: 0 })
  let working = true
  await using site = await serving(() => {
    asked++
    if (working) server.progress++
  })
  Object.assign(server.config, { address: site.address })
  const config = { ...asks, interval: 1, timeout: 10, fall: 3 }
  using prober = probing(server, config)
  while (asked < 12) await once(site.server, 'request')
  assert.equal(server.health, 'up')
  working = false
  const before = asked
  const down = await prober.changed()
  assert.deepEqual([down.to, down.reason], ['down', 'no answer within 10 ms, and to no request either'])
  assert.ok(asked - before <= 4, `${asked - before} checks`)
  assert.deepEqual(prober.busy(), [true], 'told once')
})

test('bad statuses and refusals of a busy server count as ever', async () => {
  const server = stub({ host: '', port: 0 })
  let asked = 0
  await using site = await serving((_request, response) => {
    asked++
    server.progress++
    response.writeHead(500).end()
  })
  Object.assign(server.config, { address: site.address })
  using prober = probing(server, asks)
  assert.equal((await prober.changed()).to, 'down')
  assert.equal(asked, 3)
})

test('a server in maintenance is not probed until it is ready again', async () => {
  let asked = 0
  await using site = await serving((_request, response) => {
    asked++
    response.writeHead(500).end()
  })
  const resting = stub(site.address)
  resting.adminState = 'maint'
  // Another server with the same interval shows that time has passed.
  await using bad = await serving((_request, response) => response.writeHead(500).end())
  using prober = probing(resting, asks)
  using clock = probing(stub(bad.address), asks)
  await clock.changed()
  assert.equal(asked, 0)
  resting.adminState = 'ready'
  assert.equal((await prober.changed()).to, 'down')
})

test('after stop nothing is probed and nothing is told', async () => {
  let asked = (): void => {}
  const first = new Promise<void>((resolve) => {
    asked = resolve
  })
  await using site = (await serving((request) => {
    asked()
    request.socket.on('close', () => site.server.emit('hung up'))
  })) as Awaited<ReturnType<typeof listening<HttpServer>>>
  const changes: HealthChange[] = []
  const prober = new Prober({
    ring: () => {},
    onChange: (change) => changes.push(change),
    onBusy: () => {},
    random: () => 0,
  })
  prober.watch('shop', [stub(site.address)], { ...asks, fall: 1 })
  await first
  const hungUp = once(site.server, 'hung up')
  prober.stop()
  await hungUp
  assert.deepEqual(changes, [])
})
