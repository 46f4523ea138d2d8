/** Which requests share an answer: Vary (RFC 9111 §4.1), the key, and what is kept from the cache altogether. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Bodies of the answers to requests for one path with these fields, in their order. */
async function bodies(at: Shop, path: string, asks: readonly string[]): Promise<string[]> {
  const all: string[] = []
  for (const ask of asks) all.push((await at.client.get(path, ask).response()).body)
  return all
}

test('an answer with Vary serves those requests that have the same fields as the one that brought it (RFC 9111 §4.1)', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: X-A\r\n`)
  assert.deepEqual(
    await bodies(at, '/p', [
      'X-A: 1\r\n',
      'X-A: 1\r\n',
      'X-A: 2\r\n',
      '',
      'X-A: \r\n',
      'X-A: 1\r\nX-B: 9\r\n',
      'x-a:   1  \r\n',
      'X-A: 2\r\n',
      '',
      'X-A: \r\n',
    ]),
    ['p 1', 'p 1', 'p 2', 'p 3', 'p 4', 'p 1', 'p 1', 'p 2', 'p 3', 'p 4'],
  )
})

test('Vary with several names, over several lines and in any case, means all of them (RFC 9110 §12.5.5)', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: X-A, x-b\r\nVary: X-C\r\n`)
  assert.deepEqual(
    await bodies(at, '/p', [
      'X-A: 1\r\nX-B: 1\r\nX-C: 1\r\n',
      'X-C: 1\r\nX-A: 1\r\nX-B: 1\r\n',
      'X-A: 2\r\nX-B: 1\r\nX-C: 1\r\n',
      'X-A: 1\r\nX-B: 2\r\nX-C: 1\r\n',
      'X-A: 1\r\nX-B: 1\r\nX-C: 2\r\n',
      'X-A: 1\r\nX-B: 1\r\n',
      'X-A: 1\r\nX-B: 1\r\nX-C: 1\r\n',
    ]),
    ['p 1', 'p 1', 'p 2', 'p 3', 'p 4', 'p 5', 'p 1'],
  )
})

test('a field that is given in several lines is the same as in one, and another order is another value (RFC 9110 §5.3)', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: X-A\r\n`)
  assert.deepEqual(await bodies(at, '/p', ['X-A: 1, 2\r\n', 'X-A: 1\r\nX-A: 2\r\n', 'X-A: 2, 1\r\n', 'X-A: 1\r\n']), [
    'p 1',
    'p 1',
    'p 2',
    'p 3',
  ])
})

test('Accept-Encoding and Accept-Language are the same however they are written, as far as nothing changes by it', async () => {
  await using at = await shop()
  at.origin.says('/e', `${FRESH}Vary: Accept-Encoding\r\n`)
  assert.deepEqual(
    await bodies(at, '/e', [
      'Accept-Encoding: gzip, br\r\n',
      'Accept-Encoding: br,gzip\r\n',
      'Accept-Encoding: GZIP;q=1.0, br\r\n',
      'Accept-Encoding: gzip;q=0.5, br\r\n',
      '',
    ]),
    ['e 1', 'e 1', 'e 1', 'e 2', 'e 3'],
  )
  at.origin.says('/l', `${FRESH}Vary: Accept-Language\r\n`)
  assert.deepEqual(
    await bodies(at, '/l', [
      'Accept-Language: en, de;q=0.5\r\n',
      'accept-language: EN,de;q=0.50\r\n',
      'Accept-Language: de;q=0.5, en\r\n',
      'Accept-Language: de, en;q=0.5\r\n',
    ]),
    ['l 1', 'l 1', 'l 1', 'l 2'],
  )
})

test('Vary: * matches no request, alone or among others (RFC 9111 §4.1)', async () => {
  await using at = await shop()
  for (const vary of ['*', '*, X-A', 'X-A, *', ' , *']) {
    const path = `/v${at.origin.requests}`
    at.origin.says(path, `${FRESH}Vary: ${vary}\r\n`)
    assert.equal((await bodies(at, path, ['', ''])).join(), `${path.slice(1)} 1,${path.slice(1)} 2`, vary)
  }
  at.origin.says('/two', `${FRESH}Vary: X-A\r\nVary: *\r\n`)
  assert.deepEqual(await bodies(at, '/two', ['', '']), ['two 1', 'two 2'])
  at.origin.says('/none', `${FRESH}Vary: \r\n`)
  assert.deepEqual(await bodies(at, '/none', ['X-A: 1\r\n', 'X-A: 2\r\n']), ['none 1', 'none 1'])
})

test('when Vary changes, the new one counts and no request gets an answer that was chosen by fields it does not have', async () => {
  await using at = await shop()
  const vary = ['Vary: X-A\r\n', 'Vary: X-A, X-B\r\n', '', 'Vary: X-B\r\n']
  at.origin.on('/p', (asked, n) => asked.answer(`${n}`, `${FRESH}${vary[n - 1] ?? 'Vary: X-B\r\n'}`))
  assert.deepEqual(await bodies(at, '/p', ['X-A: 1\r\n', 'X-A: 1\r\n']), ['1', '1'])
  const anew = 'Cache-Control: no-cache\r\nX-A: 1\r\nX-B: 1\r\n'
  // By two fields from now on: who differs in the second one is no match any more.
  assert.deepEqual(await bodies(at, '/p', [anew, 'X-A: 1\r\nX-B: 1\r\n']), ['2', '2'])
  // By none from now on: that answer is for all.
  assert.deepEqual(await bodies(at, '/p', [anew, 'X-A: 7\r\n', '']), ['3', '3', '3'])
  // And by another one again.
  assert.deepEqual(await bodies(at, '/p', [anew, 'X-B: 1\r\n', 'X-B: 2\r\n', 'X-B: 2\r\n']), ['4', '4', '5', '5'])
})

test('each variant has its own freshness and its own validator', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked) => {
    const a = /^x-a: (.*)$/im.exec(asked.head)?.[1] ?? 'none'
    const fields = `Vary: X-A\r\nETag: "${a}"\r\nCache-Control: ${a === 'stale' ? 'max-age=0' : 'max-age=60'}\r\n`
    if (asked.head.includes(`If-None-Match: "${a}"`)) asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`)
    else asked.answer(a, fields)
  })
  const asks = ['X-A: fresh\r\n', 'X-A: stale\r\n', 'X-A: fresh\r\n', 'X-A: stale\r\n']
  assert.deepEqual(await bodies(at, '/p', asks), ['fresh', 'stale', 'fresh', 'stale'])
  assert.equal(at.origin.count('/p'), 3)
  assert.match(at.origin.last('/p'), /^If-None-Match: "stale"$/m)
})

