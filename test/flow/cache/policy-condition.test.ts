/** Conditions: those of clients, answered from the store, and those of the cache itself, answered by 304 (RFC 9110 §13, RFC 9111 §4.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDateIn, shop } from '../../kit/cache-origin.ts'
import type { Client } from '../../kit/client.ts'

/** What a request with these fields gets: status and body. */
async function asked(client: Client, path: string, fields: string): Promise<string> {
  const { status, body } = await client.get(path, fields).response()
  return body === '' ? String(status) : `${status} ${body}`
}

test('If-None-Match is answered from the store by weak comparison, from any place in a list, and by * (RFC 9110 §13.1.2)', async () => {
  await using at = await shop()
  at.origin.says('/strong', 'Cache-Control: max-age=60\r\nETag: "v1"\r\n')
  at.origin.says('/weak', 'Cache-Control: max-age=60\r\nETag: W/"v1"\r\n')
  at.origin.says('/none', 'Cache-Control: max-age=60\r\n')
  for (const path of ['/strong', '/weak', '/none']) await at.client.get(path).response()
  for (const [tags, answer] of [
    ['"v1"', '304'],
    ['W/"v1"', '304'],
    ['"a", "b,c", "v1"', '304'],
    ['"v1","a"', '304'],
    ['"a"\r\nIf-None-Match: W/"v1"', '304'],
    ['*', '304'],
    ['"v2"', '200'],
    ['W/"v2"', '200'],
    ['v1', '200'],
    ['"v1', '200'],
    ['"V1"', '200'],
    ['""', '200'],
  ] as const)
    for (const path of ['/strong', '/weak']) {
      const expected = answer === '304' ? '304' : `200 ${path.slice(1)} 1`
      assert.equal(await asked(at.client, path, `If-None-Match: ${tags}\r\n`), expected, `${path} ${tags}`)
    }
  assert.equal(await asked(at.client, '/none', 'If-None-Match: "v1"\r\n'), '200 none 1')
  assert.equal(await asked(at.client, '/none', 'If-None-Match: *\r\n'), '304')
  assert.equal(at.origin.requests, 3)
})

test('If-Modified-Since is answered from the store, against Last-Modified or else Date, and counts only without If-None-Match (RFC 9110 §13.1.3)', async () => {
  await using at = await shop()
  const [old, modified, later] = [httpDateIn(-7200), httpDateIn(-3600), httpDateIn(-1800)]
  at.origin.says('/p', `Cache-Control: max-age=60\r\nLast-Modified: ${modified}\r\nETag: "v"\r\n`)
  at.origin.says('/dated', `Cache-Control: max-age=7200\r\nDate: ${modified}\r\n`)
  for (const path of ['/p', '/dated']) {
    await at.client.get(path).response()
    assert.equal(await asked(at.client, path, `If-Modified-Since: ${modified}\r\n`), '304')
    assert.equal(await asked(at.client, path, `If-Modified-Since: ${later}\r\n`), '304')
    assert.equal(await asked(at.client, path, `If-Modified-Since: ${old}\r\n`), `200 ${path.slice(1)} 1`)
    assert.equal(await asked(at.client, path, 'If-Modified-Since: yesterday\r\n'), `200 ${path.slice(1)} 1`)
  }
  at.origin.says('/forms', 'Cache-Control: max-age=60\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
  await at.client.get('/forms').response()
  for (const form of ['Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])
    assert.equal(await asked(at.client, '/forms', `If-Modified-Since: ${form}\r\n`), '304', form)
  assert.equal(await asked(at.client, '/p', `If-None-Match: "w"\r\nIf-Modified-Since: ${later}\r\n`), '200 p 1')
  assert.equal(await asked(at.client, '/p', `If-None-Match: "v"\r\nIf-Modified-Since: ${old}\r\n`), '304')
  assert.equal(at.origin.requests, 3)
})

test('a 304 from the store has what helps to update the copy of the client, and neither content nor its description (RFC 9110 §15.4.5)', async () => {
  await using at = await shop()
  at.origin.says(
    '/p',
    `Cache-Control: max-age=60\r\nETag: "v"\r\nLast-Modified: ${httpDateIn(-3600)}\r\nVary: X-A\r\nContent-Location: /q\r\nExpires: ${httpDateIn(60)}\r\nContent-Type: text/plain\r\nAge: 7\r\n`,
  )
  await at.client.get('/p').response()
  const answer = await at.client.get('/p', 'If-None-Match: "v"\r\n').response()
  assert.equal(answer.status, 304)
  for (const name of ['cache-control', 'etag', 'vary', 'content-location', 'expires', 'date'])
    assert.notEqual(answer.field(name), null, name)
  assert.equal(answer.field('age'), '7')
  assert.equal(answer.field('content-type'), null)
  assert.match(answer.field('cache-status') ?? '', /^gate; hit; ttl=5\d$/)
  // The connection goes on behind it.
  assert.equal(await asked(at.client, '/p', ''), '200 p 1')
})

test('conditions of clients do not reach the server of something unknown: what comes is whole, stored, and judged here', async () => {
  await using at = await shop()
  at.origin.says('/p', 'Cache-Control: max-age=60\r\nETag: "v"\r\n')
  assert.equal(await asked(at.client, '/p', 'If-None-Match: "v"\r\nIf-Modified-Since: x\r\n'), '304')
  assert.doesNotMatch(at.origin.last('/p'), /^if-/im)
  assert.equal(await asked(at.client, '/p', ''), '200 p 1')
  assert.equal(at.origin.requests, 1)
})

test('If-Match and If-Unmodified-Since are for the server that owns the resource: they go there, whatever is stored (RFC 9111 §4.3.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => {
    if (/^if-(match|unmodified)/im.test(got.head)) got.answer('', '', '412 Precondition Failed')
    else got.answer('one', `Cache-Control: max-age=60\r\nETag: "v"\r\nLast-Modified: ${httpDateIn(-3600)}\r\n`)
  })
  await at.client.get('/p').response()
  for (const condition of ['If-Match: "w"', `If-Unmodified-Since: ${httpDateIn(-7200)}`]) {
    const answer = await at.client.get('/p', `${condition}\r\n`).response()
    assert.deepEqual([answer.status, answer.field('cache-status')], [412, 'gate; fwd=request'])
    assert.ok(at.origin.last('/p').includes(condition))
  }
  assert.equal(await asked(at.client, '/p', ''), '200 one')
  assert.equal(at.origin.requests, 3)
})

