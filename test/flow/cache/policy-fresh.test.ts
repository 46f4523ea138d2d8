/** How long a stored answer is fresh: what its server says of it, what the operator says, and what age it came with (RFC 9111 §4.2). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDateIn, shop, sorted, twice } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { requestsBegun, until } from '../../kit/settle.ts'

test('an answer without a word about caching is not stored, however cacheable its status (RFC 9111 §4.2.2 by leave of the operator only)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [],
    ['', 'ETag: "v"\r\n', `Last-Modified: ${httpDateIn(-864_000)}\r\n`, 'Cache-Control: public\r\n', 'Pragma: foo\r\n'],
  )
})

test('max-age, s-maxage and Expires make an answer fresh, in this order (RFC 9111 §4.2.1)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [
      'Cache-Control: max-age=60\r\n',
      'Cache-Control: MAX-AGE=60\r\n',
      'CACHE-CONTROL: Max-Age=60\r\n',
      'Cache-Control: foo, max-age=60, bar="max-age=0"\r\n',
      'Cache-Control: extension="no-store, max-age=0", max-age=60\r\n',
      'Cache-Control: max-age="60"\r\n',
      'Cache-Control: max-age=0060\r\n',
      'Cache-Control: max-age=2147483648\r\n',
      'Cache-Control: max-age=99999999999999999999\r\n',
      'Cache-Control: foo\r\nCache-Control: max-age=60\r\n',
      'Cache-Control: s-maxage=60\r\n',
      'Cache-Control: max-age=0, s-maxage=60\r\n',
      'Cache-Control: s-maxage=60, max-age=0\r\n',
      `Expires: ${httpDateIn(60)}\r\n`,
      `Expires: ${httpDateIn(-60)}\r\nCache-Control: max-age=60\r\n`,
      'Expires: 0\r\nCache-Control: max-age=60\r\n',
      'Expires: 0\r\nCache-Control: s-maxage=60\r\n',
    ],
    [
      'Cache-Control: max-age=0\r\n',
      'Cache-Control: s-maxage=0, max-age=60\r\n',
      `Expires: ${httpDateIn(-60)}\r\n`,
      `Expires: ${httpDateIn(60)}\r\nCache-Control: max-age=0\r\n`,
      `Expires: ${httpDateIn(60)}\r\nCache-Control: s-maxage=0\r\n`,
    ],
  )
})

test('a freshness that is no number, or is given twice with two values, makes nothing fresh (RFC 9111 §4.2.1)', async () => {
  await using at = await shop()
  await sorted(
    at,
    ['Cache-Control: max-age=60, max-age=60\r\n', 'Cache-Control: max-age=60\r\nCache-Control: max-age=60\r\n'],
    [
      'Cache-Control: max-age=\r\n',
      'Cache-Control: max-age\r\n',
      'Cache-Control: max-age=-60\r\n',
      'Cache-Control: max-age=60.5\r\n',
      'Cache-Control: max-age=a60\r\n',
      'Cache-Control: max-age=60a\r\n',
      "Cache-Control: max-age='60'\r\n",
      'Cache-Control: max-age =60\r\n',
      'Cache-Control: max-age= 60\r\n',
      'Cache-Control: xmax-age=60\r\n',
      'Cache-Control: max-age=60, max-age=0\r\n',
      'Cache-Control: max-age=60\r\nCache-Control: max-age=1800\r\n',
      'Cache-Control: s-maxage=60, s-maxage=1\r\n',
      'Cache-Control: "max-age=60\r\n',
      'Cache-Control: max-age=60, foo="\r\n',
    ],
  )
})

test('Expires is read in all three forms of a date, and anything else means "already over" (RFC 9111 §5.3, RFC 9110 §5.6.7)', async () => {
  await using at = await shop()
  const year = new Date().getUTCFullYear() + 1
  const day = new Date(Date.UTC(year, 0, 5))
  const short = day.toUTCString().slice(0, 3)
  const long = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][day.getUTCDay()]
  await sorted(
    at,
    [
      `Expires: ${short}, 05 Jan ${year} 10:11:12 GMT\r\n`,
      `Expires: ${long}, 05-Jan-${String(year).slice(2)} 10:11:12 GMT\r\n`,
      `Expires: ${short} Jan  5 10:11:12 ${year}\r\n`,
      `Expires: ${short}, 05 Jan ${year} 10:11:12 GMT\r\nExpires: ${short}, 05 Jan ${year} 10:11:12 GMT\r\n`,
    ],
    [
      'Expires: 0\r\n',
      'Expires: -1\r\n',
      'Expires: \r\n',
      'Expires: never\r\n',
      `Expires: ${short}, 05 Jan ${year} 10:11:12\r\n`,
      `Expires: ${short}, 05 Jan ${year} 10:11:12 CET\r\n`,
      `Expires: ${short} 05 Jan ${year} 10:11:12 GMT\r\n`,
      `Expires: ${short}, 05 Jan ${year} 10:11 GMT\r\n`,
      `Expires: ${short}, 5 Jan ${year} 10:11:12 GMT\r\n`,
      `Expires: ${httpDateIn(60)}\r\nExpires: ${httpDateIn(120)}\r\n`,
    ],
  )
})

test('Expires counts from Date, which need not be now (RFC 9111 §4.2.1)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [
      `Date: ${httpDateIn(-30)}\r\nExpires: ${httpDateIn(60)}\r\n`,
      `Date: ${httpDateIn(600)}\r\nExpires: ${httpDateIn(900)}\r\n`,
    ],
    [
      `Date: ${httpDateIn(600)}\r\nExpires: ${httpDateIn(300)}\r\n`,
      `Date: ${httpDateIn(60)}\r\nExpires: ${httpDateIn(60)}\r\n`,
    ],
  )
})

test('the age an answer came with is part of its age, be it told by Age or by Date (RFC 9111 §4.2.3)', async () => {
  await using at = await shop({ keep: 0 })
  for (const [fields, age] of [
    ['Cache-Control: max-age=60\r\nAge: 30\r\n', 30],
    ['Cache-Control: max-age=60\r\nAge: 30, 50\r\n', 30],
    ['Cache-Control: max-age=60\r\nAge: 30\r\nAge: 50\r\n', 30],
    ['Cache-Control: max-age=60\r\nAge: 0030\r\n', 30],
    ['Cache-Control: max-age=60\r\nAge: -30\r\n', 0],
    ['Cache-Control: max-age=60\r\nAge: 30.5\r\n', 0],
    ['Cache-Control: max-age=60\r\nAge: 90a\r\n', 0],
    ['Cache-Control: max-age=60\r\nAge: 90;x=y\r\n', 0],
    ['Cache-Control: max-age=60\r\nAge: abc\r\n', 0],
    ['Cache-Control: max-age=60\r\nAge: \r\n', 0],
    [`Cache-Control: max-age=60\r\nDate: ${httpDateIn(-30)}\r\n`, 30],
    [`Cache-Control: max-age=60\r\nDate: ${httpDateIn(-20)}\r\nAge: 40\r\n`, 40],
    [`Cache-Control: max-age=60\r\nDate: ${httpDateIn(-40)}\r\nAge: 20\r\n`, 40],
    [`Cache-Control: max-age=60\r\nDate: ${httpDateIn(3600)}\r\n`, 0],
    ['Cache-Control: max-age=60\r\nDate: yesterday\r\n', 0],
    [`Expires: ${httpDateIn(60)}\r\nAge: 30\r\n`, 30],
  ] as const) {
    const { hit, second } = await twice(at, fields)
    assert.equal(hit, true, fields)
    const told = second.field('age') ?? ''
    assert.match(told, /^\d+$/, fields)
    // A second may pass between the writing of a Date and its reading, or while the test runs.
    assert.ok(Number(told) >= age && Number(told) <= age + 2, `${fields}: ${told}`)
    assert.equal(second.head.match(/^age:/gim)?.length, 1, 'one Age, and it is ours')
  }
  await sorted(
    at,
    [],
    [
      'Cache-Control: max-age=60\r\nAge: 60\r\n',
      'Cache-Control: max-age=60\r\nAge: 90\r\n',
      'Cache-Control: max-age=60\r\nAge: 99999999999999999999\r\n',
      'Cache-Control: max-age=60\r\nAge: 90, 0\r\n',
      `Cache-Control: max-age=60\r\nDate: ${httpDateIn(-90)}\r\n`,
      `Cache-Control: max-age=60\r\nDate: ${httpDateIn(-90)}\r\nAge: 0\r\n`,
      `Expires: ${httpDateIn(60)}\r\nAge: 90\r\n`,
    ],
  )
})

test('what a server made or validated for this very request has no Age, unless it was older when it came (RFC 9111 §5.1)', async () => {
  await using at = await shop({ grace: '1m' })
  const ages = async (path: string, ...asks: readonly string[]): Promise<(string | null)[]> => {
    const all: (string | null)[] = []
    for (const ask of asks) all.push((await at.client.get(path, ask).response()).field('age'))
    return all
  }
  const again = 'Cache-Control: no-cache\r\n'
  for (const [age, told] of [
    ['', null],
    ['Age: 0\r\n', null],
    ['Age: x\r\n', null],
    ['Age: 7\r\n', '7'],
  ] as const) {
    const fields = `Cache-Control: max-age=60\r\nETag: "v"\r\n${age}`
    const path = `/p${at.origin.requests}`
    at.origin.on(path, (asked) => {
      if (/^if-none-match/im.test(asked.head)) asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`)
      else asked.answer('page', fields)
    })
    // Fetched, found, found unchanged, validated by one who has it, and by one who wants a part.
    const [fetched, found, same, ...validated] = await ages(
      path,
      '',
      '',
      'If-None-Match: "v"\r\n',
      again,
      `${again}If-None-Match: "v"\r\n`,
      `${again}Range: bytes=0-1\r\n`,
    )
    assert.deepEqual([fetched, validated], [told, [told, told, told]], age)
    for (const hit of [found, same]) assert.match(hit ?? 'none', told === null ? /^[01]$/ : /^[78]$/)
    for (const hit of await ages(path, ...Array.from({ length: 8 }, () => '')))
      assert.match(hit ?? 'none', told === null ? /^[01]$/ : /^[78]$/, 'however often it is found')
  }
  at.origin.says('/stale', 'Cache-Control: max-age=60\r\nAge: 70\r\n')
  assert.deepEqual(await ages('/stale', '', ''), ['70', '70'])
})

test('who gets what another has fetched is told its Age, be it none yet', async () => {
  await using at = await shop()
  const asked: Asked[] = []
  at.origin.on('/p', (one) => asked.push(one))
  const leads = get(at.gate.port, '/p')
  await until(() => asked.length === 1)
  const follows = get(at.gate.port, '/p')
  await requestsBegun(at.gate.gate, 2)
  asked[0]?.answer('page', 'Cache-Control: max-age=60\r\n')
  assert.equal((await leads).field('age'), null)
  assert.match((await follows).field('age') ?? 'none', /^[01]$/)
  assert.equal(at.origin.count('/p'), 1)
})

test('a guess from Last-Modified is made only where it is configured, and only without an explicit freshness (RFC 9111 §4.2.2)', async () => {
  await using at = await shop({ heuristic: { share: 0.1, max: '1h' } })
  const modified = `Last-Modified: ${httpDateIn(-6000)}\r\n`
  for (const status of [
    '200 OK',
    '203 Non-Authoritative Information',
    '300 Multiple Choices',
    '301 Moved Permanently',
    '308 Permanent Redirect',
    '404 Not Found',
    '405 Method Not Allowed',
    '410 Gone',
    '414 URI Too Long',
    '501 Not Implemented',
  ]) {
    const { hit, second } = await twice(at, modified, status)
    assert.equal(hit, true, status)
    assert.match(second.field('cache-status') ?? '', /ttl=(599|600)$/, status)
  }
  for (const status of [
    '201 Created',
    '202 Accepted',
    '302 Found',
    '307 Temporary Redirect',
    '403 Forbidden',
    '500 Internal Server Error',
    '502 Bad Gateway',
    '503 Service Unavailable',
    '504 Gateway Timeout',
    '599 Odd',
  ]) {
    assert.equal((await twice(at, modified, status)).hit, false, status)
  }
  assert.equal(
    (await twice(at, `${modified}Cache-Control: public\r\n`, '599 Odd')).hit,
    true,
    'public allows the guess',
  )
  await sorted(
    at,
    [],
    [
      '',
      'ETag: "v"\r\n',
      `${modified}Cache-Control: max-age=0\r\n`,
      `${modified}Expires: 0\r\n`,
      `Last-Modified: ${httpDateIn(60)}\r\n`,
      'Last-Modified: long ago\r\n',
    ],
  )
  const bounded = await twice(at, `Last-Modified: ${httpDateIn(-8_640_000)}\r\n`)
  assert.match(bounded.second.field('cache-status') ?? '', /ttl=(3599|3600)$/)
})

test('any final status can be stored with an explicit freshness, also one that nobody has heard of (RFC 9111 §3)', async () => {
  await using at = await shop()
  for (const status of [
    200, 201, 202, 203, 226, 299, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 410, 414,
  ])
    assert.equal((await twice(at, 'Cache-Control: max-age=60\r\n', `${status} Some Words`)).hit, true, String(status))
  for (const status of [418, 421, 451, 499, 500, 501, 502, 503, 504, 505, 599]) {
    const { hit, second } = await twice(at, `Expires: ${httpDateIn(60)}\r\n`, `${status} Some Words`)
    assert.equal(hit, true, String(status))
    assert.match(second.head, new RegExp(`^HTTP/1.1 ${status} Some Words\r\n`))
  }
  at.origin.on('/204', (asked) =>
    asked.say('HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\nX-Own: one\r\n\r\n'),
  )
  for (let n = 0; n < 2; n++) {
    const none = await at.client.get('/204').response()
    assert.deepEqual([none.status, none.field('x-own'), none.field('content-length')], [204, 'one', null])
  }
  assert.equal(at.origin.count('/204'), 1)
})

test('defaultTtl is for answers that say nothing, and for no others', async () => {
  await using at = await shop({ defaultTtl: '1m' })
  await sorted(
    at,
    ['', 'Cache-Control: public\r\n', `Last-Modified: ${httpDateIn(-10)}\r\n`],
    ['Cache-Control: max-age=0\r\n', 'Expires: 0\r\n', 'Cache-Control: no-store\r\n', 'Set-Cookie: a=b\r\n'],
  )
  assert.equal((await twice(at, '', '503 Busy')).hit, false)
  assert.equal((await twice(at, '', '404 Not Found')).hit, true)
})

test('ttl by status goes before what the server says, but not before what it forbids; 0 stores nothing', async () => {
  await using at = await shop({ ttl: { '200-299': '10m', 203: 0, 404: '1m' } })
  const left = async (fields: string, status = '200 OK'): Promise<string> =>
    /ttl=(-?\d+)/.exec((await twice(at, fields, status)).second.field('cache-status') ?? '')?.[1] ?? 'none'
  assert.match(await left(''), /^(599|600)$/)
  assert.match(await left('Cache-Control: max-age=5\r\n'), /^(599|600)$/)
  assert.match(await left('Expires: 0\r\n'), /^(599|600)$/)
  assert.match(await left('', '404 Not Found'), /^(59|60)$/)
  assert.match(await left('Cache-Control: max-age=5\r\n', '500 Oh'), /^[45]$/)
  assert.equal(await left('Cache-Control: max-age=5\r\n', '203 Other'), 'none')
  await sorted(
    at,
    [],
    [
      'Cache-Control: no-store\r\n',
      'Cache-Control: private\r\n',
      'Cache-Control: no-cache\r\n',
      'Set-Cookie: a=b\r\n',
      'Vary: *\r\n',
    ],
  )
})

test('maxTtl bounds every freshness', async () => {
  await using at = await shop({ maxTtl: '50s' })
  for (const fields of [
    'Cache-Control: max-age=600\r\n',
    `Expires: ${httpDateIn(600)}\r\n`,
    'CDN-Cache-Control: max-age=99\r\n',
  ]) {
    const { hit, second } = await twice(at, fields)
    assert.equal(hit, true)
    assert.match(second.field('cache-status') ?? '', /ttl=(49|50)$/)
  }
  assert.equal((await twice(at, 'Cache-Control: max-age=600\r\nAge: 55\r\n')).hit, false)
})

test('what was fresh when it came is fetched again when its second is over, and asked for with its validator', async () => {
  await using at = await shop()
  at.origin.on('/short', (asked, n) => {
    if (n === 1) asked.answer('first', 'Cache-Control: max-age=1\r\nETag: "v1"\r\n')
    else asked.answer('second', 'Cache-Control: max-age=60\r\nETag: "v2"\r\n')
  })
  assert.equal((await at.client.get('/short').response()).body, 'first')
  assert.equal((await at.client.get('/short').response()).body, 'first')
  await new Promise((resolve) => setTimeout(resolve, 1050))
  const renewed = await at.client.get('/short').response()
  assert.equal(renewed.body, 'second')
  assert.match(at.origin.last('/short'), /^If-None-Match: "v1"$/m)
  assert.match(renewed.field('cache-status') ?? '', /^gate; fwd=stale; ttl=(59|60); stored$/)
  assert.equal((await at.client.get('/short').response()).body, 'second')
})