test('host, path and query are the key, the port as far as it is not the usual one, and the case of the path counts', async () => {
  await using at = await shop()
  for (const path of ['/p', '/P', '/p/', '/p%20', '//p']) at.origin.says(path, FRESH)
  const ask = async (target: string, host: string): Promise<string> =>
    (await at.client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).response()).body
  assert.equal(await ask('/p', 'a.test'), 'p 1')
  assert.equal(await ask('/p', 'A.Test'), 'p 1')
  assert.equal(await ask('/p', 'a.test:80'), 'p 1')
  assert.equal(await ask('http://a.test/p', 'a.test'), 'p 1')
  assert.equal(await ask('/p', 'b.test'), 'p 2')
  assert.equal(await ask('/p', 'a.test:8080'), 'p 3')
  assert.equal(await ask('/p?', 'a.test'), 'p 4')
  assert.equal(await ask('/p?a=1&b=2', 'a.test'), 'p 5')
  assert.equal(await ask('/p?b=2&a=1', 'a.test'), 'p 6')
  for (const [path, body] of [
    ['/P', 'P 1'],
    ['/p/', 'p/ 1'],
    ['/p%20', 'p%20 1'],
    ['//p', '/p 1'],
    ['/p', 'p 1'],
  ] as const)
    assert.equal(await ask(path, 'a.test'), body)
})

test('the query makes a difference as far as the route says: none of it, some parameters, all but some, in any order', async () => {
  for (const [query, same, other] of [
    [false, ['/p', '/p?a=1', '/p?b=2'], []],
    [{ only: ['a', 'f_*'] }, ['/p?a=1', '/p?x=2&a=1', '/p?a=1&y'], ['/p', '/p?a=2', '/p?a=1&f_x=1']],
    [{ without: ['utm_*', 'x'] }, ['/p?a=1', '/p?utm_source=1&a=1', '/p?a=1&x=9'], ['/p?a=1&y=1', '/p']],
    [{ sort: true }, ['/p?a=1&b=2', '/p?b=2&a=1'], ['/p?a=2&b=1', '/p?a=1']],
    [{ only: ['a', 'b'], sort: true }, ['/p?b=2&a=1', '/p?a=1&c=3&b=2'], ['/p?a=1&a=2']],
  ] as const) {
    await using at = await shop({ key: { query } })
    at.origin.says('/p', FRESH)
    for (const target of same)
      assert.deepEqual(await bodies(at, target, ['']), ['p 1'], `${JSON.stringify(query)} ${target}`)
    let n = 1
    for (const target of other) assert.deepEqual(await bodies(at, target, ['', '']), [`p ${++n}`, `p ${n}`], target)
  }
})

