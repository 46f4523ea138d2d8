/** Bodies that are longer than the store takes, and turn out to be so only on the way: whoever asked gets them whole. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { Client } from '../../kit/client.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const SMALL_STORE = { cache: { size: '16MB', maxObject: '64KB' } }

/** So many bytes that nobody can mistake for others: each line has its number. */
function long(bytes: number): string {
  return Array.from({ length: bytes / 10 }, (_, n) => `${n}`.padStart(9, '.')).join('\n')
}

/** Has `/long` answered with this text in chunks of many sizes; how much of it the server could send so far is counted. */
function chunked(at: Shop, text: string): { sent: number } {
  const count = { sent: 0 }
  at.origin.on('/long', async ({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n`)
    let wake = (): void => {}
    socket.on('drain', () => wake())
    socket.on('close', () => wake())
    let size = 1
    for (let from = 0; from < text.length; from += size, size = Math.min(100_000, size * 3)) {
      const chunk = text.slice(from, from + size)
      if (!socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      if (socket.destroyed) return
      count.sent = from + chunk.length
    }
    socket.write('0\r\n\r\n')
  })
  return count
}

test('a body that is announced to be longer than the store takes is passed on, and fetched anew each time', async () => {
  await using at = await shop({}, SMALL_STORE)
  const text = long(100_000)
  at.origin.on('/long', (got) => got.answer(text, FRESH))
  for (let n = 1; n < 3; n++) {
    const answer = await at.client.get('/long').response()
    assert.equal(answer.body, text)
    assert.equal(answer.field('cache-status'), 'gate; fwd=uri-miss; detail=too-large')
    assert.equal(at.origin.count('/long'), n)
  }
})

test('a body that outgrows the store on its way reaches its client whole, and nobody waits for the next one', async () => {
  await using at = await shop({}, SMALL_STORE)
  const text = long(3_000_000)
  chunked(at, text)
  for (let n = 1; n < 4; n++) {
    const answer = await at.client.get('/long').response()
    assert.ok(answer.complete && answer.body === text, `${answer.body.length} bytes`)
    assert.equal(at.origin.count('/long'), n)
  }
})

test('it does so too when all of it is there at once, or its end is only told by closing, and for a client of HTTP/1.0', async () => {
  await using at = await shop({}, { cache: { size: '16MB', maxObject: '2KB' } })
  const text = long(30_000)
  at.origin.on('/once', (got) =>
    got.say(
      `HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    ),
  )
  at.origin.on('/closed', (got) => {
    got.say(`HTTP/1.1 200 OK\r\n${FRESH}\r\n${text}`)
    got.end()
  })
  for (const path of ['/once', '/closed']) {
    assert.equal((await at.client.get(path).response()).body, text, path)
    using old = await Client.connect(at.gate.port)
    assert.equal((await old.send(`GET ${path} HTTP/1.0\r\nHost: shop.test\r\n\r\n`).response()).body, text, path)
  }
})

test('a client that does not read holds up its server instead of filling memory, and gets the rest when it reads on', async () => {
  await using at = await shop({}, SMALL_STORE)
  // Kernels hold a few megabytes for each connection, and here are two.
  const length = 60_000_000
  const count = chunked(at, 'x'.repeat(length))
  const socket = connect(at.gate.port, '127.0.0.1')
  socket.pause()
  socket.write('GET /long HTTP/1.1\r\nHost: shop.test\r\n\r\n')
  await until(() => count.sent > 200_000)
  await meanwhile(300)
  assert.ok(count.sent < length / 2, `${count.sent} bytes have left the server`)
  let got = 0
  let last = ''
  socket.on('data', (chunk) => {
    got += chunk.length
    last = chunk.toString('latin1').slice(-5)
  })
  socket.resume()
  await until(
    () => got > length && last === '0\r\n\r\n',
    () => got,
  )
  socket.destroy()
})

test('a body that breaks off behind what the store takes is cut for its client too', async () => {
  await using at = await shop({}, SMALL_STORE)
  const text = long(200_000)
  at.origin.on('/cut', ({ socket }) => {
    socket.write(
      `HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n`,
    )
    socket.end()
  })
  const cut = await at.client
    .get('/cut')
    .response()
    .catch(() => null)
  assert.notEqual(cut?.complete, true)
})

test('a client that leaves behind what the store takes ends the fetch, and leaves nothing held', async () => {
  await using at = await shop({}, SMALL_STORE)
  chunked(at, long(20_000_000))
  using client = await Client.connect(at.gate.port)
  client.get('/long')
  await client.bytes(1_000_000)
  client.reset()
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
})
