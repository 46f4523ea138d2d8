/**
 * The way of an exchange through the gates before its server: where it queues and for how long, what it saw of the limits,
 * and the permits that it holds beside its server's.
 */
import { lately } from '../base/clock.ts'
import type { Permit } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Server } from '../pool/server.ts'
import type { ExchangeGate, Route } from './routing/route.ts'

export class Admission {
  /** The gate that it came to last, in whose queue it may be. */
  gate: ExchangeGate = 'pool'
  /** Time in queues so far, in ms; that of the present one is missing. */
  waited = 0
  /** Since when it is in a queue, ms (monotonic); -1: it is in none. */
  queuedAt = -1
  /** In use when it was admitted or refused, itself included; and the length of its queue. For the record. */
  listenerInUse = 0
  poolInUse = 0
  serverInUse = 0
  queueLength = 0
  #routePermit: Permit<Slots> | null = null
  #stream: Slots | null = null

  reset(): void {
    this.gate = 'pool'
    this.waited = 0
    this.queuedAt = -1
    this.listenerInUse = this.poolInUse = this.serverInUse = this.queueLength = 0
  }

  arrived(listenerInUse: number): void {
    this.listenerInUse = listenerInUse
  }

  /** It comes to this gate. */
  comeTo(gate: ExchangeGate): void {
    this.gate = gate
  }

  /** It joins the queue of the gate where it is. `length`: with it. */
  enqueue(length: number): void {
    this.queuedAt = lately()
    this.queueLength = length
  }

  get queued(): boolean {
    return this.queuedAt >= 0
  }

  /** It is in no queue any more. */
  dequeue(): void {
    if (this.queuedAt < 0) return
    this.waited += lately() - this.queuedAt
    this.queuedAt = -1
  }

  /** It has waited for something else that counts as queueing, since then. */
  waitedSince(since: number): void {
    this.waited += lately() - since
  }

  /** Time in queues until now, in ms. */
  waitedUntil(now: number): number {
    return this.queuedAt >= 0 ? this.waited + now - this.queuedAt : this.waited
  }

  /** It has its server's permit. */
  seated(poolInUse: number, serverInUse: number): void {
    this.poolInUse = poolInUse
    this.serverInUse = serverInUse
  }

  /** Notes how full pool, server and queue are, of a request that is turned away. `server`: the last it was at; null: none. */
  note(route: Route, server: Server | null): void {
    const { pool } = route.upstream
    this.poolInUse = pool.slots.used
    this.serverInUse = server?.slots.used ?? 0
    // No server was chosen: that the fullest one is at its limit says more than a sum.
    if (server === null) for (const { slots } of pool.servers) this.serverInUse = Math.max(this.serverInUse, slots.used)
    if (this.queueLength > 0) return // noted when it joined that queue
    const queue = this.gate === 'route' ? route.gate?.queue : pool.gate.queue
    this.queueLength = queue?.length ?? 0
  }

  get hasStream(): boolean {
    return this.#stream !== null
  }

  /** Takes a place in the pool's budget of streams. False: it is full. */
  takeStream(streams: Slots): boolean {
    if (!streams.take()) return false
    this.#stream = streams
    return true
  }

  releaseStream(): void {
    const stream = this.#stream
    this.#stream = null
    stream?.give()
  }

  holdRoutePermit(permit: Permit<Slots>): void {
    this.#routePermit = permit
  }

  /** Gives the route's permit to the caller, who has to dispose of it. */
  takeRoutePermit(): Permit<Slots> | null {
    const permit = this.#routePermit
    this.#routePermit = null
    return permit
  }

  releaseRoutePermit(): void {
    this.takeRoutePermit()?.[Symbol.dispose]()
  }
}
