/** A pool as one thread uses it: who may be asked (the pool), over which connections (idle ones per server). */
import type { Wheel } from '../base/wheel.ts'
import type { PoolConfig } from '../config/model.ts'
import type { Slots } from '../ledger/slots.ts'
import { Idle } from '../net/idle.ts'
import type { Pool } from '../pool/pool.ts'

export class Upstream {
  readonly config: PoolConfig
  readonly pool: Pool
  /** The budget of long-lived streams. */
  readonly streams: Slots
  /** Idle connections, by index of the server. */
  readonly idle: readonly Idle[]

  constructor(pool: Pool, streams: Slots, wheel: Wheel) {
    this.config = pool.config
    this.pool = pool
    this.streams = streams
    this.idle = pool.config.servers.map(
      (server) => new Idle(server.address, pool.config.limits, wheel, pool.config.idle),
    )
  }

  /** Drops all idle connections. */
  clear(): void {
    for (const idle of this.idle) idle.clear()
  }
}
