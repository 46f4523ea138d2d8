/**
 * A server that carries 50 requests at once, 20 ms each, and gets slower with the square of what is beyond that: as
 * one that swaps, contends for locks, or runs out of connections to its database. It works on a request to the end,
 * whether or not somebody still waits for it.
 */
import { createServer, type Socket } from 'node:net'
import { serve } from '../helper.ts'
import { SERVICE, SLOTS } from './capacity.ts'
import { DueList } from './due-list.ts'
import { PAGES } from './pages.ts'

/** How a request for a page begins. */
const PAGE = `GET ${PAGES}`
/** Nothing takes longer than this, in ms: so that it recovers some day. */
const SLOWEST = 10_000

export type OriginOrder = { readonly do: 'listen'; readonly port: number } | { readonly do: 'read' }

export interface OriginReport {
  /** The most requests inside at once so far. */
  readonly most: number
  readonly served: number
}

const answer = answerWith('')
/** To those who ask for a page: it may be stored, and is stale soon. */
const pageAnswer = answerWith('Cache-Control: max-age=1\r\n')

function answerWith(field: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${field}Content-Length: 120\r\n\r\n`
  return Buffer.from(head + 'x'.repeat(120), 'latin1')
}

interface Work {
  readonly socket: Socket
  readonly answer: Buffer
}

class SlowServer {
  #inside = 0
  #most = 0
  #served = 0
  readonly #due = new DueList<Work>((work) => this.#finish(work))

  get report(): OriginReport {
    return { most: this.#most, served: this.#served }
  }

  listen(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = createServer({ noDelay: true }, (socket) => this.#greet(socket))
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve)
    return promise
  }

  #greet(socket: Socket): void {
    // Of the end of a head that was cut by a read.
    let tail = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      const text = tail + data.toString('latin1')
      let from = 0
      for (let at = text.indexOf('\r\n\r\n'); at >= 0; at = text.indexOf('\r\n\r\n', from)) {
        this.#begin({ socket, answer: text.startsWith(PAGE, from) ? pageAnswer : answer })
        from = at + 4
      }
      tail = text.slice(from)
    })
  }

  #begin(work: Work): void {
    this.#inside++
    if (this.#inside > this.#most) this.#most = this.#inside
    const crowd = Math.max(1, this.#inside / SLOTS)
    this.#due.add(work, Math.min(SERVICE * crowd * crowd, SLOWEST))
  }

  #finish({ socket, answer }: Work): void {
    this.#inside--
    this.#served++
    if (!socket.destroyed) socket.write(answer)
  }
}

const slow = new SlowServer()
serve(async (order: OriginOrder): Promise<OriginReport> => {
  if (order.do === 'listen') await slow.listen(order.port)
  return slow.report
})
