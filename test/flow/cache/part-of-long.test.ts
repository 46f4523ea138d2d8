/** Parts of what is not stored: the client gets what it asked for, and the server is not made to send the whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import { crowd } from '../../kit/crowd.ts'
import { Flows, lines } from '../../kit/flow.ts'
import type { Running } from '../../kit/headgate.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const TEXT = lines(200_000)

/** A Headgate before a server that takes one request at a time, without a line. */
function narrow(origin: CacheOrigin, cache = {}, more: Record<string, unknown> = {}): Promise<Running> {
  const servers = [{ address: origin.address, maxConnections: 1 }]
  return caching(origin, cache, {
    cache: { size: '16MB', maxObject: '64KB' },
    pools: { shop: { servers, queue: { max: 0, timeout: '1s' } } },
    ...more,
  })
}

function rangeOf(asked: Asked): string | null {
  return /^range: (.*)$/im.exec(asked.head)?.[1] ?? null
}

/** A server that knows ranges: answers what `part` makes of one, and the whole to those who ask for none. */
function file(origin: CacheOrigin, path: string, fields = `${FRESH}ETag: "v"\r\n`): void {
  origin.on(path, (asked) => {
    const range = rangeOf(asked)
    const isOther = /^if-range: (?!"v")/im.test(asked.head)
    if (/^if-none-match: "v"/im.test(asked.head)) return asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`)
    if (range === null || isOther) return asked.answer(TEXT, fields)
    asked.answer(`part ${range}`, `${fields}Content-Range: bytes of it\r\n`, '206 Partial Content')
  })
}

async function ended(gate: Running, ...clients: readonly Client[]): Promise<void> {
  for (const one of clients) one[Symbol.dispose]()
  await settled(gate.gate)
}

for (const range of ['bytes=100-', 'bytes=-5', 'bytes=0-0,5-6', 'bytes=0-'] as const) {
  test(`the first request for ${range} of a file that is too long to be stored gets what the server says to that`, async () => {
    await using origin = await CacheOrigin.listen()
    await using gate = await narrow(origin)
    file(origin, '/file')
    for (let n = 0; n < 3; n++) {
      const { status, body } = await get(gate.port, '/file', `Range: ${range}\r\nIf-Range: "v"\r\n`)
      assert.deepEqual([status, body], [206, `part ${range}`], `request ${n}`)
    }
    // The whole was begun once; from then on it is known.
    assert.equal(origin.count('/file'), 4)
    assert.match(origin.last('/file'), /^if-range: "v"/im)
    await ended(gate)
  })
}

test('it is so again when it has been forgotten that the file is too long', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin, { hitForMiss: '1ms' })
  file(origin, '/file')
  for (let n = 0; n < 3; n++) {
    const answer = await get(gate.port, '/file', 'Range: bytes=5-\r\n')
    assert.equal(answer.status, 206)
    assert.equal(answer.field('cache-status'), 'gate; fwd=uri-miss; detail=too-large')
    await meanwhile(5)
  }
  assert.equal(origin.count('/file'), 6)
  await ended(gate)
})

test('nor is the server made to send more of the whole than what was on its way', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  // Kernels hold a few megabytes for each connection.
  const bytes = 64_000_000
  let sent = 0
  let closed = 0
  origin.on('/file', (asked) => {
    if (rangeOf(asked) !== null)
      return asked.answer('part', `${FRESH}Content-Range: bytes 1-4/9\r\n`, '206 Partial Content')
    asked.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: ${bytes}\r\n\r\n`)
    const { socket } = asked
    const piece = Buffer.alloc(100_000)
    const more = (): void => {
      while (!socket.destroyed && sent < bytes) {
        sent += piece.length
        if (!socket.write(piece)) return
      }
    }
    socket.on('drain', more).on('close', () => closed++)
    more()
  })
  assert.equal((await get(gate.port, '/file', 'Range: bytes=1-4\r\n')).body, 'part')
  await until(() => closed === 1)
  assert.ok(sent < bytes / 2, `${sent} bytes`)
  await ended(gate)
})

test('a server that does no ranges is asked once if it says so, and twice if not, and its whole answer is passed on', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  origin.on('/says', (asked) => asked.answer(TEXT, `${FRESH}Accept-Ranges: none\r\n`))
  origin.on('/not', (asked) => asked.answer(TEXT, FRESH))
  for (const [path, times] of [
    ['/says', 1],
    ['/not', 2],
  ] as const) {
    const { status, body } = await get(gate.port, path, 'Range: bytes=5-\r\n')
    assert.ok(status === 200 && body === TEXT, path)
    assert.equal(origin.count(path), times)
  }
  await ended(gate)
})

test('If-Range with another version means the whole, which comes from the first request', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  file(origin, '/file')
  const { status, body } = await get(gate.port, '/file', 'Range: bytes=5-\r\nIf-Range: "old"\r\n')
  assert.ok(status === 200 && body === TEXT)
  assert.equal(origin.count('/file'), 1)
  await ended(gate)
})

