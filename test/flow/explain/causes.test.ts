/**
 * Every cause of the table is shown by a test: what the client gets, and what the operator finds in the access log, with
 * the gate, the limit, what was observed, the setting and its place. Those that need a story of their own name its file.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Cause, causeNames, rowOf } from '../../../src/base/cause.ts'
import { configFrom } from '../../../src/config/native.ts'
import type { ExchangeRecord } from '../../../src/exchange/record.ts'
import { createMemory, planLedger } from '../../../src/ledger/layout.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { gateCounters } from '../../../src/run/counters.ts'
import { DataPlane } from '../../../src/run/data-plane.ts'
import { type Answered, Client } from '../../kit/client.ts'
import { type Logged, type LogLine, lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { until, verdictOf } from '../../kit/settle.ts'

/** What a story has to work with. */
interface Scene {
  readonly hg: Logged
  readonly origin: Origin
  /** Port of a listener. */
  port(listener: string): number
  /** A connection of the story's own; the one whose line in the log counts is the last that was asked for. */
  client(listener?: string): Promise<Client>
  /** The requests under /hold and below that came; the story answers them. */
  readonly held: Asked[]
  /** Resolves when `n` are held. */
  holds(n: number): Promise<void>
}

interface Story {
  /** What the client says, or all of what happens; the answer to it, null where there is none. */
  readonly story: string | ((scene: Scene) => Promise<Answered | null>)
  /** The two letters. */
  readonly end: string
  readonly gate: string
  readonly setting?: string
  /** What stands in the line of the file where the setting is; unset: the setting is not in the file. */
  readonly at?: string
  readonly limit?: number
  readonly observed?: number | ((n: number) => boolean)
  readonly detail?: RegExp
}

/** It is shown elsewhere: the file, and the name of the test or a part of it. */
interface Elsewhere {
  readonly file: string
  readonly test: string
}

