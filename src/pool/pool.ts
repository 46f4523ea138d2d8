/**
 * A pool as one configuration has it: its servers, the order in which they are asked (seats.ts), and the gate before them,
 * which it shares with what other configurations in use have under its name (pool-gate.ts). When no server is left that
 * could ever serve it, a request does not wait.
 */

import type { Cause } from '../base/cause.ts'
import type { PoolConfig } from '../config/model.ts'
import type { Gate, Permit } from '../gate/gate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { FieldLine } from '../wire/http/edits.ts'
import { PoolGate } from './pool-gate.ts'
import { Seats } from './seats.ts'
import { type Server, serversOf } from './server.ts'
import type { ServerRequest } from './server-request.ts'
import { Sticky } from './sticky.ts'

export type { Candidates, ServerRequest } from './server-request.ts'

export class Pool {
  readonly config: PoolConfig
  readonly servers: readonly Server[]
  /** Requests in the whole pool. */
  readonly slots: Slots
  readonly gate: Gate<Server, ServerRequest>
  /** null: the pool ties no clients. */
  readonly sticky: Sticky | null
  /** Its servers, for those requests that were routed to this pool. */
  readonly candidates: Seats
  readonly #shared: PoolGate

  /**
   * `thread`: the number of this thread from 0 on; balancing begins at another place on each. `shared`: the gate of this
   * thread for pools of this name; the pool becomes the newest there.
   */
  constructor(config: PoolConfig, ledger: Ledger, thread = 0, shared = new PoolGate(config.name, ledger)) {
    this.config = config
    this.servers = serversOf(config, ledger)
    this.slots = ledger.slots(`pool:${config.name}`)
    this.candidates = new Seats(config, this.servers, this.slots, thread)
    this.#shared = shared
    this.gate = shared.gate
    shared.adopt(this.candidates, ledger)
    const names = this.servers.map((server) => server.name)
    this.sticky = config.sticky === null ? null : new Sticky(config.sticky, config.name, names)
  }

  /** A slot at once, the cause of refusal, or null: it has joined the queue. `no_server`: no server is left to ask. */
  admit(w: ServerRequest): Permit<Server> | Cause | null {
    return this.gate.admit(w)
  }

  /** Whether a usable server is left that this exchange has not tried; it may be full. */
  hasUntried(w: ServerRequest): boolean {
    return this.candidates.unservable(w) === null
  }

  /** Whether a server like `s` (a backup or not), usable and not tried by this exchange, has a free slot now, and no request waits for it. */
  hasRoomBeside(s: Server, w: ServerRequest): boolean {
    if (this.gate.queue.length > 0) return false
    for (let i = 0; i < this.servers.length; i++) {
      const server = this.servers[i]!
      if (server === s || server.config.backup !== s.config.backup) continue
      if (server.usable() && server.slots.open && !w.triedServer(i)) return true
    }
    return false
  }

  /** The configuration is over: no request of it is left. */
  retire(): void {
    this.#shared.retire(this.candidates)
  }

  /** The bell rang; see PoolGate. */
  collect(): void {
    this.#shared.collect()
  }

  /**
   * What is left of the tie to `prefer` (an index, or -1) when `server` was given instead: a server that is merely full
   * keeps its clients; one that is down or in maintenance loses them to the server that answers.
   */
  tieOf(prefer: number, server: Server): number {
    if (prefer < 0 || prefer === server.index || this.servers[prefer]!.keeps()) return prefer
    return -1
  }

  /** The Set-Cookie line that ties the client of a response to `served`; null where it is tied already. */
  stickyField(prefer: number, served: number): FieldLine | null {
    return this.sticky === null || prefer >= 0 ? null : this.sticky.line(served)
  }
}
