/** The guard of purges: where the servers could not carry what is asked for again, a purge makes stale and a ban is refused; only the servers that would be asked count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, FRESH } from '../../kit/cache-orders.ts'
import { CacheOrigin } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import type { Asked } from '../../kit/origin.ts'
import { settled, until } from '../../kit/settle.ts'

const base = { threads: 2, admin: { bind: '127.0.0.1:0' }, cache: { size: '16MB', maxObject: '1MB' } }

/** Whether a purge of a page makes stale instead, and the reason why a ban is refused. */
async function guarded(gate: Running, body: unknown = { url: 'http://shop.test/page' }): Promise<[boolean, string]> {
  const { says } = await call({ gate }, 'purge', body)
  const banned = await call({ gate }, 'ban', { expression: 'req.url == /none' })
  return [says.softened === true, banned.status === 200 ? '' : String(banned.says.detail)]
}

/** A server whose path /busy, and what lies below it, is answered when the test says so. */
async function busyServer(asked: Asked[]): Promise<CacheOrigin> {
  const origin = await CacheOrigin.listen()
  for (const path of ['/busy', '/up/busy']) origin.on(path, (one) => asked.push(one))
  return origin.says('/page', FRESH)
}

test('a server in maintenance or draining counts as a full one', async () => {
  const asked: Asked[] = []
  await using one = await busyServer(asked)
  await using two = await busyServer(asked)
  const servers = [one, two].map(({ address }) => ({ address, maxConnections: 1 }))
  await using gate = await headgate({ ...base, pools: { shop: { servers } }, routes: [{ to: 'shop', cache: true }] })
  assert.deepEqual(await guarded(gate), [false, ''])
  for (const state of ['maint', 'drain'] as const) {
    gate.gate.setAdminState('shop', two.address, state)
    assert.deepEqual(await guarded(gate), [false, ''])
    const busy = get(gate.port, '/busy')
    await until(() => asked.length === 1)
    assert.deepEqual(await guarded(gate), [true, 'all slots of pool shop are in use'])
    asked.pop()?.answer('')
    await busy
    await until(() => gate.gate.usage().pools[0]?.inUse === 0)
  }
  gate.gate.setAdminState('shop', one.address, 'maint')
  assert.deepEqual(await guarded(gate), [true, 'no server of pool shop takes requests'])
  await settled(gate.gate)
})

test('the full pool of a route that stores nothing, or of another route than the one that is meant, softens no purge', async () => {
  const asked: Asked[] = []
  await using shop = await busyServer(asked)
  await using up = await busyServer(asked)
  await using gate = await headgate({
    ...base,
    pools: { shop: { servers: [shop.address] }, up: { servers: [{ address: up.address, maxConnections: 1 }] } },
    routes: [
      { to: 'shop', cache: { purge: ['loopback'] } },
      { path: '/up', to: 'up' },
      { path: '/up/stored', to: 'up', host: '*.other.test', cache: true },
    ],
  })
  const busy = get(gate.port, '/up/busy')
  await until(() => asked.length === 1)
  assert.equal((await guarded(gate))[0], false)
  assert.equal((await guarded(gate, { url: 'http://shop.test/up/stored/1' }))[0], false)
  assert.equal((await guarded(gate, { prefix: '/page' }))[0], false)
  // These may be stored by the route whose pool is full.
  for (const body of [
    { url: 'http://a.other.test/up/stored/1' },
    { prefix: '/up/' },
    { prefix: 'http://a.other.test/' },
    { tags: ['a'] },
  ])
    assert.deepEqual(await guarded(gate, body), [true, 'all slots of pool up are in use'], JSON.stringify(body))
  asked.pop()?.answer('')
  await busy
  await settled(gate.gate)
})

test('a route whose places are taken, or where somebody waits for one, counts as well', async () => {
  const asked: Asked[] = []
  await using origin = await busyServer(asked)
  await using gate = await headgate({
    ...base,
    pools: { shop: { servers: [origin.address] } },
    routes: [{ to: 'shop', name: 'shop', maxConnections: 1, queue: { max: 5, timeout: '9s' }, cache: true }],
  })
  const first = get(gate.port, '/busy?1')
  await until(() => asked.length === 1)
  assert.deepEqual(await guarded(gate), [true, 'all slots of route shop are in use'])
  const second = get(gate.port, '/busy?2')
  await until(() => gate.gate.usage().routes[0]?.waiting === 1)
  assert.deepEqual(await guarded(gate), [true, 'a request waits in the queue of route shop'])
  asked.shift()?.answer('')
  await first
  await until(() => asked.length === 1)
  asked.shift()?.answer('')
  await second
  await settled(gate.gate)
})
