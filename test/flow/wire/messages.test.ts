/** How messages begin and end: HEAD, 204 and 304, HTTP/1.0 on either side, bodies that end with the connection, trailers, targets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { front, ok, VIA } from '../../kit/front.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'
import { until } from '../../kit/settle.ts'

const DATE = 'Date: Fri, 20 Nov 2026 19:59:00 GMT\r\n'

test('a request arrives with Host first, its own fields as they were written, and Via', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(
    'GET /a/../b?c=%20&d HTTP/1.1\r\naccept:  x ;  y\t\r\nX-A: ö\r\nHost: Shop.Test:80\r\nCookie: a=b\r\n\r\n',
  )
  const { peer, head } = await origin.asked()
  assert.equal(
    head,
    `GET /a/../b?c=%20&d HTTP/1.1\r\nHost: Shop.Test:80\r\naccept:  x ;  y\t\r\nX-A: ö\r\nCookie: a=b\r\n${VIA}`,
  )
  peer.send(
    `HTTP/1.1 200 Fine, thanks\r\n${DATE}x-b:  1 \r\nContent-Length: 002\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhi`,
  )
  assert.equal(
    (await client.response()).head,
    `HTTP/1.1 200 Fine, thanks\r\n${DATE}x-b:  1 \r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2`,
  )
})

test('a response without Date gets one', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(ok('x'))
  const date = (await client.response()).field('date') ?? ''
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 3000, date)
})

test('an answer to HEAD keeps its Content-Length, has no body, and the connections go on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n')
  const { peer, head } = await origin.asked()
  assert.equal(head, `HEAD /file HTTP/1.1\r\nHost: a\r\n${VIA}`)
  peer.send(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 1000000\r\nETag: "x"\r\n\r\n`)
  assert.equal((await client.response('HEAD')).head, `HTTP/1.1 200 OK\r\n${DATE}ETag: "x"\r\nContent-Length: 1000000`)
  // One whose GET would be chunked.
  client.send('HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n')
  await peer.until('\r\n\r\n')
  peer.send(`HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n`)
  assert.equal((await client.response('HEAD')).head, `HTTP/1.1 200 OK\r\n${DATE.trim()}`)
  client.get('/after')
  await peer.until('\r\n\r\n')
  peer.send(ok('after'))
  assert.equal((await client.response()).body, 'after')
  assert.equal(origin.connections, 1)
})

test('204 and 304 have no body, 304 keeps its Content-Length, 204 loses it, and the connections go on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/1')
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.1 204 No Content\r\n${DATE}Content-Length: 0\r\n\r\n`)
  assert.equal((await client.response()).head, `HTTP/1.1 204 No Content\r\n${DATE.trim()}`)
  client.get('/2', 'If-None-Match: "x"\r\n')
  assert.match(await peer.until('\r\n\r\n'), /\r\nIf-None-Match: "x"\r\n/)
  peer.send(`HTTP/1.1 304 Not Modified\r\n${DATE}ETag: "x"\r\nContent-Length: 77\r\n\r\n`)
  assert.equal((await client.response()).head, `HTTP/1.1 304 Not Modified\r\n${DATE}ETag: "x"\r\nContent-Length: 77`)
  client.get('/3')
  await peer.until('\r\n\r\n')
  peer.send(ok('3'))
  assert.equal((await client.response()).body, '3')
  assert.equal(origin.connections, 1)
})

test('an HTTP/1.0 client is served with HTTP/1.1 behind, and closed after the answer', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('GET /old HTTP/1.0\r\nHost: a\r\nUser-Agent: ab\r\n\r\n')
  const { peer, head } = await origin.asked()
  assert.equal(head, 'GET /old HTTP/1.1\r\nHost: a\r\nUser-Agent: ab\r\nVia: 1.0 gate\r\n\r\n')
  peer.send(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\n\r\nhi`)
  assert.equal(await client.closed(), `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\nConnection: close\r\n\r\nhi`)
  assert.equal(client.error, null)
})

test('an HTTP/1.0 client that asks for it keeps its connection, as long as answers have a length', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  const request = 'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'
  client.send(request)
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\n\r\nhi`)
  const first = await client.response()
  assert.equal(first.head, `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 2\r\nConnection: keep-alive`)
  // Chunks are none of its business: it gets the content alone, and the end of the connection tells the end.
  client.send(request)
  await peer.until('\r\n\r\n')
  peer.send(
    `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;q="a"\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n`,
  )
  assert.equal(await client.closed(), `HTTP/1.1 200 OK\r\n${DATE}Connection: close\r\n\r\nhello world`)
  assert.equal(client.error, null)
})

test('an HTTP/1.0 request without Host goes on with the server’s', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('GET / HTTP/1.0\r\n\r\n')
  const { peer, head } = await origin.asked()
  assert.equal(head, `GET / HTTP/1.1\r\nHost: ${origin.address}\r\nVia: 1.0 gate\r\n\r\n`)
  peer.send(ok('x'))
  assert.equal((await client.response()).body, 'x')
})

test('an HTTP/1.0 server’s answer that ends with its connection is chunked for HTTP/1.1, and the client’s connection goes on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.get('/')
  const { peer } = await origin.asked()
  peer.send(`HTTP/1.0 200 OK\r\n${DATE}\r\n`)
  await until(() => client.pending.includes('\r\n\r\n'))
  peer.send('hello')
  await client.until('5\r\nhello\r\n')
  peer.send(' world').end()
  assert.equal(await client.until('0\r\n\r\n'), '6\r\n world\r\n0\r\n\r\n')
  client.get('/next')
  const again = await origin.asked()
  again.peer.send(ok('next'))
  assert.equal((await client.response()).body, 'next')
})

test('a body that ends with the server’s connection begins with its framing stated, and is complete only if that closed properly', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const proper of [true, false]) {
    using client = await Client.connect(hg.port)
    client.get('/')
    const { peer } = await origin.asked()
    peer.send(`HTTP/1.1 200 OK\r\n${DATE}Connection: close\r\n\r\nall there is`)
    const head = await client.until('\r\n\r\n')
    assert.equal(head, `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n`)
    await client.until('c\r\nall there is\r\n')
    if (proper) {
      peer.end()
      assert.equal(await client.until('0\r\n\r\n'), '0\r\n\r\n')
    } else {
      peer.reset()
      assert.equal(await client.closed(), '')
      assert.equal((client.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET')
    }
  }
  await until(() => hg.gate.usage().causes.response_cut === 1)
})

test('an HTTP/1.0 client sees by a RST that a body was cut short', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const ways = [
    (peer: Client) => peer.send('HTTP/1.1 200 OK\r\n\r\nhalf').reset(),
    (peer: Client) => peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf').end(),
    (peer: Client) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf').end(),
  ]
  for (const [i, cut] of ways.entries()) {
    using client = await Client.connect(hg.port)
    client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    const { peer } = await origin.asked()
    cut(peer)
    await client.closed()
    assert.equal((client.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET', `way ${i}`)
  }
})

test('trailers pass both ways, but for those that frame, route or concern one hop', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nTE: trailers\r\nConnection: TE\r\n\r\n' +
      '5\r\nhello\r\n0\r\nX-Sum:  abc \r\nHost: evil\r\nCookie: c\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n',
  )
  const { peer, head } = await origin.asked()
  assert.equal(
    head,
    `POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: TE\r\nTE: trailers\r\n${VIA}`,
  )
  assert.equal(await peer.until('\r\n\r\n'), '5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n')
  peer.send(
    `HTTP/1.1 200 OK\r\n${DATE}Trailer: X-Time\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Time:7\r\nSet-Cookie: a\r\nConnection: close\r\n\r\n`,
  )
  const answer = await client.response()
  assert.equal(answer.head, `HTTP/1.1 200 OK\r\n${DATE}Trailer: X-Time\r\nTransfer-Encoding: chunked`)
  assert.equal(answer.body, 'ok')
  assert.equal(answer.trailers, 'X-Time: 7\r\n')
})

test('the authority of an absolute target replaces Host and decides the route', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin, { route: { host: 'shop.test' } })
  using client = await Client.connect(hg.port)
  client.send('GET http://Shop.Test:8080/a?b HTTP/1.1\r\nHost: other.test\r\n\r\n')
  const { peer, head } = await origin.asked()
  assert.equal(head, `GET /a?b HTTP/1.1\r\nHost: Shop.Test:8080\r\n${VIA}`)
  peer.send(ok('x'))
  await client.response()
  client.send('GET http://other.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n')
  assert.equal((await client.response()).status, 404)
})

test('OPTIONS * goes on as it is', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  for (const target of ['*', 'http://a']) {
    client.send(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const { peer, head } = await origin.asked()
    assert.equal(head, `OPTIONS * HTTP/1.1\r\nHost: a\r\n${VIA}`)
    peer.send('HTTP/1.1 204 No Content\r\nAllow: GET\r\nConnection: close\r\n\r\n')
    assert.equal((await client.response()).field('allow'), 'GET')
  }
})

test('unusual methods, empty reasons and statuses nobody has registered pass', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  client.send('M-SEARCH!~ /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc')
  const { peer, head } = await origin.asked()
  assert.equal(head, `M-SEARCH!~ /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n${VIA}`)
  await peer.until('abc')
  peer.send(`HTTP/1.1 299\r\n${DATE}Content-Length: 0\r\n\r\n`)
  assert.equal((await client.response()).head, `HTTP/1.1 299 \r\n${DATE}Content-Length: 0`)
})
