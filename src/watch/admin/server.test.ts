/** The admin API over real connections: who may come in, what is served, and that it is what the document says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { Incident } from '../../base/log-fields.ts'
import { configFrom } from '../../config/native.ts'
import { turnedAwayRecord } from '../../exchange/finish.ts'
import type { Usage } from '../../run/status/usage.ts'
import { createAppLog } from '../log/app-log.ts'
import { jsonFormat } from '../log/format/json.ts'
import type { CacheControl, Purge } from './cache-control-port.ts'
import { endpoints } from './endpoints.ts'
import type { GatePort } from './gate-port.ts'
import { problemSchema } from './problem.ts'
import { openAdmin } from './server.ts'

const token = 'correct-horse-battery'
const server = '127.0.0.1:3000'
const at = '2026-11-21T12:00:00.000Z'

const config = configFrom({
  listeners: { web: { bind: ':0', whenFull: 'wait' } },
  pools: { app: { servers: [{ address: server, maxConnections: 5 }], queue: { max: 10 } } },
  routes: [{ to: 'app', maxConnections: 20 }],
})

const ID = '1SKGQQVF2WAFTM'
const diagnosis = {
  cause: 'listener_full',
  gate: 'listener web',
  limit: 1,
  observed: 1,
  limitBy: 'configured',
  setting: '--listen',
  place: null,
  advice: 'Raise it.',
  detail: null,
} as const
/** As a worker tells of a connection that was turned away. */
const known = JSON.parse(
  jsonFormat(3)(turnedAwayRecord('web', '10.0.0.7', 5000, diagnosis, ID, 0.25, 500, 1, 0)),
) as Incident

function usage(): Usage {
  const limitBy = 'configured' as const
  const gate = { inUse: 1, limit: 20, limitBy, waiting: 0, bound: 10, boundBy: 'operator', refused: 2 } as const
  const statuses = { '1xx': 0, '2xx': 3, '3xx': 0, '4xx': 0, '5xx': 1 }
  const attempts = { requests: 5, statuses, failures: { response_cut: 1 }, retried: 0, causes: { response_cut: 1 } }
  const one = {
    name: server,
    inUse: 1,
    limit: 5,
    limitBy,
    adminState: 'ready',
    health: 'unchecked',
    ...attempts,
  } as const
  const streams = { inUse: 0, limit: 10_000, limitBy }
  return {
    requests: 3,
    listeners: [{ name: 'web', ...gate }],
    routes: [{ name: 'routes[0]', ...gate }],
    pools: [
      {
        name: 'app',
        ...gate,
        limit: 0x7fffffff,
        queued: 0,
        requests: 3,
        streams,
        servers: [one],
        causes: { pool_full: 2, response_cut: 1 },
      },
    ],
    causes: { pool_full: 2, response_cut: 1 },
  }
}

const occupancy = {
  streams: 1,
  kept: 0,
  answers: 1,
  waiting: 0,
  oldest: [
    { kind: 'answer', age: 12.5, route: 'routes[0]', server, method: 'GET', path: '/film' },
    { kind: 'stream', age: 3600, route: 'routes[0]', server, method: 'GET', path: '/events' },
  ],
} as const

const full = { done: false, why: 'saturated', reason: 'pool app is full', place: 'pools.app' } as const

/** A cache that notes what it is told. `saturated`: it makes stale instead of removing, and bans nothing and removes nothing that may never be stale, unless forced. */
function fakeCache(saturated = false) {
  const purges: Purge[] = []
  const banned: string[] = []
  const cache: CacheControl = {
    async purge(what) {
      if (saturated && what.url?.endsWith('/never-stale') && !what.force) return full
      const softened = saturated && !what.force && !what.soft
      purges.push(what)
      return { done: true, soft: what.soft || softened, softened }
    },
    async ban({ text: expression }, force) {
      if (saturated && !force) return full
      banned.push(expression)
      return { done: true, soft: false, softened: false }
    },
    removals: async () => banned.map((removal) => ({ removal, soft: false, age: 1.5 })),
    object: async (url) => ({
      url,
      routes: ['shop'],
      variants: [
        {
          vary: { 'accept-encoding': 'br', 'cookie cur': null },
          coding: null,
          status: 200,
          size: 5,
          age: 2,
          fresh: 58,
          grace: 68,
          pressure: 90,
          neverStale: null,
          keep: 100,
          tags: ['a'],
          etag: null,
        },
      ],
      last: { stored: true, reason: 'stored', says: 'It is stored.', fix: '', at, status: null },
      passed: { reason: 'bypass', says: 'It passed.', fix: 'Let it.', at, count: 2 },
    }),
    usage: async () => ({
      size: 1000,
      used: 10,
      objects: 1,
      hits: 1,
      stale: 0,
      collapsed: 0,
      revalidated: 0,
      misses: 1,
      passes: 0,
      refreshed: 0,
      refreshFailed: 0,
      evicted: 0,
      resets: 0,
      removals: 0,
    }),
  }
  return { cache, purges, banned }
}

