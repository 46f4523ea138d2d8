/** An application as people write them with Node's own HTTP server, as a server behind Headgate. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Frames, frame } from './websocket.ts'

export interface Application extends AsyncDisposable {
  readonly port: number
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const words = Array.from({ length: 20_000 }, (_, i) => `word ${i}`).join(' ')

const pages: Readonly<Record<string, Answer>> = {
  '/json': (_, response) => {
    const body = JSON.stringify({ hello: 'world', umlauts: 'äöü' })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
  },
  '/chunked': (_, response) => {
    for (const word of words.match(/.{1,5000}/gs) ?? []) response.write(word)
    response.end()
  },
  '/gzip': (request, response) => {
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) response.end(words)
    else response.writeHead(200, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }).end(gzipSync(words))
  },
  '/cookies': (request, response) => {
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; HttpOnly', 'c=3; Expires=Wed, 21 Oct 2026 07:28:00 GMT'])
    response.end(request.headers.cookie ?? 'none')
  },
  '/echo': async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const { length } = Buffer.concat(pieces)
    response.writeHead(201, { 'X-Length': length, 'X-Trailers': JSON.stringify(request.trailers) })
    response.end(Buffer.concat(pieces))
  },
  '/pipe': (request, response) => void request.pipe(response),
  '/slow': async (_, response) => {
    for (let i = 0; i < 20; i++) {
      response.write(`part ${i}\n`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    response.end()
  },
  '/trailers': (_, response) => {
    response.writeHead(200, { Trailer: 'X-Checksum' })
    response.write('content')
    response.addTrailers({ 'X-Checksum': 'abc' })
    response.end()
  },
  '/hints': (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
    response.end('hinted')
  },
  '/none': (_, response) => void response.writeHead(204).end(),
  '/same': (_, response) => void response.writeHead(304, { ETag: '"x"' }).end(),
  '/fields': (request, response) => {
    for (let i = 0; i < 100; i++) response.setHeader(`X-Field-${i}`, 'v'.repeat(i))
    response.end(request.headers['x-sent'] ?? '')
  },
  '/broken': (_, response) => void response.writeHead(500, 'It Broke', { 'Content-Type': 'text/plain' }).end('broken'),
  '/http-1.0': (_, response) => {
    response.shouldKeepAlive = false
    response.useChunkedEncodingByDefault = false
    response.end('until the connection ends')
  },
}

/** Starts it on a free port of loopback. */
export async function application(): Promise<Application> {
  const server = createServer((request, response) => {
    const page = pages[request.url?.split('?')[0] ?? '']
    if (page === undefined) return void response.writeHead(404).end('nothing here\n')
    void page(request, response)
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.on('upgrade', (request, socket, head) => webSocket(request, socket as Socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Echoes every message, answers pings and takes part in the closing. */
function webSocket(request: IncomingMessage, socket: Socket, head: Buffer): void {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.setNoDelay(true)
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const frames = new Frames(({ opcode, payload }) => {
    if (opcode === 8) socket.end(frame(8, payload))
    else socket.write(frame(opcode === 9 ? 10 : opcode, payload))
  })
  if (head.length > 0) frames.push(head)
  socket.on('data', (chunk) => frames.push(chunk as Buffer))
  socket.on('error', () => socket.destroy())
}
