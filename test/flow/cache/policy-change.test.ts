/** What unsafe requests make invalid (RFC 9111 §4.4), which fields are stored (§3.1), and what Cache-Status tells (RFC 9211). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

async function body(at: Shop, path: string, fields = ''): Promise<string> {
  return (await at.client.get(path, fields).response()).body
}

/** Sends a request with this method, and has it answered with this status and these fields. */
async function change(at: Shop, method: string, path: string, status: string, fields = ''): Promise<void> {
  at.origin.on('/change', (got) => got.answer('', fields, status))
  at.origin.on(path, (got, n) => {
    if (got.head.startsWith('GET')) got.answer(`${n}`, FRESH)
    else got.answer('', fields, status)
  })
  const got = await at.client
    .send(`${method} ${path} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n`)
    .response()
  assert.equal(String(got.status), status.slice(0, 3))
}

test('a successful unsafe request makes what is stored of its target invalid, with any method that may change something (RFC 9111 §4.4)', async () => {
  await using at = await shop()
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'])
    for (const status of ['200 OK', '201 Created', '204 No Content', '303 See Other', '399 Odd']) {
      const path = `/${method}-${status.slice(0, 3)}`
      at.origin.on(path, (got, n) => got.answer(`${n}`, FRESH))
      const first = await body(at, path)
      assert.equal(await body(at, path), first)
      await change(at, method, path, status)
      assert.notEqual(await body(at, path), first, path)
    }
})

test('a safe method, and an unsafe one that failed, leave alone what is stored (RFC 9111 §4.4)', async () => {
  await using at = await shop()
  for (const [method, status] of [
    ['OPTIONS', '200 OK'],
    ['TRACE', '200 OK'],
    ['POST', '400 Bad Request'],
    ['PUT', '404 Not Found'],
    ['DELETE', '500 Oh'],
    ['POST', '503 Busy'],
  ] as const) {
    const path = `/${method}-${status.slice(0, 3)}`
    at.origin.on(path, (got, n) => got.answer(`${n}`, FRESH))
    const first = await body(at, path)
    await change(at, method, path, status)
    assert.equal(await body(at, path), first, path)
  }
})

test('Location and Content-Location of the same origin are made invalid too, relative or absolute; those of others are not (RFC 9111 §4.4)', async () => {
  await using at = await shop()
  for (const [k, [fields, gone]] of (
    [
      ['Location: /t0\r\n', true],
      ['Content-Location: /t1\r\n', true],
      ['Location: http://shop.test/t2\r\n', true],
      ['Location: t3\r\n', true],
      ['Content-Location: http://shop.test:80/t4\r\n', true],
      ['Location: /t5#part\r\nContent-Location: /other\r\n', true],
      ['Location: http://elsewhere.test/t6\r\n', false],
      ['Location: https://shop.test/t7\r\n', false],
      ['Location: http://shop.test:8080/t8\r\n', false],
      ['Location: //elsewhere.test/t9\r\n', false],
      ['Location: ::::\r\n', false],
    ] as const
  ).entries()) {
    at.origin.on(`/t${k}`, (got, n) => got.answer(`${n}`, FRESH))
    assert.equal(await body(at, `/t${k}`), '1')
    await change(at, 'POST', '/change', '201 Created', fields)
    assert.equal(await body(at, `/t${k}`), gone ? '2' : '1', fields)
  }
  // Nor on a failure.
  at.origin.on('/kept', (got, n) => got.answer(`${n}`, FRESH))
  await body(at, '/kept')
  await change(at, 'POST', '/change', '400 No', 'Location: /kept\r\n')
  assert.equal(await body(at, '/kept'), '1')
})