interface Told {
  readonly limits: (readonly [string, number])[]
  readonly orders: (readonly string[])[]
}

interface Started {
  readonly port: number
  readonly told: Told
}

async function started(
  t: TestContext,
  { cache = null, secret = null }: { cache?: CacheControl | null; secret?: string | null } = {},
): Promise<Started> {
  const told: Told = { limits: [], orders: [] }
  const port: GatePort = {
    config,
    version: '1.2.3',
    uptime: () => 1500,
    usage,
    occupancy: async () => [{ ...occupancy, oldest: [...occupancy.oldest] }],
    setLimit: (path, value) => void told.limits.push([path, value]),
    setAdminState: (...order) => void told.orders.push(order),
    incident: (id) => Promise.resolve(id === known.incident ? known : null),
    cache,
  }
  const bind = { host: '127.0.0.1', port: 0 }
  const admin = await openAdmin({ bind, token: secret, required: true }, port, createAppLog('silent'))
  t.after(() => admin.close())
  return { port: Number(admin.address.split(':').pop()), told }
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Record<string, unknown>
}

async function ask(
  port: number,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const outgoing = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { ...json, ...headers } })
  outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  const [response] = await once(outgoing, 'response')
  const said = await text(response)
  return { status: response.statusCode, headers: response.headers, body: said === '' ? {} : JSON.parse(said) }
}

/** One good request for every endpoint. */
const good: Readonly<Record<string, { readonly path?: string; readonly body?: unknown }>> = {
  setLimits: { body: { 'pools.app.queue.max': 30 } },
  setAdminState: { path: `/v1/pools/app/servers/${encodeURIComponent(server)}/state`, body: { adminState: 'drain' } },
  object: { path: '/v1/cache/object?url=http%3A%2F%2Fa.example%2F' },
  incident: { path: `/v1/incidents/${ID}` },
  purge: { body: { url: 'http://a.example/' } },
  ban: { body: { expression: 'req.url == /' } },
}

test('every path of the document answers, and every answer is of the form it has there', async (t) => {
  const { port } = await started(t, { cache: fakeCache().cache })
  const { body: document } = await ask(port, 'GET', '/openapi.json')
  const paths = document.paths as Record<string, Record<string, { operationId: string }>>
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
  )
  assert.deepEqual(listed.sort(), endpoints.map(({ method, path, id }) => `${method} ${path} ${id}`).sort())
  for (const { method, path, id, answer } of endpoints) {
    const reply = await ask(port, method, good[id]?.path ?? path, { body: good[id]?.body })
    assert.equal(reply.status, 200, `${id}: ${JSON.stringify(reply.body)}`)
    const read = answer.safeParse(reply.body)
    assert.ok(read.success, `${id}: ${read.error?.message}`)
    assert.equal(reply.headers['cache-control'], 'no-store')
  }
})

test('the document refers to nothing that is not in it, and every operation has a name of its own', async (t) => {
  const { port } = await started(t)
  const { body } = await ask(port, 'GET', '/openapi.json')
  assert.equal(body.openapi, '3.1.0')
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1])
  assert.deepEqual([...new Set(references)], ['#/components/schemas/Problem'])
  assert.equal(new Set(endpoints.map(({ id }) => id)).size, endpoints.length)
})

/** A reply that has to be a problem of a kind. */
function assertProblem({ status, headers, body }: Reply, expected: number, kind: string): void {
  assert.equal(status, expected, JSON.stringify(body))
  assert.equal(headers['content-type'], 'application/problem+json')
  const problem = problemSchema.parse(body)
  assert.equal(problem.type, `urn:headgate:problem:${kind}`)
  assert.equal(problem.status, status)
  assert.ok(problem.fix.length > 5)
}

