/** Before real servers Headgate changes nothing: every response is the one that comes directly, byte for byte. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { application } from '../../kit/application.ts'
import { Client } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { findNginx, nginx } from '../../kit/nginx.ts'
import { Pair } from '../../kit/same.ts'
import { settled } from '../../kit/settle.ts'
import { type Frame, Frames, frame } from '../../kit/websocket.ts'

const HOST = 'Host: files.test\r\n'
const TEXT = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join('')

const files = {
  'index.html': '<!doctype html><title>Home</title>',
  'sub/index.html': `<!doctype html>${'<p>text</p>'.repeat(1000)}`,
  'list/b.txt': 'b',
  'list/a.txt': 'a',
  'empty.txt': '',
  'one.txt': 'x',
  'hundred.txt': 'y'.repeat(100),
  'ten-thousand.txt': TEXT.slice(0, 10_000),
  'million.txt': TEXT.slice(0, 1_000_000),
  'million.bin': randomBytes(1_000_000),
  'data.json': JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ id: i }))),
  'with space & umlaut ä.txt': 'found',
}

/** Where nginx is; without it the test is skipped, or fails where all tests have to run. */
function nginxOr(t: TestContext): string | null {
  const binary = findNginx()
  if (binary !== null) return binary
  const missing = 'nginx is not installed: install the Debian package nginx-light'
  if (process.env.CI !== undefined) assert.fail(missing)
  t.skip(missing)
  return null
}

