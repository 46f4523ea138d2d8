/** When the server fails, or the line for it is long, those who wait for one fetch are spared: a usable copy at once, one deadline, one question to the server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { CacheOrigin, caching, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import { crowd as crowdAt } from '../../kit/crowd.ts'
import type { Running } from '../../kit/headgate.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

/** Why a copy was served, as Cache-Status tells; the diagnosis where none was. */
function detailOf(answer: Answered): string {
  const detail = /^gate; .*ttl=-\d+; detail="?([\w ]+)"?$/.exec(answer.field('cache-status') ?? '')?.[1]
  return detail ?? verdictOf(answer)
}

/** The path has a copy with these fields; each request after the first is handed to the test. */
async function copied(at: { readonly gate: Running; readonly origin: CacheOrigin }, fields: string): Promise<Asked[]> {
  const asked: Asked[] = []
  at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', fields) : asked.push(one)))
  await get(at.gate.port, '/page')
  return asked
}

/** `n` clients that ask for the page. */
function crowd(gate: Running, n: number, fields = ''): Promise<Client[]> {
  return crowdAt(gate, '/page', new Array(n).fill(fields))
}

function responses(clients: readonly Client[]): Promise<Answered[]> {
  return Promise.all(clients.map((client) => client.response()))
}

async function done(gate: Running, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client[Symbol.dispose]()
  await settled(gate.gate)
}

/** Asks until the answer is not the copy any more: the answer, and how many ms that took. */
async function renewedAfter(port: number): Promise<{ readonly body: string; readonly ms: number }> {
  const began = performance.now()
  for (;;) {
    const { body } = await get(port, '/page')
    const ms = performance.now() - began
    if (body !== 'old' || ms > 5000) return { body, ms }
    await meanwhile(20)
  }
}

