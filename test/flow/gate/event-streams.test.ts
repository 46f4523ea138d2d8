/** Answers without an end hold no slot of a server: they are streams from their head on, and operators can find them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Headgate } from '../../../src/run/supervisor.ts'
import type { PoolOccupancy } from '../../../src/watch/admin/occupancy-answer.ts'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { Said } from '../../kit/said.ts'
import { settled, until, verdictOf } from '../../kit/settle.ts'

const EVENTS = endless('text/event-stream')

/** The head of an answer of that type that says nothing of its end, and a first piece. */
function endless(type: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\none\r\n\r\n`
}

interface Open {
  readonly client: Client
  readonly asked: Asked
}

/** A client that is in the middle of an answer. */
async function open(port: number, origin: Origin, answer: string, path = '/events?key=secret'): Promise<Open> {
  const client = await Client.connect(port)
  client.get(path)
  const asked = await origin.next()
  asked.say(answer)
  await client.until('one')
  return { client, asked }
}

/** What is held, of the first pool and route. */
function inUse(gate: Headgate): readonly [requests: number, streams: number, route: number] {
  const { pools, routes } = gate.usage()
  return [pools[0]?.inUse ?? -1, pools[0]?.streams.inUse ?? -1, routes[0]?.inUse ?? -1]
}

function becomes(gate: Headgate, ...expected: readonly number[]): Promise<void> {
  return until(
    () => inUse(gate).join() === expected.join(),
    () => inUse(gate),
  )
}

async function answersWith(origin: Origin, body: string): Promise<void> {
  ;(await origin.next()).answer(body)
}

async function occupancyOf(gate: Headgate): Promise<PoolOccupancy[]> {
  const response = await fetch(`http://${gate.admin}/v1/status`)
  const { pools } = (await response.json()) as { pools: { occupancy: PoolOccupancy }[] }
  return pools.map(({ occupancy }) => occupancy)
}

test('five event streams at a server of five, and a sixth request is served at once', async () => {
  await using origin = await Origin.listen()
  const said = new Said()
  await using hg = await headgate(
    {
      threads: 2,
      admin: { bind: '127.0.0.1:0' },
      pools: { shop: { servers: [{ address: origin.address, maxConnections: 5 }] } },
      routes: [{ name: 'all', to: 'shop', maxConnections: 5 }],
    },
    { log: said.log },
  )
  const all: Open[] = []
  for (let n = 0; n < 5; n++) all.push(await open(hg.port, origin, EVENTS))
  await becomes(hg.gate, 0, 5, 0)
  const [request] = await Promise.all([get(hg.port, '/plain'), answersWith(origin, 'ok')])
  assert.equal(request.status, 200)

  // They can be found while they are open, on whichever thread, and without what a query may hold.
  const [occupancy] = await occupancyOf(hg.gate)
  assert.deepEqual({ ...occupancy, oldest: null }, { streams: 5, kept: 0, answers: 0, waiting: 0, oldest: null })
  assert.equal(occupancy?.oldest.length, 5)
  const [oldest] = occupancy.oldest
  assert.deepEqual(
    { ...oldest, age: 0 },
    { kind: 'stream', age: 0, route: 'all', server: origin.address, method: 'GET', path: '/events' },
  )
  const line = await said.first(/^pool shop has \d open streams? beside the requests: more than half of its 5 /)
  assert.match(line.message, /the oldest is GET \/events on route all for /)
  assert.equal(line.level, 'info')

  for (const { client } of all) client.reset()
  await settled(hg.gate)
  assert.deepEqual(await occupancyOf(hg.gate), [{ streams: 0, kept: 0, answers: 0, waiting: 0, oldest: [] }])
})

test('a picture that is replaced for ever is a stream; an answer that says where it ends, or is of another type, is none', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  const picture = await open(hg.port, origin, endless('multipart/x-mixed-replace; boundary=b'))
  await becomes(hg.gate, 0, 1, 0)
  const lines = await open(hg.port, origin, endless('application/x-ndjson'))
  assert.deepEqual(inUse(hg.gate), [1, 1, 0])
  const whole = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\none'
  const ends = await open(hg.port, origin, whole)
  assert.deepEqual(inUse(hg.gate), [2, 1, 0])
  for (const { client } of [picture, lines, ends]) client.reset()
  await settled(hg.gate)
})

test('streams.types says which answers are streams, and false that none is', async () => {
  await using origin = await Origin.listen()
  const pool = (types: unknown) => ({ servers: [origin.address], streams: { types } })
  await using hg = await headgate({
    pools: { lines: pool(['application/x-ndjson']), none: pool(false) },
    routes: [{ to: 'lines' }, { path: '/none', to: 'none' }],
  })
  const lines = await open(hg.port, origin, endless('Application/X-NDJSON;charset=utf-8'))
  await becomes(hg.gate, 0, 1, 0)
  const events = await open(hg.port, origin, EVENTS)
  assert.deepEqual(inUse(hg.gate), [1, 1, 0])
  const none = await open(hg.port, origin, EVENTS, '/none')
  const { inUse: requests, streams } = hg.gate.usage().pools[1]!
  assert.deepEqual([requests, streams.inUse], [1, 0])
  for (const { client } of [lines, events, none]) client.reset()
  await settled(hg.gate)
})

