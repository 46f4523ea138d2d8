/**
 * The servers of a pool as one configuration has them, and which of them a request may be given:
 * - the server that the client's cookie names, unless it is down or in maintenance;
 * - else the first in the policy's order that is usable, was not tried by this request, and has a free slot;
 * - backup servers only when no other server is usable and untried. That the others are full is no reason: then there
 *   is the queue. Saturated is not down.
 * A slot of the pool and one of a server are taken together or not at all.
 */
import type { Cause } from '../base/cause.ts'
import type { PoolConfig } from '../config/model.ts'
import type { Slots } from '../ledger/slots.ts'
import { policyOf } from './balance.ts'
import type { Policy } from './policy/policy.ts'
import type { Server } from './server.ts'
import type { Candidates, ServerRequest } from './server-request.ts'

export class Seats implements Candidates {
  readonly servers: readonly Server[]
  contended = false
  readonly #slots: Slots
  readonly #bySlot = new Map<number, Server>()
  readonly #primaries: Policy
  readonly #backups: Policy

  constructor(config: PoolConfig, servers: readonly Server[], slots: Slots, thread: number) {
    this.servers = servers
    this.#slots = slots
    for (const server of servers) this.#bySlot.set(server.slots.number, server)
    const group = (backup: boolean): Server[] => servers.filter((server) => server.config.backup === backup)
    this.#primaries = policyOf(config.balance, group(false), thread)
    this.#backups = policyOf(config.balance, group(true), thread)
  }

  find(slot: number): Server | null {
    return this.#bySlot.get(slot) ?? null
  }

  pick(w: ServerRequest): Server | null {
    if (!this.#slots.open) return null // only a look, but it spares taking from a server what goes back at once
    if (w.prefer >= 0) {
      const server = this.servers[w.prefer]!
      if (server.keeps() && !w.triedServer(w.prefer) && this.#take(server)) return server
    }
    if (this.#hasUntried(w, false)) return this.#first(this.#primaries, w)
    return this.#first(this.#backups, w)
  }

  unservable(w: ServerRequest): Cause | null {
    if (w.prefer >= 0 && this.servers[w.prefer]!.keeps() && !w.triedServer(w.prefer)) return null
    return this.#hasUntried(w, false) || this.#hasUntried(w, true) ? null : 'no_server'
  }

  serves(server: Server): boolean {
    if (server.slots.over || !server.usable()) return false
    return !(server.config.backup && this.#anyPrimary())
  }

  #first(policy: Policy, w: ServerRequest): Server | null {
    policy.begin(w.key)
    for (let i = policy.next(); i >= 0; i = policy.next()) {
      const server = this.servers[i]!
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
    for (let i = 0; i < this.servers.length; i++) {
      const server = this.servers[i]!
      if (server.config.backup === backup && server.usable() && !w.triedServer(i)) return true
    }
    return false
  }

  #anyPrimary(): boolean {
    for (let i = 0; i < this.servers.length; i++) {
      const server = this.servers[i]!
      if (!server.config.backup && server.usable()) return true
    }
    return false
  }
}
