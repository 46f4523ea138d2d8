/** What a request says of the way it came: Via, X-Forwarded-*, Forwarded, whom they are believed, and requests that go round in circles. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { verdictOf } from '../../kit/settle.ts'

/** What the server gets of a request with these fields, from a listener with these settings. */
async function forwarded(
  listener: Record<string, unknown>,
  fields: string,
  request = 'GET / HTTP/1.1',
): Promise<string[]> {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { listener })
  using client = await Client.connect(hg.port)
  client.send(`${request}\r\nHost: Shop.Test:8080\r\n${fields}\r\n`)
  const { peer, head } = await origin.asked()
  peer.send(ok('x'))
  await client.response()
  return head.trimEnd().split('\r\n')
}

const SPOOFED =
  'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n' +
  'Forwarded: for=6.6.6.6;host=evil\r\nX-Real-IP: 6.6.6.6\r\n'

test('by default servers learn client, scheme and host by X-Forwarded-*, and what an untrusted client claims is dropped', async () => {
  const expected = [
    'GET / HTTP/1.1',
    'Host: Shop.Test:8080',
    'X-Own: kept',
    'Via: 1.1 gate',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: Shop.Test:8080',
  ]
  const byDefault = { forwarded: ['x-forwarded'] }
  assert.deepEqual(await forwarded(byDefault, 'X-Own: kept\r\n'), expected)
  assert.deepEqual(await forwarded(byDefault, `${SPOOFED}X-Own: kept\r\nx-forwarded-FOR: 7.7.7.7\r\n`), expected)
})

test('Forwarded is sent where it is wanted, alone or beside X-Forwarded-*, and nothing where neither is', async () => {
  assert.deepEqual((await forwarded({ forwarded: 'forwarded' }, SPOOFED)).slice(2), [
    'Via: 1.1 gate',
    'Forwarded: for=127.0.0.1;host="Shop.Test:8080";proto=http',
  ])
  assert.deepEqual((await forwarded({ forwarded: ['x-forwarded', 'forwarded'] }, SPOOFED)).slice(2), [
    'Via: 1.1 gate',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: Shop.Test:8080',
    'Forwarded: for=127.0.0.1;host="Shop.Test:8080";proto=http',
  ])
  assert.deepEqual((await forwarded({ forwarded: [] }, SPOOFED)).slice(2), ['Via: 1.1 gate'])
})

test('what a trusted proxy says is kept and added to', async () => {
  for (const peers of [['127.0.0.1'], ['127.0.0.0/8'], ['loopback'], ['10.0.0.0/8', '127.0.0.1']]) {
    assert.deepEqual(
      await forwarded(
        { trustedProxies: peers, forwarded: ['x-forwarded', 'forwarded'] },
        'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7, 8.8.8.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\nForwarded: for="[2001:db8::1]:80";proto=https\r\nX-Real-IP: 6.6.6.6\r\n',
      ),
      [
        'GET / HTTP/1.1',
        'Host: Shop.Test:8080',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: outer',
        'X-Real-IP: 6.6.6.6',
        'Via: 1.1 gate',
        'X-Forwarded-For: 6.6.6.6, 7.7.7.7, 8.8.8.8, 127.0.0.1',
        'Forwarded: for="[2001:db8::1]:80";proto=https, for=127.0.0.1;host="Shop.Test:8080";proto=http',
      ],
      peers.join(),
    )
  }
})

test('a trusted proxy that says nothing is completed, one outside the trusted networks is not believed', async () => {
  assert.deepEqual((await forwarded({ trustedProxies: ['loopback'], forwarded: ['x-forwarded'] }, '')).slice(2), [
    'Via: 1.1 gate',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: Shop.Test:8080',
  ])
  const other = await forwarded({ trustedProxies: ['10.0.0.0/8', '127.0.0.2'], forwarded: ['x-forwarded'] }, SPOOFED)
  assert.ok(other.includes('X-Forwarded-For: 127.0.0.1'))
})

test('the host of an absolute target is the one that is told', async () => {
  const head = await forwarded({ forwarded: ['x-forwarded'] }, '', 'GET http://other.test/x HTTP/1.1')
  assert.deepEqual(head.slice(0, 2), ['GET /x HTTP/1.1', 'Host: other.test'])
  assert.ok(head.includes('X-Forwarded-Host: other.test'))
})

