/** Whatever is shown as an incident can be looked up, with and without an access log. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import { until } from '../../kit/settle.ts'

const dead = { app: { servers: ['127.0.0.1:9'] } }

/** The id on an error page. */
function incidentOn(body: string): string {
  const [, id] = /[Ii]ncident\W+(?:<[^>]+>)*([0-9A-Z]{14})/.exec(body) ?? []
  assert.ok(id, body)
  return id
}

async function ask({ gate }: Running, id: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const [host, port] = gate.admin!.split(':')
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  request({ host, port, path: `/v1/incidents/${id}`, agent: false }, resolve)
    .on('error', reject)
    .end()
  const response = await promise
  return { status: response.statusCode ?? 0, body: JSON.parse(await text(response)) as Record<string, unknown> }
}

test('an incident of any thread is told as the access log has it, although there is no access log', async () => {
  await using hg = await headgate({ threads: 3, pools: dead, admin: '127.0.0.1:0' })
  const ids: string[] = []
  for (let i = 0; i < 9; i++) ids.push(incidentOn((await get(hg.port, `/cart?i=${i}`)).body))
  assert.equal(new Set(ids).size, 9)
  for (const [i, id] of ids.entries()) {
    const { status, body } = await ask(hg, id)
    assert.equal(status, 200)
    assert.deepEqual(
      [body.incident, body.cause, body.status, body.target, body.server, body.sentence],
      [id, 'connect_refused', 502, `/cart?i=${i}`, '127.0.0.1:9', 'The site could not be reached.'],
    )
    const { gate, setting, advice, detail } = body.diagnosis as Record<string, string>
    assert.deepEqual([gate, setting], ['server 127.0.0.1:9', 'pools.app.servers[0].address'])
    assert.match(advice ?? '', /Nothing listens at the server/)
    assert.match(detail ?? '', /ECONNREFUSED/)
  }
  // As somebody reads it out over the telephone.
  const spoken = `${ids[0]!.slice(0, 7)}-${ids[0]!.slice(7).toLowerCase()}`
  assert.equal((await ask(hg, spoken)).body.incident, ids[0])
  assert.equal((await hg.gate.incident(ids[0]!))?.incident, ids[0])
})

test('a connection that a listener turned away can be looked up too', async () => {
  await using hg = await headgate({ listeners: { web: { maxConnections: 1 } }, pools: dead, admin: '127.0.0.1:0' })
  using first = await Client.connect(hg.port)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 1)
  const { body } = await get(hg.port, '/')
  const found = (await ask(hg, incidentOn(body))).body
  assert.deepEqual([found.cause, found.method, found.status], ['listener_full', '', 503])
  const { gate, limit, setting } = found.diagnosis as Record<string, unknown>
  assert.deepEqual([gate, limit, setting], ['listener web', 1, 'listeners.web.maxConnections'])
  first.end()
})

test('an id that nobody knows and one that is none are told apart', async () => {
  await using hg = await headgate({ threads: 2, pools: dead, admin: '127.0.0.1:0' })
  const unknown = await ask(hg, '00000000000000')
  assert.equal(unknown.status, 404)
  assert.equal(unknown.body.type, 'urn:headgate:problem:unknown-incident')
  const wrong = await ask(hg, 'U')
  assert.equal(wrong.status, 400)
  assert.match(wrong.body.fix as string, /stands on the error page/)
})

test('a log of failures has those alone, with the ids of their pages', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-failures-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const to = join(folder, 'access.log')
  const { createServer } = await import('node:http')
  const server = createServer((_, response) => response.end('good')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const hg = await headgate({
    threads: 2,
    pools: { good: { servers: [`127.0.0.1:${port}`] }, ...dead },
    routes: [{ to: 'good' }, { to: 'app', path: '/bad' }],
    accessLog: { to, requests: 'failures' },
  })
  t.after(() => hg.gate.kill())
  const ids: string[] = []
  for (let i = 0; i < 5; i++) {
    assert.equal((await get(hg.port, '/')).body, 'good')
    ids.push(incidentOn((await get(hg.port, '/bad')).body))
  }
  server.closeAllConnections()
  await hg.gate.stop()
  const lines = readFileSync(to, 'utf8').trimEnd().split('\n')
  const logged = lines.map((line) => (JSON.parse(line) as { incident: string }).incident)
  assert.deepEqual(logged.toSorted(), ids.toSorted())
})
