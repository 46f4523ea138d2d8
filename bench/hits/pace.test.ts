import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { freePort } from '../ports.ts'
import { fill } from './fill.ts'
import { type Flow, pace } from './pace.ts'

/** A server that knows how often each path was asked for; numbers that `bad` divides are refused. */
async function serverWith(bad: number) {
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = request.url!
    asked.set(path, (asked.get(path) ?? 0) + 1)
    response.statusCode = Number(path.split('/').at(-1)) % bad === 0 ? 503 : 200
    response.end('x')
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { asked, port: (server.address() as AddressInfo).port, [Symbol.dispose]: close }
}

const flow: Flow = { path: '/hot/', from: 10, count: 4, rate: 400, connections: 3 }

test('each object is asked for once, whatever becomes of it', async () => {
  using server = await serverWith(100)
  assert.deepEqual(await fill({ port: server.port, path: '/k/', from: 50, count: 300 }), { errors: 3 })
  assert.equal(server.asked.size, 300)
  assert.deepEqual([...new Set(server.asked.values())], [1])
  assert.ok(server.asked.has('/k/50') && server.asked.has('/k/349'))
})

test('where nobody listens, all objects are errors', async () => {
  assert.deepEqual(await fill({ port: await freePort(), path: '/k/', from: 0, count: 20 }), { errors: 20 })
})

test('nothing to store is done at once', async () => {
  assert.deepEqual(await fill({ port: 1, path: '/k/', from: 0, count: 0 }), { errors: 0 })
})

test('flows go beside each other at their own pace, over their own numbers', async () => {
  using server = await serverWith(1000)
  const slow = { ...flow, path: '/slow/', rate: 100, connections: 1 }
  const { flows } = await pace({ port: server.port, seconds: 0.25, flows: [flow, slow] })
  const [hot, other] = flows
  // A look that comes late may miss the last few.
  assert.ok(hot!.requests > 50 && hot!.requests <= 100, String(hot!.requests))
  assert.ok(other!.requests > 10 && other!.requests <= 25, String(other!.requests))
  assert.equal(hot!.errors + other!.errors, 0)
  assert.ok(hot!.p50 > 0 && hot!.p50 <= hot!.p99)
  const paths = [...server.asked.keys()].sort()
  assert.deepEqual(paths, [10, 11, 12, 13].flatMap((k) => [`/hot/${k}`, `/slow/${k}`]).sort())
})

test('what is refused has no latency, and is an error', async () => {
  using server = await serverWith(1)
  const { flows } = await pace({ port: server.port, seconds: 0.05, flows: [flow] })
  assert.ok(flows[0]!.requests > 0)
  assert.equal(flows[0]!.errors, flows[0]!.requests)
  assert.ok(Number.isNaN(flows[0]!.p99))
})
