/** Full or failing servers: a stale copy is served where one may be, at once and with the reason; where none may be, the visitor waits or sees the failure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import type { Running } from '../../kit/headgate.ts'
import type { Asked } from '../../kit/origin.ts'
import { settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

/** Why a copy was served, as Cache-Status tells; null where none was. */
function detailOf(answer: Answered): string | null {
  return /^gate; (?:hit|fwd=stale); ttl=-\d+; detail=(\S+|".*")$/.exec(answer.field('cache-status') ?? '')?.[1] ?? null
}

interface Narrow extends AsyncDisposable {
  readonly origin: CacheOrigin
  readonly gate: Running
  /** Requests for /busy, which takes the one place that there is until the test answers it. */
  readonly busy: Asked[]
}

/** A shop whose server takes one request at a time. */
async function narrow(cache: Record<string, unknown>, queue: Record<string, unknown>): Promise<Narrow> {
  const origin = await CacheOrigin.listen()
  const pool = { servers: [{ address: origin.address, maxConnections: 1 }], queue, timeouts: { firstByte: '5s' } }
  const gate = await caching(origin, { grace: 0, ...cache }, { pools: { shop: pool }, threads: 2 })
  const busy: Asked[] = []
  origin.on('/busy', (asked) => busy.push(asked))
  return {
    origin,
    gate,
    busy,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

/** Takes the one place; what it answers with gives it back. */
async function occupy({ gate, busy }: Narrow): Promise<() => Promise<void>> {
  const answer = get(gate.port, '/busy')
  await until(() => busy.length === 1)
  return async () => {
    busy[0]?.answer('done')
    assert.equal((await answer).body, 'done')
  }
}

test('a request that would have to wait in a line gets a usable stale copy at once, and is told why', async () => {
  await using at = await narrow({ graceUnderPressure: '1h' }, { max: 10, timeout: '5s' })
  at.origin.says('/page', late(600))
  await get(at.gate.port, '/page')
  const leave = await occupy(at)
  const answers = await Promise.all(Array.from({ length: 10 }, () => get(at.gate.port, '/page')))
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.body, detailOf(answer)], [200, 'page 1', 'saturated'])
  }
  assert.equal(at.gate.gate.usage().pools[0]?.waiting, 0)
  assert.equal(at.origin.count('/page'), 1)
  await leave()
  // With room again the server is asked.
  assert.equal((await get(at.gate.port, '/page')).body, 'page 2')
  await settled(at.gate.gate)
})

test('the line of a route is spared in the same way', async () => {
  await using origin = await CacheOrigin.listen()
  const busy: Asked[] = []
  origin.on('/busy', (asked) => busy.push(asked)).says('/page', late(600))
  const route = { to: 'shop', maxConnections: 1, queue: { max: 10, timeout: '5s' }, cache: { grace: 0 } }
  await using gate = await caching(origin, {}, { routes: [route] })
  await get(gate.port, '/page')
  const answer = get(gate.port, '/busy')
  await until(() => busy.length === 1)
  const stale = await get(gate.port, '/page')
  assert.deepEqual([stale.body, detailOf(stale)], ['page 1', 'saturated'])
  busy[0]?.answer('done')
  await answer
  await settled(gate.gate)
})

test('without anything usable the request joins the line as ever', async () => {
  await using at = await narrow({ graceUnderPressure: '5m' }, { max: 10, timeout: '5s' })
  at.origin.says('/new', FRESH).says('/old', `${late(600)}ETag: "v"\r\n`)
  await get(at.gate.port, '/old')
  const leave = await occupy(at)
  const waiting = [get(at.gate.port, '/new'), get(at.gate.port, '/old')]
  await until(() => at.gate.gate.usage().pools[0]?.waiting === 2)
  assert.deepEqual([at.origin.count('/new'), at.origin.count('/old')], [0, 1])
  await leave()
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ body }) => body),
    ['new 1', 'old 2'],
  )
  await settled(at.gate.gate)
})

