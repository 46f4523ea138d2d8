/** A client for a test that sends exact bytes and reads responses one by one, noticing how each one ended. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A response as it came in. */
export interface Answered {
  readonly status: number
  /** Status line and fields. */
  readonly head: string
  /** Value of a field by its name in any case; null where there is none. */
  field(name: string): string | null
  /** The content, freed from its framing, as latin1 text. */
  readonly body: string
  readonly trailers: string
  /** Whether it was complete by its own framing. */
  readonly complete: boolean
}

export class Client implements Disposable {
  readonly socket: Socket
  #got = ''
  #ended = false
  #error: Error | null = null
  #wake: (() => void) | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.#got += chunk.toString('latin1')
      this.#wake?.()
    })
    socket.on('end', () => {
      this.#ended = true
      this.#wake?.()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  /** Connects to a port of loopback, from another of its addresses where one is given. */
  static async connect(port: number, from?: string): Promise<Client> {
    const socket = connect({
      port,
      host: '127.0.0.1',
      allowHalfOpen: true,
      ...(from !== undefined && { localAddress: from }),
    })
    const client = new Client(socket)
    await once(socket, 'connect')
    return client
  }

  /** The same over a socket that is connected already, from whichever side. */
  static over(socket: Socket): Client {
    return new Client(socket)
  }

  /** Sends bytes (latin1) as they are. */
  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Sends a GET for `path`, with further whole field lines. */
  get(path: string, fields = ''): this {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n`)
  }

  /** Sends FIN. */
  end(): this {
    this.socket.end()
    return this
  }

  /** Drops the connection with RST. */
  reset(): void {
    const { socket } = this
    // While a FIN is on its way libuv refuses to reset, and Node would keep the handle for ever, with it the process.
    if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => socket.resetAndDestroy())
    else socket.resetAndDestroy()
  }

  /** The next response, interim ones included. `method` HEAD: no body follows. Rejects when the connection ends before its head. */
  async response(method = 'GET'): Promise<Answered> {
    for (;;) {
      const found = this.#take(method)
      if (found !== null) return found
      if (this.#ended)
        throw new Error(
          `the connection ended${this.#error === null ? '' : ` (${this.#error.message})`} after: ${JSON.stringify(this.#got.slice(0, 300))}`,
        )
      await this.#more()
    }
  }

  /** Resolves when `text` has been received and takes everything up to its end. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#got.indexOf(text)
      if (at >= 0) {
        const taken = this.#got.slice(0, at + text.length)
        this.#got = this.#got.slice(at + text.length)
        return taken
      }
      if (this.#ended) throw new Error(`the connection ended after: ${JSON.stringify(this.#got.slice(0, 300))}`)
      await this.#more()
    }
  }

  /** Resolves when `n` bytes have been received and takes them. */
  async bytes(n: number): Promise<string> {
    while (this.#got.length < n) {
      if (this.#ended) throw new Error(`the connection ended after ${this.#got.length} of ${n} bytes`)
      await this.#more()
    }
    const taken = this.#got.slice(0, n)
    this.#got = this.#got.slice(n)
    return taken
  }

  /** Resolves when the other side has closed; answers with what was received and not taken. */
  async closed(): Promise<string> {
    while (!this.#ended) await this.#more()
    const rest = this.#got
    this.#got = ''
    return rest
  }

  /** The error the connection ended with, if any. */
  get error(): Error | null {
    return this.#error
  }

  /** What was received and not taken. */
  get pending(): string {
    return this.#got
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(method: string): Answered | null {
    const end = this.#got.indexOf('\r\n\r\n')
    if (end < 0) return null
    const head = this.#got.slice(0, end)
    const status = Number(head.slice(9, 12))
    const rest = this.#got.slice(end + 4)
    const field = (name: string): string | null => fieldOf(head, name)
    const done = (body: string, trailers: string, used: number, complete: boolean): Answered => {
      this.#got = rest.slice(used)
      return { status, head, field, body, trailers, complete }
    }
    if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return done('', '', 0, true)
    if (field('transfer-encoding') === 'chunked') {
      let body = ''
      let at = 0
      for (;;) {
        const line = rest.indexOf('\r\n', at)
        const size = line < 0 ? -1 : Number.parseInt(rest.slice(at, line), 16)
        if (size === 0) {
          const close = rest.startsWith('\r\n', line + 2) ? line + 2 : rest.indexOf('\r\n\r\n', line + 2)
          if (close >= 0) {
            const trailers = close === line + 2 ? '' : rest.slice(line + 2, close + 2)
            return done(body, trailers, close + (close === line + 2 ? 2 : 4), true)
          }
        }
        if (size <= 0 || rest.length < line + 2 + size + 2)
          return this.#ended ? done(body, '', rest.length, false) : null
        body += rest.slice(line + 2, line + 2 + size)
        at = line + 2 + size + 2
      }
    }
    const length = field('content-length')
    if (length !== null) {
      if (rest.length >= Number(length)) return done(rest.slice(0, Number(length)), '', Number(length), true)
      return this.#ended ? done(rest, '', rest.length, false) : null
    }
    return this.#ended ? done(rest, '', rest.length, this.#error === null) : null
  }
}

function fieldOf(head: string, name: string): string | null {
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).toLowerCase() === name.toLowerCase()) return line.slice(colon + 1).trim()
  }
  return null
}

/** One request on a connection of its own, and its response. */
export async function fetchOnce(port: number, request: string, method = 'GET'): Promise<Answered> {
  using client = await Client.connect(port)
  return await client.send(request).response(method)
}

/** A GET on a connection of its own. */
export function get(port: number, path: string, fields = ''): Promise<Answered> {
  return fetchOnce(port, `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${fields}\r\n`)
}