test('request fields and cookies make a difference where the route names them, and the host none where it says so', async () => {
  await using at = await shop({ key: { host: false, headers: ['X-Device'], cookies: ['currency', 'ab_*'] } })
  at.origin.says('/p', FRESH)
  assert.deepEqual(
    await bodies(at, '/p', [
      '',
      'Cookie: other=1\r\n',
      'X-Device: phone\r\n',
      'Cookie: other=2; currency=EUR\r\n',
      'Cookie: currency=EUR\r\n',
      'Cookie: currency=USD\r\n',
      'Cookie: ab_x=1; currency=EUR\r\n',
      'Cookie: currency=EUR; ab_x=1\r\n',
      'x-device: phone\r\n',
    ]),
    ['p 1', 'p 1', 'p 2', 'p 3', 'p 3', 'p 4', 'p 5', 'p 5', 'p 2'],
  )
  const other = await at.client.send('GET /p HTTP/1.1\r\nHost: other.test\r\n\r\n').response()
  assert.equal(other.body, 'p 1')
})

test('requests that pass the cache by take nothing from it and leave nothing in it', async () => {
  await using at = await shop({ bypass: { cookies: ['session', 'wp_*'], headers: ['X-Preview'], paths: ['/cart'] } })
  for (const path of ['/p', '/cart', '/cart/1', '/carton']) at.origin.says(path, FRESH)
  assert.deepEqual(
    await bodies(at, '/p', [
      'Cookie: session=1\r\n',
      '',
      '',
      'Cookie: a=b; session=1\r\n',
      'X-Preview: \r\n',
      'Cookie: wp_user=x\r\n',
      'Cookie: sessions=1\r\n',
      '',
    ]),
    ['p 1', 'p 2', 'p 2', 'p 3', 'p 4', 'p 5', 'p 2', 'p 2'],
  )
  for (const [path, body] of [
    ['/cart', 'cart 2'],
    ['/cart/1', 'cart/1 2'],
    ['/carton', 'carton 1'],
  ] as const)
    assert.equal((await bodies(at, path, ['', ''])).at(-1), body)
  const passed = await at.client.get('/cart?x').response()
  assert.equal(passed.field('cache-status'), 'gate; fwd=bypass')
})

test('routes do not share answers, and a route without a cache has none', async () => {
  await using at = await shop(
    {},
    {
      listeners: { web: {}, inner: {} },
      routes: [
        { listeners: 'web', path: '/plain', to: 'shop' },
        { listeners: 'web', to: 'shop', cache: { grace: 0 } },
        { listeners: 'inner', to: 'shop', cache: { grace: 0 } },
      ],
    },
  )
  for (const path of ['/plain', '/p']) at.origin.says(path, FRESH)
  assert.deepEqual(await bodies(at, '/plain', ['', '']), ['plain 1', 'plain 2'])
  assert.equal((await at.client.get('/plain').response()).field('cache-status'), null)
  assert.deepEqual(await bodies(at, '/p', ['', '']), ['p 1', 'p 1'])
  assert.equal((await get(at.gate.ports.inner ?? 0, '/p')).body, 'p 2')
})

test('a request with content is neither answered from the store nor stored, for some servers read it (RFC 9110 §9.3.1)', async () => {
  await using at = await shop()
  at.origin.says('/p', FRESH)
  const asked = (framing: string): Promise<string> =>
    at.client
      .send(`GET /p HTTP/1.1\r\nHost: shop.test\r\n${framing}`)
      .response()
      .then(({ body }) => body)
  assert.equal(await asked('Content-Length: 2\r\n\r\nhi'), 'p 1')
  assert.equal(await asked('\r\n'), 'p 2')
  assert.equal(await asked('Content-Length: 2\r\n\r\nho'), 'p 3')
  assert.equal(await asked('Transfer-Encoding: chunked\r\n\r\n2\r\nho\r\n0\r\n\r\n'), 'p 4')
  assert.equal(await asked('Content-Length: 0\r\n\r\n'), 'p 2')
  assert.equal(await asked('\r\n'), 'p 2')
})

test('only GET and HEAD are answered from the store; OPTIONS, POST and unknown methods go through (RFC 9110 §9.2.3)', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Content-Location: /q\r\n`)
  for (const [method, n] of [
    ['POST', 1],
    ['OPTIONS', 2],
    ['PROPFIND', 3],
    ['POST', 4],
    ['get', 5],
  ] as const) {
    const answer = await at.client
      .send(`${method} /p HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n`)
      .response()
    assert.deepEqual([answer.body, answer.field('cache-status')], [`p ${n}`, 'gate; fwd=method'], method)
  }
  // None of them was stored for GET.
  assert.deepEqual(await bodies(at, '/p', ['', '']), ['p 6', 'p 6'])
})
