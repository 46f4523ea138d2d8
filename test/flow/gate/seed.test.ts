/** The scenario Headgate was built for: one listener for a thousand clients, two servers for five hundred requests each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

/** What "at once" may take at most here, with two thousand sockets and their servers in one process, in ms. */
const AT_ONCE = 1000

function site(listener: number, servers: readonly (readonly [address: string, limit: number])[]): string {
  return [
    'listeners:',
    '  web:',
    '    bind: 127.0.0.1:0',
    `    maxConnections: ${listener}`,
    'pools:',
    '  shop:',
    '    balance: round-robin',
    '    servers:',
    ...servers.flatMap(([address, limit]) => [`      - address: ${address}`, `        maxConnections: ${limit}`]),
    'threads: 2',
    'drain: 2s',
    'accessLog:',
    '  to: LOG',
    '  format: json',
    '',
  ].join('\n')
}

function crowd(port: number, n: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: n }, () => Client.connect(port)))
}

/** Resolves when so many requests are at each server. */
function inside(origins: readonly Origin[], counts: readonly number[]): Promise<void> {
  return until(
    () => origins.every((origin, k) => origin.inside === counts[k]),
    () => origins.map((origin) => origin.inside),
  )
}

async function answerAll(origin: Origin, n: number): Promise<void> {
  for (const asked of await origin.take(n)) asked.answer('held')
}

test('with 1000 clients the 1001st gets 503 at once, and the 1000 go on', async () => {
  await using a = await Origin.listen()
  await using b = await Origin.listen()
  const text = site(1000, [
    [a.address, 500],
    [b.address, 500],
  ])
  await using hg = await logged(text)
  const clients = await crowd(hg.port, 1000)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 1000)
  const [busy, idle] = [clients.slice(0, 400), clients.slice(400)]
  for (const client of busy) client.get('/held')
  await inside([a, b], [200, 200])

  const before = performance.now()
  using late = await Client.connect(hg.port)
  const refused = await late.get('/late').response()
  assert.equal(await late.closed(), '')
  assert.ok(performance.now() - before < AT_ONCE, `it took ${performance.now() - before} ms`)
  assert.equal(verdictOf(refused), '503 listener_full')
  assert.match(refused.field('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(refused.field('connection'), 'close')
  assert.equal(refused.complete, true)
  assert.equal(late.error, null)

  // The thousand do not notice: what was idle asks, what was held gets its answer, on the same connections.
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1000)
  for (const client of idle) client.get('/idle')
  await inside([a, b], [500, 500])
  await Promise.all([answerAll(a, 500), answerAll(b, 500)])
  const answers = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(tally(answers.map(({ status, body }) => `${status} ${body}`)), { '200 held': 1000 })
  assert.deepEqual([a.most, b.most], [500, 500])

  // One leaves, one may come.
  clients.pop()?.end()
  await until(() => hg.gate.usage().listeners[0]?.inUse === 999)
  using next = await Client.connect(hg.port)
  next.get('/next')
  const asked = await Promise.race([a.next(), b.next()])
  asked.answer('welcome')
  assert.equal((await next.response()).body, 'welcome')
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1000)

  for (const client of clients) client[Symbol.dispose]()
  next[Symbol.dispose]()
  await settled(hg.gate)
  const line = (await hg.log()).find(({ cause }) => cause !== null)
  assert.equal(line?.cause, 'listener_full')
  assert.equal(line.status, 503)
  assert.equal(line.end, 'FQ')
  assert.equal(line.listenerInUse, 1000)
  assert.equal(typeof line.incident, 'string')
  assert.ok(refused.body.includes(line.incident as string), 'the page names the incident of the log')
  assert.deepEqual(
    { ...line.diagnosis, advice: '' },
    {
      gate: 'listener web',
      limit: 1000,
      observed: 1000,
      limitBy: 'configured',
      setting: 'listeners.web.maxConnections',
      place: `headgate.yaml:${lineOf(text, 'maxConnections: 1000')}`,
      advice: '',
      detail: null,
    },
  )
})

test('with 500 and 500 requests held the next one is refused though the listener has room', async () => {
  await using a = await Origin.listen()
  await using b = await Origin.listen()
  const text = site(1200, [
    [a.address, 500],
    [b.address, 500],
  ])
  await using hg = await logged(text)
  const clients = await crowd(hg.port, 1001)
  const spare = clients.pop() as Client
  for (const client of clients) client.get('/held')
  await inside([a, b], [500, 500])

  const before = performance.now()
  const refused = await spare.get('/more').response()
  assert.ok(performance.now() - before < AT_ONCE, `it took ${performance.now() - before} ms`)
  assert.equal(verdictOf(refused), '503 pool_full')
  assert.match(refused.field('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1001)
  // Nothing of it reached a server. Bounded: a request takes a millisecond or two to get there.
  await meanwhile()
  assert.deepEqual([a.requests, b.requests], [500, 500])

  // The connection stays, and as soon as one slot is free its next request goes through.
  ;(await a.next()).answer('first')
  await until(() => hg.gate.usage().pools[0]?.inUse === 999)
  spare.get('/again')
  await until(() => a.requests === 501)
  assert.equal(b.requests, 500)
  await Promise.all([answerAll(a, 500), answerAll(b, 500)])
  assert.equal((await spare.response()).body, 'held')
  const answers = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(tally(answers.map(({ status }) => status)), { 200: 1000 })
  assert.deepEqual([a.most, b.most], [500, 500])

  for (const client of [...clients, spare]) client[Symbol.dispose]()
  await settled(hg.gate)
  const failed = (await hg.log()).filter(({ cause }) => cause !== null)
  assert.equal(failed.length, 1)
  const [line] = failed
  assert.equal(line?.target, '/more')
  assert.equal(line.listenerInUse, 1001)
  assert.deepEqual(
    { ...line.diagnosis, advice: '' },
    {
      gate: 'pool shop',
      limit: 1000,
      observed: 1000,
      limitBy: 'configured',
      setting: 'pools.shop.servers[*].maxConnections',
      place: `headgate.yaml:${lineOf(text, 'maxConnections: 500')}`,
      advice: '',
      detail: null,
    },
  )
})

test('when one server is full its share goes to the other', async () => {
  await using small = await Origin.listen()
  await using large = await Origin.listen()
  await using hg = await logged(
    site(1200, [
      [small.address, 100],
      [large.address, 500],
    ]),
  )
  const clients = await crowd(hg.port, 600)
  // In turn as long as both have room …
  for (const client of clients.slice(0, 150)) client.get('/')
  await until(() => small.inside + large.inside === 150)
  assert.ok(Math.abs(small.inside - large.inside) <= 2, `${small.inside} and ${large.inside}`)
  // … then the large one takes all the rest, up to its own limit.
  for (const client of clients.slice(150)) client.get('/')
  await inside([small, large], [100, 500])
  using extra = await Client.connect(hg.port)
  assert.equal(verdictOf(await extra.get('/').response()), '503 pool_full')

  // A slot of the small one is free: whoever comes gets exactly that one.
  const [held] = (await small.take(1)) as [Asked]
  held.answer('done')
  await until(() => hg.gate.usage().pools[0]?.inUse === 599)
  extra.get('/')
  await inside([small, large], [100, 500])
  await Promise.all([answerAll(small, 100), answerAll(large, 500)])
  const answers = await Promise.all([...clients, extra].map((client) => client.response()))
  assert.deepEqual(tally(answers.map(({ status }) => status)), { 200: 601 })
  assert.deepEqual([small.most, large.most], [100, 500])
  for (const client of clients) client[Symbol.dispose]()
})