test('what is invalid is so with all its variants, and only at its own host and query', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: X-A\r\n`)
  for (const a of ['1', '2']) await body(at, '/p', `X-A: ${a}\r\n`)
  await body(at, '/p?q')
  const other = 'GET /p HTTP/1.1\r\nHost: other.test\r\n\r\n'
  const elsewhere = (await at.client.send(other).response()).body
  await at.client.send('POST /p HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n').response()
  assert.equal(await body(at, '/p', 'X-A: 1\r\n'), 'p 6')
  assert.equal(await body(at, '/p', 'X-A: 2\r\n'), 'p 7')
  assert.equal(await body(at, '/p?q'), 'p 3')
  assert.equal((await at.client.send(other).response()).body, elsewhere)
})

test('fields come from the store as they came: in their order, repeated ones too, in their spelling, with unknown ones', async () => {
  await using at = await shop()
  at.origin.says(
    '/p',
    `${FRESH}X-B: 2\r\nlink: <a>; rel=x\r\nX-a: 1\r\nLink: <b>\r\nX-EMPTY:\r\nDate: Mon, 05 Jan 2026 10:11:12 GMT\r\nServer: own\r\nX-B: 3\r\nCDN-Cache-Control: max-age=999999999\r\n`,
  )
  const own = (head: string): string[] =>
    head.split('\r\n').filter((line) => !/^(HTTP\/|age:|cache-status:|content-length:)/i.test(line))
  const first = await at.client.get('/p').response()
  const second = await at.client.get('/p').response()
  assert.equal(at.origin.requests, 1)
  assert.deepEqual(own(second.head), [
    'Cache-Control: max-age=60',
    'X-B: 2',
    'link: <a>; rel=x',
    'X-a: 1',
    'Link: <b>',
    'X-EMPTY: ',
    'Date: Mon, 05 Jan 2026 10:11:12 GMT',
    'Server: own',
    'X-B: 3',
    'CDN-Cache-Control: max-age=999999999',
  ])
  assert.deepEqual(own(first.head), own(second.head))
  assert.match(second.head, /^HTTP\/1.1 200 OK\r\n/)
})

test('what came without Date gets the one of its receipt, and keeps it', async () => {
  await using at = await shop()
  at.origin.says('/p', FRESH)
  const { head } = await at.client.get('/p').response()
  const date = /^date: (.*)$/im.exec(head)?.[1] ?? ''
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 3000)
  assert.equal((await at.client.get('/p').response()).field('date'), date)
})

test('fields for one hop, and those that Connection names, are not stored (RFC 9111 §3.1, RFC 9110 §7.6.1)', async () => {
  await using at = await shop()
  at.origin.says(
    '/p',
    `${FRESH}Connection: keep-alive, X-Hop, x-other\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-OTHER: 2\r\nX-End: 3\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nProxy-Authentication-Info: x=y\r\nUpgrade: h2c\r\nTE: x\r\n`,
  )
  await at.client.get('/p').response()
  const { head } = await at.client.get('/p').response()
  assert.doesNotMatch(head, /^(connection|keep-alive|x-hop|x-other|proxy-\w+|upgrade|te|transfer-encoding):/im)
  assert.match(head, /^X-End: 3$/m)
  assert.equal(at.origin.requests, 1)
})

test('Connection cannot name away the fields that the cache itself goes by', async () => {
  await using at = await shop()
  at.origin.says(
    '/p',
    `Connection: Cache-Control, Vary\r\nCache-Control: no-store\r\nExpires: Mon, 05 Jan 2099 10:11:12 GMT\r\n`,
  )
  assert.equal(await body(at, '/p'), 'p 1')
  assert.equal(await body(at, '/p'), 'p 2')
})

test('Cache-Status tells how each answer came about, behind what other caches said (RFC 9211 §2)', async () => {
  await using at = await shop()
  const status = async (path: string, fields = ''): Promise<string> =>
    (await at.client.get(path, fields).response()).head.match(/^cache-status: .*$/gim)?.join('|') ?? ''
  at.origin.says('/p', FRESH)
  assert.match(await status('/p'), /^Cache-Status: gate; fwd=uri-miss; ttl=(59|60); stored$/)
  assert.match(await status('/p'), /^Cache-Status: gate; hit; ttl=(59|60)$/)
  assert.match(
    await status('/p', 'Cache-Control: no-cache\r\n'),
    /^Cache-Status: gate; fwd=request; ttl=(59|60); stored$/,
  )
  at.origin.says('/vary', `${FRESH}Vary: X-A\r\n`)
  await status('/vary', 'X-A: 1\r\n')
  assert.match(await status('/vary', 'X-A: 2\r\n'), /^Cache-Status: gate; fwd=vary-miss; ttl=(59|60); stored$/)
  at.origin.says('/private', 'Cache-Control: private\r\n')
  assert.equal(await status('/private'), 'Cache-Status: gate; fwd=uri-miss; detail=private')
  at.origin.says('/cookie', `${FRESH}Set-Cookie: a=b\r\n`)
  assert.equal(await status('/cookie'), 'Cache-Status: gate; fwd=uri-miss; detail=set-cookie')
  at.origin.says('/chain', `${FRESH}Cache-Status: inner; hit; ttl=9\r\nCache-Status: "mid one"; fwd=miss\r\n`)
  for (const own of ['gate; fwd=uri-miss; ttl=\\d+; stored', 'gate; hit; ttl=\\d+'])
    assert.match(
      await status('/chain'),
      new RegExp(`^Cache-Status: inner; hit; ttl=9\\|Cache-Status: "mid one"; fwd=miss\\|Cache-Status: ${own}$`),
    )
})

test('Cache-Status is not told where the route says so, and that of others is passed on all the same', async () => {
  await using at = await shop({ status: false })
  at.origin.says('/p', FRESH)
  for (let n = 0; n < 2; n++) assert.equal((await at.client.get('/p').response()).field('cache-status'), null)
  at.origin.says('/chain', `${FRESH}Cache-Status: inner; hit\r\n`)
  for (let n = 0; n < 2; n++)
    assert.equal((await at.client.get('/chain').response()).field('cache-status'), 'inner; hit')
  assert.equal(at.origin.requests, 2)
})

test('all threads share one store: what one has fetched, the other serves', async () => {
  await using at = await shop({}, { threads: 2 })
  at.origin.says('/p', FRESH)
  await get(at.gate.port, '/p')
  for (let n = 0; n < 12; n++) assert.equal((await get(at.gate.port, '/p')).body, 'p 1')
  assert.equal(at.origin.requests, 1)
})

test('the tags of an answer count from all of their lines, as any list does (RFC 9110 §5.3)', async () => {
  await using at = await shop({}, { admin: { bind: '127.0.0.1:0' } })
  at.origin.says('/p', `${FRESH}Surrogate-Key: home\r\nSurrogate-Key: product-1\r\n`)
  assert.equal(await body(at, '/p'), 'p 1')
  const purged = await fetch(`http://${at.gate.gate.admin}/v1/cache/purge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tags: ['product-1'] }),
  })
  assert.equal(purged.status, 200)
  assert.equal(await body(at, '/p'), 'p 2')
})