test('without a token only names of this machine are served (DNS rebinding)', async (t) => {
  const { port } = await started(t)
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', '127.9.9.9:80', '[::1]:1'])
    assert.equal((await ask(port, 'GET', '/v1/status', { headers: { Host: host } })).status, 200, host)
  for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', '10.0.0.1', '[::2]', '0.0.0.0'])
    assertProblem(await ask(port, 'GET', '/v1/status', { headers: { Host: host } }), 421, 'foreign-host')
})

test('pages of other sites are refused, whatever they ask for', async (t) => {
  const { port, told } = await started(t)
  const body = { 'pools.app.queue.max': 1 }
  for (const headers of [
    { Origin: 'http://evil.test' },
    { Origin: 'null' },
    { Origin: `http://localhost:${port + 1}` },
    { 'Sec-Fetch-Site': 'cross-site' },
  ])
    assertProblem(await ask(port, 'PATCH', '/v1/limits', { headers, body }), 403, 'foreign-origin')
  assert.deepEqual(told.limits, [])
  const own = { Origin: `http://127.0.0.1:${port}` }
  assert.equal((await ask(port, 'GET', '/v1/status', { headers: own })).status, 200)
})

test('no page is allowed to ask first', async (t) => {
  const { port } = await started(t)
  const reply = await ask(port, 'OPTIONS', '/v1/limits', { headers: { 'Access-Control-Request-Method': 'PATCH' } })
  assertProblem(reply, 405, 'bad-method')
  assert.equal(reply.headers['access-control-allow-origin'], undefined)
})

test('with a token nothing is served without it, and a wrong one is not shown again', async (t) => {
  const { port } = await started(t, { secret: token })
  const anonymous = await ask(port, 'GET', '/v1/status')
  assertProblem(anonymous, 401, 'no-token')
  assert.match(String(anonymous.headers['www-authenticate']), /^Bearer/)
  for (const Authorization of ['Bearer wrong-horse-battery', `Basic ${token}`, `Bearer ${token}x`, token]) {
    const reply = await ask(port, 'GET', '/v1/status', { headers: { Authorization } })
    assertProblem(reply, 401, 'bad-token')
    assert.ok(!JSON.stringify(reply.body).includes('horse'))
  }
  for (const Authorization of [`Bearer ${token}`, `bearer ${token}`])
    assert.equal(
      (await ask(port, 'GET', '/v1/status', { headers: { Authorization, Host: 'gate.internal' } })).status,
      200,
    )
})

test('a body that is too long is refused, whether it says its length or not', async (t) => {
  const { port, told } = await started(t)
  const long = JSON.stringify({ 'pools.app.queue.max': 1, x: 'x'.repeat(70_000) })
  assertProblem(await ask(port, 'PATCH', '/v1/limits', { body: long }), 413, 'too-large')
  const chunked = await ask(port, 'PATCH', '/v1/limits', { body: long, headers: { 'Transfer-Encoding': 'chunked' } })
  assertProblem(chunked, 413, 'too-large')
  assert.deepEqual(told.limits, [])
})

test('a body is only taken as JSON', async (t) => {
  const { port } = await started(t)
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
  assertProblem(await ask(port, 'PATCH', '/v1/limits', { headers: form, body: 'a=1' }), 415, 'not-json')
  assertProblem(await ask(port, 'PATCH', '/v1/limits', { body: '{"a":' }), 400, 'bad-request')
  assertProblem(await ask(port, 'PATCH', '/v1/limits', { body: '[]' }), 400, 'bad-request')
})

test('a path or a method that is not there is told what is', async (t) => {
  const { port } = await started(t)
  assertProblem(await ask(port, 'GET', '/v2/status'), 404, 'not-found')
  const wrong = await ask(port, 'DELETE', '/v1/limits')
  assertProblem(wrong, 405, 'bad-method')
  assert.equal(wrong.headers.allow, 'GET, HEAD, PATCH')
  assertProblem(await ask(port, 'GET', '/v1/status?all=1'), 400, 'bad-request')
  assert.equal((await ask(port, 'HEAD', '/v1/status')).status, 200)
})

test('what cannot be parsed as HTTP is closed and harms nobody', async (t) => {
  const { port } = await started(t)
  const socket = connect(port, '127.0.0.1')
  socket.end('nonsense\r\n\r\n')
  assert.match(await text(socket), /^HTTP\/1\.1 400/)
  assert.equal((await ask(port, 'GET', '/v1/status')).status, 200)
})

