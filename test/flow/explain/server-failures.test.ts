/** Servers that fail: what is counted of them, and what the operator hears without an access log. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { get } from '../../kit/client.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import { Said } from '../../kit/said.ts'
import { until } from '../../kit/settle.ts'

/** A server that does this with each request. */
async function server(t: TestContext, answer: (socket: Socket) => void): Promise<string> {
  const listening = createServer((socket) => socket.on('error', () => {}).on('data', () => answer(socket)))
  t.after(() => listening.close())
  return await addressOf(listening)
}

async function addressOf(listening: Server): Promise<string> {
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`
}

/** An address where nothing listens. */
async function deserted(): Promise<string> {
  const server = createServer()
  const address = await addressOf(server)
  server.close()
  await once(server, 'close')
  return address
}

function says(status: string): (socket: Socket) => void {
  return (socket) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`)
}

const serverOf = (hg: Running, index: number) => hg.gate.usage().pools[0]!.servers[index]!

test('connects that fail and succeed elsewhere leave two lines and their counts, though no client notices', async (t) => {
  const good = await server(t, says('200 OK'))
  const dead = await deserted()
  const said = new Said()
  const hg = await headgate({ threads: 2, pools: { shop: { servers: [good, dead] } } }, said)
  t.after(() => hg.gate.kill())
  for (let i = 0; i < 10; i++) assert.equal((await get(hg.port, '/')).status, 200)
  const { requests, failures, retried, health, causes } = serverOf(hg, 1)
  assert.ok(requests > 0)
  assert.deepEqual(
    { requests, failures, retried, health, causes },
    { requests, failures: { connect_refused: requests }, retried: requests, health: 'unchecked', causes: {} },
  )
  assert.equal(serverOf(hg, 0).statuses['2xx'], 10)
  assert.deepEqual(hg.gate.usage().pools[0]?.causes, {})
  const begin = await said.first(/^server .* fails: /)
  assert.match(
    begin.message,
    new RegExp(
      `^server ${dead} of pool shop fails: .*connect_refused; .*ECONNREFUSED\\), .*at another server\\. Nothing listens`,
    ),
  )
  assert.equal(begin.level, 'warn')
  await hg.gate.stop()
  const ends = said.lines.filter(({ phase, kind }) => phase === 'end' && kind === 'failures')
  assert.equal(ends.length, 1)
  assert.deepEqual(ends[0]?.causes, { connect_refused: requests })
  assert.deepEqual(ends[0]?.codes, { ECONNREFUSED: requests })
  assert.equal(ends[0]?.failed, requests)
})

test('answers that break off are failures of their server and end exchanges of its pool', async (t) => {
  const cut = await server(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi'))
  const silent = await server(t, (socket) => socket.end())
  const said = new Said()
  await using hg = await headgate(
    {
      pools: { shop: { servers: [cut] }, other: { servers: [silent] } },
      routes: [{ to: 'shop' }, { to: 'other', path: '/other' }],
    },
    said,
  )
  await get(hg.port, '/').catch(() => null)
  assert.equal((await get(hg.port, '/other')).status, 502)
  await until(() => hg.gate.usage().causes.response_cut === 2)
  const [shop, other] = hg.gate.usage().pools
  assert.deepEqual(shop?.servers[0]?.failures, { response_cut: 1 })
  assert.equal(shop?.servers[0]?.statuses['2xx'], 1)
  assert.deepEqual(shop?.servers[0]?.causes, { response_cut: 1 })
  assert.deepEqual(shop?.causes, { response_cut: 1 })
  assert.deepEqual(other?.causes, { response_cut: 1 })
  assert.equal(other?.servers[0]?.statuses['2xx'], 0)
  await said.first(new RegExp(`^server ${silent} of pool other fails: 1 of 1 requests failed \\(1 response_cut\\)`))
})

test('a server that answers nothing but errors is told of, and its answers are counted by class', async (t) => {
  const erring = await server(t, says('503 Service Unavailable'))
  const said = new Said()
  await using hg = await headgate({ pools: { shop: { servers: [erring] } } }, said)
  for (let i = 0; i < 4; i++) assert.equal((await get(hg.port, '/')).status, 503)
  const line = await said.first(/answers with errors/)
  assert.match(
    line.message,
    /of pool shop answers with errors: [34] of [34] answers were 5xx \([34] 503\); its own log says why$/,
  )
  assert.deepEqual(serverOf(hg, 0).statuses, { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 4 })
  assert.deepEqual(serverOf(hg, 0).failures, {})
})

test('fetches in the background count at their server, and so do answers that are stored and break off', async (t) => {
  let n = 0
  const address = await server(t, (socket) => {
    n++
    if (n === 1)
      socket.end(
        'HTTP/1.1 200 OK\r\nCache-Control: max-age=1, stale-while-revalidate=60\r\nAge: 5\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
      )
    else socket.end('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nhi')
  })
  await using hg = await headgate({
    pools: { shop: { servers: [address] } },
    routes: [{ to: 'shop', cache: { grace: '1h' } }],
    cache: { size: '16MB' },
  })
  assert.equal((await get(hg.port, '/')).body, 'hi')
  await until(() => serverOf(hg, 0).inUse === 0)
  assert.equal((await get(hg.port, '/')).body, 'hi')
  await until(() => serverOf(hg, 0).failures.response_cut === 1)
  assert.equal(serverOf(hg, 0).requests, 2)
  assert.equal(serverOf(hg, 0).statuses['2xx'], 2)
  assert.deepEqual(serverOf(hg, 0).causes, {}, 'no exchange of a client ended by it')
})

test('a server is called unchecked where nothing checks it, and what the checks found where they do', async (t) => {
  const good = await server(t, says('200 OK'))
  await using hg = await headgate({
    pools: {
      shop: { servers: [good] },
      other: {
        servers: [good, await deserted()],
        health: { http: '/', interval: '50ms', timeout: '1s', rise: 1, fall: 1 },
      },
    },
  })
  const healths = (): string =>
    hg.gate
      .usage()
      .pools.flatMap(({ servers }) => servers.map(({ health }) => health))
      .join()
  await until(() => healths() === 'unchecked,up,down', healths)
})
