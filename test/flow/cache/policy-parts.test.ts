/** Parts of stored answers (RFC 9110 §14, RFC 9111 §3.3), and answers that never became whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDateIn, shop } from '../../kit/cache-origin.ts'
import { Client } from '../../kit/client.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const TEXT = '0123456789'

test('a range of a stored answer is 206 with its place and its length: from to, from on, and the last bytes (RFC 9110 §14.1.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => got.answer(TEXT, `${FRESH}ETag: "v"\r\nContent-Type: text/plain\r\n`))
  await at.client.get('/p').response()
  for (const [range, body, place] of [
    ['bytes=0-3', '0123', '0-3/10'],
    ['bytes=4-4', '4', '4-4/10'],
    ['bytes=7-', '789', '7-9/10'],
    ['bytes=7-99', '789', '7-9/10'],
    ['bytes=-3', '789', '7-9/10'],
    ['bytes=-99', TEXT, '0-9/10'],
    ['BYTES=0-0', '0', '0-0/10'],
  ] as const) {
    const part = await at.client.get('/p', `Range: ${range}\r\n`).response()
    assert.deepEqual(
      [part.status, part.body, part.field('content-range'), part.field('content-length'), part.field('etag')],
      [206, body, `bytes ${place}`, String(body.length), '"v"'],
      range,
    )
    assert.match(part.field('cache-status') ?? '', /^gate; hit;/)
    assert.equal(part.field('content-type'), 'text/plain')
  }
  assert.equal(at.origin.requests, 1)
})

test('several ranges are sent as parts of one answer, each with its type and place (RFC 9110 §14.6)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => got.answer(TEXT, `${FRESH}Content-Type: text/plain\r\n`))
  await at.client.get('/p').response()
  const { status, body, field } = await at.client.get('/p', 'Range: bytes=0-1, 5-6,-1\r\n').response()
  const boundary = /^multipart\/byteranges; ?boundary=(\S+)$/.exec(field('content-type') ?? '')?.[1] ?? ''
  assert.equal(status, 206)
  assert.equal(field('content-range'), null)
  const parts = body.split(`--${boundary}`).slice(1)
  assert.deepEqual(
    parts.map((part) => [/content-range: (.*)\r\n/i.exec(part)?.[1] ?? '', part.split('\r\n\r\n')[1]?.trimEnd()]),
    [
      ['bytes 0-1/10', '01'],
      ['bytes 5-6/10', '56'],
      ['bytes 9-9/10', '9'],
      ['', undefined],
    ],
  )
  assert.ok(parts[0]?.includes('text/plain'))
  assert.equal(parts[3]?.trim(), '--')
})

test('a range behind the end is 416 with the length, and what is no range is ignored (RFC 9110 §14.2, §15.5.17)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => got.answer(TEXT, FRESH))
  await at.client.get('/p').response()
  for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
    const refused = await at.client.get('/p', `Range: ${range}\r\n`).response()
    assert.deepEqual([refused.status, refused.field('content-range'), refused.body], [416, 'bytes */10', ''], range)
  }
  for (const range of ['bytes=3-1', 'bytes=a-b', 'bytes 0-1', 'lines=0-1', 'bytes=', 'bytes=0-1-2', '0-1']) {
    const whole = await at.client.get('/p', `Range: ${range}\r\n`).response()
    assert.deepEqual([whole.status, whole.body], [200, TEXT], range)
  }
  assert.equal(at.origin.requests, 1)
})