test('grace grows with the line, up to graceUnderPressure: half of it for the first who would wait, all of it when the line is full', async () => {
  await using at = await narrow({ graceUnderPressure: '20m' }, { max: 4, timeout: '5s' })
  // 660 s late: more than 600 (nobody waits), less than 750 (one of four waits).
  for (const path of ['/first', '/second']) at.origin.says(path, `${late(660)}ETag: "v"\r\n`)
  // 1170 s late: only less than all of it, which is when nobody may wait any more.
  at.origin.says('/older', `${late(1170)}ETag: "v"\r\n`)
  for (const path of ['/first', '/second', '/older']) await get(at.gate.port, path)
  const leave = await occupy(at)
  const waiting: Promise<Answered>[] = []
  for (const path of ['/first', '/a', '/b', '/c']) {
    waiting.push(get(at.gate.port, path))
    await until(() => at.gate.gate.usage().pools[0]?.waiting === waiting.length)
    const served = detailOf(await get(at.gate.port, '/second'))
    assert.equal(served, waiting.length < 4 ? 'saturated' : 'queue_full')
  }
  assert.equal(detailOf(await get(at.gate.port, '/older')), 'queue_full')
  assert.equal(verdictOf(await get(at.gate.port, '/d')), '503 queue_full')
  await leave()
  assert.deepEqual(tally((await Promise.all(waiting)).map(verdictOf)), { 200: 1, 404: 3 })
  await settled(at.gate.gate)
})

test('who has waited in vain gets the stale copy: queue_timeout', async () => {
  await using at = await narrow({ graceUnderPressure: '20m' }, { max: 10, timeout: '300ms' })
  at.origin.says('/page', `${late(900)}ETag: "v"\r\n`)
  await get(at.gate.port, '/page')
  const leave = await occupy(at)
  const served = await get(at.gate.port, '/page')
  assert.deepEqual([served.status, served.body, detailOf(served)], [200, 'page 1', 'queue_timeout'])
  await leave()
  await settled(at.gate.gate)
})

test('a stale copy stands in where no server may be asked (no_server) or none can be reached (connect_refused)', async () => {
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(await CacheOrigin.listen())
  await using gate = await caching(origin, { graceUnderPressure: '20m' })
  origin.says('/page', late(900)).says('/old', `${late(1500)}ETag: "v"\r\n`)
  for (const path of ['/page', '/old']) await get(gate.port, path)

  gate.gate.setAdminState('shop', origin.address, 'drain')
  await until(() => gate.gate.usage().pools[0]?.servers[0]?.adminState === 'drain')
  const drained = await get(gate.port, '/page')
  assert.deepEqual([drained.body, detailOf(drained)], ['page 1', 'no_server'])
  assert.equal(verdictOf(await get(gate.port, '/old')), '503 no_server')
  gate.gate.setAdminState('shop', origin.address, 'ready')

  await stack.disposeAsync()
  const refused = await get(gate.port, '/page')
  assert.deepEqual([refused.body, detailOf(refused)], ['page 1', 'connect_refused'])
  assert.equal(verdictOf(await get(gate.port, '/old')), '502 connect_refused')
  await settled(gate.gate)
})

test('what the server itself says of errors goes before the operator, also when it cannot be reached (RFC 5861 §4)', async () => {
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(await CacheOrigin.listen())
  await using gate = await caching(origin, { graceUnderPressure: '1h' })
  origin.says('/short', late(40, ', stale-if-error=5')).says('/long', late(40, ', stale-if-error=60'))
  for (const path of ['/short', '/long']) await get(gate.port, path)
  await stack.disposeAsync()
  assert.equal(verdictOf(await get(gate.port, '/short')), '502 connect_refused')
  assert.equal((await get(gate.port, '/long')).body, 'long 1')
  await settled(gate.gate)
})

