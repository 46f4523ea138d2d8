/** What the cache says it did is what it did: in Cache-Status, in the access log, in the numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import { type Logged, logged } from '../../kit/logged.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, requestsBegun, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** A gate whose access log is read at the end. */
function gate(origin: CacheOrigin, cache: string, pool = ''): Promise<Logged> {
  return logged(`
name: gate
pools:
  shop: { servers: [{ address: '${origin.address}', maxConnections: 1 }]${pool} }
listeners:
  web: { bind: '127.0.0.1:0' }
routes:
  - { to: shop, cache: ${cache} }
cache: { size: 16MB, maxObject: 4MB }
admin: false
accessLog: { to: LOG, format: json }
`)
}

for (const [by, cache, fields] of [
  ['by Vary', '{}', 'Vary: X-A\r\n'],
  ['by a cookie of the key', "{ key: { cookies: ['lang'] } }", ''],
  ['by nothing', '{}', ''],
] as const) {
  test(`who waits for the fetch of another is told so, and its wait stands in the log, where answers differ ${by}`, async () => {
    await using origin = await CacheOrigin.listen()
    const asked: Asked[] = []
    origin.on('/page', (one) => asked.push(one))
    const at = await gate(origin, cache)
    const first = get(at.port, '/page')
    await until(() => asked.length === 1)
    const second = get(at.port, '/page')
    await requestsBegun(at.gate, 2)
    await meanwhile(50)
    asked[0]?.answer('page', `${FRESH}${fields}`)
    assert.equal((await first).body, 'page')
    assert.match((await second).field('cache-status') ?? '', /^gate; fwd=\S+; collapsed$/)
    assert.match((await get(at.port, '/page')).field('cache-status') ?? '', /^gate; hit; /)
    const lines = await at.log()
    const waited = lines.find(({ cache: what }) => what === 'collapsed')
    assert.ok((waited?.queueMs ?? 0) >= 45, `waited ${waited?.queueMs} ms`)
    assert.deepEqual(lines.map(({ cache: what }) => what).sort(), ['collapsed', 'hit', 'miss'])
  })
}

test('a stale copy instead of a place in a line has a diagnosis with the limit, and so has one instead of a failure', async () => {
  const origin = await CacheOrigin.listen()
  const busy: Asked[] = []
  origin.on('/busy', (one) => busy.push(one)).says('/page', 'Cache-Control: max-age=60\r\nAge: 660\r\n')
  const at = await gate(origin, '{ graceUnderPressure: 2h }', ', queue: { max: 10, timeout: 5s }')
  await get(at.port, '/page')
  const holding = get(at.port, '/busy')
  await until(() => busy.length === 1)
  assert.equal((await get(at.port, '/page')).body, 'page 1')
  busy[0]?.answer('done')
  await holding
  await origin[Symbol.asyncDispose]()
  assert.equal((await get(at.port, '/page')).body, 'page 1')
  const stale = (await at.log()).filter(({ cache }) => cache === 'stale')
  assert.equal(stale.length, 2)
  const [full, refused] = ['saturated', 'connect_refused'].map((why) => {
    const line = stale.find(({ cacheDetail }) => cacheDetail === why)
    assert.deepEqual([line?.status, line?.cause], [200, null], why)
    return line?.diagnosis
  })
  assert.deepEqual([full?.gate, full?.limit], ['pool shop', 1])
  assert.equal(full?.setting, 'pools.shop.servers[0].maxConnections')
  assert.match(full?.place ?? '', /^headgate\.yaml:4$/)
  assert.match(refused?.gate ?? '', /^server 127\.0\.0\.1:/)
})

test('what one request says of stored answers is not taken for a word of the next one', async () => {
  await using at = await shop({ bypass: { paths: ['/own'] } })
  at.origin.says('/own', FRESH)
  const fields = 'Cache-Control: only-if-cached\r\n'
  assert.equal((await at.client.get('/none', fields).response()).status, 504)
  assert.equal((await at.client.get('/own').response()).body, 'own 1')
  assert.equal((await at.client.get('/own', fields).response()).status, 504, 'RFC 9111 §5.2.1.7')
  assert.equal(at.origin.requests, 1)
})

test('what turned out to be longer than the store takes is not stored in part again and again', async () => {
  await using at = await shop({}, { cache: { size: '4MB', maxObject: '64KB' } })
  const chunk = 'x'.repeat(50_000)
  at.origin.on('/long', (asked) => {
    asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n`)
    for (let i = 0; i < 3; i++) asked.say(`c350\r\n${chunk}\r\n`)
    asked.say('0\r\n\r\n')
  })
  const first = await at.client.get('/long').response()
  assert.equal(first.body.length, 150_000)
  await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
  using other = await Client.connect(at.gate.port)
  const second = await other.get('/long').response()
  assert.equal(second.body.length, 150_000)
  assert.match(second.field('cache-status') ?? '', /^gate; fwd=\S+; detail=too-large$/)
  at.client[Symbol.dispose]()
  other[Symbol.dispose]()
  await settled(at.gate.gate)
})