test('If-Range gives a part of what the client has, by strong comparison, and else all of what there is (RFC 9110 §13.1.5)', async () => {
  await using at = await shop()
  const [modified, other] = [httpDateIn(-3600), httpDateIn(-3601)]
  at.origin.on('/strong', (got) => got.answer(TEXT, `${FRESH}ETag: "v"\r\nLast-Modified: ${modified}\r\n`))
  at.origin.on('/weak', (got) => got.answer(TEXT, `${FRESH}ETag: W/"v"\r\n`))
  at.origin.on('/young', (got) =>
    got.answer(TEXT, `${FRESH}Date: ${modified}\r\nLast-Modified: ${modified}\r\nCDN-Cache-Control: max-age=7200\r\n`),
  )
  for (const path of ['/strong', '/weak', '/young']) await at.client.get(path).response()
  for (const [path, validator, status] of [
    ['/strong', '"v"', 206],
    ['/strong', '"w"', 200],
    ['/strong', 'W/"v"', 200],
    ['/strong', modified, 206],
    ['/strong', other, 200],
    ['/strong', 'nonsense', 200],
    ['/weak', 'W/"v"', 200],
    ['/weak', '"v"', 200],
    ['/young', modified, 200],
  ] as const) {
    const answer = await at.client.get(path, `Range: bytes=0-1\r\nIf-Range: ${validator}\r\n`).response()
    assert.deepEqual([answer.status, answer.body], [status, status === 206 ? '01' : TEXT], `${path} ${validator}`)
  }
  const alone = await at.client.get('/strong', 'If-Range: "w"\r\n').response()
  assert.deepEqual([alone.status, alone.body], [200, TEXT])
  const both = await at.client.get('/strong', 'Range: bytes=0-1\r\nIf-None-Match: "v"\r\n').response()
  assert.equal(both.status, 304)
})

test('a range of something unknown has all of it fetched, so that it is stored for the next one', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => got.answer(TEXT, FRESH))
  const part = await at.client.get('/p', 'Range: bytes=2-3\r\n').response()
  assert.deepEqual([part.status, part.body], [206, '23'])
  assert.doesNotMatch(at.origin.last('/p'), /^range:/im)
  assert.equal((await at.client.get('/p').response()).body, TEXT)
  assert.equal(at.origin.requests, 1)
})

test('a range of what is stale is answered from the store when a 304 has renewed it', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (n === 1) got.answer(TEXT, 'Cache-Control: max-age=0\r\nETag: "v"\r\n')
    else got.say('HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "v"\r\n\r\n')
  })
  await at.client.get('/p').response()
  const part = await at.client.get('/p', 'Range: bytes=-2\r\nIf-Range: "v"\r\n').response()
  assert.deepEqual([part.status, part.body, part.field('content-range')], [206, '89', 'bytes 8-9/10'])
  assert.doesNotMatch(at.origin.last('/p'), /^(if-)?range:/im)
})

test('Range means something in a GET only, and nothing about a stored answer that is no 200', async () => {
  await using at = await shop()
  at.origin.on('/gone', (got) => got.answer(TEXT, FRESH, '410 Gone'))
  for (let n = 0; n < 2; n++) {
    const answer = await at.client.get('/gone', 'Range: bytes=0-1\r\n').response()
    assert.deepEqual([answer.status, answer.body], [410, TEXT])
  }
  assert.equal(at.origin.requests, 1)
})

test('206 is passed on and never stored, neither as a part nor as the whole (RFC 9111 §3.3)', async () => {
  await using at = await shop({ bypass: { headers: ['X-Past'] } })
  at.origin.on('/p', (got, n) => {
    if (n < 3) got.answer('23', `${FRESH}ETag: "v"\r\nContent-Range: bytes 2-3/10\r\n`, '206 Partial Content')
    else got.answer(TEXT, `${FRESH}ETag: "v"\r\n`)
  })
  // Asked past the cache, and by a server that sends it to anybody.
  const past = await at.client.get('/p', 'X-Past: 1\r\nRange: bytes=2-3\r\n').response()
  assert.deepEqual([past.status, past.body], [206, '23'])
  assert.match(at.origin.last('/p'), /^Range: bytes=2-3$/im)
  assert.equal((await at.client.get('/p').response()).status, 206)
  const whole = await at.client.get('/p').response()
  assert.deepEqual([whole.status, whole.body], [200, TEXT])
  assert.equal((await at.client.get('/p', 'Range: bytes=0-0\r\n').response()).body, '0')
  assert.equal(at.origin.requests, 3)
})

