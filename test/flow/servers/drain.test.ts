/** How a Headgate ends: what is under way is finished within a bound, nothing new begins, nothing is left. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { held, meanwhile, tally, until, verdictOf } from '../../kit/settle.ts'

/** Resolves when nobody listens at the port any more. */
async function deserted(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' })
    const refused = await Promise.race([
      once(socket, 'connect').then(() => false),
      once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'),
    ]).catch((error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED')
    socket.destroy()
    if (refused) return
  }
}

test('a stop finishes what is under way, closes idle connections at once and takes no new ones', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    drain: '10s',
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 3 }], queue: { max: 5, timeout: '30s' } } },
  })
  const idle = await Promise.all(Array.from({ length: 6 }, () => Client.connect(hg.port)))
  const [served] = idle as [Client]
  served.get('/')
  ;(await origin.next()).answer('ok')
  assert.equal((await served.response()).status, 200)
  // Under way: one that gets its body slowly, one that has no answer yet, one that is still sending, one in the queue.
  using slow = await Client.connect(hg.port)
  slow.get('/slow')
  const slowAsked = await origin.next()
  slowAsked.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')
  await slow.until('01234')
  using waiting = await Client.connect(hg.port)
  waiting.get('/waiting')
  const waitingAsked = await origin.next()
  using sending = await Client.connect(hg.port)
  sending.send('POST /sending HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 6\r\n\r\nabc')
  await until(() => hg.gate.usage().pools[0]?.inUse === 3)
  using queued = await Client.connect(hg.port)
  queued.get('/queued')
  await until(() => hg.gate.usage().pools[0]?.waiting === 1)
  // And one whose request has begun: it is still heard.
  using halfway = await Client.connect(hg.port)
  halfway.send('GET /halfway HTTP/1.1\r\nHost: sh')
  await until(() => hg.gate.usage().listeners[0]?.inUse === 11)
  await meanwhile(50) // the half head has no other sign than that it has arrived

  let stopped = false
  const before = performance.now()
  const stop = hg.gate.stop().then(() => {
    stopped = true
  })
  for (const client of idle) assert.equal(await client.closed(), '')
  assert.ok(performance.now() - before < 4000)
  await deserted(hg.port)
  assert.equal(stopped, false)

  slowAsked.say('56789')
  await slow.until('56789')
  // Said before the stop was known, its answer promised a lasting connection; it is closed all the same.
  assert.equal(await slow.closed(), '')
  const fourth = await origin.next()
  assert.match(fourth.head, /^GET \/queued /)
  waitingAsked.answer('waited')
  const answer = await waiting.response()
  assert.equal(answer.body, 'waited')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await waiting.closed(), '')
  sending.send('def')
  const sent = await origin.next()
  assert.equal(sent.body, 'abcdef')
  sent.answer('got it')
  assert.equal((await sending.response()).body, 'got it')
  fourth.answer('queued')
  assert.equal((await queued.response()).body, 'queued')
  halfway.send('op.test\r\n\r\n')
  ;(await origin.next()).answer('whole')
  const last = await halfway.response()
  assert.equal(last.body, 'whole')
  assert.equal(last.field('connection'), 'close')
  await stop
  assert.ok(performance.now() - before < 5000, 'it ends when the last one is done, not when the time is over')
  assert.deepEqual(held(hg.gate.usage()), [])
  assert.deepEqual(hg.gate.usage().causes, {})
})

