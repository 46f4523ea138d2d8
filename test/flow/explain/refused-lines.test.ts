/** The log line of a request that was turned away has the numbers that were seen when it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { until, verdictOf } from '../../kit/settle.ts'

test('a refused request’s line says how full pool, server and line were', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers: [ { address: '${origin.address}', maxConnections: 2 }, { address: '127.0.0.1:9', weight: 0, maxConnections: 9 } ]
    queue: { max: 1, timeout: 400ms }
  small:
    servers: [ { address: '${origin.address}', maxConnections: 1 } ]
routes:
  - { to: shop }
  - { path: /small, to: small }
threads: 2
accessLog: LOG
`)
  const inside: Client[] = []
  for (const path of ['/a', '/b', '/small']) {
    const client = await Client.connect(hg.port)
    client.get(path)
    await origin.next()
    inside.push(client)
  }
  const late = get(hg.port, '/late')
  await until(() => hg.gate.usage().pools[0]?.waiting === 1)
  assert.equal(verdictOf(await get(hg.port, '/full')), '503 queue_full')
  assert.equal(verdictOf(await get(hg.port, '/small/full')), '503 pool_full')
  assert.equal(verdictOf(await late), '503 queue_timeout')
  for (const client of inside) client.reset()

  const lines = new Map((await hg.log()).map((line) => [line.target, line]))
  const seen = (target: string) => {
    const line = lines.get(target)
    return line && [line.cause, line.poolInUse, line.serverInUse, line.queueLength]
  }
  assert.deepEqual(seen('/full'), ['queue_full', 2, 2, 1])
  assert.deepEqual(seen('/small/full'), ['pool_full', 1, 1, 0])
  assert.deepEqual(seen('/late'), ['queue_timeout', 2, 2, 1])
})

test('the line of a connection that found no place says how many stood in the listener’s line', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`
listeners:
  web: { bind: '127.0.0.1:0', maxConnections: 1, whenFull: { max: 1, timeout: 5s } }
pools:
  shop: { servers: [ '${origin.address}' ] }
threads: 1
accessLog: LOG
`)
  using first = await Client.connect(hg.port)
  first.get('/held')
  const asked = await origin.next()
  using waits = await Client.connect(hg.port)
  await until(() => hg.gate.usage().listeners[0]?.waiting === 1)
  assert.equal(verdictOf(await get(hg.port, '/')), '503 listener_full')
  waits[Symbol.dispose]()
  asked.answer('ok')
  await first.response()
  first[Symbol.dispose]()
  const line = (await hg.log()).find(({ cause }) => cause === 'listener_full')
  assert.deepEqual([line?.listenerInUse, line?.queueLength], [1, 1])
})
