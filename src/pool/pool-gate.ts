/**
 * The gate before a pool on one thread. It outlives configurations: requests that were routed by an older one wait in the
 * same queue as those of the newest, in the order in which they arrived. Each request is given servers of its own
 * configuration only; what is freed at a server goes to the oldest waiter whose configuration has that server.
 */
import type { Cause } from '../base/cause.ts'
import { Gate, type Source } from '../gate/gate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Server } from './server.ts'
import type { Candidates, ServerRequest } from './server-request.ts'

export class PoolGate {
  readonly gate: Gate<Server, ServerRequest>
  readonly #source: SharedSource

  /** `name`: of the pool. */
  constructor(name: string, ledger: Ledger) {
    this.#source = new SharedSource(ledger.slots(`pool:${name}`))
    const queue = ledger.queue(`queue:pool:${name}`)
    this.gate = new Gate(this.#source, queue, { full: 'pool_full', queueFull: 'queue_full' })
  }

  /**
   * Makes these the newest candidates. All threads have to have adopted one configuration before any adopts the next:
   * until then another thread may still hand on slots of the servers before.
   */
  adopt(candidates: Candidates, ledger: Ledger): void {
    this.#source.adopt(candidates)
    this.gate.queue.follow(ledger.plan)
    this.gate.sortAgain()
  }

  /** The bell rang: takes what other threads left here, lets in those that fit, and refuses those that wait in vain now. */
  collect(): void {
    this.gate.collect()
    if (this.gate.queue.joined === 0) return
    for (let w = this.gate.takeUnservable(); w !== null; w = this.gate.takeUnservable()) w.refused('no_server')
  }

  /** No request will come any more that was routed to these. */
  retire(candidates: Candidates): void {
    this.#source.retire(candidates)
  }
}

/** The servers of all configurations in use, as the gate's source. */
class SharedSource implements Source<Server, ServerRequest> {
  contended = false
  readonly #slots: Slots
  /** The newest comes last. */
  #candidates: Candidates[] = []
  /** One for each slot: the newest configuration's server that has it. Also those that another thread may still hand on. */
  #servers: readonly Server[] = []

  constructor(slots: Slots) {
    this.#slots = slots
  }

  adopt(candidates: Candidates): void {
    this.#candidates.push(candidates)
    const servers = new Map<number, Server>()
    for (const one of this.#candidates) for (const server of one.servers) servers.set(server.slots.number, server)
    this.#servers = [...servers.values()]
  }

  retire(candidates: Candidates): void {
    this.#candidates = this.#candidates.filter((one) => one !== candidates)
  }

  get #newest(): Candidates | undefined {
    return this.#candidates[this.#candidates.length - 1]
  }

  pick(w: ServerRequest): Server | null {
    const { candidates } = w
    const server = candidates.pick(w)
    if (candidates.contended) {
      candidates.contended = false
      this.contended = true
    }
    return server
  }

  for(s: Server, w: ServerRequest): Server | null {
    const server = w.candidates.find(s.slots.number)
    return server === null || w.triedServer(server.index) ? null : server
  }

  over(s: Server): boolean {
    if (this.#slots.over) return true
    const newest = this.#newest
    const server = newest?.find(s.slots.number) ?? null
    return newest === undefined || server === null || !newest.serves(server)
  }

  free(): boolean {
    if (!this.#slots.open) return false
    for (let i = 0; i < this.#servers.length; i++) {
      const server = this.#servers[i]!
      if (server.slots.open && server.keeps()) return true
    }
    return false
  }

  excluded(w: ServerRequest): number {
    let bits = 0
    for (let i = 0; i < this.#servers.length; i++) {
      const server = this.#servers[i]!
      if (this.for(server, w) === null) bits |= this.bit(server)
    }
    return bits
  }

  /** By the ledger's number, which all threads and configurations have in common. */
  bit(s: Server): number {
    return 1 << (s.slots.number & 31)
  }

  unservable(w: ServerRequest): Cause | null {
    return w.candidates.unservable(w)
  }

  give(s: Server): void {
    // In this order no thread finds the server free and the pool full, and has to put the server's slot back.
    this.#slots.give()
    s.slots.give()
  }

  hand(s: Server, thread: number): boolean {
    return s.slots.hand(thread)
  }

  collect(): Server | null {
    for (let i = 0; i < this.#servers.length; i++) if (this.#servers[i]!.slots.collect()) return this.#servers[i]!
    return null
  }
}