/** A machine that is busy enough may make this test hold a slot for long. */
const HELD = /^\d+ of \d+ slots in use of .* held for long: /
const web = { gate: 'listener web', end: 'BR' }
const timeouts = (test: string): Elsewhere => ({ file: '../servers/timeouts.test.ts', test })
const here = (test: string): Elsewhere => ({ file: 'causes.test.ts', test })
const GET = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n`
const POST = (fields: string, body: string): string => `POST /ok HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n${body}`

/** Holds one request at `path`, says the same again from another client, then lets the first go. */
function beside(path: string): (scene: Scene) => Promise<Answered> {
  return async (scene) => {
    const first = await scene.client()
    first.get(path)
    await scene.holds(1)
    const second = await scene.client()
    const answer = await second.get(path).response()
    scene.held.shift()?.answer('ok')
    assert.equal((await first.response()).status, 200)
    return answer
  }
}

const table: { readonly [C in Cause]: Story | Elsewhere } = {
  request_line_bad: { ...web, story: 'GET  / HTTP/1.1\r\nHost: shop.test\r\n\r\n', detail: /^empty target$/ },
  line_ending_bad: { ...web, story: 'GET / HTTP/1.1\nHost: shop.test\n\n', detail: /LF without CR/ },
  target_bad: { ...web, story: GET('/a\x01b'), detail: /byte 0x01 in the target/ },
  field_bad: { ...web, story: 'GET / HTTP/1.1\r\nHost : shop.test\r\n\r\n', detail: /./ },
  host_bad: { ...web, story: 'GET / HTTP/1.1\r\n\r\n', detail: /^no Host$/ },
  content_length_bad: { ...web, story: POST('Content-Length: 1, 2\r\n', ''), detail: /Content-Length/ },
  framing_conflict: {
    ...web,
    story: POST('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    detail: /Transfer-Encoding and Content-Length/,
  },
  transfer_encoding_bad: {
    ...web,
    story: POST('Transfer-Encoding: chunked, chunked\r\n', ''),
    detail: /more than once/,
  },
  chunk_bad: { ...web, end: 'BH', story: POST('Transfer-Encoding: chunked\r\n', 'zz\r\n'), detail: /./ },
  body_too_large: {
    ...web,
    story: POST('Content-Length: 101\r\n', ''),
    setting: 'listeners.web.limits.body',
    at: 'body: 100',
    limit: 100,
    observed: 101,
    detail: /^Content-Length is 101$/,
  },
  target_too_long: {
    ...web,
    story: GET(`/${'a'.repeat(600)}`),
    setting: 'listeners.web.limits.line',
    at: 'line: 512',
    limit: 512,
    detail: /^request line of more than 512 bytes$/,
  },
  expectation_unknown: { ...web, story: GET('/ok', 'Expect: 200-ok\r\n'), detail: /./ },
  head_too_large: {
    ...web,
    story: GET('/ok', `Cookie: ${'a'.repeat(3000)}\r\n`),
    setting: 'listeners.web.limits.head',
    at: 'head: 2048',
    limit: 2048,
    detail: /^head of more than 2048 bytes$/,
  },
  method_refused: {
    story: 'CONNECT shop.test:80 HTTP/1.1\r\nHost: shop.test:80\r\n\r\n',
    end: 'BR',
    gate: 'route routes[0]',
    setting: 'routes[0].connect',
    detail: /^shop\.test:80$/,
  },
  transfer_encoding_unknown: { ...web, story: POST('Transfer-Encoding: gzip, chunked\r\n', ''), detail: /./ },
  version_unsupported: { ...web, story: 'GET / HTTP/2.0\r\nHost: shop.test\r\n\r\n', detail: /^HTTP\/2\.0$/ },
  no_route: {
    story: 'GET /nowhere HTTP/1.1\r\nHost: other.test\r\n\r\n',
    end: 'DR',
    gate: 'listener web',
    setting: 'routes',
    at: 'routes:',
    detail: /^other\.test\/nowhere$/,
  },
  loop: { story: GET('/ok', 'Via: 1.1 inner-gate\r\n'), end: 'LR', gate: 'listener web', detail: /Via/ },
  client_header_timeout: timeouts('a head that does not end: 408 client_header_timeout'),
  client_body_timeout: timeouts('a body that pauses: 408 client_body_timeout'),
  client_stalled: timeouts('a client that does not read its response: dropped as client_stalled'),
  client_gone: {
    story: async (scene) => {
      const client = await scene.client()
      client.get('/hold')
      await scene.holds(1)
      client.reset()
      const asked = scene.held.shift()
      if (asked !== undefined && !asked.socket.destroyed) await once(asked.socket, 'close')
      return null
    },
    end: 'CH',
    gate: 'listener web',
    detail: /^the client closed/,
  },
  listener_full: {
    story: async (scene) => {
      using _first = await scene.client('tiny')
      await until(() => usedBy(scene, 'tiny') === 1)
      return await (await scene.client('tiny')).response()
    },
    end: 'FQ',
    gate: 'listener tiny',
    setting: 'listeners.tiny.maxConnections',
    at: 'tiny:',
    limit: 1,
    observed: 1,
  },
  listener_wait_timeout: {
    story: async (scene) => {
      using _first = await scene.client('patient')
      await until(() => usedBy(scene, 'patient') === 1)
      return await (await scene.client('patient')).response()
    },
    end: 'QQ',
    gate: 'listener patient',
    setting: 'listeners.patient.whenFull.timeout',
    at: 'timeout: 120ms',
    limit: 120,
    observed: (ms) => ms >= 120 && ms < 2000,
  },
  route_full: {
    story: beside('/hold/route'),
    end: 'FR',
    gate: 'route inner-narrow',
    setting: 'routes[1].maxConnections',
    at: 'path: /hold/route',
    limit: 1,
    observed: 1,
  },
  pool_full: {
    story: beside('/hold/pool'),
    end: 'FR',
    gate: 'pool inner-full',
    setting: 'pools.inner-full.maxConnections',
    at: 'inner-full:',
    limit: 1,
    observed: 1,
  },
  queue_full: {
    story: async (scene) => {
      const first = await scene.client()
      first.get('/hold/queue')
      await scene.holds(1)
      const second = await scene.client()
      second.get('/hold/queue')
      await until(() => scene.hg.gate.usage().pools.some(({ waiting }) => waiting === 1))
      const third = await scene.client()
      const answer = await third.get('/hold/queue').response()
      for (const client of [first, second]) {
        await scene.holds(1)
        scene.held.shift()?.answer('ok')
        assert.equal((await client.response()).status, 200)
      }
      return answer
    },
    end: 'FR',
    gate: 'pool inner-queue',
    setting: 'pools.inner-queue.queue.max',
    at: 'queue: { max: 1',
    limit: 1,
    observed: 1,
  },
  queue_timeout: timeouts('nothing becomes free: 503 queue_timeout'),
  coalesce_full: { file: '../cache/line.test.ts', test: 'a line for one fetch that is full' },
  coalesce_timeout: { file: '../cache/line.test.ts', test: 'who waits for a fetch longer than' },
  purge_full: { file: '../cache/purge-many.test.ts', test: 'a PURGE that is not carried out' },
  purge_saturated: { file: '../cache/purge.test.ts', test: 'what may never be used stale is not removed' },
  not_cached: { file: '../cache/policy-control.test.ts', test: 'only-if-cached' },
  streams_full: {
    story: async (scene) => {
      const upgrade = GET('/streams', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
      using first = await Client.connect(scene.port('web'))
      await first.send(upgrade).until('\r\n\r\n')
      return await (await scene.client()).send(upgrade).response()
    },
    end: 'FR',
    gate: 'pool inner-streams',
    setting: 'pools.inner-streams.streams.max',
    at: 'streams: { max: 1',
    limit: 1,
    observed: 1,
  },
  no_server: {
    story: async (scene) => {
      scene.hg.gate.setAdminState('inner-none', scene.origin.address, 'maint')
      return (await scene.client()).get('/none').response()
    },
    end: 'NR',
    gate: 'pool inner-none',
    setting: 'pools.inner-none.servers',
    at: 'inner-none:',
  },
  local_resources: here('when this machine has no descriptor left'),
  shutting_down: here('when the drain time is over'),
  dns_failed: { file: '../servers/names.test.ts', test: 'a name that does not resolve: 502 dns_failed' },
  connect_refused: {
    story: GET('/refused'),
    end: 'RC',
    gate: 'server 127.0.0.1:1',
    setting: 'pools.inner-refused.servers[0].address',
    at: '127.0.0.1:1"',
    detail: /ECONNREFUSED/,
  },
  connect_failed: { file: '../servers/names.test.ts', test: 'an address that no network leads to: 502 connect_failed' },
  connect_timeout: timeouts('a server that does not take the connection: 504 connect_timeout'),
  send_timeout: timeouts('a server that does not read the request: 504 send_timeout'),
  first_byte_timeout: timeouts('a server that does not begin to answer: 504 first_byte_timeout'),
  between_bytes_timeout: timeouts('that pauses: cut for the client, between_bytes_timeout'),
  total_timeout: timeouts('504 total_timeout'),
  tunnel_idle: timeouts('closed on both, as tunnel_idle'),
  tunnel_fin_timeout: {
    file: '../wire/tunnel-fin.test.ts',
    test: 'is over when the other side stays silent for tunnelFin',
  },
  response_cut: { story: GET('/cut'), end: 'XH', gate: 'server ORIGIN', detail: /before its response began/ },
  response_bad: { story: GET('/bad'), end: 'PH', gate: 'server ORIGIN', detail: /./ },
  response_head_too_large: {
    story: GET('/large'),
    end: 'PH',
    gate: 'server ORIGIN',
    setting: 'pools.inner-ok.limits.head',
    at: 'head: 1024',
    limit: 1024,
    detail: /^head of more than 1024 bytes$/,
  },
  response_transfer_coding: { story: GET('/coding'), end: 'PH', gate: 'server ORIGIN', detail: /./ },
  internal: here('an exception within an exchange'),
}

function usedBy(scene: Scene, listener: string): number {
  return scene.hg.gate.usage().listeners.find(({ name }) => name === listener)?.inUse ?? 0
}

const file = (origin: string): string => `name: inner-gate
threads: 1
drain: 150ms
listeners:
  web:
    bind: "127.0.0.1:0"
    limits:
      line: 512
      head: 2048
      fields: 20
      body: 100
  tiny: { bind: "127.0.0.1:0", maxConnections: 1 }
  patient:
    bind: "127.0.0.1:0"
    maxConnections: 1
    whenFull: { max: 5, timeout: 120ms }
