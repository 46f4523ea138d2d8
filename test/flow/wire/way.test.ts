import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { Origin } from '../../kit/origin.ts'

test('a request goes through to the server and its answer comes back', async () => {
  await using origin = await Origin.listen((asked) => asked.answer(`you asked: ${asked.head.split('\r\n')[0]}`))
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  const answer = await get(hg.port, '/cart?id=7')
  assert.equal(answer.status, 200)
  assert.equal(answer.body, 'you asked: GET /cart?id=7 HTTP/1.1')
  assert.equal(hg.gate.usage().requests, 1)
})

test('with all slots held and no queue the next request is refused at once', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 2 }] } },
  })
  const held = [get(hg.port, '/a'), get(hg.port, '/b')]
  const asked = await origin.take(2)
  const refused = await get(hg.port, '/c')
  assert.equal(refused.status, 503)
  assert.match(refused.head, /Proxy-Status: headgate-\S+; error=connection_limit_reached; details="pool_full"/)
  for (const a of asked) a.answer('ok')
  assert.deepEqual(
    (await Promise.all(held)).map((a) => a.status),
    [200, 200],
  )
  assert.equal(origin.most, 2)
})

test('a queue holds the surplus and lets it in when slots are freed', async () => {
  await using origin = await Origin.listen()
  await using hg = await headgate({
    threads: 2,
    pools: { shop: { servers: [{ address: origin.address, maxConnections: 1 }], queue: { max: 3, timeout: '5s' } } },
  })
  const all = Array.from({ length: 4 }, (_, i) => get(hg.port, `/${i}`))
  for (let i = 0; i < 4; i++) (await origin.next()).answer('ok')
  assert.deepEqual(
    (await Promise.all(all)).map((a) => a.status),
    [200, 200, 200, 200],
  )
  assert.equal(origin.most, 1)
})

test('a request whose Max-Forwards is used up is answered here and goes no further', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('from the server'))
  await using hg = await headgate({ pools: { shop: { servers: [origin.address] } } })
  using client = await Client.connect(hg.port)
  const fields = 'Host: shop.test\r\nMax-Forwards: 0\r\n'
  const options = await client.send(`OPTIONS / HTTP/1.1\r\n${fields}\r\n`).response()
  assert.deepEqual([options.status, options.body], [200, ''])
  const trace = await client.send(`TRACE /a HTTP/1.1\r\n${fields}Cookie: secret=1\r\n\r\n`).response()
  assert.equal(trace.body, 'TRACE /a HTTP/1.1\r\nHost: shop.test\r\nMax-Forwards: 0\r\n\r\n')
  assert.equal(origin.requests, 0)
})
