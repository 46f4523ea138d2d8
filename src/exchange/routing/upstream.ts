/** A pool as one thread uses it: its servers and their gate (the pool), and the idle connections to each of them. */
import type { PoolConfig, ServerConfig } from '../../config/model.ts'
import type { Counter } from '../../ledger/counter.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { OriginConnector } from '../../net/origin-connection.ts'
import type { Pool } from '../../pool/pool.ts'
import { type FieldLine, fieldLine } from '../../wire/http/edits.ts'
import { EndedCounters, ServerCounters } from '../server-counters.ts'

/** Makes the connector to one server of a pool. */
export type ConnectorOf = (pool: PoolConfig, server: ServerConfig, progress: Counter) => OriginConnector

export class Upstream {
  readonly config: PoolConfig
  readonly pool: Pool
  /** A line for each request, or null: CDN-Loop shows a loop where Via does not have our name. */
  readonly loopLine: FieldLine | null
  /** The budget of long-lived streams. */
  readonly streams: Slots
  /** How each server is reached, by its index. */
  readonly connectors: readonly OriginConnector[]
  /** Final response heads received, by index of the server. */
  readonly responses: readonly Counter[]
  /** Counters of attempts, by index of the server. */
  readonly counters: readonly ServerCounters[]
  /** Counters of the causes that ended the pool's exchanges. */
  readonly ended: EndedCounters

  /** `name`: ours. `connectorOf`: makes the connector to a server; `progress` counts signs that the server is at work. */
  constructor(pool: Pool, ledger: Ledger, name: string, connectorOf: ConnectorOf) {
    this.config = pool.config
    this.loopLine = pool.config.via === name ? null : fieldLine('CDN-Loop', name)
    this.pool = pool
    this.streams = ledger.slots(`streams:${pool.config.name}`)
    this.connectors = pool.config.servers.map((server) =>
      connectorOf(pool.config, server, ledger.counter(`server:${pool.config.name}/${server.name}:progress`)),
    )
    this.responses = pool.config.servers.map((server) =>
      ledger.counter(`server:${pool.config.name}/${server.name}:responses`),
    )
    this.counters = pool.config.servers.map(
      (server) => new ServerCounters(ledger, `${pool.config.name}/${server.name}`),
    )
    this.ended = new EndedCounters(ledger, `pool:${pool.config.name}`)
  }

  /** Drops all idle connections. */
  clear(): void {
    for (const connector of this.connectors) connector.clear()
  }
}
