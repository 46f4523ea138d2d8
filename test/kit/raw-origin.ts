/** A server for a test that leaves every byte to the test: what it hears is not parsed, what it says is not framed. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Client } from './client.ts'

/** A server's end of a connection. `until` and `closed` hear, `send`, `end` and `reset` say. */
export type Peer = Client

/** A server on a free port of loopback; the test takes its connections one by one. */
export class RawOrigin implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #come: Peer[] = []
  readonly #wanted: ((peer: Peer) => void)[] = []
  /** Connections so far. */
  connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async listen(): Promise<RawOrigin> {
    const server = createServer({ allowHalfOpen: true })
    const origin = new RawOrigin(server)
    server.on('connection', (socket) => origin.#connected(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return origin
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** The next connection that comes, or came and was not taken yet. */
  next(): Promise<Peer> {
    const peer = this.#come.shift()
    return peer === undefined ? new Promise((resolve) => this.#wanted.push(resolve)) : Promise.resolve(peer)
  }

  /** The next connection, with the head of its first request. */
  async asked(): Promise<{ readonly peer: Peer; readonly head: string }> {
    const peer = await this.next()
    return { peer, head: await peer.until('\r\n\r\n') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connected(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const peer = Client.over(socket)
    const wanted = this.#wanted.shift()
    if (wanted === undefined) this.#come.push(peer)
    else wanted(peer)
  }
}
