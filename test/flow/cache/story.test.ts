/** A bad night: the server goes down, the site keeps answering from what is stored, the server comes back and is not overrun. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { caching } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import { meanwhile, settled, tally, until } from '../../kit/settle.ts'

const PAGES = 20

/** A site that can go down and come back on the same port. Its pages are stale as soon as they are there, until it is `better`. */
class Site implements AsyncDisposable {
  #server: Server | null = null
  #port = 0
  better = false
  asked: string[] = []
  inside = 0
  most = 0

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  async up(): Promise<this> {
    const server = createServer((request, response) => {
      this.asked.push(request.url ?? '')
      this.most = Math.max(this.most, ++this.inside)
      setTimeout(() => {
        this.inside--
        response.setHeader('cache-control', 'max-age=60')
        if (!this.better) response.setHeader('age', '70')
        response.end(`${this.better ? 'new' : 'old'} ${request.url}`)
      }, 5)
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
    return this
  }

  async down(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
  }
}

const paths = Array.from({ length: PAGES }, (_, k) => `/page/${k}`)

/** Every page is asked for by several visitors at once. */
async function visit(port: number, each: number): Promise<Record<string, number>> {
  const all = paths.flatMap((path) => Array.from({ length: each }, () => path))
  const answers = await Promise.all(all.map((path) => get(port, path)))
  for (const [k, { body }] of answers.entries()) assert.ok(body.endsWith(all[k] ?? ''), body)
  return tally(answers.map(({ status, body }) => `${status} ${body.slice(0, 3)}`))
}

test('the server goes down, the site keeps answering; it comes back, and every page is fetched once', async () => {
  await using site = await new Site().up()
  await using gate = await caching(site, { grace: '10m', graceUnderPressure: '1h' }, { threads: 2 })
  assert.deepEqual(await visit(gate.port, 1), { '200 old': PAGES })
  assert.equal(site.asked.length, PAGES)

  await site.down()
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await visit(gate.port, 5), { '200 old': 5 * PAGES })
    await until(() => gate.gate.usage().pools[0]?.inUse === 0)
  }

  site.better = true
  site.asked = []
  await site.up()
  // Each page waits out its pause; then the first visitor has it fetched.
  const end = performance.now() + 5000
  for (;;) {
    const seen = await visit(gate.port, 3)
    assert.equal((seen['200 old'] ?? 0) + (seen['200 new'] ?? 0), 3 * PAGES)
    if (seen['200 new'] === 3 * PAGES) break
    assert.ok(performance.now() < end, JSON.stringify(seen))
    await meanwhile(50)
  }
  assert.deepEqual(tally(site.asked), Object.fromEntries(paths.map((path) => [path, 1])))
  await settled(gate.gate)
})

test('a server that is back is asked by no more requests at once than it takes, and nobody waits for it', async () => {
  await using site = await new Site().up()
  const pool = { servers: [{ address: site.address, maxConnections: 2 }], queue: { max: 100, timeout: '5s' } }
  await using gate = await caching(site, { grace: '10m' }, { threads: 2, pools: { shop: pool } })
  await visit(gate.port, 1)
  const queued = gate.gate.usage().pools[0]?.queued
  site.better = true
  site.asked = []
  site.most = 0
  const end = performance.now() + 5000
  for (let fresh = 0; fresh < PAGES; ) {
    const seen = await visit(gate.port, 2)
    fresh = (seen['200 new'] ?? 0) / 2
    assert.ok(performance.now() < end, JSON.stringify(seen))
    assert.equal(gate.gate.usage().pools[0]?.queued, queued)
    await meanwhile(50)
  }
  assert.ok(site.most <= 2, `${site.most} at once`)
  assert.equal(site.asked.length, PAGES)
  await settled(gate.gate)
})