test('limits are changed all together or not at all', async (t) => {
  const { port, told } = await started(t)
  const mixed = { 'pools.app.queue.max': 1, 'pools.app.queue.maks': 2 }
  const reply = await ask(port, 'PATCH', '/v1/limits', { body: mixed })
  assertProblem(reply, 404, 'unknown-limit')
  assert.equal(reply.body.fix, 'did you mean pools.app.queue.max?')
  for (const value of [-1, 1.5, '5', 2 ** 31, null])
    assertProblem(
      await ask(port, 'PATCH', '/v1/limits', { body: { 'pools.app.queue.max': value } }),
      400,
      'bad-request',
    )
  assertProblem(await ask(port, 'PATCH', '/v1/limits', { body: {} }), 400, 'bad-request')
  assert.deepEqual(told.limits, [])
  const body = { 'pools.app.queue.max': 0, 'pools.app.maxConnections': 'unlimited' }
  assert.equal((await ask(port, 'PATCH', '/v1/limits', { body })).status, 200)
  assert.deepEqual(told.limits, [
    ['pools.app.queue.max', 0],
    ['pools.app.maxConnections', 0x7fffffff],
  ])
})

test('a limit takes what a file may have for it, and says what to do instead of 0', async (t) => {
  const { port, told } = await started(t)
  const refused: readonly (readonly [path: string, value: unknown, detail: RegExp, fix: RegExp])[] = [
    ['listeners.web.maxConnections', 0, /0 would let nothing in/, /the least is 1/],
    ['pools.app.maxConnections', 0, /0 would let nothing in/, /headgate ctl state app ADDRESS maint/],
    ['pools.app.servers[0].maxConnections', 0, /0 would let nothing in/, /headgate ctl state app ADDRESS maint/],
    ['pools.app.streams.max', 0, /0 would let nothing in/, /upgrade: false/],
    ['pools.app.queue.max', 10_000_001, /10000001 is too large/, /from 0 to 10000000/],
    ['pools.app.queue.max', 'unlimited', /'unlimited' is not a number/, /from 0 to 10000000/],
    ['listeners.web.whenFull.max', 'unlimited', /'unlimited' is not a number/, /from 0 to 10000000/],
  ]
  for (const [path, value, detail, fix] of refused) {
    // What could be changed beside it is not changed either.
    const body = { 'pools.app.queue.max': 3, [path]: value }
    const reply = await ask(port, 'PATCH', '/v1/limits', { body })
    assertProblem(reply, 400, 'bad-request')
    assert.match(String(reply.body.detail), detail, path)
    assert.match(String(reply.body.fix), fix, path)
    assert.equal(reply.body.place, path)
  }
  assert.deepEqual(told.limits, [])
})

test('every limit is listed with what the configuration says of it', async (t) => {
  const { port } = await started(t)
  const { limits } = (await ask(port, 'GET', '/v1/limits')).body as { limits: { path: string; value: unknown }[] }
  assert.deepEqual(
    limits.map(({ path }) => path),
    [
      'listeners.web.maxConnections',
      'listeners.web.whenFull.max',
      'pools.app.maxConnections',
      'pools.app.queue.max',
      'pools.app.streams.max',
      'pools.app.servers[0].maxConnections',
      'routes[0].maxConnections',
      'routes[0].queue.max',
    ],
  )
  assert.equal(limits[2]?.value, 'unlimited')
})

test('a server is told its state by its pool and its name', async (t) => {
  const { port, told } = await started(t)
  const path = (pool: string, name: string): string => `/v1/pools/${pool}/servers/${encodeURIComponent(name)}/state`
  assert.equal((await ask(port, 'PUT', path('app', server), { body: { adminState: 'maint' } })).status, 200)
  assert.deepEqual(told.orders, [['app', server, 'maint']])
  const unknown = await ask(port, 'PUT', path('app', 'other:1'), { body: { adminState: 'maint' } })
  assertProblem(unknown, 404, 'unknown-server')
  assert.match(String(unknown.body.fix), /127\.0\.0\.1:3000/)
  assertProblem(await ask(port, 'PUT', path('app', server), { body: { adminState: 'stop' } }), 400, 'bad-request')
})

