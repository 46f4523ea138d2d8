/** Node's own HTTP parser, through its public API: a server and a client whose connections are pairs of streams in memory. */
import { createServer, type IncomingMessage, request } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'

/** What Node made of the bytes. */
export interface Heard {
  /** `whole`: a message with all of its content; `cut`: it waited for more; `answered`: Node ended the connection; else the code of the parser's error. */
  readonly end: string
  /** Method and target, or status and reason; '' where the head was not understood. */
  readonly start: string
  readonly fields: readonly string[]
  readonly content: string
  readonly trailers: readonly string[]
}

/** What is known of the first message of a connection. */
class Listening {
  start = ''
  message: IncomingMessage | null = null
  content = ''
  readonly #tell: (heard: Heard) => void

  constructor(tell: (heard: Heard) => void) {
    this.#tell = tell
  }

  hears(message: IncomingMessage, start: string, hasContent: boolean): void {
    if (this.message !== null) return
    this.message = message
    this.start = start
    if (!hasContent) this.ends('whole')
    message.on('data', (chunk: Buffer) => {
      this.content += chunk.toString('latin1')
    })
    message.on('end', () => this.ends('whole'))
    message.on('error', (error: NodeJS.ErrnoException) => this.ends(error.code ?? 'unknown'))
  }

  ends(how: string): void {
    const message = this.message
    const end =
      message?.complete && how !== 'whole'
        ? 'whole'
        : how === 'HPE_INVALID_EOF_STATE' || how === 'ECONNRESET'
          ? 'cut'
          : how
    this.#tell({
      end,
      start: this.start,
      fields: lines(message?.rawHeaders ?? []),
      content: this.content,
      trailers: lines(message?.rawTrailers ?? []),
    })
  }
}

function lines(raw: readonly string[]): string[] {
  const all: string[] = []
  for (let i = 0; i < raw.length; i += 2) all.push(`${raw[i]}: ${raw[i + 1]}`)
  return all
}

const byConnection = new WeakMap<Duplex, Listening>()
const server = createServer({ insecureHTTPParser: false, requireHostHeader: false, maxHeaderSize: 65536 })
server.maxHeadersCount = 0
function heard(message: IncomingMessage): void {
  byConnection.get(message.socket)?.hears(message, `${message.method} ${message.url}`, true)
}
server.on('request', heard)
server.on('checkContinue', heard)
server.on('checkExpectation', heard)
server.on('connect', (message: IncomingMessage, socket: Duplex) => {
  byConnection.get(socket)?.hears(message, `${message.method} ${message.url}`, false)
})
server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
  // The message before the error may be whole, its last events still on their way.
  setImmediate(() => byConnection.get(socket)?.ends(error.code ?? 'unknown'))
})

/** Has Node's server read a request. */
export async function nodeReadsRequest(bytes: Uint8Array): Promise<Heard> {
  const [near, far] = duplexPair()
  near.on('error', () => {})
  far.on('error', () => {})
  const result = new Promise<Heard>((tell) => {
    byConnection.set(far, new Listening(tell))
  })
  server.emit('connection', far)
  near.resume()
  // Node ends a connection without a word where only an empty line came.
  near.on('end', () => setImmediate(() => byConnection.get(far)?.ends('answered')))
  near.end(bytes)
  const of = await result
  near.destroy()
  far.destroy()
  return of
}

/** Has Node's client read the response to a request with this method. */
export async function nodeReadsResponse(bytes: Uint8Array, method: string): Promise<Heard> {
  const [near, far] = duplexPair()
  near.on('error', () => {})
  far.on('error', () => {})
  const result = new Promise<Heard>((tell) => {
    const listening = new Listening(tell)
    const asked = request({
      createConnection: () => near,
      method,
      host: 'a',
      maxHeaderSize: 65536,
      path: method === 'CONNECT' ? 'a:1' : '/',
    })
    const start = (message: IncomingMessage) => `${message.statusCode} ${message.statusMessage}`
    asked.on('response', (message) => listening.hears(message, start(message), true))
    asked.on('upgrade', (message) => listening.hears(message, start(message), false))
    asked.on('connect', (message) => listening.hears(message, start(message), false))
    asked.on('error', (error: NodeJS.ErrnoException) => setImmediate(() => listening.ends(error.code ?? 'unknown')))
    asked.end()
  })
  far.resume()
  far.end(bytes)
  const of = await result
  near.destroy()
  far.destroy()
  return of
}
