/** Who is slow holds back who is quick, through a Headgate whose memory stays flat, and every byte arrives as it was sent. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Alone, headgateAlone, tellsMemory } from '../../kit/alone.ts'
import { type Pause, pour, Taker } from '../../kit/flood.ts'

const MiB = 1024 * 1024
/** What memory may grow by, in MiB: collections that are due, and the buffers of a few connections. */
const GROWTH = 64
/** What may lie between both ends while one of them takes nothing, in bytes: what kernels buffer for four sockets. */
const BETWEEN = 128 * MiB

/** A server whose connections a test takes in the order they come. */
async function server(): Promise<AsyncDisposable & { readonly address: string; next(): Promise<Socket> }> {
  const listening = createServer({ allowHalfOpen: true, noDelay: true })
  const sockets = new Set<Socket>()
  const wanted: ((socket: Socket) => void)[] = []
  listening.on('connection', (socket) => {
    sockets.add(socket.on('error', () => {}))
    wanted.shift()?.(socket)
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    address: `127.0.0.1:${(listening.address() as { port: number }).port}`,
    next: () => new Promise((resolve) => wanted.push(resolve)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listening.close()
      await once(listening, 'close')
    },
  }
}

interface Scene {
  readonly alone: Alone
  /** Connects a client, and hands over both ends; `ask` is what it sends first. */
  join(ask: string): Promise<{ client: Socket; origin: Socket }>
}

/** Runs `body` with a Headgate that has carried something already, and sees that its memory stays flat. */
async function flat(t: TestContext, body: (scene: Scene) => Promise<void>): Promise<void> {
  if (!tellsMemory) return t.skip('this system does not tell the memory of a process in /proc')
  await using backend = await server()
  await using alone = await headgateAlone({ pools: { shop: { servers: [backend.address] } } })
  const clients: Socket[] = []
  const scene: Scene = {
    alone,
    async join(ask) {
      const client = connect({ port: alone.port, host: '127.0.0.1', noDelay: true })
      clients.push(client.on('error', () => {}))
      const came = backend.next()
      client.write(ask)
      return { client, origin: await came }
    },
  }
  try {
    await download(scene, 32 * MiB, false)
    await upload(scene, 32 * MiB, true)
    const before = alone.memory().peak
    await body(scene)
    const { peak } = alone.memory()
    t.diagnostic(`memory at most ${peak.toFixed(0)} MiB, ${(peak - before).toFixed(1)} MiB more than before`)
    assert.ok(peak - before < GROWTH, `memory has grown by ${(peak - before).toFixed(1)} MiB`)
  } finally {
    for (const client of clients) client.destroy()
  }
}

interface Pauses {
  readonly client?: Pause
  readonly origin?: Pause
}

async function download(scene: Scene, total: number, chunked: boolean, pauses: Pauses = {}): Promise<void> {
  const { client, origin } = await scene.join('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const taker = new Taker(client, pauses.client ?? null)
  let between = 0
  taker.afterPause = () => {
    between = origin.bytesWritten - origin.writableLength - taker.received
  }
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${total}`
  origin.resume().write(`HTTP/1.1 200 OK\r\n${framing}\r\nConnection: close\r\n\r\n`)
  await pour(origin, total, chunked, pauses.origin)
  await taker.whole
  origin.end()
  assert.equal(taker.received, total)
  assert.ok(between < BETWEEN, `${between} bytes were between both ends`)
  client.destroy()
}

async function upload(scene: Scene, total: number, chunked: boolean, pauses: Pauses = {}): Promise<void> {
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${total}`
  const { client, origin } = await scene.join(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\nConnection: close\r\n\r\n`)
  const taker = new Taker(origin, pauses.origin ?? null)
  let between = 0
  taker.afterPause = () => {
    between = client.bytesWritten - client.writableLength - taker.received
  }
  await pour(client, total, chunked, pauses.client)
  await taker.whole
  assert.equal(taker.received, total)
  assert.ok(between < BETWEEN, `${between} bytes were between both ends`)
  origin.write('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
  const [answer] = (await once(client, 'data')) as [Buffer]
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 204 No Content\r\n/)
  origin.end()
  client.destroy()
}

const timeout = 25_000
/** Long enough for every buffer on the way to fill up. */
const pause = { after: 100 * MiB, ms: 700 }

test('512 MiB down from a server that pauses, in chunks', { timeout }, (t) =>
  flat(t, (scene) => download(scene, 512 * MiB, true, { origin: pause })),
)

test('512 MiB up from a client that pauses, in chunks', { timeout }, (t) =>
  flat(t, (scene) => upload(scene, 512 * MiB, true, { client: pause })),
)

test('512 MiB each way at once through a tunnel, to sides that pause', { timeout }, (t) =>
  flat(t, async (scene) => {
    const total = 512 * MiB
    const ask = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
    const { client, origin } = await scene.join(ask)
    await once(origin, 'data')
    origin.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    await once(client, 'data')
    const ends = [
      new Taker(client, { after: 50 * MiB, ms: 700 }, total),
      new Taker(origin, { after: 150 * MiB, ms: 700 }, total),
    ]
    await Promise.all([pour(client, total), pour(origin, total), ...ends.map((end) => end.whole)])
  }),
)

test('twenty slow downloads at once take no more memory than their buffers', { timeout }, (t) =>
  flat(t, async (scene) => {
    const all: Promise<void>[] = []
    for (let i = 0; i < 20; i++) all.push(download(scene, 24 * MiB, i % 2 === 0, { client: { after: MiB, ms: 800 } }))
    await Promise.all(all)
  }),
)