test('a purge names one thing, and reaches the cache as it was meant', async (t) => {
  const { cache, purges } = fakeCache()
  const { port } = await started(t, { cache })
  const purge = (body: unknown) => ask(port, 'POST', '/v1/cache/purge', { body })
  for (const bad of [
    {},
    { url: 'http://a.example/', tags: ['a'] },
    { url: '/a' },
    { url: 'ftp://a.example/' },
    { prefix: 'a' },
    { tags: [] },
    { tags: ['a b'] },
    { urls: [] },
  ])
    assertProblem(await purge(bad), 400, 'bad-request')
  assert.deepEqual((await purge({ tags: ['a', 'b'], soft: true })).body, { soft: true, softened: false })
  assert.equal((await purge({ prefix: '/images/' })).status, 200)
  assert.deepEqual(purges, [
    { url: null, prefix: null, tags: ['a', 'b'], soft: true, force: false },
    { url: null, prefix: '/images/', tags: [], soft: false, force: false },
  ])
})

test('while the servers are saturated a purge says that it made stale, a ban or a purge that would remove is refused with the reason and the place, until it is forced', async (t) => {
  const { port } = await started(t, { cache: fakeCache(true).cache })
  const purge = (more: object) => ask(port, 'POST', '/v1/cache/purge', { body: { prefix: '/', ...more } })
  const { warning, ...softened } = (await purge({})).body
  assert.deepEqual(softened, { soft: true, softened: true })
  assert.match(String(warning), /never be used stale .*s-maxage/)
  const one = await ask(port, 'POST', '/v1/cache/purge', { body: { url: 'http://a.test/' } })
  assert.deepEqual(one.body, { soft: true, softened: true }, 'it was looked at')
  assert.deepEqual((await purge({ soft: true })).body, { soft: true, softened: false })
  assert.deepEqual((await purge({ force: true })).body, { soft: false, softened: false })
  const ban = { expression: 'obj.status == 200' }
  const refused = await ask(port, 'POST', '/v1/cache/ban', { body: ban })
  assertProblem(refused, 409, 'servers-saturated')
  assert.equal(refused.body.detail, 'pool app is full')
  assert.equal(refused.body.place, 'pools.app')
  assert.match(String(refused.body.fix), /force: true, or purge by tag or prefix/)
  const never = { url: 'http://a.test/never-stale' }
  const kept = await ask(port, 'POST', '/v1/cache/purge', { body: never })
  assertProblem(kept, 409, 'servers-saturated')
  assert.match(String(kept.body.fix), /force: true$/)
  assert.equal((await ask(port, 'POST', '/v1/cache/purge', { body: { ...never, force: true } })).status, 200)
  assert.equal((await ask(port, 'POST', '/v1/cache/ban', { body: { ...ban, force: true } })).status, 200)
})

test('a purge that names nothing or too much is told what to give, and a misspelt name what was meant', async (t) => {
  const { port } = await started(t, { cache: fakeCache().cache })
  const fixOf = async (body: unknown): Promise<unknown> => {
    const reply = await ask(port, 'POST', '/v1/cache/purge', { body })
    assertProblem(reply, 400, 'bad-request')
    return reply.body.fix
  }
  for (const body of [{}, { soft: true }, { url: 'http://a.test/', tags: ['a'] }]) {
    assert.equal(await fixOf(body), 'give exactly one of url, prefix, tags')
  }
  assert.equal(await fixOf({ urls: 'http://a.test/' }), 'did you mean url?')
  assert.equal(await fixOf({ tag: ['a'] }), 'did you mean tags?')
  assert.equal(await fixOf({ everything: true }), 'the names are url, prefix, tags, soft, force')
})

test('the document says that a purge names exactly one thing, and that purges and bans can find the servers saturated', async (t) => {
  const { port } = await started(t)
  const { paths } = (await ask(port, 'GET', '/openapi.json')).body as {
    paths: Record<
      string,
      { post?: { requestBody: { content: Record<string, { schema: Record<string, unknown> }> }; responses: object } }
    >
  }
  const post = paths['/v1/cache/purge']?.post
  const schema = post?.requestBody.content['application/json']?.schema
  assert.deepEqual(schema?.oneOf, [{ required: ['url'] }, { required: ['prefix'] }, { required: ['tags'] }])
  assert.equal(schema?.required, undefined)
  for (const path of ['purge', 'ban']) {
    assert.ok(Object.hasOwn(paths[`/v1/cache/${path}`]?.post?.responses ?? {}, '409'), path)
  }
})

