/** Answers without an end on a route that caches: nobody waits for one, nobody shares one, and nothing is kept open for nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { Origin } from '../../kit/origin.ts'
import { settled, until } from '../../kit/settle.ts'

const EVENTS =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n5\r\none\r\n\r\n'

test('each client of an event stream has one of its own, though it says that it may be stored; it is a stream and holds no slot', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    admin: { bind: '127.0.0.1:0' },
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 2 }] } },
    routes: [{ to: 'shop', cache: true }],
  })
  // The second one waits for the fetch of the first until it is seen to be for one alone.
  const clients = [await Client.connect(hg.port), await Client.connect(hg.port), await Client.connect(hg.port)]
  clients[0]?.get('/events')
  const first = await origin.next()
  clients[1]?.get('/events')
  first.say(EVENTS)
  const second = await origin.next()
  second.say(EVENTS)
  // And who comes later does not wait at all.
  clients[2]?.get('/events')
  ;(await origin.next()).say(EVENTS)
  for (const client of clients) {
    const text = await client.until('one')
    assert.match(text, /Cache-Status: .*fwd=/)
    assert.doesNotMatch(text, /stored|collapsed/)
  }
  await until(() => hg.gate.usage().pools[0]?.streams.inUse === 3)
  assert.equal(hg.gate.usage().pools[0]?.inUse, 0)
  const shown = await fetch(`http://${hg.gate.admin}/v1/cache/object?url=http://shop.test/events`)
  const { last } = (await shown.json()) as { last: { reason: string } }
  assert.equal(last.reason, 'endless')
  for (const client of clients) client.reset()
  await settled(hg.gate)
})

test('an EventSource waits for nobody’s fetch, however late the head of the other stream comes', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: { shop: { servers: [origin.address] } },
    routes: [{ to: 'shop', cache: { coalesce: { timeout: '30s' } } }],
  })
  const clients = [await Client.connect(hg.port), await Client.connect(hg.port)]
  for (const client of clients) client.get('/events', 'Accept: text/event-stream\r\n')
  const both = await origin.take(2)
  for (const asked of both) asked.say(EVENTS)
  for (const client of clients) await client.until('one')
  for (const client of clients) client.reset()
  await settled(hg.gate)
})

test('a refresh in the background that finds an event stream leaves it at once, and its slot is free', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }] } },
    routes: [{ to: 'shop', cache: { grace: '60s' } }],
  })
  const first = get(hg.port, '/page')
  ;(await origin.next()).answer('page', 'Cache-Control: max-age=1\r\nAge: 1\r\n')
  assert.equal((await first).body, 'page')
  assert.equal((await get(hg.port, '/page')).body, 'page')
  const refresh = await origin.next()
  const closed = new Promise<void>((resolve) => refresh.socket.once('close', () => resolve()))
  refresh.say(EVENTS)
  await closed
  await settled(hg.gate)
})

test('an answer that nobody wants any more is not waited for, though a byte of it comes now and then', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }] } },
    routes: [{ to: 'shop', cache: { grace: '60s' } }],
  })
  const first = get(hg.port, '/page')
  ;(await origin.next()).answer('page', 'Cache-Control: max-age=1\r\nAge: 1\r\n')
  await first
  assert.equal((await get(hg.port, '/page')).body, 'page')
  const refresh = await origin.next()
  refresh.say('HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n')
  const drip = setInterval(() => refresh.say('1\r\nx\r\n'), 100)
  try {
    await until(
      () => hg.gate.usage().pools[0]?.inUse === 0,
      () => hg.gate.usage().pools[0],
      15_000,
    )
  } finally {
    clearInterval(drip)
  }
})
