/** What a rule stands on: the configuration, what of it was written, the machine; and where it puts its findings. */
import type { Machine } from '../machine.ts'
import type { Config, ListenerConfig, PoolConfig, RouteConfig } from '../model.ts'
import { UNLIMITED } from '../model.ts'
import type { Notice, Words } from '../notice.ts'
import { noticeAt } from '../notice.ts'
import type { Path, Places } from '../places.ts'
import type { Rule } from '../rules.ts'

/** A rule looks at everything and says what it finds. */
export type Check = (ground: Ground) => void

export class Ground {
  readonly config: Config
  readonly machine: Machine
  readonly notices: Notice[] = []
  readonly #places: Places

  constructor(config: Config, places: Places, machine: Machine) {
    this.config = config
    this.machine = machine
    this.#places = places
  }

  say(rule: Rule, path: Path, words: Words): void {
    this.notices.push(noticeAt(this.#places, path, 'key', rule, words))
  }

  /** Whether this setting was written; defaults contradict nothing. */
  isWritten(path: Path): boolean {
    return this.#places.has(path)
  }

  pool(name: string): PoolConfig {
    return this.config.pools.find((pool) => pool.name === name)!
  }

  routesOf(listener: ListenerConfig): RouteConfig[] {
    return this.config.routes.filter(({ listeners }) => listeners.length === 0 || listeners.includes(listener.name))
  }
}

/** How many requests can be at the servers of a pool at once; UNLIMITED when nothing bounds them. */
export function capacityOf(pool: PoolConfig): number {
  const servers = serversAtWork(pool)
  let sum = 0
  for (const { maxConnections } of servers)
    sum = maxConnections === UNLIMITED ? UNLIMITED : Math.min(UNLIMITED, sum + maxConnections)
  return Math.min(sum, pool.maxConnections)
}

/** The servers that work when all are well: backups only where there is nothing else. */
export function serversAtWork(pool: PoolConfig): PoolConfig['servers'] {
  const first = pool.servers.filter(({ backup }) => !backup)
  return first.length > 0 ? first : pool.servers
}

/** How a pool comes to its capacity, for a sentence: `500 + 500`. */
export function sumText(pool: PoolConfig): string {
  const capacity = capacityOf(pool)
  if (capacity === pool.maxConnections) return String(capacity)
  const parts = serversAtWork(pool).map(({ maxConnections }) => maxConnections)
  return parts.length > 4 ? `${parts.length} servers, ${capacity}` : parts.join(' + ')
}
