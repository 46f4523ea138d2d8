/** Many orders to remove: each is in effect when it is answered, none is in the way of the next, and one that is not taken says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFrom } from '../../../src/config/native.ts'
import type { ExchangeRecord } from '../../../src/exchange/record.ts'
import { createMemory, planLedger } from '../../../src/ledger/layout.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { storeOf } from '../../../src/run/cache/cache-memory.ts'
import { gateCounters } from '../../../src/run/counters.ts'
import { DataPlane } from '../../../src/run/data-plane.ts'
import { Store } from '../../../src/store/store.ts'
import { carriedOut, done, FRESH, more, order, store, stored } from '../../kit/cache-orders.ts'
import { CacheOrigin, shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { until, verdictOf } from '../../kit/settle.ts'

test('thousands of purges by URL are taken, and after them purges are taken as before', async () => {
  await using at = await shop({ purge: ['127.0.0.1'] }, more)
  await store(at, { '/page': '' })
  for (let k = 0; k < 30; k++) {
    const many = Array.from({ length: 100 }, (_, n) => `PURGE /${k}/${n} HTTP/1.1\r\nHost: shop.test\r\n\r\n`)
    at.client.send(many.join(''))
    for (let n = 0; n < 100; n++) assert.equal((await at.client.response()).status, 200)
  }
  assert.ok(await stored(at, '/page'))
  await order(at, 'purge', { url: 'http://shop.test/page' })
  assert.equal(await stored(at, '/page'), false)
  await done(at)
})

test('an order is carried out in a moment on all that is stored, and is no longer pending then', async () => {
  await using at = await shop({}, { ...more, cache: { size: '256MB', maxObject: '1MB' } })
  await store(at, { '/page': '', '/tagged': 'xkey: a\r\n', '/below/1': '' })
  await order(at, 'purge', { url: 'http://shop.test/page' })
  await order(at, 'purge', { tags: ['a'] })
  await order(at, 'purge', { prefix: '/below/' })
  await order(at, 'ban', { expression: 'req.url ~ "^/none"' })
  await carriedOut(at)
  const { objects } = (await (await fetch(`http://${at.gate.gate.admin}/v1/cache`)).json()) as { objects: number }
  assert.equal(objects, 0)
  await done(at)
})

test('a fetch that began before an order is outdated by it, when the order has long been carried out', async () => {
  await using at = await shop({}, more)
  for (const body of [{ url: 'http://shop.test/page' }, { prefix: '/pa' }]) {
    const asked: Asked[] = []
    at.origin.on('/page', (one) => asked.push(one))
    const early = get(at.gate.port, '/page')
    await until(() => asked.length === 1)
    await order(at, 'purge', body)
    await carriedOut(at)
    asked[0]?.answer('old', FRESH)
    assert.equal((await early).body, 'old')
    at.origin.says('/page', FRESH)
    assert.match((await get(at.gate.port, '/page')).body, /^page \d/)
    await order(at, 'purge', { prefix: '/' })
  }
  await done(at)
})

test('a thread that takes the place of another heeds the orders that were given before', async () => {
  await using at = await shop({}, more)
  await store(at, { '/page': '' })
  await order(at, 'purge', { prefix: '/page' })
  at.gate.gate.crash(1)
  await at.gate.gate.replaced(1)
  assert.equal(await stored(at, '/page'), false)
  assert.equal(await stored(at, '/page'), true)
  await order(at, 'purge', { url: 'http://shop.test/page' })
  assert.equal(await stored(at, '/page'), false)
  await done(at)
})

test('a PURGE that is not carried out is answered with 503 purge_full and a sentence', async () => {
  await using origin = await CacheOrigin.listen()
  const config = configFrom({
    name: 'gate',
    threads: 1,
    listeners: { web: { bind: '127.0.0.1:0' } },
    pools: { shop: { servers: [origin.address] } },
    routes: [{ to: 'shop', cache: { purge: ['loopback'] } }],
    cache: { size: '16MB', maxObject: '1MB' },
    accessLog: false,
  })
  const plan = planLedger(config, { counters: gateCounters(config) })
  const ledger = new Ledger(createMemory(plan), plan, 0)
  ledger.join()
  const memory = storeOf(config)
  assert.ok(memory !== null)
  const records: ExchangeRecord[] = []
  const told: string[] = []
  const says = '1000 removals are still under way'
  const thread = new DataPlane(
    config,
    ledger,
    0,
    {
      defect: (error) => assert.fail(String(error)),
      record: (record) => records.push(record),
      purge: (targets) => {
        told.push(...targets)
        return Promise.resolve({ done: false, cause: 'purge_full', says })
      },
    },
    new Store(memory, 0, () => {}),
  )
  const bound = await thread.listen(new Map(config.listeners.map(({ name, bind }) => [name, bind])))
  const [address] = bound.get('web') ?? []
  assert.ok(address !== undefined && 'port' in address)
  {
    using client = await Client.connect(address.port)
    const answer = await client.send('PURGE /page HTTP/1.1\r\nHost: shop.test\r\nAccept: text/plain\r\n\r\n').response()
    assert.equal(verdictOf(answer), '503 purge_full')
    assert.match(answer.body, /Too many purges are being carried out/)
    assert.ok(answer.field('retry-after') !== null)
    assert.equal(told.length, 1)
    assert.equal(origin.requests, 0)
    assert.equal((await client.send('GET /page HTTP/1.1\r\nHost: shop.test\r\n\r\n').response()).status, 404)
  }
  await thread.stop()
  assert.match(JSON.stringify(records[0]), /purge_full/)
  assert.match(JSON.stringify(records[0]), new RegExp(says))
})
