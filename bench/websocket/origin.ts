/** A server that echoes WebSocket messages of one length. */
import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { serve } from '../helper.ts'
import { echoInto, MASKED, PLAIN } from './frame.ts'

export interface EchoOrder {
  readonly port: number
}

serve(({ port }: EchoOrder) => {
  const { promise, resolve } = Promise.withResolvers<{ listening: true }>()
  const server = createServer({ noDelay: true }, greet)
  server.listen({ port, host: '127.0.0.1', backlog: 1024 }, () => resolve({ listening: true }))
  return promise
})

/** Answers the handshake (§4.2.2), and any other request with 200 so that readiness can be seen. */
function greet(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  let head = ''
  const read = (data: Buffer): void => {
    head += data.toString('latin1')
    if (!head.endsWith('\r\n\r\n')) return
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1]
    head = ''
    if (key === undefined) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.off('data', read)
    echo(socket)
  }
  socket.on('data', read)
}

function echo(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    const all = rest.length === 0 ? data : Buffer.concat([rest, data])
    let from = 0
    for (; all.length - from >= MASKED; from += MASKED) {
      const frame = Buffer.allocUnsafe(PLAIN)
      echoInto(frame, all, from)
      socket.write(frame)
    }
    rest = all.subarray(from)
  })
}