test('when the drain time is over who still waits gets 503 shutting_down, and who has half an answer sees it cut', async () => {
  await using origin = await Origin.listen()
  const text = `
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers:
      - address: ${origin.address}
        maxConnections: 2
    queue: { max: 5, timeout: 30s }
threads: 2
drain: 300ms
accessLog: LOG
`
  await using hg = await logged(text)
  using half = await Client.connect(hg.port)
  half.get('/half')
  ;(await origin.next()).say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')
  await half.until('01234')
  using waiting = await Client.connect(hg.port)
  waiting.get('/waiting')
  await origin.next()
  const queued: Client[] = []
  for (let k = 0; k < 4; k++) {
    queued.push(
      (await Client.connect(hg.port)).send('POST /queued HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3\r\n\r\nabc'),
    )
  }
  await until(() => hg.gate.usage().pools[0]?.waiting === 4)

  const before = performance.now()
  const lines = await hg.log()
  const took = performance.now() - before
  assert.ok(took >= 300 && took < 4000, `it took ${took} ms`)
  for (const client of [waiting, ...queued]) {
    const answer = await client.response()
    assert.equal(verdictOf(answer), '503 shutting_down')
    assert.match(answer.field('retry-after') ?? '', /^[1-9]\d*$/)
    assert.equal(answer.field('connection'), 'close')
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
  }
  assert.equal(await half.closed(), '')
  assert.equal((half.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET')
  // Who was told that it was not served was not served: nobody of the line slipped in as slots were freed.
  assert.equal(origin.requests, 2)
  assert.deepEqual(held(hg.gate.usage()), [])

  assert.deepEqual(tally(lines.map(({ target, end, status }) => `${target} ${end} ${status}`)), {
    '/half KD 200': 1,
    '/waiting KH 503': 1,
    '/queued KQ 503': 4,
  })
  for (const { diagnosis } of lines) {
    assert.equal(diagnosis?.setting, 'drain')
    assert.equal(diagnosis.limit, 300)
    assert.equal(diagnosis.place, `headgate.yaml:${lineOf(text, 'drain: 300ms')}`)
  }
})

test('connections that wait for a place hear at once that it ends, and read it to the end', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 1, whenFull: { max: 100, timeout: '30s' } } },
    pools: { shop: { servers: [origin.address] } },
  })
  using inside = await Client.connect(hg.port)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 1)
  const waiting = await Promise.all(
    Array.from({ length: 40 }, async () =>
      (await Client.connect(hg.port)).send(
        `POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 90000\r\n\r\n${'x'.repeat(90_000)}`,
      ),
    ),
  )
  await until(() => hg.gate.usage().listeners[0]?.waiting === 40)
  await hg.gate.stop()
  for (const client of waiting) {
    const answer = await client.response()
    assert.equal(verdictOf(answer), '503 shutting_down')
    assert.equal(answer.complete, true)
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
  }
  assert.equal(await inside.closed(), '')
  assert.equal(origin.requests, 0)
  assert.deepEqual(held(hg.gate.usage()), [])
})

test('tunnels do not keep a stop from ending: they are closed when the drain time is over', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ drain: '200ms', pools: { shop: { servers: [origin.address] } } })
  using client = await Client.connect(hg.port)
  client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
  const asked = await origin.next()
  asked.say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  assert.equal((await client.response()).status, 101)
  const before = performance.now()
  const stop = hg.gate.stop()
  asked.say('still there')
  await client.until('still there')
  await stop
  const took = performance.now() - before
  assert.ok(took >= 200 && took < 4000, `it took ${took} ms`)
  assert.equal(await client.closed(), '')
  await until(() => origin.open === 0)
  assert.deepEqual(held(hg.gate.usage()), [])
})

test('with nothing under way a stop takes no time, and leaves the servers alone', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({ threads: 2, drain: '30s', pools: { shop: { servers: [origin.address] } } })
  assert.equal((await get(hg.port, '/')).status, 200)
  assert.equal(origin.open, 1)
  const before = performance.now()
  await hg.gate.stop()
  assert.ok(performance.now() - before < 4000)
  await until(() => origin.open === 0)
  await deserted(hg.port)
})

test('a second stop is the first one, and a kill cuts it short', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, drain: '30s', pools: { shop: { servers: [origin.address] } } })
  using client = await Client.connect(hg.port)
  client.get('/')
  await origin.next()
  const stops = [hg.gate.stop(), hg.gate.stop()]
  const before = performance.now()
  await meanwhile(50) // long enough for the threads to hear of it
  await hg.gate.kill()
  await Promise.all(stops)
  await hg.gate.stop()
  assert.ok(performance.now() - before < 4000)
  assert.equal(await client.closed(), '')
  await deserted(hg.port)
  assert.deepEqual(held(hg.gate.usage()), [])
})

test('a kill ends everything at once and leaves nothing', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    drain: '30s',
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 5 }], queue: { max: 50, timeout: '30s' } } },
  })
  const clients = await Promise.all(Array.from({ length: 30 }, () => Client.connect(hg.port)))
  for (const client of clients) client.get('/')
  await origin.take(5)
  await until(() => hg.gate.usage().pools[0]?.waiting === 25)
  const before = performance.now()
  await hg.gate.kill()
  assert.ok(performance.now() - before < 4000)
  for (const client of clients) assert.equal(await client.closed(), '')
  await until(() => origin.open === 0)
  assert.deepEqual(held(hg.gate.usage()), [])
  await deserted(hg.port)
})

test('a thread that dies while the stop waits for it is not replaced, and the stop ends', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({ threads: 2, drain: '30s', pools: { shop: { servers: [origin.address] } } })
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(hg.port)))
  for (const client of clients) client.get('/')
  const asked = await origin.take(20)
  const stop = hg.gate.stop()
  hg.gate.crash(0)
  hg.gate.crash(1)
  await stop
  assert.equal(asked.length, 20)
  for (const client of clients) await client.closed()
  await deserted(hg.port)
  assert.deepEqual(held(hg.gate.usage()), [])
})
