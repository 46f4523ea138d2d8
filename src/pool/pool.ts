/**
 * A pool: servers, an order in which to ask them, and the gate before them. One slot of the pool and one of a server are
 * taken together or not at all.
 *
 * Who may be given what, in one place (`#pick`):
 * - the server that the client's cookie names, unless it is down or in maintenance;
 * - else the first in the policy's order that is usable, was not tried by this exchange, and has a free slot;
 * - backup servers only when no other server is usable and untried. That the others are full is no reason: then there
 *   is the line. Saturated is not down.
 * When no server is left that could ever serve it, a request does not wait (`hopeless`).
 */
import type { Cause } from '../base/cause.ts'
import type { PoolConfig } from '../config/model.ts'
import { Gate, type Permit, type Source } from '../gate/gate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ServerRequest } from './asking.ts'
import { policyOf } from './balance.ts'
import type { Policy } from './policy/policy.ts'
import { type Server, serversOf } from './server.ts'
import { Sticky } from './sticky.ts'

export type { ServerRequest } from './asking.ts'

export class Pool {
  readonly config: PoolConfig
  readonly servers: readonly Server[]
  /** Requests in the whole pool. */
  readonly slots: Slots
  readonly gate: Gate<Server, ServerRequest>
  /** null: the pool ties nobody. */
  readonly sticky: Sticky | null
  readonly #source: Seats

  /** `thread`: the number of this thread from 0 on; balancing begins at another place on each. */
  constructor(config: PoolConfig, ledger: Ledger, thread = 0) {
    this.config = config
    this.servers = serversOf(config, ledger)
    this.slots = ledger.slots(`pool:${config.name}`)
    this.#source = new Seats(config, this.servers, this.slots, thread)
    const line = ledger.queue(`queue:pool:${config.name}`)
    this.gate = new Gate(this.#source, line, { full: 'pool_full', queueFull: 'queue_full' })
    const names = this.servers.map((server) => server.name)
    this.sticky = config.sticky === null ? null : new Sticky(config.sticky, config.name, names)
  }

  /** A slot at once, the cause of refusal, or null: it has joined the line. `no_server`: nobody is left to ask. */
  admit(w: ServerRequest): Permit<Server> | Cause | null {
    return this.gate.admit(w)
  }

  /** Whether a usable server is left that this exchange has not tried; it may be full. */
  hasUntried(w: ServerRequest): boolean {
    return this.#source.unservable(w) === null
  }

  /** Whether a server like `s` (a backup or not), usable and not tried by this exchange, has a free slot now, and nobody waits for it. */
  hasRoomBeside(s: Server, w: ServerRequest): boolean {
    if (this.gate.queue.length > 0) return false
    for (let i = 0; i < this.servers.length; i++) {
      const server = this.servers[i]!
      if (server === s || server.config.backup !== s.config.backup) continue
      if (server.usable() && server.slots.open && !w.triedServer(i)) return true
    }
    return false
  }

  /** The bell rang: takes what other threads left here, lets in who fits, and refuses those who wait in vain now. */
  collect(): void {
    this.gate.collect()
    this.#refuseStranded()
  }

  /** On this thread only: a limit was raised, orders or health of a server changed. Other threads are rung by the ledger. */
  kick(): void {
    this.gate.admitWaiting()
    this.#refuseStranded()
  }

  /**
   * What is left of the tie to `prefer` (an index, or -1) when `server` was given instead: a server that is merely full
   * keeps its clients; one that is down or in maintenance loses them to the server that answers.
   */
  tieOf(prefer: number, server: Server): number {
    if (prefer < 0 || prefer === server.index || this.servers[prefer]!.keeps()) return prefer
    return -1
  }

  /** The Set-Cookie line with its CRLF that ties the client of a response to `served`; '' where it is tied already. */
  stickyField(prefer: number, served: number): string {
    return this.sticky === null || prefer >= 0 ? '' : this.sticky.line(served)
  }

  #refuseStranded(): void {
    if (this.gate.queue.joined === 0) return
    for (let w = this.gate.takeUnservable(); w !== null; w = this.gate.takeUnservable()) w.refused('no_server')
  }
}

/** The gate's view of a pool: a slot at a server, with one of the pool. */
class Seats implements Source<Server, ServerRequest> {
  readonly #servers: readonly Server[]
  readonly #slots: Slots
  readonly #primaries: Policy
  readonly #backups: Policy
  contended = false

  constructor(config: PoolConfig, servers: readonly Server[], slots: Slots, thread: number) {
    this.#servers = servers
    this.#slots = slots
    const group = (backup: boolean): Server[] => servers.filter((server) => server.config.backup === backup)
    this.#primaries = policyOf(config.balance, group(false), thread)
    this.#backups = policyOf(config.balance, group(true), thread)
  }

  pick(w: ServerRequest): Server | null {
    if (!this.#slots.open) return null // only a look, but it spares taking from a server what goes back at once
    if (w.prefer >= 0) {
      const server = this.#servers[w.prefer]!
      if (server.keeps() && !w.triedServer(w.prefer) && this.#take(server)) return server
    }
    if (this.#hasUntried(w, false)) return this.#first(this.#primaries, w)
    return this.#first(this.#backups, w)
  }

  fits(s: Server, w: ServerRequest): boolean {
    return !w.triedServer(s.index)
  }

  over(s: Server): boolean {
    if (this.#slots.over || s.slots.over || !s.usable()) return true
    return s.config.backup && this.#anyPrimary()
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
    for (let i = 0; i < this.#servers.length; i++) if (w.triedServer(i)) bits |= 1 << (i & 31)
    return bits
  }

  bit(s: Server): number {
    return 1 << (s.index & 31)
  }

  unservable(w: ServerRequest): Cause | null {
    if (w.prefer >= 0 && this.#servers[w.prefer]!.keeps() && !w.triedServer(w.prefer)) return null
    return this.#hasUntried(w, false) || this.#hasUntried(w, true) ? null : 'no_server'
  }

  give(s: Server): void {
    // In this order nobody finds a server free and the pool full, and has to put the server back.
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

  #first(policy: Policy, w: ServerRequest): Server | null {
    policy.begin(w.key)
    for (let i = policy.next(); i >= 0; i = policy.next()) {
      const server = this.#servers[i]!
      if (server.usable() && !w.triedServer(i) && this.#take(server)) return server
    }
    return null
  }

  /** The server first: so a slot of the pool is only ever held together with one of a server. */
  #take(server: Server): boolean {
    if (!server.slots.take()) return false
    if (this.#slots.take()) return true
    server.slots.give()
    this.contended = true
    return false
  }

  #hasUntried(w: ServerRequest, backup: boolean): boolean {
    for (let i = 0; i < this.#servers.length; i++) {
      const server = this.#servers[i]!
      if (server.config.backup === backup && server.usable() && !w.triedServer(i)) return true
    }
    return false
  }

  #anyPrimary(): boolean {
    for (let i = 0; i < this.#servers.length; i++) {
      const server = this.#servers[i]!
      if (!server.config.backup && server.usable()) return true
    }
    return false
  }
}
