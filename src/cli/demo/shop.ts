/**
 * A small shop that serves a set number of visitors at once and slows down badly beyond it: a real HTTP server whose
 * work is shared by all who are inside. With n inside and places for c, everybody's work goes on at full speed while
 * n ≤ c, and at (c/n)² of it beyond. That is how servers out of memory, workers or locks behave: the more they let
 * in, the fewer they finish.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Visit {
  /** The point on the shop's own clock of work at which this visit is served. */
  readonly until: number
  readonly response: ServerResponse
}

export class Shop implements AsyncDisposable {
  /** Visitors it can serve at once without slowing down. */
  readonly places: number
  readonly #server: Server
  readonly #random: () => number
  /** All who are inside, the next to be served first. */
  readonly #inside: Visit[] = []
  #timer: NodeJS.Timeout | undefined
  /** Work done for each visitor so far, in ms at full speed, and when that was true. */
  #work = 0
  #at = performance.now()

  private constructor(places: number, random: () => number) {
    this.places = places
    this.#random = random
    this.#server = createServer((_, response) => this.#enter(response))
    this.#server.keepAliveTimeout = 0
  }

  /** Opens a shop on a free port of this machine. `random` gives numbers from 0 to 1. */
  static async open(places: number, random: () => number): Promise<Shop> {
    const shop = new Shop(places, random)
    await new Promise<void>((resolve, reject) => {
      shop.#server.once('error', reject)
      shop.#server.listen(0, '127.0.0.1', resolve)
    })
    return shop
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Visitors inside at this moment. */
  get busy(): number {
    return this.#inside.length
  }

  /** Visitors a second that a shop with so many places serves when it is just full. */
  static capacity(places: number): number {
    return (places * 1000) / (fastest + spread / 2)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #enter(response: ServerResponse): void {
    this.#workOn()
    const visit = { until: this.#work + fastest + this.#random() * spread, response }
    const place = this.#inside.findIndex(({ until }) => until > visit.until)
    this.#inside.splice(place < 0 ? this.#inside.length : place, 0, visit)
    response.once('close', () => this.#leave(visit))
    this.#next()
  }

  #leave(visit: Visit): void {
    const place = this.#inside.indexOf(visit)
    if (place < 0) return
    this.#workOn()
    this.#inside.splice(place, 1)
    this.#next()
  }

  #speed(): number {
    return this.busy <= this.places ? 1 : (this.places / this.busy) ** 2
  }

  /** Counts the work that was done since the last look, at the speed of that time. */
  #workOn(): void {
    const now = performance.now()
    this.#work += (now - this.#at) * this.#speed()
    this.#at = now
  }

  #next(): void {
    clearTimeout(this.#timer)
    const first = this.#inside[0]
    if (first === undefined) return
    const left = Math.max(0, first.until - this.#work) / this.#speed()
    this.#timer = setTimeout(() => this.#serve(), left)
  }

  #serve(): void {
    this.#workOn()
    while (this.#inside[0] !== undefined && this.#inside[0].until <= this.#work) {
      this.#inside.shift()?.response.end('Thank you for your visit.\n')
    }
    this.#next()
  }
}

/** A visit takes from `fastest` to `fastest + spread` ms of work. */
const fastest = 50
const spread = 50