test('while streams.max is used up event streams keep their slots, refusals name them, and they move when there is room', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers: [ { address: '${origin.address}', maxConnections: 2 } ]
    streams: { max: 1 }
    queue: { max: 5, timeout: 300ms }
  other:
    servers: [ { address: '${origin.address}', maxConnections: 1 } ]
routes:
  - { name: events, path: /events, to: shop, maxConnections: 3 }
  - { to: shop }
  - { path: /other, to: other }
threads: 2
admin: '127.0.0.1:0'
accessLog: LOG
`)
  const all: Open[] = []
  for (let n = 0; n < 3; n++) all.push(await open(hg.port, origin, EVENTS))
  await becomes(hg.gate, 2, 1, 2)
  const [occupancy] = await occupancyOf(hg.gate)
  assert.deepEqual([occupancy?.streams, occupancy?.kept], [1, 2])
  assert.deepEqual(
    occupancy?.oldest.map(({ kind }) => kind),
    ['kept', 'kept', 'stream'],
  )
  assert.equal(verdictOf(await get(hg.port, '/shut-out')), '503 queue_timeout')
  const held = await Client.connect(hg.port)
  held.get('/other')
  const inside = await origin.next()
  assert.equal(verdictOf(await get(hg.port, '/other/full')), '503 pool_full')

  const line =
    /pool shop has 1 open stream beside the requests, \d streams? in slots, as streams\.max had no room: more/
  await until(() => hg.said.some((one) => line.test(one)))

  all[0]?.asked.say('0\r\n\r\n')
  await becomes(hg.gate, 1, 1, 1)
  const [request] = await Promise.all([get(hg.port, '/plain'), answersWith(origin, 'ok')])
  assert.equal(request.status, 200)
  for (const { client } of all) client.reset()
  inside.answer('ok')
  await held.response()
  held[Symbol.dispose]()

  const lines = await hg.log()
  const advice = (target: string): string => lines.find((line) => line.target === target)?.diagnosis?.advice ?? ''
  assert.match(
    advice('/shut-out'),
    /^2 of 2 slots in use of pool shop are held for long: 2 streams for which streams\.max had no room; the oldest for \d.* s, on route events\. Raise streams\.max/,
  )
  assert.doesNotMatch(advice('/other/full'), /held for long/)
})

test('beyond streams.max the refusal of an upgrade says how many streams are open, and since when the oldest is', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop: { servers: [ '${origin.address}' ], streams: { max: 2 } }
routes:
  - { name: events, to: shop }
threads: 2
accessLog: LOG
`)
  const all = [await open(hg.port, origin, EVENTS), await open(hg.port, origin, EVENTS)]
  await becomes(hg.gate, 0, 2, 0)
  using client = await Client.connect(hg.port)
  client.get('/socket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
  assert.equal(verdictOf(await client.response()), '503 streams_full')
  for (const one of all) one.client.reset()
  const line = (await hg.log()).find(({ cause }) => cause === 'streams_full')
  assert.match(
    line?.diagnosis?.advice ?? '',
    /2 streams of pool shop are open, the oldest for \d.* s, on route events\. headgate ctl status/,
  )
})

test('a refusal after a wait in vain names the answers and requests that have held the slots all the while', async () => {
  await using origin = await Origin.listen()
  const pool = `{ servers: [ { address: '${origin.address}', maxConnections: 1 } ], queue: { max: 1, timeout: 2300ms } }`
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  flowing: ${pool}
  silent: ${pool}
  stored: ${pool}
routes:
  - { path: /flowing, to: flowing }
  - { path: /silent, to: silent }
  - { path: /stored, to: stored, cache: true }
threads: 2
admin: '127.0.0.1:0'
accessLog: LOG
`)
  const flowing = await open(hg.port, origin, endless('application/x-ndjson'), '/flowing')
  const storing = endless('text/plain').replace('Transfer', 'Cache-Control: max-age=60\r\nTransfer')
  const stored = await open(hg.port, origin, storing, '/stored')
  const silent = await Client.connect(hg.port)
  silent.get('/silent')
  const asked = await origin.next()
  const late = ['/flowing/late', '/silent/late', '/stored/late']
  const diagnoses = await Promise.all(late.map((path) => get(hg.port, path).then(verdictOf)))
  assert.deepEqual(diagnoses, ['503 queue_timeout', '503 queue_timeout', '503 queue_timeout'])
  const counts = (await occupancyOf(hg.gate)).map(({ streams, kept, answers, waiting }) => [
    streams,
    kept,
    answers,
    waiting,
  ])
  assert.deepEqual(counts, [
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, 1, 0],
  ])
  // What has come late is counted as an answer from then on.
  asked.say(endless('application/x-ndjson'))
  await silent.until('one')
  const [, second] = await occupancyOf(hg.gate)
  assert.deepEqual([second?.answers, second?.waiting, second?.oldest[0]?.kind], [1, 0, 'answer'])
  for (const client of [flowing.client, stored.client, silent]) client.reset()
  stored.asked.reset()
  await settled(hg.gate)
  for (const { answers, waiting, oldest } of await occupancyOf(hg.gate))
    assert.deepEqual([answers, waiting, oldest.length], [0, 0, 0])

  const lines = await hg.log()
  const advice = (target: string): string => lines.find((line) => line.target === target)?.diagnosis?.advice ?? ''
  assert.match(
    advice('/flowing/late'),
    /^1 of 1 slots? in use of pool flowing is held for long: 1 answer that still flows;/,
  )
  assert.match(advice('/stored/late'), /: 1 answer that still flows; the oldest for 2\.\d s, on route routes\[2\]\./)
  assert.match(advice('/silent/late'), /1 request that the server has not answered for more than 2\.0 s;/)
})

test('streams of a thread that dies are not counted any more', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 1,
    admin: { bind: '127.0.0.1:0' },
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 5 }] } },
  })
  const { client } = await open(hg.port, origin, EVENTS)
  await becomes(hg.gate, 0, 1, 0)
  hg.gate.crash(0)
  await hg.gate.replaced(0)
  await client.closed()
  assert.deepEqual(await occupancyOf(hg.gate), [{ streams: 0, kept: 0, answers: 0, waiting: 0, oldest: [] }])
})
