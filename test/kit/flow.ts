/** Long answers whose length is not told before, as far as their test lets them go. */
import type { CacheOrigin } from './cache-origin.ts'
import type { Asked } from './origin.ts'
import { until } from './settle.ts'

/** So many bytes (a multiple of ten) that nobody can mistake for others: each line has its number, and tells the fetch. */
export function lines(bytes: number, fetch = 0): string {
  return Array.from({ length: bytes / 10 }, (_, n) => `${n * 10 + fetch}`.padStart(9, '.'))
    .join('\n')
    .concat('\n')
}

/** One answer in chunks. */
export class Flow {
  readonly #asked: Asked
  /** Bytes that have been given to the socket; it holds only the last of them back. */
  sent = 0
  gone = false

  constructor(asked: Asked, fields: string) {
    this.#asked = asked
    asked.socket.on('close', () => {
      this.gone = true
    })
    asked.say(`HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`)
  }

  /** Sends this as fast as it is taken. */
  async send(text: string): Promise<void> {
    const { socket } = this.#asked
    for (let at = 0; at < text.length && !this.gone; at += 50_000) {
      const chunk = text.slice(at, at + 50_000)
      socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
      await until(() => this.gone || !socket.writableNeedDrain, undefined, 30_000)
      this.sent += chunk.length
    }
  }

  /** That was all of it. */
  end(): void {
    if (!this.gone) this.#asked.say('0\r\n\r\n')
  }

  /** The server breaks off. */
  cut(): void {
    this.#asked.reset()
  }
}

/** What a path answers, fetch by fetch. */
export class Flows {
  readonly all: Flow[] = []
  readonly #held: (() => Promise<void>)[] = []

  /** Has `path` answered with `bytes` bytes that tell the fetch: `first` of them at once, the rest when `go` is called. */
  constructor(origin: CacheOrigin, path: string, bytes: number, fields: string, first = 1000) {
    origin.on(path, (asked, n) => {
      const flow = new Flow(asked, fields)
      this.all.push(flow)
      const text = lines(bytes, n)
      const begun = flow.send(text.slice(0, first))
      this.#held.push(async () => {
        await begun
        await flow.send(text.slice(first))
        flow.end()
      })
    })
  }

  /** Lets all that were asked for go on; resolves when the server has said all. */
  async go(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((one) => one()))
  }
}