test('a purge of what no route that caches takes is told so, and which routes cache', async (t) => {
  const { cache } = fakeCache()
  const nowhere: CacheControl = {
    ...cache,
    purge: async ({ url }) => ({
      done: false,
      why: 'nowhere',
      reason: `nothing takes ${url}`,
      routes: ['shop (any host, /)'],
    }),
  }
  const { port } = await started(t, { cache: nowhere })
  const reply = await ask(port, 'POST', '/v1/cache/purge', { body: { url: 'http://a.test/' } })
  assertProblem(reply, 404, 'nothing-cached-there')
  assert.match(String(reply.body.fix), /the routes that cache are shop \(any host, \/\)/)
  assert.equal(reply.body.place, 'body.url')
})

test('a ban expression that is none is told with its column', async (t) => {
  const { port } = await started(t, { cache: fakeCache().cache })
  const reply = await ask(port, 'POST', '/v1/cache/ban', { body: { expression: 'req.url = /a' } })
  assertProblem(reply, 400, 'bad-expression')
  assert.equal(reply.body.place, 'body.expression, column 9')
})

test('where nothing is cached, the cache is said to be missing and how to have one', async (t) => {
  const { port } = await started(t)
  for (const path of ['/v1/cache', '/v1/cache/removals']) assertProblem(await ask(port, 'GET', path), 404, 'no-cache')
})

test('an address that cannot be had is the error of the system', async (t) => {
  const { port } = await started(t)
  const bind = { host: '127.0.0.1', port }
  const second = openAdmin({ bind, token: null, required: true }, {} as GatePort, createAppLog('silent'))
  await assert.rejects(second, { code: 'EADDRINUSE' })
})

test('connections that say nothing do not keep anybody out: the one that is idle longest makes room', async (t) => {
  const { port } = await started(t)
  const idle = Array.from({ length: 64 }, () => connect(port, '127.0.0.1'))
  t.after(() => idle.forEach((socket) => void socket.destroy()))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  for (const socket of idle) socket.write('GET /v1/st')
  const closed = Promise.race(
    idle.slice(0, 1).map((socket) =>
      once(
        socket.resume().on('error', () => {}),
        'close',
      ),
    ),
  )
  assert.equal((await ask(port, 'GET', '/v1/status')).status, 200)
  await closed
  assert.equal(idle.filter((socket) => !socket.destroyed).length, 63)
})

test('a URL or a beginning that means nothing is told its place and the remedy; letters beyond ASCII are understood', async (t) => {
  const { cache, purges } = fakeCache()
  const { port } = await started(t, { cache })
  for (const url of [
    'http://a.test/b c',
    'http://a.test/b\n',
    '/b',
    'http://',
    'http://a.test/\ud800',
    'http://u@a.test/',
  ]) {
    const reply = await ask(port, 'POST', '/v1/cache/purge', { body: { url } })
    assertProblem(reply, 400, 'bad-request')
    assert.equal(reply.body.place, 'body.url', url)
    assert.match(String(reply.body.detail), /^body\.url (is|has|names) /, url)
    assert.ok(!String(reply.body.fix).includes('openapi'), url)
    if (!url.isWellFormed()) continue
    const asked = await ask(port, 'GET', `/v1/cache/object?url=${encodeURIComponent(url)}`)
    assertProblem(asked, 400, 'bad-request')
    assert.equal(asked.body.place, 'query.url', url)
  }
  for (const prefix of ['images/', 'http://a.test', '/a b', '*']) {
    const reply = await ask(port, 'POST', '/v1/cache/purge', { body: { prefix } })
    assertProblem(reply, 400, 'bad-request')
    assert.equal(reply.body.place, 'body.prefix', prefix)
  }
  assert.equal(purges.length, 0)
  assert.equal((await ask(port, 'POST', '/v1/cache/purge', { body: { url: 'http://a.test/\u00fc' } })).status, 200)
  assert.equal((await ask(port, 'GET', '/v1/cache/object?url=http://a.test/%C3%BC')).status, 200)
  assert.equal(purges.length, 1)
})

