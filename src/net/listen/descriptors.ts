/**
 * What is left of the file descriptors this process may open. Where none is left the kernel refuses connections to the
 * servers, and libuv drops clients without a trace. So the last third is kept for what has to go on:
 *
 *   up to `clients`          every connection
 *   from there to `servers`  connections to the servers, and a client for whom an idle one makes way
 *   from there to the limit  answers to clients that are turned away, logs, the admin API
 *
 * A new descriptor gets the lowest number that is free (POSIX), so its number says how many are open at least, over all
 * threads, without counting them.
 */
import { closeSync, openSync } from 'node:fs'
import { lately } from '../../base/clock.ts'
import type { IdleClients } from './idle-clients.ts'

/** How long after a high number was seen each connection to a server is preceded by a look at what is left, in ms. */
const WARY = 1000

export class Descriptors {
  /** How many may be open; Infinity where that is not known. */
  readonly limit: number
  /** Numbers from which on clients, and servers, get none. */
  readonly #clients: number
  readonly #servers: number
  /** Refused connections that may be seen off at once by one listener while descriptors are scarce. */
  readonly lingering: number
  readonly #idle = new Set<IdleClients>()
  #waryUntil = 0

  /** `listeners`: of all threads together. */
  constructor(limit: number, listeners: number) {
    const reserve = Math.min(2048, Math.max(16, Math.floor(limit / 3)))
    const last = Math.min(128, Math.floor(reserve / 2))
    this.limit = limit
    this.#clients = limit - reserve
    this.#servers = limit - last
    this.lingering = Math.max(2, Math.floor(last / 2 / listeners))
  }

  /** Why a client is turned away. */
  get detail(): string {
    return `this process may open ${this.limit} files, and the last ${this.limit - this.#clients} are kept for requests under way`
  }

  /** Idle connections that may be closed where descriptors are scarce. */
  add(idle: IdleClients): void {
    this.#idle.add(idle)
  }

  /** Their listener is gone. */
  remove(idle: IdleClients): void {
    this.#idle.delete(idle)
  }

  /** By how many too many are open for a client that was just accepted with this descriptor; 0: it may stay. */
  excess(number: number): number {
    if (number < this.#clients) return 0
    this.#waryUntil = lately() + WARY
    return number - this.#clients + 1
  }

  /** Makes room for a client that is in excess. False: no idle connection could make way for it. */
  relieve(excess: number): boolean {
    let closed = 0
    for (const idle of this.#idle) while (closed < excess && idle.closeOldest()) closed++
    if (closed > 0) return true
    // Other threads need a moment, for which this client's descriptor comes on top.
    if (this.#clients + excess > this.#servers) return false
    for (const idle of this.#idle) if (idle.close(excess) > 0) return true
    return false
  }

  /** Whether a connection to a server may be made. */
  get allowServer(): boolean {
    return lately() > this.#waryUntil || this.#next() < this.#servers
  }

  /** A connection to a server is being made with this descriptor. */
  see(number: number): void {
    if (number >= this.#clients) this.#waryUntil = lately() + WARY
  }

  /** The number the next descriptor will get. */
  #next(): number {
    try {
      const number = openSync('/dev/null', 'r')
      closeSync(number)
      if (number >= this.#clients) this.#waryUntil = lately() + WARY
      return number
    } catch {
      return Number.POSITIVE_INFINITY
    }
  }
}