test('a stale copy stands in for an answer that never came: cut before its head, or later than firstByte (RFC 5861 §4)', async () => {
  await using origin = await CacheOrigin.listen()
  const pool = { servers: [origin.address], timeouts: { firstByte: '200ms' } }
  await using gate = await caching(origin, {}, { pools: { shop: pool } })
  const says = `${late(30, ', stale-if-error=60')}Connection: close\r\n`
  origin.on('/cut', (asked, n) => (n === 1 ? asked.answer('cut 1', says) : asked.end()))
  origin.on('/silent', (asked, n) => {
    if (n === 1) asked.answer('silent 1', says)
  })
  for (const path of ['/cut', '/silent']) await get(gate.port, path)
  const cut = await get(gate.port, '/cut')
  assert.deepEqual([cut.body, detailOf(cut)], ['cut 1', 'response_cut'])
  const silent = await get(gate.port, '/silent')
  assert.deepEqual([silent.body, detailOf(silent)], ['silent 1', 'first_byte_timeout'])
  assert.deepEqual([origin.count('/cut'), origin.count('/silent')], [2, 2])
  await settled(gate.gate)
})

test('what is not to be served stale never is, however bad the times (RFC 9111 §4.2.4, §5.2.2)', async () => {
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(await CacheOrigin.listen())
  await using gate = await caching(origin, { grace: '1h', graceUnderPressure: '1h', keep: '1h' })
  const paths = ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache', 'private', 'no-store']
  for (const path of paths) {
    origin.says(`/${path}`, `${late(5, `, ${path}`)}ETag: "v"\r\n`)
    await get(gate.port, `/${path}`)
  }
  // For a known user only the server itself can allow it.
  origin.says('/public', `${late(5, ', public')}ETag: "v"\r\n`)
  await get(gate.port, '/public', 'Authorization: Basic YTpi\r\n')
  // Nor does who insists get one.
  origin.says('/plain', `${late(5)}ETag: "v"\r\n`)
  await get(gate.port, '/plain')
  await stack.disposeAsync()
  for (const path of [...paths, 'public'])
    assert.equal(verdictOf(await get(gate.port, `/${path}`)), '502 connect_refused', path)
  assert.equal(verdictOf(await get(gate.port, '/plain', 'Cache-Control: no-cache\r\n')), '502 connect_refused')
  assert.equal((await get(gate.port, '/plain')).body, 'plain 1')
  await settled(gate.gate)
})

/** Answers half of what was announced, then cuts; the second time all of it. */
function halfFirst(head: string, half: string, whole: string): (asked: Asked, n: number) => void {
  return (asked, n) => {
    asked.say(`HTTP/1.1 200 OK\r\n${FRESH}${head}\r\n${n === 1 ? half : whole}`)
    asked.end()
  }
}

test('an answer that is cut in the middle is cut for the client too, is not stored, and the next fetch is as any (RFC 9111 §3.3)', async () => {
  await using at: Shop = await shop({}, { threads: 2 })
  at.origin.on('/length', halfFirst('Content-Length: 8\r\n', 'half', 'half two'))
  at.origin.on('/chunked', halfFirst('Transfer-Encoding: chunked\r\n', '4\r\nhalf\r\n', '8\r\nhalf two\r\n0\r\n\r\n'))
  for (const path of ['/length', '/chunked']) {
    using client = await Client.connect(at.gate.port)
    const cut = await client.get(path).response()
    assert.deepEqual([cut.status, cut.body, cut.complete], [200, 'half', false], path)
    const whole = await get(at.gate.port, path)
    assert.deepEqual([whole.status, whole.body, whole.complete], [200, 'half two', true], path)
    assert.match((await get(at.gate.port, path)).field('cache-status') ?? '', /^gate; hit/)
    assert.equal(at.origin.count(path), 2)
  }
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
})

test('a stale copy does not stand in for an answer that has begun: its cut is seen, and the copy is there for the next one', async () => {
  await using at = await shop()
  const copy = late(30, ', stale-if-error=60')
  at.origin.on('/page', (asked, n) => {
    if (n === 1) return asked.answer('old', copy)
    if (n === 2) {
      asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\nnew`)
      return asked.end()
    }
    asked.answer('sorry', '', '503 Sorry')
  })
  assert.equal((await get(at.gate.port, '/page')).body, 'old')
  const cut = await get(at.gate.port, '/page')
  assert.deepEqual([cut.body, cut.complete], ['new', false])
  const again = await get(at.gate.port, '/page')
  assert.deepEqual([again.status, again.body], [200, 'old'])
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
})
