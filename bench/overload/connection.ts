/** One connection of the generator: sends a request, and knows when its answer is whole. */
import { connect, type Socket } from 'node:net'

/** Who is told how it went. */
export interface Listener {
  /** Another connection is open, or has failed to be. */
  opened(): void
  /** The connection can be used, for the first time or again. */
  free(connection: Connection): void
  /** The answer to request `id` is whole. */
  answered(id: number, status: number): void
  /** The connection is gone; `id` is the request that got no answer, -1 for none. */
  gone(connection: Connection, id: number): void
}

/** All connections read into it, one after the other. */
const buffer = Buffer.alloc(65_536)
const HEAD_END = '\r\n\r\n'

export class Connection {
  /** The request that waits for its answer; -1: none. */
  id = -1
  /** Whether it is open, and whether it has ever been. */
  open = false
  wasOpen = false
  readonly #socket: Socket
  readonly #listener: Listener
  #head = ''
  #status = 0
  /** Bytes of the body still to come; -1: the head is not whole, -2: until the connection is closed. */
  #left = -1
  #close = false

  constructor(port: number, listener: Listener) {
    this.#listener = listener
    const onread = { buffer, callback: (bytes: number) => this.#read(bytes) }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket.on('connect', () => {
      this.open = true
      this.wasOpen = true
      listener.opened()
      listener.free(this)
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#closed())
  }

  send(id: number, request: Buffer): void {
    this.id = id
    this.#socket.write(request)
  }

  /** Gives up: what has been sent is not waited for any more. */
  drop(): void {
    this.open = false
    this.#socket.destroy()
  }

  #read(bytes: number): boolean {
    if (this.#left >= 0) this.#left -= bytes
    else if (this.#left === -1) this.#readHead(bytes)
    if (this.#left === 0) this.#whole()
    return true
  }

  #readHead(bytes: number): void {
    this.#head += buffer.toString('latin1', 0, bytes)
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) return
    const fields = this.#head.slice(0, end).toLowerCase()
    this.#status = Number(fields.slice(9, 12))
    this.#close = fields.includes('\r\nconnection: close') || fields.startsWith('http/1.0')
    const at = fields.indexOf('\r\ncontent-length:')
    const body = this.#head.length - end - HEAD_END.length
    if (at >= 0) this.#left = Number.parseInt(fields.slice(at + 17), 10) - body
    else this.#left = fields.includes('\r\ntransfer-encoding: chunked') && this.#head.endsWith('0\r\n\r\n') ? 0 : -2
    this.#head = ''
  }

  #whole(): void {
    const { id } = this
    this.id = -1
    this.#left = -1
    this.#listener.answered(id, this.#status)
    if (this.#close) this.drop()
    else this.#listener.free(this)
  }

  #closed(): void {
    const { id } = this
    this.id = -1
    this.open = false
    // A body without a length ends with the connection.
    if (id >= 0 && this.#left === -2) this.#listener.answered(id, this.#status)
    this.#listener.gone(this, id)
  }
}
