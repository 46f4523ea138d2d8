/** Requests made to be read in two ways: Headgate refuses them, or hands on what can be read in one way only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok, VIA } from '../../kit/front.ts'
import { Origin } from '../../kit/origin.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'

test('a request hidden behind a framing that readers differ on is never seen by anybody', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('?'))
  await using hg = await front(origin)
  const body = `0\r\n\r\n${HIDDEN}`
  const fields: readonly string[] = [
    // CL.TE and TE.CL, plain and disguised.
    `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked`,
    `Transfer-Encoding: chunked\r\nContent-Length: 4`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding:\tchunked`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding : chunked`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding: xchunked`,
    `Content-Length: ${body.length}\r\nX: y\r\n Transfer-Encoding: chunked`,
    `Content-Length: ${body.length}\r\nX: y\nTransfer-Encoding: chunked`,
    `Content-Length: ${body.length}\r\nX: y\rTransfer-Encoding: chunked`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding: \x0bchunked`,
    `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\0`,
    // TE.TE.
    'Transfer-Encoding: chunked\r\nTransfer-encoding: identity',
    'Transfer-Encoding: identity, chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked;x=y',
    // CL.CL.
    `Content-Length: 0\r\nContent-Length: ${body.length}`,
    `Content-Length: ${body.length}, 0`,
    `Content-Length: ${body.length}\r\nContent-Length : 0`,
    'Content-Length: 0 0',
    'Content-Length: 00x',
  ]
  for (const lines of fields) {
    using client = await Client.connect(hg.port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n${body}`)
    const answer = await client.response()
    assert.ok(answer.status === 400 || answer.status === 501, `${answer.status} ${JSON.stringify(lines)}`)
    assert.equal(answer.field('connection'), 'close')
    assert.equal(await client.closed(), '', 'one answer and no second')
  }
  assert.equal(origin.connections, 0)
})

test('Connection cannot take away what frames, routes or authenticates a request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const scenes = [
    {
      sent: 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close, Content-Length\r\nContent-Length: 5\r\n\r\nhello',
      got: `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${VIA}hello`,
    },
    {
      sent: 'POST / HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
      got: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${VIA}1\r\nx\r\n0\r\n\r\n`,
    },
    {
      sent: 'GET / HTTP/1.1\r\nConnection: Host\r\nHost: a\r\n\r\n',
      got: `GET / HTTP/1.1\r\nHost: a\r\n${VIA}`,
    },
    {
      sent: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Cookie, Authorization, X-Own\r\nCookie: c\r\nAuthorization: d\r\nX-Own: e\r\n\r\n',
      got: `GET / HTTP/1.1\r\nHost: a\r\nCookie: c\r\nAuthorization: d\r\n${VIA}`,
    },
    {
      sent: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Via, x-forwarded-for\r\nVia: 1.1 before\r\n\r\n',
      got: `GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 before\r\n${VIA}`,
    },
  ]
  for (const { sent, got } of scenes) {
    using client = await Client.connect(hg.port)
    client.send(sent)
    const peer = await origin.next()
    assert.equal(await peer.bytes(got.length), got)
    assert.equal(peer.pending, '')
    peer.send(ok('x', 'Connection: close\r\n'))
    await client.response()
  }
})

test('chunk extensions and the client’s own cutting into chunks do not reach the server', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '0005;a=b;c="; \\" 0";d\r\nhello\r\n000;last="\t"\r\n\r\n',
  )
  const { peer } = await origin.asked()
  assert.equal(await peer.until('0\r\n\r\n'), '5\r\nhello\r\n0\r\n\r\n')
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00003;x=1\r\nabc\r\n00\r\n\r\n')
  await client.until('\r\n\r\n')
  assert.equal(await client.until('0\r\n\r\n'), '3\r\nabc\r\n0\r\n\r\n')
})

test('a body that looks like a request stays a body', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  // With methods for which some readers expect no body.
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']) {
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`)
    const peer = await origin.next()
    const expected = `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n${VIA}${HIDDEN}`
    assert.equal(await peer.bytes(expected.length), expected)
    peer.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    assert.equal((await client.response(method)).status, 200)
    assert.equal(await peer.closed(), '')
  }
  assert.equal(client.pending, '')
})

test('a body goes to the server only as far as it was announced, and what follows is the next request', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
  const { peer } = await origin.asked()
  assert.equal(await peer.bytes(3), 'abc')
  assert.equal(peer.pending, '')
  peer.send(ok('1'))
  assert.equal((await client.response()).body, '1')
  assert.equal(await peer.until('\r\n\r\n'), `GET /2 HTTP/1.1\r\nHost: a\r\n${VIA}`)
  peer.send(ok('2'))
  assert.equal((await client.response()).body, '2')
})

test('an upgrade to another version of HTTP, which could carry requests past every rule, is not passed on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n')
  const { peer, head } = await origin.asked()
  assert.equal(head, `GET / HTTP/1.1\r\nHost: shop.test\r\n${VIA}`)
  peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nmore')
  const answer = await client.response()
  assert.equal(answer.status, 502)
  assert.match(answer.field('proxy-status') ?? '', /details="response_bad"/)
  assert.equal(await peer.closed(), '')
})
