/** How servers and listeners are named: by DNS, IPv4, IPv6 and unix sockets, and what is said when a name leads nowhere. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { settled, verdictOf } from '../../kit/settle.ts'
import { takes } from '../../kit/stopwatch.ts'

/** A folder of its own for sockets, gone with the test. */
function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'headgate-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A server anywhere that answers every request with its head; null where this machine has no such address. */
async function echo(at: { host: string } | { path: string }): Promise<(AsyncDisposable & { port: number }) | null> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (head) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n`)
      socket.write(head)
    })
  })
  server.listen({ ...at, ...('path' in at ? {} : { port: 0 }) })
  try {
    await once(server, 'listening')
  } catch {
    return null
  }
  const address = server.address()
  return {
    port: typeof address === 'string' || address === null ? 0 : address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A client of any address. */
async function clientAt(at: { port: number; host: string } | { path: string }): Promise<Client> {
  const socket = connect({ ...at, allowHalfOpen: true })
  await once(socket, 'connect')
  return Client.over(socket)
}

/** One pool with this server, logged. */
const yaml = (server: string, more = ''): string => `threads: 1
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools:
  shop:
    servers:
      - "${server}"
${more}`

test('a server may be named by its address in IPv4', async () => {
  await using server = await echo({ host: '127.0.0.1' })
  await using hg = await logged(yaml(`http://127.0.0.1:${server?.port}/`))
  assert.match((await get(hg.port, '/')).body, /^GET \/ HTTP\/1\.1\r\nHost: shop\.test\r\n/)
  assert.equal((await hg.log())[0]?.server, `127.0.0.1:${server?.port}`)
})

test('a server may be named by its address in IPv6, and a listener too', async (t) => {
  await using server = await echo({ host: '::1' })
  if (server === null) return t.skip('this machine has no IPv6')
  await using hg = await logged(yaml(`[::1]:${server.port}`).replace('127.0.0.1:0', '[::1]:0'))
  assert.match(hg.gate.addresses.web?.[0] ?? '', /^\[::1\]:\d+$/)
  using client = await clientAt({ port: hg.port, host: '::1' })
  const answer = await client.get('/').response()
  assert.equal(answer.status, 200)
  assert.match(answer.body, /\r\nX-Forwarded-For: ::1\r\n/)
  client.end()
  const [line] = await hg.log()
  assert.equal(line?.server, `[::1]:${server.port}`)
  assert.equal(line.client, '::1')
})

test('a server may be named by a name, whichever of its addresses it listens at', async () => {
  await using server = await echo({ host: '127.0.0.1' })
  await using hg = await logged(yaml(`LOCALHOST:${server?.port}`))
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 3; i++) assert.equal((await client.get('/').response()).status, 200)
  client.end()
  await settled(hg.gate)
  const lines = await hg.log()
  assert.deepEqual(
    lines.map(({ server: name, reused }) => [name, reused]),
    [
      [`localhost:${server?.port}`, false],
      [`localhost:${server?.port}`, true],
      [`localhost:${server?.port}`, true],
    ],
  )
})

test('a server may be a unix socket, also for a client of HTTP/1.0 that names no host', async () => {
  using at = folder()
  const path = join(at.path, 'app.sock')
  await using server = await echo({ path })
  assert.ok(server !== null)
  await using hg = await logged(yaml(`unix:${path}`))
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 2; i++) assert.match((await client.get('/').response()).body, /\r\nHost: shop\.test\r\n/)
  assert.match((await client.send('GET / HTTP/1.0\r\n\r\n').response()).body, /\r\nHost: localhost\r\n/)
  client.end()
  const lines = await hg.log()
  assert.equal(lines[0]?.server, `unix:${path}`)
  assert.deepEqual(
    lines.map(({ reused }) => reused),
    [false, true, true],
  )
})

test('a listener may be a unix socket; its clients have no address, and servers are told so in the words of RFC 7239', async () => {
  using at = folder()
  const path = join(at.path, 'web.sock')
  await using origin = await Origin.listen((asked) => asked.answer(asked.head))
  const text = `threads: 2
listeners: { web: { bind: "unix:${path}", forwarded: [x-forwarded, forwarded] } }
accessLog: LOG
pools: { shop: { servers: ["${origin.address}"] } }
`
  await using hg = await logged(text)
  assert.deepEqual(hg.gate.addresses.web, [`unix:${path}`])
  using client = await clientAt({ path })
  const { body } = await client.get('/').response()
  assert.match(body, /\r\nX-Forwarded-For: unknown\r\n/)
  assert.match(body, /\r\nForwarded: for=unknown;host=shop\.test;proto=http(\r\n|$)/)
  client.end()
  const [line] = await hg.log()
  assert.equal(line?.client, 'unix')
})

test('a name that does not resolve: 502 dns_failed at once, with the setting to look at', async () => {
  // No resolver is asked for a label of 64 letters (RFC 1035 §2.3.4), nor ought one to know anything below .invalid.
  const name = `${'a'.repeat(64)}.invalid:80`
  const text = yaml(name)
  await using hg = await logged(text)
  const answer = await get(hg.port, '/')
  assert.equal(verdictOf(answer), '502 dns_failed')
  assert.match(answer.field('proxy-status') ?? '', /; error=dns_error; /)
  assert.doesNotMatch(answer.head + answer.body, /invalid/)
  await settled(hg.gate)
  const [line] = await hg.log()
  assert.equal(line?.end, 'DC')
  assert.deepEqual(line.diagnosis, {
    gate: `server ${name}`,
    limit: null,
    observed: null,
    limitBy: null,
    setting: 'pools.shop.servers[0].address',
    place: `headgate.yaml:${lineOf(text, name)}`,
    advice: 'The name of the server does not resolve. Check the address in the pool and the resolver of this machine.',
    detail: `getaddrinfo ENOTFOUND ${name.slice(0, -3)}`,
  })
})

test('another server steps in for one whose name does not resolve', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('here'))
  await using hg = await headgate({
    pools: { shop: { balance: 'first', servers: [`${'a'.repeat(64)}.invalid`, origin.address] } },
  })
  assert.equal((await get(hg.port, '/')).body, 'here')
})

test('a unix socket that is not there is a refused connection', async () => {
  using at = folder()
  const path = join(at.path, 'gone.sock')
  await using hg = await logged(yaml(`unix:${path}`))
  assert.equal(verdictOf(await get(hg.port, '/')), '502 connect_refused')
  const [line] = await hg.log()
  assert.equal(line?.diagnosis?.gate, `server unix:${path}`)
  assert.match(line.diagnosis.detail ?? '', /ENOENT/)
})

test('an address that no network leads to: 502 connect_failed, at once', async () => {
  // No host can be connected to at the broadcast address.
  const text = yaml('255.255.255.255:80')
  await using hg = await logged(text)
  const answer = await takes(0, () => get(hg.port, '/'))
  assert.equal(verdictOf(answer), '502 connect_failed')
  assert.match(answer.field('proxy-status') ?? '', /; error=destination_ip_unroutable; /)
  const [line] = await hg.log()
  assert.equal(line?.end, 'RC')
  assert.equal(line.diagnosis?.place, `headgate.yaml:${lineOf(text, '255.255')}`)
  assert.match(line.diagnosis.detail ?? '', /^connect E[A-Z]+ 255\.255\.255\.255:80/)
})