test('where too many orders are being carried out the next is refused by a problem of its own, forced or not', async (t) => {
  const { cache } = fakeCache()
  const full: CacheControl = {
    ...cache,
    purge: async () => ({ done: false, why: 'full', reason: '1000 removals are still under way' }),
    ban: async () => ({ done: false, why: 'full', reason: '1000 removals are still under way' }),
  }
  const { port } = await started(t, { cache: full })
  for (const force of [false, true]) {
    const purged = await ask(port, 'POST', '/v1/cache/purge', { body: { prefix: '/a', force } })
    assertProblem(purged, 503, 'too-many-removals')
    assert.equal(purged.body.place, '/v1/cache/removals')
    assert.match(String(purged.body.fix), /again in some seconds/)
    const banned = await ask(port, 'POST', '/v1/cache/ban', { body: { expression: 'req.url == /', force } })
    assertProblem(banned, 503, 'too-many-removals')
  }
})

/** Sends bytes as they are; all that comes until the server closes, as replies. */
async function raw(port: number, bytes: string): Promise<{ replies: Reply[]; rest: string }> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes, 'latin1')
  let said = await text(socket)
  const replies: Reply[] = []
  for (;;) {
    const end = said.indexOf('\r\n\r\n')
    if (end < 0) return { replies, rest: said }
    const [start = '', ...lines] = said.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))
    const body = said.slice(end + 4, end + 4 + Number(headers['content-length'] ?? 0))
    said = said.slice(end + 4 + body.length)
    replies.push({ status: Number(start.split(' ')[1]), headers, body: body === '' ? {} : JSON.parse(body) })
  }
}

test('what is no request is told as a problem like any other, and the connection is closed', async (t) => {
  const { port } = await started(t)
  const get = 'GET /v1/status HTTP/1.1\r\n'
  for (const [bytes, status, kind, place] of [
    ['garbage\r\n\r\n', 400, 'bad-request', 'head'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'bad-request', 'head'],
    [`${get}Host: localhost\r\nBad Name: 1\r\n\r\n`, 400, 'bad-request', 'head'],
    [`${get}Host: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'head-too-large', 'head'],
    [`GET /${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431, 'head-too-large', 'head'],
    [`${get}Connection: close\r\n\r\n`, 400, 'bad-request', 'Host'],
    [`${get}Host: localhost\r\nHost: evil.test\r\nConnection: close\r\n\r\n`, 400, 'bad-request', 'Host'],
    [`${get}Host: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n`, 417, 'bad-expectation', 'Expect'],
    ['CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', 400, 'bad-request', 'method'],
    [
      'POST /v1/cache/purge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
      400,
      'bad-request',
      'body',
    ],
  ] as const) {
    const { replies, rest } = await raw(port, bytes)
    const what = JSON.stringify(bytes.slice(0, 80))
    assert.equal(rest, '', what)
    assert.equal(replies.length, 1, what)
    assertProblem(replies[0]!, status, kind)
    assert.equal(replies[0]!.body.place, place, what)
    assert.equal(replies[0]!.headers['cache-control'], 'no-store')
    assert.equal(replies[0]!.headers.connection, 'close')
  }
  assert.equal((await ask(port, 'GET', '/v1/status')).status, 200)
})

test('what comes behind a good request and is none is told after the answer to that', async (t) => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const { cache } = fakeCache()
  const slow: CacheControl = {
    ...cache,
    removals: async () => {
      asked.resolve()
      await answer.promise
      return []
    },
  }
  const { port } = await started(t, { cache: slow })
  const both = raw(port, 'GET /v1/cache/removals HTTP/1.1\r\nHost: localhost\r\n\r\ngarbage\r\n\r\n')
  await asked.promise
  answer.resolve()
  const { replies, rest } = await both
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 400],
  )
  assert.deepEqual(replies[0]?.body, { removals: [] })
  assertProblem(replies[1]!, 400, 'bad-request')
  assert.equal(rest, '')
})

test('who leaves in the middle of a head or a body, or sends on after he was refused, harms nobody', async (t) => {
  const { port } = await started(t, { cache: fakeCache().cache })
  const half = 'POST /v1/cache/purge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  for (const bytes of ['GET /v1', `${half}Content-Length: 10\r\n\r\n{`, 'garbage\r\n\r\n', '']) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(bytes)
    socket.on('error', () => {})
    socket.write(bytes)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  const { replies } = await raw(port, 'garbage\r\n\r\n'.repeat(50_000))
  assertProblem(replies[0]!, 400, 'bad-request')
  assert.equal((await ask(port, 'GET', '/v1/status')).status, 200)
})
