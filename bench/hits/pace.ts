/**
 * Asks at a constant rate, well below what a proxy can do, and notes how long each answer took. A stall shows in every
 * request that falls into it: those that find no free connection wait, and their time runs (no coordinated omission).
 */
import { percentile } from '../figures.ts'
import { Connection, type Listener } from '../overload/connection.ts'
import { requestOf } from './request.ts'

/** Requests of one kind. */
export interface Flow {
  /** What comes before the number. It ends in a slash. */
  readonly path: string
  /** The first number, and how many there are; the first follows the last. */
  readonly from: number
  readonly count: number
  /** Requests per second. */
  readonly rate: number
  readonly connections: number
}

export interface PaceOrder {
  readonly port: number
  readonly seconds: number
  readonly flows: readonly Flow[]
}

export interface FlowReport {
  /** Latency in ms. */
  readonly p50: number
  readonly p99: number
  readonly requests: number
  /** Requests that were not answered with 200. */
  readonly errors: number
}

export interface PaceReport {
  /** In the order of the flows. */
  readonly flows: readonly FlowReport[]
  /** How late the client looked at its clock, in ms (p99): so much of what it measured may be its own. */
  readonly late: number
}

/** From one look at the clock to the next, in ms. */
const TICK = 1
/** How long the last answers are waited for, in ms. */
const LAST = 2000
const GOOD = 200

class Asker implements Listener {
  readonly #port: number
  readonly #flow: Flow
  readonly #free: Connection[] = []
  readonly #open = new Set<Connection>()
  readonly #ready = Promise.withResolvers<void>()
  #missing: number
  /** By request: when it was to be sent. */
  readonly #begun: number[] = []
  /** Those that are sent; who comes after them waits for a connection. */
  #sent = 0
  #over = 0
  #errors = 0
  readonly #latencies: number[] = []

  constructor(port: number, flow: Flow) {
    this.#port = port
    this.#flow = flow
    this.#missing = flow.connections
  }

  /** Resolves when all connections are open, or have failed to be. */
  async connect(): Promise<void> {
    for (let i = 0; i < this.#flow.connections; i++) new Connection(this.#port, this)
    await this.#ready.promise
  }

  /** Sends what is due `passed` ms after the beginning. */
  look(now: number, passed: number): void {
    const due = Math.floor((passed * this.#flow.rate) / 1000)
    while (this.#begun.length < due) this.#begun.push(now)
    this.#send()
  }

  get isOver(): boolean {
    return this.#over === this.#begun.length
  }

  end(): FlowReport {
    for (const connection of this.#open) connection.drop()
    const requests = this.#begun.length
    return {
      p50: percentile(this.#latencies, 0.5),
      p99: percentile(this.#latencies, 0.99),
      requests,
      errors: this.#errors + requests - this.#over,
    }
  }

  opened(): void {
    if (--this.#missing === 0) this.#ready.resolve()
  }

  free(connection: Connection): void {
    this.#open.add(connection)
    this.#free.push(connection)
    this.#send()
  }

  answered(id: number, status: number): void {
    this.#over++
    if (status === GOOD) this.#latencies.push(performance.now() - this.#begun[id]!)
    else this.#errors++
  }

  gone(connection: Connection, id: number): void {
    if (!connection.wasOpen) this.opened()
    this.#open.delete(connection)
    if (id < 0) return
    this.#over++
    this.#errors++
  }

  #send(): void {
    const { path, from, count } = this.#flow
    while (this.#sent < this.#begun.length) {
      const connection = this.#free.shift()
      if (connection === undefined) return
      if (!connection.open) continue
      const id = this.#sent++
      connection.send(id, requestOf(this.#port, path, from + (id % count)))
    }
  }
}

export async function pace({ port, seconds, flows }: PaceOrder): Promise<PaceReport> {
  const askers = flows.map((flow) => new Asker(port, flow))
  await Promise.all(askers.map((asker) => asker.connect()))
  const late: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  let last = start
  for (let now = start; now < end || (now < end + LAST && askers.some(({ isOver }) => !isOver)); ) {
    await new Promise((resolve) => setTimeout(resolve, TICK))
    now = performance.now()
    late.push(now - last - TICK)
    last = now
    if (now < end) for (const asker of askers) asker.look(now, now - start)
  }
  return { flows: askers.map((asker) => asker.end()), late: percentile(late, 0.99) }
}
