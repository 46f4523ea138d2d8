/** Idle connections make way for newcomers, and clients that leave a listener's queue leave room in it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { Origin } from '../../kit/origin.ts'
import { settled, until, verdictOf } from '../../kit/settle.ts'

type Gate = Awaited<ReturnType<typeof headgate>>['gate']

const listener = (gate: Gate) => gate.usage().listeners[0]!

/** A client that has had an answer and keeps its connection. */
async function idle(client: Client): Promise<Client> {
  assert.equal((await client.get('/idle').response()).status, 200)
  return client
}

test('where a listener is full, the client that has been idle longest makes way, and none with a request under way', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    listeners: { web: { maxConnections: 3 } },
    pools: { shop: { servers: [origin.address] } },
  })
  const served = async (): Promise<Client> => {
    const client = (await Client.connect(hg.port)).get('/')
    const asked = await origin.next()
    asked.answer('ok')
    assert.equal((await client.response()).body, 'ok')
    return client
  }
  using first = await served()
  using busy = (await Client.connect(hg.port)).get('/busy')
  const asked = await origin.next()
  using second = await served()
  using third = await served()
  assert.equal(await first.closed(), '')
  assert.equal(first.error, null)
  using fourth = await served()
  assert.equal(await second.closed(), '')
  assert.equal(second.error, null)
  asked.answer('done')
  assert.equal((await busy.response()).body, 'done')
  assert.deepEqual(
    [third, fourth, busy].map(({ socket }) => socket.readyState),
    ['open', 'open', 'open'],
  )
  assert.deepEqual(hg.gate.usage().causes, {})
  assert.equal(listener(hg.gate).refused, 0)
})

for (const threads of [1, 2, 3]) {
  test(`over ${threads} thread(s) every newcomer gets the place of an idle client, although all of these are on one thread`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
    await using origin = await Origin.listen((asked) => asked.answer('ok'))
    // The first thread alone serves a unix socket; over TCP newcomers come to any.
    const path = join(folder, 'web.sock')
    await using hg = await headgate({
      threads,
      listeners: { web: { bind: ['127.0.0.1:0', `unix:${path}`], maxConnections: 40 } },
      pools: { shop: { servers: [origin.address] } },
    })
    const old = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connect({ path, allowHalfOpen: true })
        await once(socket, 'connect')
        return await idle(Client.over(socket))
      }),
    )
    let most = 0
    const looking = setInterval(() => {
      most = Math.max(most, listener(hg.gate).inUse)
    }, 1)
    using one = await idle(await Client.connect(hg.port))
    assert.equal(one.error, null)
    const young = await Promise.all(Array.from({ length: 39 }, async () => idle(await Client.connect(hg.port))))
    clearInterval(looking)
    assert.ok(most <= 40, `${most} connections`)
    assert.equal(listener(hg.gate).refused, 0)
    assert.deepEqual(hg.gate.usage().causes, {})
    for (const client of [...old, ...young]) client[Symbol.dispose]()
    one[Symbol.dispose]()
    await settled(hg.gate)
    rmSync(folder, { recursive: true })
  })
}

test('clients that ask again and again take turns with those who wait, and no request of either is lost', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 2, whenFull: { max: 10, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  const answered = [0, 0, 0, 0, 0, 0]
  // Each keeps its connection as long as it is let, and asks without a pause until all have had their answers.
  const ask = async (k: number): Promise<void> => {
    let client = await Client.connect(hg.port)
    while (answered.some((n) => n < 20)) {
      const answer = await client.get('/').response()
      assert.equal(answer.status, 200)
      answered[k]! += 1
      if (answer.field('connection') !== 'close') continue
      assert.equal(await client.closed(), '')
      client[Symbol.dispose]()
      client = await Client.connect(hg.port)
    }
    client[Symbol.dispose]()
  }
  await Promise.all(answered.map((_, k) => ask(k)))
  await settled(hg.gate)
  assert.equal(listener(hg.gate).refused, 0)
  assert.ok(origin.most <= 2)
})

test('while newcomers wait for a place a connection ends with its response, which says so', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 1, whenFull: { max: 5, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  using inside = (await Client.connect(hg.port)).get('/')
  const asked = await origin.next()
  using next = (await Client.connect(hg.port)).get('/next')
  await until(() => listener(hg.gate).waiting === 1)
  asked.answer('ok')
  const answer = await inside.response()
  assert.deepEqual([answer.body, answer.field('connection')], ['ok', 'close'])
  assert.equal(await inside.closed(), '')
  const last = await origin.next()
  last.answer('ok')
  assert.equal((await next.response()).field('connection'), null)
})

test('a client that has sent nothing makes way as well, once it has had a second for its first byte', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    listeners: { web: { maxConnections: 1 } },
    pools: { shop: { servers: [origin.address] } },
  })
  using silent = await Client.connect(hg.port)
  const began = performance.now()
  await until(() => listener(hg.gate).inUse === 1)
  let status = 0
  while (status !== 200) {
    const answer = await get(hg.port, '/')
    status = answer.status
    if (status !== 200) assert.equal(verdictOf(answer), '503 listener_full')
    assert.ok(status !== 200 || performance.now() - began >= 900, 'it had no time to send anything')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(await silent.closed(), '')
})

test('after a limit was lowered idle clients above it go when somebody comes', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    listeners: { web: { maxConnections: 6 } },
    pools: { shop: { servers: [origin.address] } },
  })
  const old: Client[] = []
  for (let k = 0; k < 6; k++) old.push(await idle(await Client.connect(hg.port)))
  hg.gate.setLimit('listeners.web.maxConnections', 2)
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal(listener(hg.gate).inUse, 6)
  using newcomer = await idle(await Client.connect(hg.port))
  assert.equal(newcomer.error, null)
  await until(() => listener(hg.gate).inUse === 2)
  for (const client of old) client[Symbol.dispose]()
})

test('a client that leaves while it waits in the queue of a listener gives up its place at once', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 1, whenFull: { max: 2, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  using inside = (await Client.connect(hg.port)).get('/')
  const asked = await origin.next()
  const request = 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n'
  const sent = [
    '',
    request,
    request.repeat(3),
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n${'x'.repeat(8000)}`,
  ]
  for (const text of sent) {
    for (const how of ['FIN', 'RST'] as const) {
      const leaving = [await Client.connect(hg.port), await Client.connect(hg.port)]
      for (const client of leaving) if (text !== '') client.send(text)
      await until(() => listener(hg.gate).waiting === 2)
      for (const client of leaving) {
        if (how === 'FIN') client.end()
        else client.reset()
      }
      await until(() => listener(hg.gate).waiting === 0)
      for (const client of leaving) client[Symbol.dispose]()
    }
  }
  using next = (await Client.connect(hg.port)).get('/next')
  await until(() => listener(hg.gate).waiting === 1)
  asked.answer('ok')
  assert.equal((await inside.response()).body, 'ok')
  const last = await origin.next()
  assert.match(last.head, /^GET \/next /)
  last.answer('ok')
  assert.equal((await next.response()).status, 200)
  assert.equal(origin.requests, 2)
  assert.equal(listener(hg.gate).refused, 0)
})
