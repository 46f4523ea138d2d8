/** What is no request Headgate takes gets its status and cause, the end of its connection, and nobody else's attention. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok } from '../../kit/front.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { settled, verdictOf } from '../../kit/settle.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n'
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`

/** What is sent, by what it has to be answered with. */
const refused: Readonly<Record<string, readonly string[]>> = {
  '400 request_line_bad': [
    'GET\r\n\r\n',
    'GET /\r\n\r\n',
    ' GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    'GET / http/1.1\r\nHost: a\r\n\r\n',
    'GE(T / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', // the begin of TLS
  ],
  '400 line_ending_bad': [
    'GET / HTTP/1.1\nHost: a\n\n',
    'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n',
    'GET / HTTP/1.1\rHost: a\r\n\r\n',
    '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'.replace('\n', '\r\r'),
  ],
  '400 target_bad': [
    'GET nothing HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  '400 field_bad': [
    `${GET}No colon\r\n\r\n`,
    `${GET}X : y\r\n\r\n`,
    `${GET}: y\r\n\r\n`,
    `${GET}X: a\r\n folded\r\n\r\n`,
    `GET / HTTP/1.1\r\n Host: a\r\n\r\n`,
    `${GET}X: \0\r\n\r\n`,
    `${GET}X(: y\r\n\r\n`,
    `${GET}X\xa0: y\r\n\r\n`,
  ],
  '400 host_bad': [
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'GET http://a/ HTTP/1.1\r\nHost: u@a\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
  ],
  '400 content_length_bad': [
    `${POST}Content-Length: +5\r\n\r\nhello`,
    `${POST}Content-Length: 5 5\r\n\r\nhello`,
    `${POST}Content-Length: 0x5\r\n\r\nhello`,
    `${POST}Content-Length: -1\r\n\r\n`,
    `${POST}Content-Length:\r\n\r\n`,
    `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${POST}Content-Length: 5, 5\r\n\r\nhello`,
    `${POST}Content-Length: 99999999999999999999\r\n\r\n`,
  ],
  '400 framing_conflict': [
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello`,
  ],
  '400 transfer_encoding_bad': [
    `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: gzip\r\n\r\nhello`,
    `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
    `${POST}Transfer-Encoding:\r\n\r\n`,
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  '413 body_too_large': [`${POST}Content-Length: 1001\r\n\r\n`, `${POST}Content-Length: 9007199254740991\r\n\r\nx`],
  '414 target_too_long': [
    `GET /${'x'.repeat(300)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /${'x'.repeat(300)}`,
    'X'.repeat(300),
  ],
  '417 expectation_unknown': [
    `${POST}Expect: 200-ok\r\nContent-Length: 0\r\n\r\n`,
    `${GET}Expect: 100-continue, x\r\n\r\n`,
  ],
  '431 head_too_large': [
    `${GET}X: ${'x'.repeat(1000)}\r\n\r\n`,
    `${GET}X: ${'x'.repeat(1000)}`,
    `${GET}${'X: y\r\n'.repeat(20)}\r\n`,
  ],
  '405 method_refused': ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
  '501 transfer_encoding_unknown': [`${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  '505 version_unsupported': [
    'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    'GET / HTTP/0.9\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ],
}

test('every way in which a request can be wrong has its status and cause, ends the connection and reaches no server', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('never'))
  await using hg = await front(origin, {
    listener: { limits: { line: '256B', head: '1000B', fields: 16, body: '1000B' } },
  })
  for (const [expected, all] of Object.entries(refused)) {
    for (const bytes of all) {
      using client = await Client.connect(hg.port)
      client.send(bytes)
      const answer = await client.response()
      assert.equal(verdictOf(answer), expected, JSON.stringify(bytes))
      // A refusal of a sound request without a body costs nobody the connection.
      if (expected.endsWith('method_refused')) continue
      assert.equal(answer.field('connection'), 'close', JSON.stringify(bytes))
      assert.equal(await client.closed(), '')
      assert.equal(client.error, null)
    }
  }
  assert.equal(origin.connections, 0)
  const causes = hg.gate.usage().causes as Record<string, number>
  for (const [expected, all] of Object.entries(refused)) assert.equal(causes[expected.slice(4)], all.length)
  await settled(hg.gate)
})

test('a bad chunk is answered with 400, and the server does not get a whole request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const bad = [
    'x\r\n',
    '\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    '5;a=\r\nhello\r\n0\r\n\r\n',
    '5;a\nb\r\nhello\r\n0\r\n\r\n',
    '11111111111111111\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\nX: y\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
  ]
  for (const body of bad) {
    using client = await Client.connect(hg.port)
    client.send(`${CHUNKED}3\r\nabc\r\n`)
    const { peer } = await origin.asked()
    await peer.until('3\r\nabc\r\n')
    client.send(body)
    const answer = await client.response()
    assert.equal(verdictOf(answer), '400 chunk_bad', JSON.stringify(body))
    assert.equal(answer.field('connection'), 'close')
    assert.equal(await client.closed(), '')
    assert.doesNotMatch(await peer.closed(), /0\r\n/, JSON.stringify(body))
  }
  await settled(hg.gate)
})

test('a chunked body that grows too large is answered with 413, and the server does not get a whole request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { listener: { limits: { body: '10B' } } })
  using client = await Client.connect(hg.port)
  client.send(`${CHUNKED}a\r\n0123456789\r\n`)
  const { peer } = await origin.asked()
  await peer.until('0123456789')
  client.send('1\r\nx\r\n0\r\n\r\n')
  const answer = await client.response()
  assert.equal(verdictOf(answer), '413 body_too_large')
  assert.equal(answer.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  assert.equal(await peer.closed(), '\r\n')
  // A stated length of just the bound passes.
  using other = await Client.connect(hg.port)
  other.send(`${POST}Content-Length: 10\r\n\r\n0123456789`)
  const { peer: next } = await origin.asked()
  await next.until('0123456789')
  next.send(ok('taken'))
  assert.equal((await other.response()).body, 'taken')
})

test('a refused client can read its whole answer although it goes on sending', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('never'))
  await using hg = await front(origin, { listener: { limits: { body: '1KiB' } } })
  const heads = {
    '413 body_too_large': `${POST}Content-Length: 50000000\r\n\r\n`,
    '400 framing_conflict': `${POST}Content-Length: 50000000\r\nTransfer-Encoding: chunked\r\n\r\n`,
  }
  for (const [expected, head] of Object.entries(heads)) {
    using client = await Client.connect(hg.port)
    client.send(head)
    // Far more than fits into the buffers of the kernel, and not read from before all of it is sent.
    client.socket.pause()
    const block = 'x'.repeat(1_000_000)
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => client.socket.write(block, resolve))
    }
    client.socket.resume()
    const answer = await client.response()
    assert.equal(verdictOf(answer), expected)
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
    client.end()
  }
  await settled(hg.gate)
  assert.equal(origin.connections, 0)
})

test('the log names the place of the error, what was asked and why it was refused', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('never'))
  await using hg = await logged(
    `listeners: { web: { bind: '127.0.0.1:0' } }\npools: { shop: { servers: ['${origin.address}'] } }\nroutes: [{ to: shop }]\nthreads: 1\naccessLog: { to: LOG, format: json }\n`,
  )
  using client = await Client.connect(hg.port)
  client.send('DELETE /some/thing HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX-Y : z\r\n\r\n')
  assert.equal((await client.response()).status, 400)
  const [line] = await hg.log()
  assert.equal(line?.cause, 'field_bad')
  assert.equal(line?.end, 'BR')
  assert.equal(line?.method, 'DELETE')
  assert.equal(line?.target, '/some/thing')
  assert.equal(line?.status, 400)
  assert.equal(line?.diagnosis?.detail, 'field 3: space before the colon')
  assert.equal(line?.diagnosis?.gate, 'listener web')
})
