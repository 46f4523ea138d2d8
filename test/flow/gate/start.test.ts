/** When an address cannot be had Headgate says so and leaves nothing behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { Origin } from '../../kit/origin.ts'

const pools = { shop: { servers: ['127.0.0.1:9'] } }

async function listening(host = '127.0.0.1'): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, host)
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** A port that nobody listens at; it was somebody's a moment ago. */
async function freePort(): Promise<number> {
  await using server = await listening()
  return portOf(server)
}

/** Worker threads of this process that are alive. */
function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length
}

/** What starting this fails with. */
async function failure(
  listeners: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<NodeJS.ErrnoException & { address?: string; port?: number }> {
  const started = headgate({ threads: 2, pools, listeners, ...more })
  return await started.then(
    async (running) => {
      await running[Symbol.asyncDispose]()
      throw new Error('it started')
    },
    (error) => error,
  )
}

async function nobodyListensAt(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
}

test('a port that another program has: the error names code, address and port, and what was bound already is given up', async () => {
  await using taken = await listening()
  const before = threads()
  const free = await freePort()
  const error = await failure({ first: { bind: `127.0.0.1:${free}` }, web: { bind: `127.0.0.1:${portOf(taken)}` } })
  assert.equal(error.code, 'EADDRINUSE')
  assert.equal(error.syscall, 'listen')
  assert.equal(error.address, '127.0.0.1')
  assert.equal(error.port, portOf(taken))
  assert.match(error.message, /EADDRINUSE.*127\.0\.0\.1:\d+/)
  await nobodyListensAt(free)
  assert.equal(threads(), before)
})

test('an address that is not this machine’s', async () => {
  const before = threads()
  const elsewhere = await failure({ web: { bind: '192.0.2.1:0' } })
  assert.equal(elsewhere.code, 'EADDRNOTAVAIL')
  assert.equal(elsewhere.address, '192.0.2.1')
  assert.equal(threads(), before)
})

test('a unix socket that cannot be made', async () => {
  const before = threads()
  const error = await failure({ web: { bind: 'unix:/no/such/folder/headgate.sock' } })
  assert.ok(['EACCES', 'ENOENT'].includes(error.code ?? ''), String(error.code))
  assert.equal(error.address, '/no/such/folder/headgate.sock')
  assert.equal(threads(), before)
})

test('after a failed start the same port serves as soon as it is free', async () => {
  const before = threads()
  const port = await (async () => {
    await using taken = await listening()
    const error = await failure({ web: { bind: `127.0.0.1:${portOf(taken)}` } })
    assert.equal(error.code, 'EADDRINUSE')
    return portOf(taken)
  })()
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { bind: `127.0.0.1:${port}` } },
    pools: { shop: { servers: [origin.address] } },
  })
  assert.equal(hg.port, port)
  assert.ok(threads() > before, 'this is how threads are seen here')
  assert.equal((await get(port, '/')).body, 'ok')
})

/** Whether this machine has IPv6. */
async function hasIPv6(): Promise<boolean> {
  try {
    await using _server = await listening('::1')
    return true
  } catch {
    return false
  }
}

test('a second instance does not start where one listens, be it at that address or at one that takes it in', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const settings = { threads: 2, pools: { shop: { servers: [origin.address] } } }
  const v6 = await hasIPv6()
  for (const [first, ...others] of [
    ['127.0.0.1', '127.0.0.1', '', '0.0.0.0', 'localhost'],
    ['', '127.0.0.1', '127.0.0.2', ...(v6 ? ['[::1]', '[::]'] : [])],
  ] as [string, ...string[]][]) {
    await using hg = await headgate({ ...settings, listeners: { web: { bind: `${first}:0` } } })
    for (const host of others) {
      const error = await failure({ web: { bind: `${host}:${hg.port}` } })
      // A name may mean an address of IPv6 alone.
      if (host === 'localhost' && v6 && error.message === 'it started') continue
      assert.equal(error.code, 'EADDRINUSE', `${first} and ${host}`)
      assert.equal(error.port, hg.port)
      const { holder } = error as { holder?: string }
      if (process.platform === 'linux') assert.match(holder ?? '', new RegExp(`^node\\S* .*\\(pid ${process.pid}\\)$`))
    }
    assert.equal((await get(hg.port, '/')).body, 'ok')
    if (first === '') continue
    await using beside = await headgate({ ...settings, listeners: { web: { bind: `127.0.0.2:${hg.port}` } } })
    assert.equal(beside.port, hg.port)
  }
})

test('of several that start at once on one port exactly one does', async () => {
  for (const hosts of [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '', '0.0.0.0'],
  ]) {
    const port = await freePort()
    const started = await Promise.allSettled(
      hosts.map((host) => headgate({ threads: 2, pools, listeners: { web: { bind: `${host}:${port}` } } })),
    )
    const running = started.filter((one) => one.status === 'fulfilled')
    const failed = started.filter((one) => one.status === 'rejected')
    for (const { value } of running) await value[Symbol.asyncDispose]()
    assert.deepEqual(
      failed.map(({ reason }) => reason.code),
      ['EADDRINUSE', 'EADDRINUSE'],
    )
    assert.equal(running.length, 1)
  }
})

test('connections that wait out their end do not keep the next instance from the port', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const settings = { threads: 2, pools: { shop: { servers: [origin.address] } } }
  const port = await (async () => {
    await using hg = await headgate({ ...settings, listeners: { web: {} } })
    for (let k = 0; k < 5; k++) {
      // The side that closes first has the connection in TIME_WAIT.
      using client = (await Client.connect(hg.port)).get('/', 'Connection: close\r\n')
      assert.equal((await client.response()).status, 200)
      assert.equal(await client.closed(), '')
    }
    return hg.port
  })()
  await using again = await headgate({ ...settings, listeners: { web: { bind: `127.0.0.1:${port}` } } })
  assert.equal((await get(again.port, '/')).body, 'ok')
})

test('a listener may have several addresses, a unix socket among them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const path = join(folder, 'web.sock')
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { bind: ['127.0.0.1:0', '127.0.0.1:0', `unix:${path}`] } },
    pools: { shop: { servers: [origin.address] } },
  })
  const addresses = hg.gate.addresses.web ?? []
  assert.equal(addresses.length, 3)
  assert.equal(addresses[2], `unix:${path}`)
  const ports = addresses.slice(0, 2).map((address) => Number(address.split(':').pop()))
  assert.notEqual(ports[0], ports[1])
  for (const port of ports) assert.equal((await get(port, '/')).body, 'ok')
  const socket = connect({ path }).setEncoding('latin1')
  socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n')
  let answer = ''
  for await (const chunk of socket) answer += chunk
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  assert.ok(answer.endsWith('\r\n\r\nok'))
  await hg.gate.stop()
  rmSync(folder, { recursive: true })
})
