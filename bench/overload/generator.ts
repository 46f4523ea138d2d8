/**
 * Sends requests at a constant rate, whatever comes back. The time of each is counted from when it was due by the
 * schedule: what a slow answer does to those behind it is part of their latency (no coordinated omission).
 */
import { percentile } from '../figures.ts'
import { report, serve } from '../helper.ts'
import type { Pages } from '../results.ts'
import { Connection, type Listener } from './connection.ts'
import { outcomeOf, type PhaseOutcome, pagesOf, type Requests, recoveryOf } from './outcome.ts'
import { pageOf } from './pages.ts'

export interface Phase {
  /** Requests per second. */
  readonly rate: number
  readonly seconds: number
}

export interface StormOrder {
  readonly port: number
  /** As before, the storm, and as after it. */
  readonly phases: readonly [Phase, Phase, Phase]
  /** How long a client waits for its answer, in ms. */
  readonly patience: number
  /** From the storm on a share of the requests is for pages `/page/0`, `/page/1` …; null: all ask for the same. */
  readonly pages: PageShare | null
}

export interface PageShare {
  /** One of so many requests is for a page. */
  readonly every: number
  /** How many pages there are. */
  readonly count: number
}

/** After each phase, the number of those that are over; at last the outcome. */
export type StormReport = { readonly over: number } | StormOutcome

export interface StormOutcome {
  readonly storm: PhaseOutcome
  /** How late the generator itself looked at its schedule, in ms: 99 % of the time not more. */
  readonly late: number
  /** Seconds after the storm until every answer was good and quick; null: never in the last phase. */
  readonly recovery: number | null
  /** What came of those who asked for pages in the storm; null: nobody did. */
  readonly pages: Pages | null
}

/** Connections that are open before the first request. */
const READY = 400
/** The most there will be; who needs one beyond it waits, and his time runs. */
const MOST = 6000
/** Connections opened in one ms at most. */
const BURST = 100
/** From one look at the schedule to the next, in ms. */
const TICK = 1
/** How long the last answers are waited for, in ms. */
const LAST = 1000

class Generator implements Listener, Requests {
  readonly due: Float64Array
  readonly ended: Float64Array
  readonly status: Uint16Array
  readonly starts: readonly number[]
  readonly page: Uint8Array
  readonly #request: Buffer
  readonly #pages: readonly Buffer[]
  readonly #order: StormOrder
  readonly #phaseEnds: readonly number[]
  /** By request. */
  readonly #sentOn: (Connection | null)[]
  readonly #free: Connection[] = []
  /** The next request to send; those before are sent or given up. */
  #next = 0
  /** How late each look at the schedule was, in ms. */
  readonly #late: number[] = []
  /** Every request before it is over. */
  #oldest = 0
  #open = 0
  #opening = 0
  /** Whether somebody waits for a connection. */
  #short = false
  readonly #ready = Promise.withResolvers<void>()

  constructor(order: StormOrder) {
    this.#order = order
    const { port, pages } = order
    const request = (path: string): Buffer =>
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'latin1')
    this.#request = request('/')
    this.#pages = Array.from({ length: pages?.count ?? 0 }, (_, k) => request(pageOf(k)))
    let count = 0
    const starts = [0]
    for (const { rate, seconds } of order.phases) {
      count += Math.round(rate * seconds)
      starts.push(count)
    }
    this.starts = starts
    this.#phaseEnds = starts.slice(1)
    this.due = new Float64Array(count)
    this.ended = new Float64Array(count)
    this.status = new Uint16Array(count)
    this.page = new Uint8Array(count)
    if (pages !== null) for (let i = starts[1]!; i < count; i += pages.every) this.page[i] = 1
    this.#sentOn = new Array<Connection | null>(count).fill(null)
  }

  async run(): Promise<StormOutcome> {
    for (let i = 0; i < READY; i++) this.#connect()
    await this.#ready.promise
    this.#schedule(performance.now() + 10)
    let over = 0
    let last = performance.now()
    while (this.#oldest < this.due.length) {
      const now = performance.now()
      this.#late.push(now - last - TICK)
      last = now
      this.#giveUp(now)
      this.#sendDue(now)
      while (over < this.#phaseEnds.length && this.#isDue(this.#phaseEnds[over]! - 1, now)) report({ over: ++over })
      if (over === this.#phaseEnds.length && now > this.due.at(-1)! + LAST) break
      await new Promise((resolve) => setTimeout(resolve, TICK))
    }
    return {
      storm: outcomeOf(this, 1),
      late: percentile(this.#late, 0.99),
      recovery: recoveryOf(this, 2),
      pages: this.#order.pages === null ? null : pagesOf(this, 1),
    }
  }

  #schedule(start: number): void {
    let at = start
    let i = 0
    for (const { rate, seconds } of this.#order.phases) {
      for (const end = i + Math.round(rate * seconds); i < end; i++) {
        this.due[i] = at
        at += 1000 / rate
      }
    }
  }

  #isDue(i: number, now: number): boolean {
    return this.due[i]! <= now
  }

  #sendDue(now: number): void {
    for (; this.#next < this.due.length && this.#isDue(this.#next, now); this.#next++) {
      if (this.ended[this.#next] !== 0) continue
      const connection = this.#take()
      if (connection === null) return this.#connectMore(now)
      this.#sentOn[this.#next] = connection
      connection.send(this.#next, this.#requestOf(this.#next))
    }
    this.#short = false
  }

  #requestOf(i: number): Buffer {
    if (this.page[i] === 0) return this.#request
    return this.#pages[Math.floor(i / this.#order.pages!.every) % this.#pages.length]!
  }

  #take(): Connection | null {
    for (;;) {
      const connection = this.#free.pop()
      if (connection === undefined) return null
      if (connection.open) return connection
    }
  }

  /** Opens as many connections as are missing for what is due. */
  #connectMore(now: number): void {
    this.#short = true
    let missing = -this.#opening
    for (let i = this.#next; i < this.due.length && this.#isDue(i, now) && missing < BURST; i++) missing++
    for (; missing > 0 && this.#open < MOST; missing--) this.#connect()
  }

  #giveUp(now: number): void {
    for (; this.#oldest < this.due.length && this.#isDue(this.#oldest, now); this.#oldest++) {
      if (this.ended[this.#oldest] !== 0) continue
      if (now < this.due[this.#oldest]! + this.#order.patience) return
      this.ended[this.#oldest] = now
      this.#sentOn[this.#oldest]?.drop()
    }
  }

  #connect(): void {
    this.#open++
    this.#opening++
    new Connection(this.#order.port, this)
  }

  opened(): void {
    this.#opening--
    if (this.#opening === 0) this.#ready.resolve()
  }

  free(connection: Connection): void {
    this.#free.push(connection)
    // Somebody waits for it already.
    if (this.#short) this.#sendDue(performance.now())
  }

  answered(id: number, status: number): void {
    if (this.ended[id] !== 0) return
    this.ended[id] = performance.now()
    this.status[id] = status
  }

  gone(connection: Connection, id: number): void {
    this.#open--
    if (!connection.wasOpen) this.opened()
    if (id >= 0 && this.ended[id] === 0) this.ended[id] = performance.now()
  }
}

serve((order: StormOrder) => new Generator(order).run())