test('conditions are about a 200 only: another stored status is answered as it is (RFC 9110 §13.2.1)', async () => {
  await using at = await shop()
  at.origin.says('/gone', 'Cache-Control: max-age=60\r\nETag: "v"\r\n', '410 Gone')
  for (let n = 0; n < 2; n++) assert.equal(await asked(at.client, '/gone', 'If-None-Match: "v"\r\n'), '410 gone 1')
  assert.equal(at.origin.requests, 1)
})

test('what is stale is asked for with both of its validators, not with those of the client (RFC 9111 §4.3.1)', async () => {
  await using at = await shop()
  const modified = httpDateIn(-3600)
  at.origin.on('/p', (got, n) => {
    if (n === 1) got.answer('one', `Cache-Control: max-age=0\r\nETag: "v1"\r\nLast-Modified: ${modified}\r\n`)
    else got.say(`HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=0\r\n\r\n`)
  })
  await at.client.get('/p').response()
  assert.equal(await asked(at.client, '/p', ''), '200 one')
  assert.match(at.origin.last('/p'), /^If-None-Match: "v1"$/m)
  assert.ok(at.origin.last('/p').includes(`If-Modified-Since: ${modified}`))
  // The client has another one, or the same one: that is judged here.
  assert.equal(await asked(at.client, '/p', 'If-None-Match: "v0"\r\n'), '200 one')
  assert.equal(
    at.origin
      .last('/p')
      .match(/^if-none-match: .*$/gim)
      ?.join(),
    'If-None-Match: "v1"',
  )
  assert.equal(await asked(at.client, '/p', 'If-None-Match: "v1"\r\n'), '304')
  // A weak tag is sent as it was received.
  at.origin.says('/weak', 'Cache-Control: max-age=0\r\nETag: W/"a,b!"\r\n')
  assert.equal(await asked(at.client, '/weak', ''), '200 weak 1')
  assert.equal(await asked(at.client, '/weak', ''), '200 weak 2')
  assert.match(at.origin.last('/weak'), /^If-None-Match: W\/"a,b!"$/m)
})

