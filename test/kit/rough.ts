/**
 * A server that misbehaves in every way a server can, by chance that can be repeated, and counts exactly who is inside:
 * a request counts from its head until its answer is complete, or the connection has ended on either side.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Random } from './random.ts'

const TURNS = 12
const BIG = 'x'.repeat(200_000)

export class RoughOrigin implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #random: Random
  readonly #limit: number
  /** Requests inside now, and all that came. */
  inside = 0
  requests = 0
  /** How often more than the limit were inside. */
  excesses = 0
  #lowest = 0
  #suspected = false
  /** From now on no request is answered. */
  holding = false

  private constructor(server: Server, random: Random, limit: number) {
    this.#server = server
    this.#random = random
    this.#limit = limit
  }

  static async listen(random: Random, limit: number): Promise<RoughOrigin> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const origin = new RoughOrigin(server, random, limit)
    server.on('connection', (socket) => origin.#connected(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return origin
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    let got = ''
    let inside = false
    const leave = (): void => {
      if (!inside) return
      inside = false
      this.#lowest = Math.min(this.#lowest, --this.inside)
    }
    // The first sign counts: `close` would come some turns of the event loop later, when the next one may be here.
    socket
      .on('error', leave)
      .on('close', () => {
        leave()
        this.#sockets.delete(socket)
      })
      .on('end', () => {
        leave()
        socket.end()
      })
    if (!this.holding && this.#random.below(40) === 0) socket.resetAndDestroy()
    let left = 0
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
      for (;;) {
        if (left > 0) {
          const used = Math.min(left, got.length)
          got = got.slice(used)
          left -= used
          if (left > 0) return
        }
        const end = got.indexOf('\r\n\r\n')
        if (end < 0 || inside) return
        const head = got.slice(0, end)
        got = got.slice(end + 4)
        left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
        inside = true
        this.requests++
        if (++this.inside > this.#limit) void this.#suspect()
        if (!this.holding) this.#behave(socket, /^upgrade:/im.test(head), leave)
      }
    })
  }

  /**
   * The bytes of a request and the end of its connection may both be here already, and are then heard of in two turns of
   * the event loop, with the next request between them; when many leave at once, so turn after turn. What is given twice
   * is so for as long as a request takes: an excess counts when it is one for many turns.
   */
  async #suspect(): Promise<void> {
    if (this.#suspected) return
    this.#suspected = true
    this.#lowest = this.inside
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
    this.#suspected = false
    if (this.#lowest > this.#limit) this.excesses++
  }

  #behave(socket: Socket, upgrade: boolean, leave: () => void): void {
    const random = this.#random
    const later = (act: () => void): void => {
      setTimeout(() => {
        if (!socket.destroyed && socket.writable) act()
      }, random.below(30))
    }
    const whole = (): void => {
      leave()
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it'
    const end = (): void => {
      leave()
      socket.end()
    }
    const reset = (): void => {
      leave()
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
    if (upgrade) {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
      leave() // from here on it is a stream
      if (random.below(2) === 0) later(random.below(2) === 0 ? end : reset)
      return
    }
    switch (random.below(16)) {
      case 0:
        return reset()
      case 1:
        return end()
      case 2:
        return later(reset)
      case 3:
        return // never answers
      case 4:
        socket.write('HTTP/1.1 200 OK\r\nContent-Le')
        return later(end)
      case 5:
        socket.write(half)
        return later(end)
      case 6:
        socket.write(half)
        return later(reset)
      case 7:
        socket.write(half)
        return // stalls
      case 8:
        leave()
        return void socket.write('no HTTP at all\r\n\r\n')
      case 9:
        leave()
        return void socket.end(`HTTP/1.1 200 OK\r\n\r\n${BIG}`)
      case 10:
        leave()
        return void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG.length}\r\n\r\n${BIG}`)
      case 11:
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
        return later(() => {
          leave()
          socket.write('3\r\ntwo\r\n0\r\n\r\n')
        })
      case 12:
        leave()
        return void socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
      case 13:
        return whole()
      default:
        return later(whole)
    }
  }
}
