/** The crowd of the demo: every visitor is a real HTTP request that waits as long as its patience lasts. */
import { Agent, get, type IncomingMessage } from 'node:http'
import type { Outcome, Tally } from './tally.ts'

export class Crowd implements Disposable {
  readonly tally: Tally
  readonly #ports: readonly number[]
  readonly #patience: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 64 })

  /** A crowd that goes to these ports of this machine in turn. `patience` in ms. */
  constructor(ports: readonly number[], patience: number, tally: Tally) {
    this.#ports = ports
    this.#patience = patience
    this.tally = tally
  }

  /** Visitors whose visit is not over. */
  get waiting(): number {
    return this.tally.came - this.tally.gone
  }

  /** One more visitor comes, and nobody waits for it here. */
  visit(): void {
    const port = this.#ports[this.tally.came++ % this.#ports.length]
    const began = performance.now()
    let over = false
    const end = (outcome: Outcome): void => {
      if (over) return
      over = true
      clearTimeout(patience)
      const now = performance.now()
      this.tally.ended(outcome, now - began, now)
    }
    const request = get({ host: '127.0.0.1', port, path: '/', agent: this.#agent })
    const patience = setTimeout(() => {
      end('tooSlow')
      request.destroy()
    }, this.#patience)
    request.on('response', (response) => {
      response.on('end', () => end(outcomeOf(response)))
      response.on('error', () => end('failed'))
      response.resume()
    })
    request.on('error', () => end('failed'))
  }

  /** Sends home all who are still there. */
  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

function outcomeOf({ statusCode, headers }: IncomingMessage): Outcome {
  if (statusCode === 200) return 'served'
  return headers['retry-after'] === undefined ? 'failed' : 'refused'
}
