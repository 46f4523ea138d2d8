/** Answers compressed on their way from a server to a client: what is, how heads change, and that streams stay streams. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { AT_ONCE } from '../../../src/exchange/compressor.ts'
import { shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import { front } from '../../kit/front.ts'
import type { Running } from '../../kit/headgate.ts'
import { findNginx, nginx } from '../../kit/nginx.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { settled } from '../../kit/settle.ts'

/** Several reads long. */
const LONG = Array.from({ length: 30_000 }, (_, i) => `line ${i}`).join('\n')
const HTML = 'Content-Type: text/html; charset=utf-8\r\n'
const GZIP = 'Accept-Encoding: gzip\r\n'

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const

function decoded(answer: Answered): string {
  const coding = answer.field('content-encoding')
  if (coding === null) return answer.body
  return decoders[coding as keyof typeof decoders](Buffer.from(answer.body, 'latin1')).toString('latin1')
}

/** A Headgate that compresses before a server that answers every request so. */
async function compressing(answers: (asked: Asked) => void, compress: unknown = true) {
  const origin = await Origin.listen(answers)
  const hg: Running = await front(origin, { route: { compress }, listener: { timeouts: { send: '300ms' } } })
  const client = await Client.connect(hg.port)
  return {
    hg,
    client,
    origin,
    async [Symbol.asyncDispose](): Promise<void> {
      client[Symbol.dispose]()
      await hg[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

const page =
  (fields = '', body = LONG, status = '200 OK') =>
  (asked: Asked) => {
    if (asked.head.startsWith('HEAD'))
      asked.say(`HTTP/1.1 ${status}\r\n${HTML}${fields}Content-Length: ${body.length}\r\n\r\n`)
    else asked.answer(body, HTML + fields, status)
  }

test('an answer goes out in the coding that its client likes best, with head and validators right for it', async () => {
  await using at = await compressing(page('ETag: "x"\r\nAccept-Ranges: bytes\r\nVary: X-A\r\n'))
  for (const coding of ['gzip', 'br', 'zstd']) {
    const answer = await at.client.get('/', `Accept-Encoding: ${coding}\r\n`).response()
    assert.equal(answer.field('content-encoding'), coding)
    assert.equal(answer.field('transfer-encoding'), 'chunked')
    assert.equal(answer.field('content-length'), null)
    assert.equal(answer.field('etag'), 'W/"x"')
    assert.equal(answer.field('accept-ranges'), null)
    assert.match(answer.head, /^Vary: X-A\r$/m)
    assert.match(answer.head, /^Vary: Accept-Encoding\r$/m)
    assert.ok(answer.body.length < LONG.length / 2)
    assert.equal(decoded(answer), LONG, coding)
  }
  assert.equal(
    (await at.client.get('/', 'Accept-Encoding: gzip, br, zstd\r\n').response()).field('content-encoding'),
    'zstd',
  )
  for (const ask of [
    '',
    'Accept-Encoding: identity\r\n',
    'Accept-Encoding: gzip;q=0\r\n',
    `${GZIP}Cache-Control: no-transform\r\n`,
  ]) {
    const answer = await at.client.get('/', ask).response()
    assert.equal(answer.body, LONG)
    assert.equal(answer.field('etag'), '"x"')
    assert.equal(answer.field('content-length'), String(LONG.length))
    assert.match(answer.head, /^Vary: Accept-Encoding\r?$/m)
  }
  assert.equal(at.origin.connections, 1)
})

test('HEAD tells the same fields as GET', async () => {
  await using at = await compressing(page('ETag: "x"\r\nDate: Mon, 05 Jan 2026 10:11:12 GMT\r\n'))
  const ask = (method: string): string => `${method} / HTTP/1.1\r\nHost: a\r\n${GZIP}\r\n`
  const head = await at.client.send(ask('HEAD')).response('HEAD')
  const whole = await at.client.send(ask('GET')).response()
  assert.equal(head.head, whole.head.replace('\r\nTransfer-Encoding: chunked', ''))
  assert.equal(head.field('content-encoding'), 'gzip')
})

test('what is coded already, short, of another type, a part, digested or not to be changed passes as it came', async () => {
  const plain: [string, string, string?, string?][] = [
    ['Content-Encoding: br\r\n', LONG],
    ['', 'x'.repeat(1023)],
    ['Cache-Control: public, No-Transform\r\n', LONG],
    ['Content-Digest: sha-256=:AA==:\r\n', LONG],
    ['Content-MD5: AA==\r\n', LONG],
    ['', LONG, '203 Changed'],
    ['Content-Range: bytes 0-9/20\r\n', LONG, '206 Partial Content'],
    ['', LONG, '200 OK', 'Range: bytes=0-1\r\n'],
  ]
  const types = ['image/png', 'text/event-stream', '']
  await using at = await compressing((asked) => {
    const [, kind, k] = /^GET \/(\w)(\d)/.exec(asked.head) ?? []
    const type = types[Number(k)]!
    if (kind === 't') return asked.answer(LONG, type === '' ? '' : `Content-Type: ${type}\r\n`)
    const [fields, body, status] = plain[Number(k)]!
    page(fields, body, status)(asked)
  })
  for (const [k, [fields, body, , ask = '']] of plain.entries()) {
    const answer = await at.client.get(`/p${k}`, GZIP + ask).response()
    assert.equal(answer.body, body, fields)
    assert.equal(answer.field('content-length'), String(body.length))
  }
  for (const [k, type] of types.entries()) {
    const answer = await at.client.get(`/t${k}`, GZIP).response()
    assert.equal(answer.body, LONG, type)
    assert.equal(answer.field('vary'), null)
  }
})

test('a route without compress compresses nothing', async () => {
  await using at = await compressing(page('ETag: "x"\r\n'), false)
  const answer = await at.client.get('/', `${GZIP}If-None-Match: W/"x"\r\n`).response()
  assert.equal(answer.body, LONG)
  assert.equal(answer.field('vary'), null)
})

test('a client of HTTP/1.0 gets it until the connection closes, and a body of unknown length is compressed too', async () => {
  await using at = await compressing((asked) => {
    asked.say(`HTTP/1.1 200 OK\r\n${HTML}\r\n${LONG}`)
    asked.end()
  })
  const old = await at.client.send(`GET / HTTP/1.0\r\nHost: a\r\n${GZIP}\r\n`).response()
  assert.equal(old.field('transfer-encoding'), null)
  assert.equal(decoded(old), LONG)
  const answer = await get(at.hg.port, '/', GZIP)
  assert.equal(answer.field('transfer-encoding'), 'chunked')
  assert.equal(decoded(answer), LONG)
})

test('what a server writes bit by bit appears bit by bit, in each coding', async () => {
  await using origin = await Origin.listen()
  await using hg = await front(origin, { route: { compress: { types: 'text/*' } } })
  using client = await Client.connect(hg.port)
  for (const coding of ['gzip', 'br', 'zstd']) {
    client.get('/', `Accept-Encoding: ${coding}\r\n`)
    const asked = await origin.next()
    asked.say(`HTTP/1.1 200 OK\r\n${HTML}Transfer-Encoding: chunked\r\n\r\n`)
    assert.match(await client.until('\r\n\r\n'), new RegExp(`content-encoding: ${coding}\r`, 'i'))
    for (let i = 0; i < 3; i++) {
      asked.say('5\r\npiece\r\n')
      // A chunk of some bytes: only a flush brings it out.
      const size = Number.parseInt(await client.until('\r\n'), 16)
      assert.ok(size > 0)
      await client.bytes(size + 2)
    }
    asked.say('0\r\n\r\n')
    await client.until('0\r\n\r\n')
  }
})

test('pieces that are flushed make up one body', async () => {
  await using origin = await Origin.listen()
  await using hg = await front(origin, { route: { compress: { types: 'text/event-stream' } } })
  const socket = connect(hg.port, '127.0.0.1')
  socket.write(`GET / HTTP/1.0\r\nHost: a\r\n${GZIP}\r\n`)
  const asked = await origin.next()
  asked.say('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
  const gunzip = createGunzip()
  let head = ''
  socket.on('data', (chunk: Buffer) => {
    if (head.endsWith('\r\n\r\n')) return gunzip.write(chunk)
    const end = chunk.indexOf('\r\n\r\n')
    head += chunk.subarray(0, end + 4).toString()
    return gunzip.write(chunk.subarray(end + 4))
  })
  for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
    const heard = once(gunzip, 'data')
    asked.say(`${event.length.toString(16)}\r\n${event}\r\n`)
    assert.equal(String((await heard)[0]), event)
  }
  assert.match(head, /content-encoding: gzip/i)
  socket.destroy()
})

test('who has the coded form is told that nothing has changed, by nginx and by a server that compares letter by letter', async (t) => {
  await using at = await compressing((asked) => {
    const known = /^if-none-match: (?:W\/"a", W\/"x", "a", )?"x"$/im.test(asked.head)
    if (known) asked.say('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')
    else page('ETag: "x"\r\n')(asked)
  })
  const same = await at.client.get('/', `${GZIP}If-None-Match: W/"a", W/"x"\r\n`).response()
  assert.equal(same.status, 304)
  assert.equal(same.field('etag'), 'W/"x"')
  assert.equal(same.field('vary'), 'Accept-Encoding')
  const plain = await at.client.get('/', `${GZIP}If-None-Match: "x"\r\n`).response()
  assert.deepEqual([plain.status, plain.field('etag'), plain.field('vary')], [304, '"x"', null])
  const binary = findNginx()
  if (binary === null) {
    const missing = 'nginx is not installed: install the Debian package nginx-light'
    if (process.env.CI !== undefined) assert.fail(missing)
    return t.skip(missing)
  }
  await using server = await nginx(binary, { 'text.txt': LONG }, 'off')
  await using hg = await front({ address: `127.0.0.1:${server.port}` }, { route: { compress: true } })
  const first = await get(hg.port, '/text.txt', GZIP)
  assert.equal(decoded(first), LONG)
  assert.match(first.field('etag') ?? '', /^W\/"/)
  const second = await get(hg.port, '/text.txt', `${GZIP}If-None-Match: ${first.field('etag')}\r\n`)
  assert.deepEqual([second.status, second.field('etag')], [304, first.field('etag')])
})

test('a part named by a date is not put together with the coded form: the client gets all', async () => {
  await using at = await compressing((asked) => {
    if (/^range:/im.test(asked.head)) asked.answer('part', 'Content-Range: bytes 0-3/9\r\n', '206 Partial Content')
    else page()(asked)
  })
  const dated = 'Range: bytes=0-3\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n'
  assert.equal(decoded(await at.client.get('/', GZIP + dated).response()), LONG)
  assert.equal((await at.client.get('/', dated).response()).status, 206)
  assert.equal((await at.client.get('/', `${GZIP}Range: bytes=0-3\r\nIf-Range: "x"\r\n`).response()).status, 206)
})

test('a client that takes nothing holds up its server, and its answer is given up in the end', async () => {
  // Text that hardly gets shorter.
  const block = randomBytes(48 * 1024).toString('base64')
  const sockets: Asked['socket'][] = []
  await using at = await compressing((asked) => {
    const { socket } = asked
    sockets.push(socket)
    asked.say(`HTTP/1.1 200 OK\r\n${HTML}\r\n`)
    const write = (): void => {
      while (socket.writable && socket.write(block)) if (socket.bytesWritten > 256 << 20) return void socket.end()
    }
    socket.on('drain', write)
    write()
  })
  const socket = connect(at.hg.port, '127.0.0.1').pause()
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${GZIP}\r\n`)
  await once(
    socket.on('error', () => {}),
    'connect',
  )
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  await new Promise((resolve) => sockets[0]!.on('close', resolve))
  assert.ok(sockets[0]!.bytesWritten < 64 << 20, `${sockets[0]!.bytesWritten} bytes were taken`)
  socket.destroy()
  at.client[Symbol.dispose]()
  await settled(at.hg.gate)
})

test('a client that reads slowly gets all of it', async () => {
  const body = Array.from({ length: 60 }, () => randomBytes(48 * 1024).toString('base64')).join('\n')
  await using at = await compressing((asked) => asked.answer(body, HTML))
  const socket = connect({ port: at.hg.port, host: '127.0.0.1' })
  socket.write(`GET / HTTP/1.0\r\nHost: a\r\n${GZIP}\r\n`)
  const pieces: Buffer[] = []
  for await (const piece of socket) {
    pieces.push(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const all = Buffer.concat(pieces)
  assert.ok(gunzipSync(all.subarray(all.indexOf('\r\n\r\n') + 4)).toString('latin1') === body)
})

test('a body that breaks off is seen to be cut', async () => {
  await using at = await compressing((asked) => {
    asked.say(`HTTP/1.1 200 OK\r\n${HTML}Content-Length: 100000\r\n\r\n${'x'.repeat(5000)}`)
    asked.end()
  })
  const answer = await at.client.get('/', GZIP).response()
  assert.equal(answer.field('content-encoding'), 'gzip')
  assert.equal(answer.complete, false)
})

test('beyond as many as a thread compresses at once answers pass as they are, and whoever leaves makes room', async () => {
  await using origin = await Origin.listen()
  await using hg = await front(origin, { route: { compress: true } })
  const head = `HTTP/1.1 200 OK\r\n${HTML}ETag: "x"\r\nTransfer-Encoding: chunked\r\n\r\n`
  const begin = async (): Promise<{ client: Client; asked: Asked; coded: boolean }> => {
    const client = await Client.connect(hg.port)
    client.get('/', GZIP)
    const asked = await origin.next()
    asked.say(head)
    return { client, asked, coded: /content-encoding/i.test(await client.until('\r\n\r\n')) }
  }
  for (let round = 0; round < 2; round++) {
    const all = []
    for (let i = 0; i <= AT_ONCE; i++) all.push(await begin())
    assert.deepEqual(
      all.map(({ coded }) => coded),
      [...Array.from({ length: AT_ONCE }, () => true), false],
    )
    // Half of them leave, of half the server breaks off in the middle of what is being compressed.
    for (const [i, { client, asked }] of all.entries()) {
      asked.say(`2000\r\n${'y'.repeat(0x2000)}\r\n`)
      if (i % 2 === 0) client.reset()
      else asked.reset()
    }
    await settled(hg.gate)
    for (const { client } of all) client[Symbol.dispose]()
  }
  await settled(hg.gate)
})

test('of a route that caches, what is stored is compressed once for all, and what is not on its way', async () => {
  const cacheOf = (compress?: boolean) => ({ grace: 0, heuristic: false, ...(compress !== undefined && { compress }) })
  for (const [route, cache, ofStored] of [
    [true, undefined, true],
    [true, false, false],
    [false, true, true],
  ] as const) {
    await using at = await shop({}, { routes: [{ to: 'shop', compress: route, cache: cacheOf(cache) }] })
    at.origin.on('/stored', (asked) => asked.answer(LONG, `${HTML}Cache-Control: max-age=60\r\n`))
    at.origin.on('/private', (asked) => asked.answer(LONG, `${HTML}Cache-Control: private\r\n`))
    for (let i = 0; i < 2; i++) {
      const own = await at.client.get('/private', GZIP).response()
      assert.equal(decoded(own), LONG)
      assert.equal(own.field('content-encoding'), route ? 'gzip' : null)
    }
    const coded = async (): Promise<boolean> => {
      const answer = await at.client.get('/stored', GZIP).response()
      assert.equal(decoded(answer), LONG)
      return answer.field('content-encoding') !== null
    }
    let seen = await coded()
    const end = performance.now() + (ofStored ? 5000 : 50)
    while (!seen && performance.now() < end) seen = await coded()
    assert.equal(seen, ofStored)
    assert.equal(at.origin.count('/stored'), 1)
  }
})