for (const threads of [1, 2]) {
  test(`a server that answers 503 is asked once for many, who all get the copy, and again a second later (${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked = await copied(at, late(600))
    const clients = await crowd(at.gate, 30)
    assert.equal(asked.length, 1)
    asked[0]?.answer('sorry', '', '503 Sorry')
    const answers = await responses(clients)
    assert.deepEqual(tally(answers.map(({ status, body }) => `${status} ${body}`)), { '200 old': 30 })
    assert.deepEqual(tally(answers.map(detailOf)), { 'status 503': 1, 'fetch failed': 29 })

    const failed = performance.now()
    const second = await crowd(at.gate, 30)
    const again = await responses(second)
    assert.ok(performance.now() - failed < 900, 'the machine is too slow for this')
    assert.deepEqual(tally(again.map(detailOf)), { 'failed lately': 30 })
    assert.equal(asked.length, 1)

    await meanwhile(1100)
    const third = await crowd(at.gate, 30)
    await until(() => asked.length === 2)
    asked[1]?.answer('sorry', '', '503 Sorry')
    assert.deepEqual(tally((await responses(third)).map(detailOf)), { 'status 503': 1, 'fetch failed': 29 })
    assert.equal(asked.length, 2)

    // It is well again, after two failures: the pause has not become longer.
    at.origin.on('/page', (one) => one.answer('new', FRESH))
    const { body, ms } = await renewedAfter(at.gate.port)
    assert.equal(body, 'new')
    assert.ok(ms < 1800, `${ms} ms`)
    await done(at.gate, [at.client, ...clients, ...second, ...third])
  })

  test(`a server that refuses connections is tried once for many, who all get the copy (${threads} threads)`, async () => {
    await using stack = new AsyncDisposableStack()
    const origin = stack.use(await CacheOrigin.listen())
    await using gate = await caching(origin, {}, { threads })
    await copied({ gate, origin }, `${late(600)}Connection: close\r\n`)
    const port = Number(origin.address.split(':')[1])
    await stack.disposeAsync()
    const answers = await Promise.all(Array.from({ length: 30 }, () => get(gate.port, '/page')))
    assert.deepEqual(tally(answers.map(({ status, body }) => `${status} ${body}`)), { '200 old': 30 })
    const {
      connect_refused: tried = 0,
      'fetch failed': waited = 0,
      'failed lately': after = 0,
    } = tally(answers.map(detailOf))
    assert.deepEqual([tried, waited + after], [1, 29])

    const well = createServer((_, response) => void response.setHeader('cache-control', 'max-age=60').end('new'))
    well.listen(port, '127.0.0.1')
    await once(well, 'listening')
    const { body, ms } = await renewedAfter(gate.port)
    well.close()
    well.closeAllConnections()
    assert.equal(body, 'new')
    assert.ok(ms < 1800, `${ms} ms`)
    await settled(gate.gate)
  })

  for (const otherwise of ['refuse', 'fetch'] as const) {
    test(`the time one may wait for the fetches of others is one, however many of those fail one after the other: then ${otherwise} (${threads} threads)`, async () => {
      await using at = await shop({ coalesce: { max: 10, timeout: '1s', otherwise } }, { threads })
      const asked: Asked[] = []
      at.origin.on('/page', (one) => asked.push(one))
      const began = performance.now()
      const clients = await crowd(at.gate, 4)
      await until(() => asked.length === 1)
      await meanwhile(600 - (performance.now() - began))
      asked[0]?.reset()
      await until(() => asked.length === 2)
      assert.ok(performance.now() - began < 950, 'the machine is too slow for this')
      if (otherwise === 'fetch') await until(() => asked.length === 4)
      else await until(() => clients.filter((client) => client.pending !== '').length === 3)
      const took = performance.now() - began
      assert.ok(took > 900 && took < 1500, `${took} ms`)
      for (const one of asked.slice(1)) one.answer('the page', FRESH)
      assert.deepEqual(
        tally((await responses(clients)).map(verdictOf)),
        otherwise === 'fetch'
          ? { '502 response_cut': 1, 200: 3 }
          : { '502 response_cut': 1, '503 coalesce_timeout': 2, 200: 1 },
      )
      assert.equal(asked.length, otherwise === 'fetch' ? 4 : 2)
      await done(at.gate, [at.client, ...clients])
    })
  }

  for (const otherwise of ['refuse', 'fetch'] as const) {
    test(`however many fetches fail one after the other, one of those who wait asks at a time, where the route says ${otherwise} (${threads} threads)`, async () => {
      await using at = await shop({ coalesce: { max: 100, timeout: '10s', otherwise } }, { threads })
      const asked: Asked[] = []
      at.origin.on('/page', (one) => asked.push(one))
      const clients = await crowd(at.gate, 24)
      for (let k = 0; k < 24; k++) {
        await until(() => asked.length > k)
        await meanwhile(10)
        assert.equal(asked.length, k + 1)
        asked[k]?.reset()
      }
      assert.deepEqual(tally((await responses(clients)).map(verdictOf)), { '502 response_cut': 24 })
      await done(at.gate, [at.client, ...clients])
    })
  }

  test(`who has waited too long for the fetch of another gets a copy for bad times (${threads} threads)`, async () => {
    await using at = await shop({ coalesce: { max: 10, timeout: '200ms', otherwise: 'fetch' } }, { threads })
    const asked = await copied(at, late(600))
    const clients = await crowd(at.gate, 5)
    await until(() => clients.filter((client) => client.pending !== '').length === 4)
    assert.equal(asked.length, 1)
    asked[0]?.answer('new', FRESH)
    const answers = await responses(clients)
    assert.deepEqual(tally(answers.map(({ body }) => body)), { old: 4, new: 1 })
    assert.deepEqual(tally(answers.map(detailOf)), { coalesce_timeout: 4, 200: 1 })
    await done(at.gate, [at.client, ...clients])
  })

  for (const [what, fields, expected] of [
    ['with a copy that may be used in bad times gets that', late(600), 'coalesce_full'],
    ['with one that may not is turned away', `${late(600, ', must-revalidate')}ETag: "v"\r\n`, '503 coalesce_full'],
  ] as const) {
    test(`whoever is beyond the line for one fetch, ${what}, where the route says refuse (${threads} threads)`, async () => {
      await using at = await shop({ coalesce: { max: 2, timeout: '5s', otherwise: 'refuse' } }, { threads })
      const asked = await copied(at, fields)
      const clients = await crowd(at.gate, 3)
      const beyond = await Promise.all(Array.from({ length: 12 }, () => get(at.gate.port, '/page')))
      assert.deepEqual(tally(beyond.map(detailOf)), { [expected]: 12 })
      assert.equal(asked.length, 1)
      asked[0]?.answer('new', FRESH)
      assert.deepEqual(tally((await responses(clients)).map(({ body }) => body)), { new: 3 })
      await done(at.gate, [at.client, ...clients])
    })
  }

  test(`that the store has no room is no reason to refuse (${threads} threads)`, async () => {
    const more = { threads, cache: { size: '1MiB', maxObject: '128KB' } }
    await using at = await shop({ coalesce: { max: 2, timeout: '5s', otherwise: 'refuse' } }, more)
    const inside: Asked[] = []
    const sizes = { big: 20_000, small: 1000 } as const
    for (const [name, size] of Object.entries(sizes)) {
      at.origin.on(`/${name}`, (asked) => {
        inside.push(asked)
        asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: ${size}\r\n\r\nx`)
      })
    }
    at.origin.says('/page', FRESH)
    // Bodies that are under way cannot make room: first large ones, then small ones in what these have left.
    const clients: Client[] = []
    for (const name of Object.keys(sizes)) {
      for (let k = 0; k < 200; k++) {
        const client = await Client.connect(at.gate.port)
        clients.push(client.get(`/${name}?${k}`))
        await until(() => client.pending.endsWith('x'))
        if (!client.pending.includes('; stored')) break
      }
    }
    const long = 'k'.repeat(3000)
    const answers = await Promise.all(Array.from({ length: 40 }, (_, k) => get(at.gate.port, `/page?${long}${k}`)))
    assert.deepEqual(tally(answers.map(verdictOf)), { 200: 40 })
    assert.ok(
      answers.some((answer) => !/; stored/.test(answer.field('cache-status') ?? '')),
      'there was room',
    )
    for (const one of inside) one.say('x'.repeat((one.head.includes('/big') ? sizes.big : sizes.small) - 1))
    for (const { complete } of await responses(clients)) assert.ok(complete)
    await done(at.gate, [at.client, ...clients])
  })

  test(`nobody waits behind a leader that stands in the line of the pool itself, if there is a copy for bad times (${threads} threads)`, async () => {
    await using origin = await CacheOrigin.listen()
    const pool = { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 10, timeout: '8s' } }
    await using gate = await caching(origin, {}, { threads, pools: { shop: pool } })
    const asked = await copied({ gate, origin }, late(600))
    const busy: Asked[] = []
    origin.on('/busy', (one) => busy.push(one))
    const first = get(gate.port, '/busy')
    await until(() => busy.length === 1)
    const leader = get(gate.port, '/page', 'Cache-Control: no-cache\r\n')
    await until(() => gate.gate.usage().pools[0]?.waiting === 1)
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(gate.port, '/page')))
    assert.deepEqual(tally(answers.map(detailOf)), { saturated: 8 })
    assert.deepEqual([gate.gate.usage().pools[0]?.waiting, asked.length], [1, 0])
    busy[0]?.answer('done')
    await first
    await until(() => asked.length === 1)
    asked[0]?.answer('new', FRESH)
    assert.equal((await leader).body, 'new')
    await settled(gate.gate)
  })

  test(`nor behind one in the line of their route (${threads} threads)`, async () => {
    await using origin = await CacheOrigin.listen()
    const route = { to: 'shop', maxConnections: 1, queue: { max: 10, timeout: '8s' }, cache: { grace: 0 } }
    await using gate = await caching(origin, {}, { threads, routes: [route] })
    const asked = await copied({ gate, origin }, late(600))
    const busy: Asked[] = []
    origin.on('/busy', (one) => busy.push(one))
    const first = get(gate.port, '/busy')
    await until(() => busy.length === 1)
    const leader = get(gate.port, '/page', 'Cache-Control: no-cache\r\n')
    await until(() => gate.gate.usage().routes[0]?.waiting === 1)
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(gate.port, '/page')))
    assert.deepEqual(tally(answers.map(detailOf)), { saturated: 8 })
    busy[0]?.answer('done')
    await first
    await until(() => asked.length === 1)
    asked[0]?.answer('new', FRESH)
    assert.equal((await leader).body, 'new')
    await settled(gate.gate)
  })

  for (const [what, stored, expected] of [
    ['gets 504', false, '504 total_timeout'],
    ['gets a copy for bad times', true, 'total_timeout'],
  ] as const) {
    test(`who has no time left while it waits for the fetch of another ${what}, and does not ask the server itself (${threads} threads)`, async () => {
      await using origin = await CacheOrigin.listen()
      const pool = { servers: [origin.address], timeouts: { firstByte: '10s', total: '1s' } }
      await using gate = await caching(origin, {}, { threads, pools: { shop: pool } })
      const asked = stored ? await copied({ gate, origin }, late(600)) : []
      const count = origin.count('/page')
      // Its time begins with the first byte of its request, so that it ends before that of the leader.
      const client = (await Client.connect(gate.port)).send('GET /page HTTP/1.1\r\n')
      await meanwhile(500)
      origin.on('/page', (one) => asked.push(one))
      const leader = get(gate.port, '/page', 'X-Leader: yes\r\n')
      await until(() => asked.length === 1)
      client.send('Host: shop.test\r\n\r\n')
      const answer = await client.response()
      assert.equal(detailOf(answer), expected)
      if (stored) assert.equal(answer.body, 'old')
      assert.equal(origin.count('/page'), count + 1)
      asked[0]?.answer('new', FRESH)
      assert.equal((await leader).body, 'new')
      await done(gate, [client])
    })
  }

  for (const status of ['501 Not Implemented', '505 Version', '520 Unknown', '429 Too Many']) {
    test(`a refresh in the background that brings ${status} keeps the copy, and the next one waits (${threads} threads)`, async () => {
      await using at = await shop({ grace: '1h' }, { threads })
      at.origin.on('/page', (asked, n) =>
        n === 1 ? asked.answer('old', late(10)) : asked.answer('bad', FRESH, status),
      )
      await at.client.get('/page').response()
      const began = performance.now()
      assert.equal((await at.client.get('/page').response()).body, 'old')
      await until(() => at.origin.count('/page') === 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
      const clients = await crowd(at.gate, 20)
      assert.deepEqual(tally((await responses(clients)).map(detailOf)), { grace: 20 })
      await meanwhile(20)
      const seen = at.origin.count('/page')
      assert.ok(performance.now() - began < 900, 'the machine is too slow for this')
      assert.equal(seen, 2)
      await meanwhile(1100)
      assert.equal(detailOf(await get(at.gate.port, '/page')), 'grace')
      await until(() => at.origin.count('/page') === 3)
      await done(at.gate, [at.client, ...clients])
    })
  }
}