accessLog: LOG
pools:
  inner-ok:
    servers: ["${origin}"]
    limits:
      head: 1024
      fields: 20
  inner-full: { servers: ["${origin}"], maxConnections: 1 }
  inner-queue:
    servers: [{ address: "${origin}", maxConnections: 1 }]
    queue: { max: 1, timeout: 30s }
  inner-streams: { servers: ["${origin}"], streams: { max: 1 } }
  inner-none: { servers: ["${origin}"] }
  inner-refused:
    servers:
      - "127.0.0.1:1"
routes:
  - { host: shop.test, to: inner-ok }
  - { name: inner-narrow, host: shop.test, path: /hold/route, to: inner-ok, maxConnections: 1 }
  - { host: shop.test, path: /hold/pool, to: inner-full }
  - { host: shop.test, path: /hold/queue, to: inner-queue }
  - { host: shop.test, path: /streams, to: inner-streams }
  - { host: shop.test, path: /none, to: inner-none }
  - { host: shop.test, path: /refused, to: inner-refused }
`

function behave(asked: Asked, held: Asked[]): void {
  const path = asked.head.split(' ')[1] ?? ''
  switch (path) {
    case '/cut':
      return asked.end()
    case '/bad':
      return asked.say('HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n')
    case '/large':
      return asked.say(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(2000)}\r\n\r\n`)
    case '/fields':
      return asked.say(`HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(21)}\r\n`)
    case '/streams':
      return asked.say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    case '/coding':
      return asked.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n')
    default:
      if (path.startsWith('/hold')) held.push(asked)
      else asked.answer('ok')
  }
}