test('the log has the client that a trusted proxy names, and the peer where nobody is trusted', async () => {
  for (const [trusted, client] of [
    ['[loopback]', '203.0.113.9'],
    ['[]', '127.0.0.1'],
  ]) {
    await using origin = await Origin.listen((asked) => asked.answer('x'))
    await using hg = await logged(
      `listeners: { web: { bind: '127.0.0.1:0', trustedProxies: ${trusted} } }\npools: { shop: { servers: ['${origin.address}'] } }\nroutes: [{ to: shop }]\nthreads: 1\naccessLog: { to: LOG, format: json }\n`,
    )
    await get(hg.port, '/', 'X-Forwarded-For: 6.6.6.6, 203.0.113.9, 127.0.0.1\r\n')
    const [line] = (await hg.log()) as unknown as { client: string }[]
    assert.equal(line?.client, client)
  }
})

test('Via lists all the way, in order', async () => {
  const head = await forwarded({ forwarded: [] }, 'Via: 1.0 first (squid)\r\nX: y\r\nvia: 2 second\r\n')
  assert.deepEqual(head.slice(2), ['Via: 1.0 first (squid)', 'X: y', 'via: 2 second', 'Via: 1.1 gate'])
})

test('two Headgates in a row both stand in Via, and the inner one is told of the client by the outer', async () => {
  await using origin = await RawOrigin.listen()
  await using inner = await headgate({
    name: 'inner',
    listeners: { web: { trustedProxies: ['loopback'] } },
    pools: { shop: { servers: [origin.address] } },
  })
  await using outer = await headgate({ name: 'outer', pools: { shop: { servers: [`127.0.0.1:${inner.port}`] } } })
  using client = await Client.connect(outer.port)
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const { peer, head } = await origin.asked()
  assert.deepEqual(head.trimEnd().split('\r\n').slice(2), [
    'Via: 1.1 outer',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: a',
    'Via: 1.1 inner',
    'X-Forwarded-For: 127.0.0.1, 127.0.0.1',
  ])
  peer.send(ok('through both'))
  assert.equal((await client.response()).body, 'through both')
})

test('a Headgate that is its own server answers 502 loop after one round', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-loop-'))
  const [socket, alias] = ['self.sock', 'alias.sock'].map((name) => join(folder, name)) as [string, string]
  symlinkSync(socket, alias) // what is plainly our own address is refused at the start
  try {
    await using hg = await headgate({
      listeners: { web: { bind: ['127.0.0.1:0', `unix:${socket}`] } },
      pools: { self: { servers: [`unix:${alias}`] } },
    })
    const answer = await get(hg.port, '/')
    assert.equal(verdictOf(answer), '502 loop')
    assert.match(answer.field('proxy-status') ?? '', /error=proxy_loop_detected/)
    assert.equal(hg.gate.usage().requests, 2, 'the request itself, and as it came back')
    assert.deepEqual(hg.gate.usage().causes, { loop: 1 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a name that only resembles ours is no loop', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('x'))
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  for (const via of ['1.1 gateway', '1.1 other (gate)', '1.1 my-gate', '1.1 gate.example']) {
    assert.equal((await client.get('/', `Via: ${via}\r\n`).response()).status, 200, via)
  }
  for (const via of ['1.1 gate', '1.1 a, HTTP/1.1 GATE (x, y), 1.0 b']) {
    assert.equal(verdictOf(await client.get('/', `Via: ${via}\r\n`).response()), '502 loop', via)
  }
})

test('fields of one hop and those that Connection names do not reach the server', async () => {
  const head = await forwarded(
    { forwarded: [] },
    'Connection: keep-alive, X-Hop, x-other\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Hop: 1\r\nX-OTHER: 2\r\n' +
      'TE: gzip\r\nTrailer: X\r\nUpgrade: foo\r\nProxy-Authorization: Basic eDp5\r\nAuthorization: Basic eDp5\r\nX-Kept: 3\r\n',
  )
  assert.deepEqual(head, [
    'GET / HTTP/1.1',
    'Host: Shop.Test:8080',
    'Authorization: Basic eDp5',
    'X-Kept: 3',
    'Via: 1.1 gate',
  ])
})