test('in front of a visitor a status that nobody knows counts as 500 (RFC 9110 §15), 501 as an answer', async () => {
  await using at = await shop()
  for (const [status, expected] of [
    ['520 Unknown', '200 old'],
    ['599 Whatever', '200 old'],
    ['500 Oops', '200 old'],
    ['501 Not Implemented', '501 bad'],
    ['505 Version', '505 bad'],
    ['511 Log In', '511 bad'],
    ['429 Too Many', '429 bad'],
  ] as const) {
    const path = `/${status.slice(0, 3)}`
    at.origin.on(path, (asked, n) => (n === 1 ? asked.answer('old', late(10)) : asked.answer('bad', '', status)))
    await at.client.get(path).response()
    const answer = await at.client.get(path).response()
    assert.equal(`${answer.status} ${answer.body}`, expected)
    if (expected === '200 old') assert.equal(detailOf(answer), `status ${status.slice(0, 3)}`)
  }
  await done(at.gate, [at.client])
})

/** Why the last answer for the page was stored or not. */
async function last({ gate }: Shop): Promise<unknown> {
  const url = encodeURIComponent('http://shop.test/page')
  const says = await (await fetch(`http://${gate.gate.admin}/v1/cache/object?url=${url}`)).json()
  return (says as { last: unknown }).last
}

for (const [framing, part] of [
  ['of known length', 'Content-Length: 10\r\n\r\nhalf'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
] as const) {
  for (const background of [false, true]) {
    test(`of a body ${framing} that was cut ${background ? 'in the background' : 'in front of its client'} operators are told that it was incomplete`, async () => {
      await using at = await shop({ grace: '1h' }, { threads: 2, admin: { bind: '127.0.0.1:0' } })
      const asked = background ? await copied(at, late(10)) : []
      if (!background) at.origin.on('/page', (one) => asked.push(one))
      at.client.get('/page')
      if (background) assert.equal((await at.client.response()).body, 'old')
      await until(() => asked.length === 1)
      asked[0]?.say(`HTTP/1.1 200 OK\r\n${FRESH}${part}`)
      if (!background) await until(() => at.client.pending.includes('half'))
      else await until(() => at.gate.gate.usage().pools[0]?.inUse === 1)
      asked[0]?.end()
      if (!background) assert.equal((await at.client.response()).complete, false)
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      const { stored, reason } = (await last(at)) as Record<string, unknown>
      assert.deepEqual({ stored, reason }, { stored: false, reason: 'incomplete' })
      await done(at.gate, [at.client])
    })
  }
}