test('a 304 renews what is stored: its fields in place of the stored ones, but not those of the content (RFC 9111 §3.2, §4.3.4)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (n === 1)
      got.answer(
        'stored',
        'Cache-Control: max-age=0\r\nETag: "v"\r\nX-Old: kept\r\nX-Many: a\r\nX-Many: b\r\nContent-Type: text/plain\r\nContent-Encoding: identity\r\n',
      )
    else
      got.say(
        'HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "v"\r\nX-Many: c\r\nX-New: 1\r\nContent-Length: 999\r\nContent-Range: bytes 0-1/2\r\nSet-Cookie: a=b\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Type: text/html\r\n\r\n',
      )
  })
  await at.client.get('/p').response()
  for (const from of ['server', 'store']) {
    const answer = await at.client.get('/p').response()
    assert.deepEqual(
      [
        'x-old',
        'x-many',
        'x-new',
        'content-length',
        'content-range',
        'set-cookie',
        'x-hop',
        'content-type',
        'etag',
      ].map((name) => answer.field(name)),
      // The cookie is for the one who asked.
      ['kept', 'c', '1', '6', null, from === 'server' ? 'a=b' : null, null, 'text/html', '"v"'],
      from,
    )
    assert.deepEqual([answer.status, answer.body, answer.head.match(/^x-many/gim)?.length], [200, 'stored', 1])
    assert.match(
      answer.field('cache-status') ?? '',
      from === 'server' ? /^gate; fwd=stale; fwd-status=304; ttl=(59|60); stored$/ : /^gate; hit; ttl=(59|60)$/,
    )
  }
  assert.equal(at.origin.count('/p'), 2)
})

test('a 304 about another representation renews nothing (RFC 9111 §4.3.4)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (n === 1) got.answer('stored', 'Cache-Control: max-age=0\r\nETag: "v1"\r\n')
    else if (n === 2) got.say('HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "v2"\r\n\r\n')
    else got.answer('new', 'Cache-Control: max-age=60\r\nETag: "v2"\r\n')
  })
  await at.client.get('/p').response()
  await at.client.get('/p').response()
  assert.equal(await asked(at.client, '/p', ''), '200 new')
  assert.equal(at.origin.count('/p'), 3)
})

test('a 304 that says no-store or private lets who asked have the stored content, and ends its place in the store (RFC 9111 §3)', async () => {
  await using at = await shop()
  for (const control of ['no-store, max-age=60', 'private, max-age=60']) {
    const path = `/${control.slice(0, 7)}`
    at.origin.on(path, (got, n) => {
      if (n === 1) got.answer('stored', 'Cache-Control: max-age=0\r\nETag: "v"\r\n')
      else if (n === 2) got.say(`HTTP/1.1 304 Not Modified\r\nCache-Control: ${control}\r\nETag: "v"\r\n\r\n`)
      else got.answer('new', 'Cache-Control: no-store\r\n')
    })
    await at.client.get(path).response()
    const last = await at.client.get(path).response()
    assert.deepEqual([last.status, last.body], [200, 'stored'])
    assert.match(
      last.field('cache-status') ?? '',
      new RegExp(`^gate; fwd=stale; fwd-status=304; ttl=(60|59); detail=${control.split(',')[0]}$`),
    )
    assert.equal(await asked(at.client, path, ''), '200 new')
    assert.doesNotMatch(at.origin.last(path), /^if-none-match/im)
  }
})

test('HEAD that says no-store or private ends the place of the answer to GET in the store', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (got.head.startsWith('HEAD'))
      got.say('HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\nETag: "v"\r\nContent-Length: 3\r\n\r\n')
    else got.answer(`n ${n}`, 'Cache-Control: max-age=60\r\nETag: "v"\r\n')
  })
  await at.client.get('/p').response()
  await at.client.send('HEAD /p HTTP/1.1\r\nHost: shop.test\r\nCache-Control: no-cache\r\n\r\n').response('HEAD')
  assert.equal(await asked(at.client, '/p', ''), '200 n 3')
})

test('a 304 without validators or with Last-Modified alone renews the only thing that was asked about', async () => {
  await using at = await shop()
  const modified = httpDateIn(-3600)
  for (const [path, fields] of [
    ['/bare', ''],
    ['/dated', `Last-Modified: ${modified}\r\n`],
  ] as const) {
    at.origin.on(path, (got, n) => {
      if (n === 1) got.answer('stored', `Cache-Control: max-age=0\r\nLast-Modified: ${modified}\r\n`)
      else got.say(`HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n${fields}\r\n`)
    })
    await at.client.get(path).response()
    assert.equal(await asked(at.client, path, ''), '200 stored')
    assert.equal(await asked(at.client, path, ''), '200 stored')
    assert.equal(at.origin.count(path), 2, path)
  }
})