test('an answer that ends before its Content-Length is cut for its client too, and is not stored (RFC 9111 §3.3)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got, n) => {
    if (n > 1) return got.answer(TEXT, FRESH)
    got.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 10\r\n\r\n01234`)
    got.end()
  })
  const cut = await at.client.get('/p').response()
  assert.deepEqual([cut.complete, TEXT.startsWith(cut.body)], [false, true])
  using next = await Client.connect(at.gate.port)
  assert.equal((await next.get('/p').response()).body, TEXT)
  assert.equal(at.origin.count('/p'), 2)
})

test('an answer that ends in the middle of a chunk, or without its last one, is not stored either', async () => {
  await using at = await shop()
  for (const [path, said] of [
    ['/in', '5\r\n01234\r\n5\r\n56'],
    ['/last', '5\r\n01234\r\n5\r\n56789\r\n'],
  ] as const) {
    at.origin.on(path, (got, n) => {
      if (n > 1) return got.answer(TEXT, FRESH)
      got.say(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${said}`)
      got.end()
    })
    using client = await Client.connect(at.gate.port)
    assert.equal((await client.get(path).response()).complete, false)
    using next = await Client.connect(at.gate.port)
    assert.equal((await next.get(path).response()).body, TEXT, path)
  }
})

test('an answer whose end only the closing tells is stored when it is closed, and chunked for its clients until then', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) => {
    got.say(`HTTP/1.1 200 OK\r\n${FRESH}\r\n${TEXT}`)
    got.end()
  })
  assert.equal((await at.client.get('/p').response()).body, TEXT)
  const stored = await at.client.get('/p').response()
  assert.deepEqual([stored.body, stored.field('content-length')], [TEXT, '10'])
  // A reset is no end: nobody knows what was missing.
  at.origin.on('/reset', (got, n) => {
    if (n > 1) return got.answer(TEXT, FRESH)
    got.say(`HTTP/1.1 200 OK\r\n${FRESH}\r\n01234`)
    setImmediate(() => got.reset())
  })
  using client = await Client.connect(at.gate.port)
  await client
    .get('/reset')
    .response()
    .catch(() => undefined)
  assert.equal((await at.client.get('/reset').response()).body, TEXT)
})

test('a chunked answer is stored whole: its length is known from then on, also for ranges, and its trailers are not kept', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) =>
    got.say(
      `HTTP/1.1 200 OK\r\n${FRESH}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5;x=y\r\n56789\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ),
  )
  assert.equal((await at.client.get('/p').response()).body, TEXT)
  const stored = await at.client.get('/p').response()
  assert.deepEqual(
    ['content-length', 'transfer-encoding', 'trailer', 'x-sum'].map((name) => stored.field(name)),
    ['10', null, null, null],
  )
  assert.equal((await at.client.get('/p', 'Range: bytes=-2\r\n').response()).body, '89')
  assert.equal(at.origin.requests, 1)
})

test('clients of HTTP/1.0 get stored answers without chunks, and keep their connection where they ask for it', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) =>
    got.say(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\na\r\n${TEXT}\r\n0\r\n\r\n`),
  )
  using first = await Client.connect(at.gate.port)
  const fetched = await first.send('GET /p HTTP/1.0\r\nHost: shop.test\r\nConnection: keep-alive\r\n\r\n').response()
  assert.deepEqual([fetched.body, fetched.field('transfer-encoding')], [TEXT, null])
  using second = await Client.connect(at.gate.port)
  for (let n = 0; n < 2; n++) {
    const stored = await second.send('GET /p HTTP/1.0\r\nHost: shop.test\r\nConnection: keep-alive\r\n\r\n').response()
    assert.deepEqual(
      [stored.body, stored.field('content-length'), stored.field('connection')],
      [TEXT, '10', 'keep-alive'],
    )
  }
  const last = await second.send('GET /p HTTP/1.0\r\nHost: shop.test\r\n\r\n').response()
  assert.equal(last.field('connection'), 'close')
  assert.equal(await second.closed(), '')
  assert.equal(at.origin.requests, 1)
})

test('interim answers are passed on and the final one is stored (RFC 9110 §15.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (got) =>
    got.say(
      `HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\nCache-Control: no-store\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n${FRESH}Content-Length: 2\r\n\r\nhi`,
    ),
  )
  at.client.get('/p')
  const seen: number[] = []
  for (let n = 0; n < 3; n++) seen.push((await at.client.response()).status)
  assert.deepEqual(seen, [103, 102, 200])
  const stored = await at.client.get('/p').response()
  assert.deepEqual([stored.status, stored.body, stored.field('link')], [200, 'hi', null])
})