/** A running Headgate with all that stories need. */
async function open(): Promise<Scene & AsyncDisposable & { last: number; readonly text: string }> {
  await using stack = new AsyncDisposableStack()
  const held: Asked[] = []
  let wake: (() => void) | null = null
  const origin = stack.use(
    await Origin.listen((asked) => {
      behave(asked, held)
      wake?.()
    }),
  )
  const text = file(origin.address)
  const hg = stack.use(await logged(text))
  const kept = stack.move()
  const scene = {
    hg,
    origin,
    held,
    text,
    last: 0,
    port: (listener: string) => Number(hg.gate.addresses[listener]?.[0]?.split(':').pop()),
    async client(listener = 'web') {
      const client = kept.use(await Client.connect(scene.port(listener)))
      scene.last = client.socket.localPort ?? 0
      return client
    },
    async holds(n: number) {
      while (held.length < n) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
  return scene
}

/** What anybody may see of it: the right status, form and fields, and nothing of the inside. */
function seenBy(cause: Cause, answer: Answered): void {
  const row = rowOf(cause)
  assert.equal(verdictOf(answer), `${row.status} ${cause}`)
  assert.match(
    answer.field('proxy-status') ?? '',
    new RegExp(`^inner-gate; error=${row.proxyStatus}; details="${cause}"$`),
  )
  assert.equal(answer.field('cache-control'), 'no-store')
  assert.equal(Number(answer.field('content-length')), answer.body.length)
  assert.equal(answer.field('retry-after') !== null, row.shed, 'Retry-After is for shedding, and for nothing else')
  assert.ok(answer.body.includes(row.sentence.replace(' Please try again shortly.', '')))
  const told = answer.head.replace(/^Proxy-Status: inner-gate/m, '') + answer.body
  assert.doesNotMatch(told, /inner|127\.0\.0\.1|:\d{4,5}\b|\.yaml|maxConnections|pools|listeners|node:|\.ts\b/)
}

function loggedAs(cause: Cause, story: Story, line: LogLine, text: string, origin: string): void {
  const row = rowOf(cause)
  const { diagnosis } = line
  assert.deepEqual([line.cause, line.status, line.end], [cause, row.status, story.end])
  assert.match(line.incident ?? '', /^[0-9A-HJKMNP-TV-Z]{14}$/)
  assert.ok(line.listenerInUse >= 1)
  assert.ok(diagnosis !== null)
  const { observed = null } = story
  assert.deepEqual(
    { ...diagnosis, detail: null, observed: typeof observed === 'function' ? null : diagnosis.observed },
    {
      gate: story.gate.replace('ORIGIN', origin),
      limit: story.limit ?? null,
      observed: typeof observed === 'function' ? null : observed,
      limitBy: story.limit === undefined ? null : 'configured',
      setting: story.setting ?? null,
      place: story.at === undefined ? null : `headgate.yaml:${lineOf(text, story.at)}`,
      // What is open or held for long is named as well, or instead; event-streams.test.ts has that.
      advice: diagnosis.advice.startsWith(row.advice) || HELD.test(diagnosis.advice) ? diagnosis.advice : row.advice,
      detail: null,
    },
  )
  if (typeof observed === 'function') assert.ok(observed(diagnosis.observed ?? -1), `observed ${diagnosis.observed}`)
  if (story.detail === undefined) assert.equal(diagnosis.detail, null)
  else assert.match(diagnosis.detail ?? '', story.detail)
}

const stories = Object.entries(table).filter((entry): entry is [Cause, Story] => 'story' in entry[1])

test('each cause that one exchange can bring about is answered as the table says and explained in the log', async (t) => {
  await using scene = await open()
  const shown: { cause: Cause; story: Story; port: number; answer: Answered | null }[] = []
  for (const [cause, story] of stories) {
    await t.test(`what comes of ${cause} is seen by the client`, async () => {
      const answer =
        typeof story.story === 'string'
          ? await (await scene.client()).send(story.story).response()
          : await story.story(scene)
      if (answer === null) assert.equal(rowOf(cause).status, 0)
      else seenBy(cause, answer)
      shown.push({ cause, story, port: scene.last, answer })
    })
  }
  await until(() => Object.keys(scene.hg.gate.usage().causes).length === shown.length)
  const counted = scene.hg.gate.usage().causes
  const lines = await scene.hg.log()
  for (const { cause, story, port, answer } of shown) {
    await t.test(`what came of ${cause} stands in the log`, () => {
      const line = lines.find((one) => one.port === port)
      assert.ok(line !== undefined)
      loggedAs(cause, story, line, scene.text, scene.origin.address)
      if (answer !== null) assert.ok(answer.body.includes(line.incident ?? '-'), 'the id of the page')
      assert.equal(counted[cause], 1)
    })
  }
})

test('of the limits of a head the diagnosis names the one that was reached', async () => {
  await using scene = await open()
  const client = await scene.client()
  seenBy('head_too_large', await client.send(GET('/ok', 'X: 1\r\n'.repeat(20))).response())
  const other = await scene.client()
  seenBy('response_head_too_large', await other.get('/fields').response())
  const diagnoses = (await scene.hg.log()).map(({ diagnosis }) => [
    diagnosis?.setting,
    diagnosis?.limit,
    diagnosis?.detail,
  ])
  assert.deepEqual(diagnoses, [
    ['listeners.web.limits.fields', 20, 'more than 20 fields'],
    ['pools.inner-ok.limits.fields', 20, 'more than 20 fields'],
  ])
})

test('when the drain time is over what is left is answered 503 shutting_down', async () => {
  await using scene = await open()
  const client = await scene.client()
  client.get('/hold')
  await scene.holds(1)
  const [lines, answer] = await Promise.all([scene.hg.log(), client.response()])
  seenBy('shutting_down', answer)
  const [line] = lines
  assert.ok(line !== undefined)
  const end = { gate: 'headgate', end: 'KH', setting: 'drain', at: 'drain: 150ms', limit: 150 }
  loggedAs('shutting_down', { story: '', ...end, detail: /drain time/ }, line, scene.text, scene.origin.address)
  assert.ok((line.totalMs ?? 0) >= 149 && (line.totalMs ?? 0) < 1500, `${line.totalMs} ms`)
})

test('an exception within an exchange ends that exchange as internal, with its stack in the log and nothing leaked', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const config = configFrom({
    name: 'inner-gate',
    threads: 1,
    listeners: { web: { bind: '127.0.0.1:0' } },
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 1, timeout: '9s' } } },
    accessLog: false,
  })
  const plan = planLedger(config, { counters: gateCounters(config) })
  const ledger = new Ledger(createMemory(plan), plan, 0)
  ledger.join()
  const records: ExchangeRecord[] = []
  const defects: unknown[] = []
  const thread = new DataPlane(config, ledger, 0, {
    defect: (error) => defects.push(error),
    record: (record) => records.push(record),
  })
  const bound = await thread.listen(new Map(config.listeners.map(({ name, bind }) => [name, bind])))
  const [address] = bound.get('web') ?? []
  const port = address !== undefined && 'port' in address ? address.port : 0
  // A defect at a place where a slot of the server is held already.
  const planted = new Error('planted for this test')
  const slots = ledger.slots(`server:shop/${origin.address}`)
  const { wheel } = thread
  const arm = wheel.arm.bind(wheel)
  wheel.arm = (timer, at) => {
    arm(timer, at)
    if (slots.used === 0) return
    wheel.arm = arm
    throw planted
  }
  using client = await Client.connect(port)
  const answer = await client.get('/').response()
  seenBy('internal', answer)
  assert.equal((await client.get('/').response()).body, 'ok', 'the connection and the thread go on')
  client.end()
  await client.closed()
  await thread.stop()
  assert.deepEqual(defects, [planted])
  assert.deepEqual([records[0]?.cause, records[0]?.end], ['internal', 'IC'])
  assert.match(records[0]?.diagnosis?.detail ?? '', /^Error: planted for this test\n {4}at /)
  assert.ok(answer.body.includes(records[0]?.incident ?? '-'))
  for (const key of ['listener:web', 'pool:shop', `server:shop/${origin.address}`]) {
    assert.equal(ledger.slots(key).used, 0, key)
  }
})

