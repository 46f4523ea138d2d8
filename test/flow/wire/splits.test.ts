/** However the bytes are cut into packets, the result is the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client } from '../../kit/client.ts'
import { front } from '../../kit/front.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { settled } from '../../kit/settle.ts'

/** Sends `text` in pieces of `size` bytes, each written when the one before has left. */
async function dribble(to: Client, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    await new Promise((resolve) => to.socket.write(text.slice(at, at + size), 'latin1', resolve))
    await turn()
  }
}

const DATE = 'Date: Fri, 20 Nov 2026 19:59:00 GMT\r\n'
const VIA = 'Via: 1.1 gate\r\n\r\n'

/** What the client sends, what the server gets of it; what the server says, what the client gets of it. */
const scenes = [
  {
    name: 'a length both ways',
    sent: 'POST /a?b=c HTTP/1.1\r\nHost: a\r\nX-Long: some value\r\nContent-Length: 5\r\n\r\nhello',
    got: `POST /a?b=c HTTP/1.1\r\nHost: a\r\nX-Long: some value\r\nContent-Length: 5\r\n${VIA}hello`,
    said: `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\nworld`,
    came: `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 5\r\n\r\nworld`,
  },
  {
    name: 'chunks both ways, with extensions and trailers',
    sent: 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-T: t\r\n\r\n',
    got: `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${VIA}hello0123456789abcdefX-T: t\r\n`,
    said: `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00a;q\r\n0123456789\r\n0\r\nX-U: u\r\n\r\n`,
    came: `HTTP/1.1 200 OK\r\n${DATE}Transfer-Encoding: chunked\r\n\r\nabc0123456789X-U: u\r\n`,
  },
  {
    name: 'interim responses and no body',
    sent: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    got: `GET / HTTP/1.1\r\nHost: a\r\n${VIA}`,
    said: `HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 204 No Content\r\n${DATE}\r\n`,
    came: `HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 204 No Content\r\n${DATE}\r\n`,
  },
]

/** Takes `text` apart from its chunks where it is chunked, as those depend on how it was cut. */
function unchunked(text: string): string {
  const body = text.indexOf('\r\n\r\n') + 4
  if (!text.slice(0, body).includes('chunked')) return text
  let plain = text.slice(0, body)
  for (let at = body; ; ) {
    const line = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, line), 16)
    if (size === 0) return plain + text.slice(line + 2, text.length - 2)
    plain += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}

/** What comes in until it ends as `text` does. */
function untilEnd(from: Client, text: string): Promise<string> {
  return from.until(text.includes('chunked') ? `${text.slice(-6)}\r\n` : text.slice(-8))
}

test('a request and its response cut into pieces of any size are the same as in one', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  let peer: Peer | null = null
  for (const size of [1, 2, 3, 7, 1000]) {
    for (const { name, sent, got, said, came } of scenes) {
      void dribble(client, sent, size)
      peer ??= await origin.next()
      const heard = await untilEnd(peer, got)
      assert.equal(unchunked(heard), got, `${name}, ${size} at a time`)
      void dribble(peer, said, size)
      const answered = await untilEnd(client, came)
      assert.equal(unchunked(answered), came, `${name}, ${size} at a time`)
      assert.equal(client.pending + peer.pending, '')
    }
  }
  assert.equal(origin.connections, 1)
})

test('pipelined requests that come byte by byte are answered in order', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  using client = await Client.connect(hg.port)
  const all = ['/1', '/2', '/3']
    .map((path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`)
    .join('')
  void dribble(client, all, 1)
  const peer = await origin.next()
  for (const path of ['/1', '/2', '/3']) {
    assert.match(await peer.until('hi'), new RegExp(`^POST ${path} `))
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${path}`)
    assert.equal((await client.response()).body, path)
  }
})

test('what is refused as a whole is refused byte by byte, with the same cause', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  const bad = [
    ['GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n', 'field_bad'],
    ['GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 'line_ending_bad'],
    ['GET / HTTP/3.0\r\nHost: a\r\n\r\n', 'version_unsupported'],
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 'framing_conflict'],
  ] as const
  for (const [request, cause] of bad) {
    using client = await Client.connect(hg.port)
    client.socket.on('error', () => {}) // it may be told of the end while it still sends
    void dribble(client, request, 1).catch(() => {})
    assert.match((await client.response()).field('proxy-status') ?? '', new RegExp(`details="${cause}"`))
    await client.closed()
  }
  assert.equal(origin.connections, 0)
  await settled(hg.gate)
})

test('bytes of a tunnel arrive whichever way they were cut, also right behind the heads', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await front(origin)
  for (const size of [1, 5, 1000]) {
    using client = await Client.connect(hg.port)
    void dribble(
      client,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfrom the client',
      size,
    )
    const peer = await origin.next()
    await peer.until('\r\n\r\n')
    void dribble(
      peer,
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfrom the server',
      size,
    )
    assert.equal(
      await client.until('from the server'),
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfrom the server',
    )
    assert.equal(await peer.until('from the client'), 'from the client')
  }
})
