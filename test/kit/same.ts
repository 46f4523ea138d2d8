/** Whether a response that came through Headgate is the one that came directly. */
import assert from 'node:assert/strict'
import { type Answered, Client } from './client.ts'

/** Fields that may differ, as they concern one connection. */
const OURS = /^(connection|keep-alive):/i
/** Fields that Headgate writes anew: the same, but they may stand elsewhere. */
const FRAMING = /^(content-length|transfer-encoding):/i

/** A response as far as it has to be the same: all of its fields, those of the server in its order. */
function comparable({ head, body, trailers, complete }: Answered): Readonly<Record<string, unknown>> {
  const [status, ...fields] = head.split('\r\n')
  const kept = fields.filter((line) => !OURS.test(line) && !FRAMING.test(line))
  const framing = fields.filter((line) => FRAMING.test(line))
  // nginx numbers the boundaries of its multipart responses.
  const boundary = /^content-type: multipart\/byteranges; boundary=(\d+)/im.exec(head)?.[1]
  const plain = (text: string): string => (boundary === undefined ? text : text.replaceAll(boundary, 'boundary'))
  // The clock may have moved on between the two.
  const timeless = kept.map((line) => plain(line).replace(/^(date): .*/i, '$1'))
  return { status, fields: timeless, framing, body: plain(body), trailers, complete }
}

/** Two connections: one to a server, made anew whenever it closes, and one that lasts, to the Headgate before it. */
export class Pair implements Disposable {
  direct: Client
  readonly through: Client
  readonly #server: number

  private constructor(direct: Client, through: Client, server: number) {
    this.direct = direct
    this.through = through
    this.#server = server
  }

  static async connect(server: number, headgate: number): Promise<Pair> {
    return new Pair(await Client.connect(server), await Client.connect(headgate), server)
  }

  /** Sends the same request both ways and sees that the final responses, and the interim ones before them, are the same. */
  async same(request: string, method = 'GET'): Promise<Answered> {
    const said = JSON.stringify(request.slice(0, 200))
    this.direct.send(request)
    this.through.send(request)
    for (;;) {
      const direct = await this.#next(this.direct, method, `directly, to ${said}`)
      const through = await this.#next(this.through, method, `through Headgate, to ${said}`)
      assert.deepEqual(comparable(through), comparable(direct), said)
      assert.ok(direct.complete)
      if (direct.status < 200) continue
      assert.equal(this.direct.pending, '', said)
      assert.equal(this.through.pending, '', said)
      if (direct.field('connection') === 'close') {
        this.direct[Symbol.dispose]()
        this.direct = await Client.connect(this.#server)
      }
      return through
    }
  }

  async #next(from: Client, method: string, to: string): Promise<Answered> {
    try {
      return await from.response(method)
    } catch (cause) {
      throw new Error(`no response ${to}`, { cause })
    }
  }

  [Symbol.dispose](): void {
    this.direct[Symbol.dispose]()
    this.through[Symbol.dispose]()
  }
}