test('when this machine has no descriptor left a request is answered 503 local_resources', {
  skip: process.platform === 'win32',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  await using origin = await Origin.listen()
  const config = {
    name: 'inner-gate',
    threads: 1,
    listeners: { web: { bind: '127.0.0.1:0' } },
    pools: { shop: { servers: [origin.address] } },
    accessLog: join(folder, 'log'),
    drain: '100ms',
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const bin = fileURLToPath(new URL('../../../bin/headgate.js', import.meta.url))
  const child = spawn(
    'sh',
    ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath, bin, 'run', join(folder, 'config.json')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const gone = once(child, 'exit')
  const clients: Client[] = []
  try {
    let said = ''
    const port = await new Promise<number>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk
        const found = /listener \w+: .*127\.0\.0\.1:(\d+)/.exec(said)
        if (found !== null && /^ready$/m.test(said)) resolve(Number(found[1]))
      })
      child.once('exit', () => reject(new Error(said)))
    })
    // Clients get two thirds of the descriptors. Each has begun a request (RFC 9112 §2.2), so that none makes way.
    const answers: Answered[] = []
    for (let k = 0; k < 180; k++) {
      const client = (await Client.connect(port)).send('\r\n')
      clients.push(client)
      client.response().then(
        (answer) => answers.push(answer),
        () => {},
      )
    }
    const isRefused = (answer: Answered): boolean => answer.field('connection') === 'close'
    await until(() => answers.some(isRefused))
    // All that were let in ask at once, which are more than there are descriptors for connections to the server.
    for (const client of clients) client.get('/')
    await until(() => answers.some((answer) => !isRefused(answer)))
    for (const answer of answers) seenBy('local_resources', answer)
    for (const client of clients) client.reset()
    await until(() => origin.open === 0)
    child.kill('SIGTERM')
    await gone
    const lines = readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean)
    const logged = lines.map((text) => JSON.parse(text) as LogLine).filter(({ cause }) => cause === 'local_resources')
    const story = { story: '', gate: 'headgate' }
    for (const [end, detail] of [
      ['OQ', /^this process may open 200 files/],
      ['OC', /file descriptor/],
    ] as const) {
      const line = logged.find((one) => one.end === end)
      assert.ok(line !== undefined, end)
      loggedAs('local_resources', { ...story, end, detail }, line, '', origin.address)
      assert.ok(answers.some(({ body }) => body.includes(line.incident ?? '-')))
    }
  } finally {
    for (const client of clients) client[Symbol.dispose]()
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
})

test('every cause of the table has its story, here or in the file that is named', () => {
  for (const cause of causeNames) {
    const entry = table[cause]
    if ('story' in entry) continue
    const text = readFileSync(new URL(entry.file, import.meta.url), 'utf8')
    const names = text.split('\n').filter((line) => /^\s*test\(/.test(line))
    assert.ok(
      names.some((line) => line.includes(entry.test)),
      `${entry.file} has no test “${entry.test}”`,
    )
    assert.ok(text.includes(cause), `${entry.file} does not speak of ${cause}`)
  }
})