test('it is the same with what may not be stored for other reasons', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  file(origin, '/own', 'Cache-Control: private\r\nETag: "v"\r\n')
  assert.equal((await get(gate.port, '/own', 'Range: bytes=5-\r\n')).status, 206)
  await ended(gate)
})

test('who has a long file already is told so, instead of getting it once more', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  file(origin, '/file')
  using client = await Client.connect(gate.port)
  assert.equal((await client.get('/file', 'If-None-Match: "v"\r\n').response()).status, 304)
  assert.equal((await client.get('/file', 'If-None-Match: "old"\r\n').response()).body, TEXT)
  await ended(gate, client)
})

test('one of unknown length that does not fit is asked for again in the place of the first request, even before those in line', async () => {
  await using origin = await CacheOrigin.listen()
  const servers = [{ address: origin.address, maxConnections: 1 }]
  await using gate = await narrow(origin, {}, { pools: { shop: { servers, queue: { max: 1, timeout: '20s' } } } })
  const flows = new Flows(origin, '/long', 1_000_000, FRESH)
  const [client] = await crowd(gate, '/long', ['Range: bytes=5-\r\n'])
  await until(() => flows.all.length === 1)
  file(origin, '/long')
  origin.says('/other', '')
  const [other] = await crowd(gate, '/other', [''])
  await flows.go()
  const answer = await client!.response()
  assert.deepEqual([answer.status, answer.body], [206, 'part bytes=5-'])
  assert.equal((await other!.response()).body, 'other 1')
  assert.ok(flows.all[0]!.gone)
  await ended(gate, client!, other!)
})

test('one of unknown length that fits is waited for, and its part comes from the store', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', 50_000, FRESH)
  const clients = await crowd(gate, '/long', ['Range: bytes=20-39\r\n'])
  await until(() => flows.all.length === 1)
  clients.push(...(await crowd(gate, '/long', ['Range: bytes=-10\r\n', ''])))
  await until(() => clients[2]!.pending.includes('\r\n\r\n'))
  await flows.go()
  const text = lines(50_000, 1)
  const got = await Promise.all(clients.map((one) => one.response()))
  assert.deepEqual(
    got.map(({ status, body }) => [status, body]),
    [
      [206, text.slice(20, 40)],
      [206, text.slice(-10)],
      [200, text],
    ],
  )
  assert.equal(origin.count('/long'), 1)
  await ended(gate, ...clients)
})

test('who follows such a fetch for a part of it asks for that itself when it does not fit', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await caching(origin, {}, { cache: { size: '16MB', maxObject: '64KB' } })
  const flows = new Flows(origin, '/long', 1_000_000, FRESH)
  const clients = await crowd(gate, '/long', ['Range: bytes=1-\r\n'])
  await until(() => flows.all.length === 1)
  clients.push(...(await crowd(gate, '/long', ['Range: bytes=2-\r\n', ''])))
  file(origin, '/long')
  await flows.go()
  const got = await Promise.all(clients.map((one) => one.response()))
  assert.deepEqual(
    got.map(({ body }) => body),
    ['part bytes=1-', 'part bytes=2-', lines(1_000_000, 1)],
  )
  assert.equal(origin.count('/long'), 3)
  await ended(gate, ...clients)
})

test('who has waited long enough for a part gets the whole, unless the server says that it has parts', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin, { coalesce: { timeout: '50ms' } })
  const flows = new Flows(origin, '/long', 50_000, FRESH)
  const [client] = await crowd(gate, '/long', ['Range: bytes=20-39\r\n'])
  await until(() => client!.pending.startsWith('HTTP/1.1 200 OK\r\n'))
  await flows.go()
  assert.ok((await client!.response()).body === lines(50_000, 1))
  const others = new Flows(origin, '/parts', 50_000, `${FRESH}Accept-Ranges: bytes\r\n`)
  const [patient] = await crowd(gate, '/parts', ['Range: bytes=20-39\r\n'])
  await until(() => others.all.length === 1)
  await meanwhile(120)
  await others.go()
  assert.equal((await patient!.response()).body, lines(50_000, 1).slice(20, 40))
  await ended(gate, client!, patient!)
})

test('a server that breaks off while a part is waited for has failed: nothing of the answer has gone out', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', 50_000, FRESH)
  const [client] = await crowd(gate, '/long', ['Range: bytes=20-39\r\n'])
  await until(() => flows.all.length === 1)
  flows.all[0]!.cut()
  assert.equal((await client!.response()).status, 502)
  await ended(gate, client!)
})

test('a client that leaves while it waits for a part leaves the fetch to the store', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await narrow(origin)
  const flows = new Flows(origin, '/long', 50_000, FRESH)
  const [client] = await crowd(gate, '/long', ['Range: bytes=20-39\r\n'])
  await until(() => flows.all.length === 1)
  client!.reset()
  await flows.go()
  await settled(gate.gate)
  assert.match((await get(gate.port, '/long')).field('cache-status') ?? '', /^gate; hit/)
})