test('nginx serves a file tree through Headgate exactly as it does directly, over connections that last', async (t) => {
  const binary = nginxOr(t)
  if (binary === null) return
  await using server = await nginx(binary, files)
  await using hg = await headgate({ pools: { files: { servers: [`127.0.0.1:${server.port}`] } } })
  using pair = await Pair.connect(server.port, hg.port)
  const get = (path: string, fields = ''): ReturnType<Pair['same']> =>
    pair.same(`GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`)
  const head = (path: string, fields = ''): ReturnType<Pair['same']> =>
    pair.same(`HEAD ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`, 'HEAD')

  const paths = Object.keys(files).map((path) => `/${encodeURIComponent(path).replaceAll('%2F', '/')}`)
  for (const path of paths) {
    const plain = await get(path)
    assert.equal(plain.status, 200)
    assert.equal((await head(path)).field('content-length'), plain.field('content-length'))
    const zipped = await get(path, 'Accept-Encoding: gzip\r\n')
    if (path === '/million.txt') assert.equal(zipped.field('transfer-encoding'), 'chunked')
    await head(path, 'Accept-Encoding: gzip\r\n')
    const etag = plain.field('etag') ?? ''
    assert.equal((await get(path, `If-None-Match: ${etag}\r\n`)).status, 304)
    assert.equal((await get(path, `If-None-Match: "other", ${etag}\r\n`)).status, 304)
    assert.equal((await get(path, 'If-None-Match: "other"\r\n')).status, 200)
    assert.equal((await get(path, `If-Modified-Since: ${plain.field('last-modified')}\r\n`)).status, 304)
    assert.equal((await get(path, 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n')).status, 200)
    // After this one nginx closes, although it says that it will not.
    using once = await Pair.connect(server.port, hg.port)
    assert.equal((await once.same(`GET ${path} HTTP/1.1\r\n${HOST}If-Match: "other"\r\n\r\n`)).status, 412)
    for (const same of [etag, plain.field('last-modified')]) {
      const { status } = await get(path, `If-Range: ${same}\r\nRange: bytes=0-0\r\n`)
      assert.equal(status, path === '/empty.txt' ? 200 : 206)
    }
    assert.equal((await get(path, 'If-Range: "other"\r\nRange: bytes=0-0\r\n')).status, 200)
  }
  for (const range of ['0-0', '0-99', '10-', '-10', '0-9,20-29', '0-0,-1', '99999999-', '5-2', '-0']) {
    for (const path of ['/ten-thousand.txt', '/million.bin', '/one.txt', '/empty.txt']) {
      const { status } = await get(path, `Range: bytes=${range}\r\n`)
      assert.ok([200, 206, 416].includes(status), `${status} to ${range} of ${path}`)
      await head(path, `Range: bytes=${range}\r\n`)
    }
  }
  assert.equal((await get('/')).body, files['index.html'])
  assert.equal((await get('/sub/?query=1')).body, files['sub/index.html'])
  assert.equal((await get('/sub')).status, 301)
  assert.match((await get('/list/')).body, /a\.txt/)
  assert.equal((await get('/nothing')).status, 404)
  assert.equal((await head('/nothing')).status, 404)
  assert.equal((await get('/moved')).status, 301)
  assert.equal((await get('/gone')).status, 410)
  assert.equal((await get('/empty')).status, 204)
  assert.equal((await get('/said')).field('x-said'), 'a, b')
  assert.equal((await get('/a/../one.txt')).status, 200)
  const post = await pair.same(`POST /one.txt HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`)
  assert.equal(post.status, 405)
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1, 'all of it over one connection')
  assert.deepEqual(hg.gate.usage().causes, {})
})

test('nginx answers HTTP/1.0 and pipelined requests through Headgate as it does directly', async (t) => {
  const binary = nginxOr(t)
  if (binary === null) return
  await using server = await nginx(binary, files)
  await using hg = await headgate({ pools: { files: { servers: [`127.0.0.1:${server.port}`] } } })
  for (const request of [
    `GET /million.bin HTTP/1.0\r\n${HOST}\r\n`,
    `GET /hundred.txt HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
    `GET /hundred.txt HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    // After which nginx closes.
    `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${HOST}\r\n`,
  ]) {
    using pair = await Pair.connect(server.port, hg.port)
    assert.equal((await pair.same(request)).status, request.includes('passwd') ? 400 : 200)
  }
  using nameless = await Client.connect(hg.port)
  assert.equal((await nameless.send('GET /one.txt HTTP/1.0\r\n\r\n').response()).body, 'x')
  using pair = await Pair.connect(server.port, hg.port)
  const all = ['/one.txt', '/nothing', '/million.txt', '/data.json', '/empty', '/hundred.txt']
  const ask = all.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}Accept-Encoding: gzip\r\n\r\n`).join('')
  pair.direct.send(ask)
  pair.through.send(ask)
  for (const path of all) {
    const [direct, through] = [await pair.direct.response(), await pair.through.response()]
    assert.equal(through.status, direct.status, path)
    assert.equal(through.body, direct.body, path)
  }
})

test('a Node application answers through Headgate exactly as it does directly, over connections that last', async () => {
  await using app = await application()
  await using hg = await headgate({ pools: { app: { servers: [`127.0.0.1:${app.port}`] } } })
  using pair = await Pair.connect(app.port, hg.port)
  const get = (path: string, fields = ''): ReturnType<Pair['same']> =>
    pair.same(`GET ${path} HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`)
  const head = (path: string): ReturnType<Pair['same']> =>
    pair.same(`HEAD ${path} HTTP/1.1\r\nHost: app.test\r\n\r\n`, 'HEAD')

  for (const path of [
    '/json',
    '/chunked',
    '/gzip',
    '/cookies',
    '/slow',
    '/fields',
    '/trailers',
    '/hints',
    '/nothing',
  ]) {
    const { status } = await get(path, 'Cookie: a=b; c=d\r\nX-Sent: e\r\n')
    assert.equal(status, path === '/nothing' ? 404 : 200)
    if (!['/hints', '/trailers'].includes(path)) await head(path)
  }
  assert.equal((await get('/gzip', 'Accept-Encoding: gzip\r\n')).field('content-encoding'), 'gzip')
  assert.equal((await get('/trailers', 'TE: trailers\r\nConnection: TE\r\n')).trailers, 'X-Checksum: abc\r\n')
  assert.equal((await get('/none')).status, 204)
  assert.equal((await get('/same', 'If-None-Match: "x"\r\n')).status, 304)
  assert.equal((await get('/broken')).head.split('\r\n')[0], 'HTTP/1.1 500 It Broke')

  const million = randomBytes(1_000_000).toString('latin1')
  for (const path of ['/echo', '/pipe']) {
    for (const body of ['', 'x', 'hello'.repeat(10_000), million]) {
      const sized = `POST ${path} HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      assert.equal((await pair.same(sized)).body, body)
      const chunks = (body.match(/[\s\S]{1,30001}/g) ?? []).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
      const chunked = `PUT ${path} HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\nX-After: y\r\n\r\n`
      const answer = await pair.same(chunked)
      assert.equal(answer.body, body)
      if (path === '/echo') assert.equal(answer.field('x-trailers'), '{"x-after":"y"}')
    }
  }
  const expecting = await pair.same(
    'POST /echo HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  )
  assert.equal(expecting.body, 'hello')
  assert.equal(hg.gate.usage().listeners[0]?.inUse, 1, 'all of it over one connection')
  assert.deepEqual(hg.gate.usage().causes, {})
})

