/** Via as a setting: where it stands, under which name, what servers make of it, and how circles are found without it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { headgate } from '../../kit/headgate.ts'
import { findNginx, nginx } from '../../kit/nginx.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { verdictOf } from '../../kit/settle.ts'

/** What the server gets from a pool with this `via`, and what the client gets from a listener with the other. */
async function passed(
  toServer: boolean | string,
  toClient: boolean | string,
): Promise<{ there: string; back: string }> {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { pool: { via: toServer }, listener: { via: toClient } })
  using client = await Client.connect(hg.port)
  client.get('/', 'Via: 1.0 first\r\nCDN-Loop: other\r\nConnection: cdn-loop\r\n')
  const { peer, head } = await origin.asked()
  peer.send(ok('x', 'Via: 1.1 inner\r\n'))
  return { there: head, back: (await client.response()).head }
}

const own = (head: string): string[] => head.split('\r\n').filter((line) => /^(via|cdn-loop):/i.test(line))

test('Via stands in requests and responses by the settings of pool and listener, under our name, another one, or not at all', async () => {
  const before = ['Via: 1.0 first', 'CDN-Loop: other']
  const plain = await passed(true, false)
  assert.deepEqual(own(plain.there), [...before, 'Via: 1.1 gate'])
  assert.deepEqual(own(plain.back), ['Via: 1.1 inner'])
  const renamed = await passed('edge', 'front')
  assert.deepEqual(own(renamed.there), [...before, 'Via: 1.1 edge', 'CDN-Loop: gate'])
  assert.deepEqual(own(renamed.back), ['Via: 1.1 inner', 'Via: 1.1 front'])
  const turned = await passed(false, true)
  assert.deepEqual(own(turned.there), [...before, 'CDN-Loop: gate'])
  assert.deepEqual(own(turned.back), ['Via: 1.1 inner', 'Via: 1.1 gate'])
})

test('a stored response has Via each time it is served, as often as it may be', async () => {
  await using at = await shop({}, { listeners: { web: { via: 'front' } } })
  at.origin.says('/p', 'Cache-Control: max-age=60\r\nETag: "x"\r\n')
  for (let i = 0; i < 12; i++) {
    const answer = await at.client.get('/p').response()
    assert.equal(answer.body, 'p 1')
    assert.deepEqual(own(answer.head), ['Via: 1.1 front'])
  }
  assert.deepEqual(own((await at.client.get('/p', 'If-None-Match: "x"\r\n').response()).head), ['Via: 1.1 front'])
  assert.deepEqual(own((await at.client.get('/p', 'Range: bytes=0-0\r\n').response()).head), ['Via: 1.1 front'])
})

test('a Headgate that is its own server without Via, or under another name, answers 502 loop after one round', async () => {
  for (const via of [false, 'edge']) {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-loop-'))
    const [socket, alias] = ['self.sock', 'alias.sock'].map((name) => join(folder, name)) as [string, string]
    symlinkSync(socket, alias) // what is plainly our own address is refused at the start
    try {
      await using hg = await headgate({
        listeners: { web: { bind: ['127.0.0.1:0', `unix:${socket}`] } },
        pools: { self: { servers: [`unix:${alias}`], via } },
      })
      assert.equal(verdictOf(await get(hg.port, '/')), '502 loop')
      assert.equal(hg.gate.usage().requests, 2, 'the request itself, and as it came back')
      assert.deepEqual(hg.gate.usage().causes, { loop: 1 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
})

test('a circle over two Headgates is found by the one without Via', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-loop-'))
  const [a, b] = ['a', 'b'].map((name) => `unix:${join(folder, name)}`)
  try {
    await using first = await headgate({
      name: 'first',
      listeners: { web: { bind: ['127.0.0.1:0', a] } },
      pools: { next: { servers: [b], via: false } },
    })
    await using second = await headgate({
      name: 'second',
      listeners: { web: { bind: [b] } },
      pools: { next: { servers: [a], via: false } },
    })
    assert.equal((await get(first.port, '/')).status, 502)
    assert.equal(first.gate.usage().requests + second.gate.usage().requests, 3)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('nginx with its defaults compresses behind Headgate only where the pool has via: false', async (t) => {
  const binary = findNginx()
  if (binary === null) {
    const missing = 'nginx is not installed: install the Debian package nginx-light'
    if (process.env.CI !== undefined) assert.fail(missing)
    return t.skip(missing)
  }
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join('')
  await using server = await nginx(binary, { 'text.txt': text }, 'off')
  for (const via of [true, 'edge', false]) {
    await using hg = await headgate({ pools: { files: { servers: [`127.0.0.1:${server.port}`], via } } })
    const answer = await get(hg.port, '/text.txt', 'Accept-Encoding: gzip\r\n')
    assert.equal(answer.field('content-encoding'), via === false ? 'gzip' : null)
    const body = Buffer.from(answer.body, 'latin1')
    assert.equal((via === false ? gunzipSync(body) : body).toString('latin1'), text)
  }
})
