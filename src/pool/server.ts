/**
 * A server of a pool. The state ordered by the operator and the health observed by probes are two cells of the ledger,
 * seen by all threads; neither depends on the other.
 */
import type { PoolConfig, ServerConfig } from '../config/model.ts'
import type { Cell } from '../ledger/cell.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Member } from './policy/policy.ts'

/**
 * Ordered by the operator. `drain`: no new clients, those tied to it by cookie may come again. `maint`: no requests at
 * all. Neither ends a request that is under way.
 */
export type AdminState = 'ready' | 'drain' | 'maint'
/** Observed by probes. Up until checks fail. */
export type Health = 'up' | 'down'

// As numbers in the ledger; a fresh ledger is all zero.
const adminStates: readonly AdminState[] = ['ready', 'drain', 'maint']
const READY = 0
const MAINT = 2
const UP = 0
const DOWN = 1

export class Server implements Member {
  readonly name: string
  readonly config: ServerConfig
  /** Its place in the pool's list. */
  readonly index: number
  readonly weight: number
  /** Host for a request that names none. */
  readonly host: string
  /** Requests at it, from before connect to the last byte of the response. */
  readonly slots: Slots
  /** On the main thread: whether any check has had a result yet. */
  checked = false
  readonly #admin: Cell
  readonly #progress: Counter
  readonly #health: Cell

  constructor(pool: string, config: ServerConfig, index: number, ledger: Ledger) {
    const key = `${pool}/${config.name}`
    this.name = config.name
    this.config = config
    this.index = index
    this.weight = config.weight
    this.host = 'path' in config.address ? 'localhost' : config.name
    this.slots = ledger.slots(`server:${key}`)
    this.#progress = ledger.counter(`server:${key}:progress`)
    this.#admin = ledger.cell(`admin:${key}`)
    this.#health = ledger.cell(`health:${key}`)
  }

  get adminState(): AdminState {
    return adminStates[this.#admin.value]!
  }

  /** Ring the threads afterwards (Ledger.ringAll), so that waiters are let in, or refused where they wait in vain now. */
  set adminState(ordered: AdminState) {
    this.#admin.value = adminStates.indexOf(ordered)
  }

  get health(): Health {
    return this.#health.value === UP ? 'up' : 'down'
  }

  /** Ring the threads afterwards, as for `adminState`. */
  set health(found: Health) {
    this.#health.value = found === 'up' ? UP : DOWN
  }

  /** Whether any request may be sent to it, full or not. */
  usable(): boolean {
    return this.weight > 0 && this.#admin.value === READY && this.#health.value === UP
  }

  /** Whether a client that is tied to it may be sent to it, full or not. */
  keeps(): boolean {
    return this.#admin.value !== MAINT && this.#health.value === UP
  }

  /** Grows while the server is at work on what it was sent, from whichever thread; see OriginContext. */
  get progress(): number {
    return this.#progress.total()
  }

  load(): number {
    return this.slots.used
  }

  share(): number {
    return this.usable() ? this.weight : 0
  }
}

/** The servers of a pool, in the order of its configuration. The main thread uses them to set their state and to probe. */
export function serversOf(pool: PoolConfig, ledger: Ledger): Server[] {
  return pool.servers.map((config, index) => new Server(pool.name, config, index, ledger))
}
