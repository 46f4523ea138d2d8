/** Sends WebSocket messages and waits for each to come back before the next: one under way on each connection. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { percentile } from '../figures.ts'
import { serve } from '../helper.ts'
import type { Load } from '../load/load.ts'
import { MESSAGE, maskedFrame, PLAIN } from './frame.ts'

export interface EchoLoadOrder {
  readonly port: number
  readonly connections: number
  readonly seconds: number
}

/** One message, masked anew for none: a proxy does not look inside. */
const frame = maskedFrame(Buffer.alloc(MESSAGE, 'm'), randomBytes(4))
/** Reads of all connections go into one buffer; each is counted before the next. */
const buffer = Buffer.alloc(65_536)

class Run {
  readonly #latencies: number[] = []
  #errors = 0
  #stopped = false

  async play({ port, connections, seconds }: EchoLoadOrder): Promise<Load> {
    const opened = await Promise.all(Array.from({ length: connections }, () => open(port).catch(() => null)))
    const sockets = opened.filter((one) => one !== null)
    this.#errors = connections - sockets.length
    const start = performance.now()
    for (const talk of sockets) this.#begin(talk)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    this.#stopped = true
    const took = (performance.now() - start) / 1000
    for (const { socket } of sockets) socket.destroy()
    const all = this.#latencies
    return {
      requests: all.length,
      seconds: took,
      bytes: all.length * PLAIN,
      p50: percentile(all, 0.5),
      p99: percentile(all, 0.99),
      errors: this.#errors,
    }
  }

  #begin(talk: Talk): void {
    let got = 0
    let sent = performance.now()
    talk.heard = (bytes) => {
      got += bytes
      if (got < PLAIN || this.#stopped) return
      got -= PLAIN
      const now = performance.now()
      this.#latencies.push(now - sent)
      sent = now
      talk.socket.write(frame)
    }
    talk.socket.on('close', () => {
      if (!this.#stopped) this.#errors++
    })
    talk.socket.write(frame)
  }
}

interface Talk {
  readonly socket: Socket
  /** Called with the number of bytes that came. */
  heard: (bytes: number) => void
}

/** Opens a connection and shakes hands. Rejects when it is not answered with 101. */
function open(port: number): Promise<Talk> {
  const { promise, resolve, reject } = Promise.withResolvers<Talk>()
  let head = ''
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback(bytes) {
        talk.heard(bytes)
        return true
      },
    },
  })
  const talk: Talk = {
    socket,
    heard(bytes) {
      head += buffer.toString('latin1', 0, bytes)
      if (!head.includes('\r\n\r\n')) return
      if (head.startsWith('HTTP/1.1 101')) resolve(talk)
      else socket.destroy()
    },
  }
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('no upgrade')))
  socket.write(
    `GET /echo HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
  return promise
}

serve((order: EchoLoadOrder) => new Run().play(order))
