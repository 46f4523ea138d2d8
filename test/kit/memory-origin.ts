/** Servers without sockets: what they are sent is kept as values, and a test answers with status, fields and content. */
import type { Cause } from '../../src/base/cause.ts'
import type { OriginConnection, OriginConnector, OriginUser, OutgoingRequest } from '../../src/net/origin-connection.ts'
import type { ReadSource } from '../../src/net/responder.ts'
import { ResponseHead } from '../../src/wire/http/head.ts'
import { parseResponse } from '../../src/wire/http1/response.ts'

const LIMITS = { line: 8192, head: 65_536, fields: 100 }

/** One request that came to a server, and the connection that it came by. */
export class MemoryExchange implements OriginConnection {
  readonly server: MemoryServer
  method = ''
  path = ''
  content = ''
  /** The request is complete. */
  complete = false
  dropped = false
  paused = false
  bytesIn = 0
  bytesOut = 0
  trailers = ''
  readonly errorCode = undefined
  readonly halfClosed = false
  readonly settled = true
  readonly source: ReadSource = { error: null, owns: () => false }
  #user: OriginUser | null
  #request: OutgoingRequest | null = null

  constructor(server: MemoryServer, user: OriginUser) {
    this.server = server
    this.#user = user
  }

  use(user: OriginUser): void {
    this.#user = user
  }

  send(request: OutgoingRequest): void {
    this.#request = request
    this.method = request.head.method
    this.path = request.edits.path || request.head.path
    this.content = ''
    this.complete = false
    this.bytesIn = this.bytesOut = 0
    this.server.came(this)
  }

  /** Values that the edits have added or set for a field of this lower-case name. */
  edited(name: string): string[] {
    const { edits } = this.#request ?? {}
    const lines = Array.from({ length: edits?.count ?? 0 }, (_, i) => edits!.line(i))
    return lines.filter((line) => line.name.toLowerCase() === name).map(({ value }) => value)
  }

  text(text: string): void {
    this.bytesOut += text.length
    this.content += text
  }

  data(_source: ReadSource, buf: Buffer, from: number, to: number): void {
    this.text(buf.toString('latin1', from, to))
  }

  end(): void {
    this.complete = true
  }

  flush(): boolean {
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  tunnel(): void {}
  endTunnel(): void {}

  drop(): void {
    this.dropped = true
    this.#user = null
  }

  connected(): void {
    this.#user?.originConnected()
  }

  fail(cause: Cause, unsent = true): void {
    const user = this.#user
    this.drop()
    user?.originFailed(cause, 'so it was told to', unsent)
  }

  /** An interim response. */
  hint(status: number, fields = ''): void {
    this.#user?.originInterim(this.#headOf(status, fields))
  }

  /** The head of a final response, with lines of fields; content follows by `send` and `done`. */
  begin(status: number, fields = ''): void {
    this.#user?.originHead(this.#headOf(status, fields))
  }

  /** Content, as one read. */
  give(content: string): void {
    const bytes = Buffer.from(content, 'latin1')
    this.bytesIn += bytes.length
    this.#user?.originData(bytes, 0, bytes.length)
    this.#user?.originRead()
  }

  done(trailers = ''): void {
    this.trailers = trailers
    const user = this.#user
    user?.originEnd()
    user?.originRead()
  }

  /** A whole response. */
  answer(status: number, content: string, fields = ''): void {
    this.begin(status, `Content-Length: ${content.length}\r\n${fields}`)
    if (content !== '') this.give(content)
    this.done()
  }

  #headOf(status: number, fields: string): ResponseHead {
    const bytes = Buffer.from(`HTTP/1.1 ${status} As said\r\n${fields}\r\n`, 'latin1')
    const head = new ResponseHead()
    if (parseResponse(head, bytes, 0, bytes.length, LIMITS, this.method) <= 0)
      throw new Error(`no response: ${head.detail}`)
    this.bytesIn += bytes.length
    return head
  }
}

export class MemoryServer implements OriginConnector {
  /** The requests that it has got, in their order. */
  readonly requests: MemoryExchange[] = []
  /** Connections that were made. */
  connections = 0
  /** Set: no connection can be made. */
  refuses: Cause | null = null
  readonly #idle: MemoryExchange[] = []
  #awaited: (() => void)[] = []

  reuse(user: OriginUser): MemoryExchange | null {
    const idle = this.#idle.pop()
    idle?.use(user)
    return idle ?? null
  }

  connect(user: OriginUser): MemoryExchange {
    this.connections++
    const connection = new MemoryExchange(this, user)
    const { refuses } = this
    queueMicrotask(() => (refuses === null ? connection.connected() : connection.fail(refuses)))
    return connection
  }

  keep(origin: OriginConnection): void {
    this.#idle.push(origin as MemoryExchange)
  }

  clear(): void {
    this.#idle.length = 0
  }

  came(request: MemoryExchange): void {
    this.requests.push(request)
    for (const resolve of this.#awaited.splice(0)) resolve()
  }

  /** The request with this number, from 0; waits for it. */
  async request(number: number): Promise<MemoryExchange> {
    while (this.requests.length <= number) await new Promise<void>((resolve) => this.#awaited.push(resolve))
    return this.requests[number]!
  }
}
