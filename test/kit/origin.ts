/**
 * A server for a test that does exactly what the test says, byte for byte, and counts what it gets. Each connection
 * hands requests over one by one; the test answers them when it likes.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** A request as it came in. */
export interface Asked {
  /** Request line and fields, without the empty line. */
  readonly head: string
  /** The body, decoded from its framing as latin1 text. */
  readonly body: string
  /** Sends these bytes (latin1) as they are. */
  say(text: string): void
  /** Sends a whole response with Content-Length. */
  answer(body: string, fields?: string, status?: string): void
  /** Closes the connection after what was said; `reset` with RST. */
  end(): void
  reset(): void
  readonly socket: Socket
}

/** A scripted server on a free port of loopback. */
export class Origin implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #asked: Asked[] = []
  readonly #wanted: ((asked: Asked) => void)[] = []
  #auto: ((asked: Asked) => void) | null = null
  /** Requests that are here and not answered, now and at most. */
  inside = 0
  most = 0
  /** Connections and requests so far. */
  connections = 0
  requests = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** Starts it; with `auto` every request is given to that function instead of `next`. */
  static async listen(auto?: (asked: Asked) => void): Promise<Origin> {
    const server = createServer({ allowHalfOpen: true })
    const origin = new Origin(server)
    origin.#auto = auto ?? null
    server.on('connection', (socket) => origin.#connected(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return origin
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** The next request that comes, or came and was not taken yet. */
  next(): Promise<Asked> {
    const asked = this.#asked.shift()
    return asked === undefined ? new Promise((resolve) => this.#wanted.push(resolve)) : Promise.resolve(asked)
  }

  /** The next `n` requests. */
  async take(n: number): Promise<Asked[]> {
    const all: Asked[] = []
    while (all.length < n) all.push(await this.next())
    return all
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connected(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    let inside = 0
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.inside -= inside
      inside = 0
    })
    let got = ''
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
      for (let r = whole(got); r !== null; r = whole(got)) {
        got = got.slice(r.length)
        this.requests++
        this.inside++
        inside++
        this.most = Math.max(this.most, this.inside)
        const done = (): void => {
          if (inside === 0) return
          inside--
          this.inside--
        }
        this.#ask({
          head: r.head,
          body: r.body,
          socket,
          say: (text) => void socket.write(text, 'latin1'),
          answer: (body, fields = '', status = '200 OK') => {
            done()
            socket.write(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
          },
          end: () => {
            done()
            socket.end()
          },
          reset: () => {
            done()
            socket.resetAndDestroy()
          },
        })
      }
    })
    socket.on('end', () => socket.end())
  }

  #ask(asked: Asked): void {
    if (this.#auto !== null) return this.#auto(asked)
    const wanted = this.#wanted.shift()
    if (wanted === undefined) this.#asked.push(asked)
    else wanted(asked)
  }
}

/** A whole request at the begin of `text`, or null. Only as much of HTTP as Headgate itself sends. */
function whole(text: string): { head: string; body: string; length: number } | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = text.slice(0, end)
  const from = end + 4
  if (/^transfer-encoding: *chunked/im.test(head)) {
    let body = ''
    let at = from
    for (;;) {
      const line = text.indexOf('\r\n', at)
      if (line < 0) return null
      const size = Number.parseInt(text.slice(at, line), 16)
      if (size === 0) {
        const close = text.indexOf('\r\n\r\n', line)
        return close < 0 ? null : { head, body, length: close + 4 }
      }
      if (text.length < line + 2 + size + 2) return null
      body += text.slice(line + 2, line + 2 + size)
      at = line + 2 + size + 2
    }
  }
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (text.length < from + length) return null
  return { head, body: text.slice(from, from + length), length: from + length }
}