test('an answer of a Node application that ends with its connection arrives whole, and the client’s connection goes on', async () => {
  await using app = await application()
  await using hg = await headgate({ pools: { app: { servers: [`127.0.0.1:${app.port}`] } } })
  using client = await Client.connect(hg.port)
  for (let i = 0; i < 3; i++) {
    const answer = await client.get('/http-1.0').response()
    assert.equal(answer.body, 'until the connection ends')
    assert.equal(answer.field('transfer-encoding'), 'chunked')
  }
})

test('a WebSocket of a Node application works through Headgate: handshake, messages of every size, ping, closing', async () => {
  await using app = await application()
  await using hg = await headgate({ pools: { app: { servers: [`127.0.0.1:${app.port}`] } } })
  using client = await Client.connect(hg.port)
  const key = randomBytes(16).toString('base64')
  client.get(
    '/ws',
    `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`,
  )
  const answer = await client.response()
  assert.equal(answer.status, 101)
  assert.equal(answer.field('upgrade'), 'websocket')
  assert.equal(answer.field('connection'), 'upgrade')
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  assert.equal(answer.field('sec-websocket-accept'), accept)

  const got: Frame[] = []
  let wake = (): void => {}
  const frames = new Frames((one) => {
    got.push(one)
    wake()
  })
  frames.push(Buffer.from(client.pending, 'latin1'))
  client.socket.on('data', (chunk) => frames.push(chunk as Buffer))
  const next = async (): Promise<Frame> => {
    while (got.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return got.shift() as Frame
  }
  for (const size of [0, 1, 125, 126, 4096, 65535, 65536, 200_000, 1_000_000]) {
    const payload = randomBytes(size)
    client.socket.write(frame(2, payload, randomBytes(4)))
    const back = await next()
    assert.equal(back.opcode, 2)
    assert.ok(back.payload.equals(payload), `${size} bytes`)
  }
  client.socket.write(frame(9, Buffer.from('are you there'), randomBytes(4)))
  assert.deepEqual(await next(), { opcode: 10, payload: Buffer.from('are you there') })
  for (let i = 0; i < 100; i++) client.socket.write(frame(1, Buffer.from(`message ${i}`), randomBytes(4)))
  for (let i = 0; i < 100; i++) assert.equal((await next()).payload.toString(), `message ${i}`)
  client.socket.write(frame(8, Buffer.from([3, 232]), randomBytes(4)))
  assert.deepEqual(await next(), { opcode: 8, payload: Buffer.from([3, 232]) })
  await client.closed()
  client.end()
  await settled(hg.gate)
  assert.deepEqual(hg.gate.usage().causes, {})
})