test('a full answer to a validation takes the place of what is stored, and 404 and 410 too (RFC 9111 §4.3.3)', async () => {
  await using at = await shop()
  for (const status of ['200 OK', '404 Not Found', '410 Gone']) {
    const path = `/p${status.slice(0, 3)}`
    at.origin.on(path, (got, n) => {
      if (n === 1) got.answer('old', 'Cache-Control: max-age=0\r\nETag: "v1"\r\n')
      else got.answer('new', 'Cache-Control: max-age=60\r\n', status)
    })
    await at.client.get(path).response()
    for (let n = 0; n < 2; n++) assert.equal(await asked(at.client, path, ''), `${status.slice(0, 3)} new`)
    assert.equal(at.origin.count(path), 2)
  }
})

test('a 304 that nobody of the cache asked for is passed on and not stored', async () => {
  await using at = await shop({ bypass: { headers: ['X-Past'] } })
  at.origin.on('/p', (got) => got.say('HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "v"\r\n\r\n'))
  const passed = await at.client.get('/p', 'X-Past: 1\r\nIf-None-Match: "v"\r\n').response()
  assert.equal(passed.status, 304)
  assert.match(at.origin.last('/p'), /^If-None-Match: "v"$/m)
  at.origin.says('/p', 'Cache-Control: max-age=60\r\n')
  assert.equal(await asked(at.client, '/p', ''), '200 p 2')
})

test('the Age of a renewed answer begins anew, with the one that the 304 tells', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (n === 1) got.answer('stored', 'Cache-Control: max-age=60\r\nAge: 90\r\nETag: "v"\r\n')
    else
      got.say(
        `HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "v"\r\n${n > 2 ? 'Age: 20\r\n' : ''}\r\n`,
      )
  })
  await at.client.get('/p').response()
  const age = async (fields = ''): Promise<number> =>
    Number((await at.client.get('/p', fields).response()).field('age'))
  assert.ok((await age()) <= 1)
  assert.ok((await age()) <= 1)
  const told = await age('Cache-Control: no-cache\r\n')
  assert.ok(told >= 20 && told <= 21, String(told))
  assert.equal(at.origin.count('/p'), 3)
})

test('HEAD is answered from what GET has stored, without content and with its length (RFC 9110 §9.3.2)', async () => {
  await using at = await shop()
  at.origin.says('/p', 'Cache-Control: max-age=60\r\nETag: "v"\r\n')
  await at.client.get('/p').response()
  const head = (fields = ''): Promise<unknown> =>
    at.client
      .send(`HEAD /p HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n`)
      .response('HEAD')
      .then((got) => [got.status, got.field('content-length'), got.field('etag')])
  assert.deepEqual(await head(), [200, '3', '"v"'])
  assert.deepEqual(await head('Range: bytes=0-0\r\n'), [200, '3', '"v"'])
  assert.deepEqual(((await head('If-None-Match: "v"\r\n')) as number[])[0], 304)
  assert.equal(await asked(at.client, '/p', ''), '200 p 1')
  assert.equal(at.origin.count('/p'), 1)
})

test('HEAD of something unknown goes through and is not stored for GET', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => {
    if (got.head.startsWith('HEAD'))
      got.say('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\n')
    else got.answer('got', 'Cache-Control: max-age=60\r\n')
  })
  const head = await at.client.send('HEAD /p HTTP/1.1\r\nHost: shop.test\r\n\r\n').response('HEAD')
  assert.deepEqual([head.status, head.field('content-length')], [200, '3'])
  assert.equal(await asked(at.client, '/p', ''), '200 got')
  assert.equal(at.origin.count('/p'), 2)
})

test('HEAD renews a stale answer to GET that is still the same, and makes one stale that is not (RFC 9111 §4.3.5)', async () => {
  await using at = await shop()
  const control = { age: 0, tag: 'v' }
  const fields = (): string =>
    `Cache-Control: max-age=60\r\nAge: ${control.age}\r\nETag: "${control.tag}"\r\nX-Age: ${control.age}\r\n`
  at.origin.on('/p', (got, n) => {
    if (got.head.startsWith('HEAD')) got.say(`HTTP/1.1 200 OK\r\n${fields()}Content-Length: 3\r\n\r\n`)
    else got.answer(`n ${n}`, fields())
  })
  const head = (): Promise<unknown> =>
    at.client.send('HEAD /p HTTP/1.1\r\nHost: shop.test\r\nCache-Control: no-cache\r\n\r\n').response('HEAD')
  control.age = 59
  assert.equal(await asked(at.client, '/p', ''), '200 n 1')
  control.age = 10
  await head()
  const renewed = await at.client.get('/p').response()
  assert.deepEqual([renewed.body, renewed.field('age'), renewed.field('x-age')], ['n 1', '10', '10'])
  control.tag = 'w'
  await head()
  assert.equal(await asked(at.client, '/p', ''), '200 n 4')
})
