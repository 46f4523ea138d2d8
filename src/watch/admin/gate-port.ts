/** What the admin API asks of the Headgate it speaks for. */
import type { Incident } from '../../base/log-fields.ts'
import type { Config } from '../../config/model.ts'
import type { AdminState } from '../../pool/server.ts'
import type { Usage } from '../../run/status/usage.ts'
import type { CacheControl } from './cache-control-port.ts'
import type { PoolOccupancy } from './occupancy-answer.ts'

export interface GatePort {
  readonly config: Config
  readonly version: string
  /** Since the start, in ms. */
  uptime(): number
  usage(): Usage
  /** What lasts, of each pool in the order of the configuration. */
  occupancy(): Promise<PoolOccupancy[]>
  /** Throws RangeError for a path or a value that is none; `value` 0 … UNLIMITED. */
  setLimit(path: string, value: number): void
  /** Throws RangeError when there is no such server. */
  setAdminState(pool: string, server: string, state: AdminState): void
  /** `id` as readIncident gives it; null: no thread remembers it. */
  incident(id: string): Promise<Incident | null>
  /** null: no route caches. */
  readonly cache: CacheControl | null
}
