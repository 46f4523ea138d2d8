/**
 * Where everything lies in the ledger's one SharedArrayBuffer. A plan is plain data: the main thread makes it from the
 * configuration and hands it to the workers together with the memory.
 *
 * Int32 cells first, then Float64 numbers. What all threads fight over has a cache line (16 cells) of its own per
 * thing; what only one thread writes lies in that thread's row, apart from the other rows.
 *
 *   slots    one cache line each: used, limit, orders, health, voice (which of several limits is in force)
 *   lines    one cache line each: length, bound, arrivals, voice; then eight cells per row (see line.ts)
 *   cells    one cell each, for flags found by name
 *   alive    one cell per row
 *   rows     per thread: bell, held×slots, handed×slots
 *   numbers  per thread: counters, gauges, histogram buckets
 *
 * There is one row more than threads: the last one is the main thread's.
 */
import { attemptCauses, errorStatuses, statusClasses, systemCodes } from '../base/attempt.ts'
import { causeNames } from '../base/cause.ts'
import type { Config, ListenerConfig, PoolConfig, QueueConfig, RouteConfig, ServerConfig } from '../config/model.ts'
import { BUCKETS } from './buckets.ts'
import { occupancyKeys } from './occupancy.ts'

/** Int32 cells of one cache line (64 bytes). */
const CACHE_LINE = 16
/** Cells of one thread in a line. */
export const LINE_ROW = 8

/** Places inside the cache line of a slot. */
export const SLOT = { used: 0, limit: 1, orders: 2, health: 3, voice: 4 } as const
/** Places inside the cache line of a line; the rows follow after it. */
export const LINE = { length: 0, bound: 1, arrivals: 2, voice: 3, rows: CACHE_LINE } as const

/** Where a ledger's things lie. Offsets in cells from the start, or in numbers within a row of numbers. */
export interface LedgerPlan {
  /** Worker threads; they are numbered from 0. */
  readonly threads: number
  /** Threads and one: the main thread's row is the last. */
  readonly rows: number
  /** Size of the memory in Int32 cells and Float64 numbers; the numbers begin after the cells. */
  readonly cells: number
  readonly numbers: number
  /** Offset of everything that has a name: slots, lines, cells. */
  readonly at: Readonly<Record<string, number>>
  /** Number of each slot, by key: its place in a row's held and handed. */
  readonly slots: Readonly<Record<string, number>>
  /** For each slot the number of the slot around it (a server's: its pool's), or -1. */
  readonly within: readonly number[]
  /** For each slot its offset. */
  readonly slotAt: readonly number[]
  /** For each line the numbers of the slots that are handed to those who wait in it: from … to - 1. */
  readonly lines: Readonly<Record<string, { readonly from: number; readonly to: number }>>
  /** Offsets of the alive flags (one per row) and the rows; length of a row; where in it handed begins (held is at 16). */
  readonly alive: number
  readonly row: number
  readonly rowLength: number
  readonly handed: number
  /** Place in a row of numbers, by key, and the length of such a row. */
  readonly counters: Readonly<Record<string, number>>
  readonly gauges: Readonly<Record<string, number>>
  readonly histograms: Readonly<Record<string, number>>
  readonly numberRow: number
  /** Offset and value of every cell that does not begin as zero, in pairs. */
  readonly initial: readonly number[]
}

/** The part of a configuration that is counted. */
export interface Limits extends Pick<Config, 'threads'> {
  readonly listeners: readonly (Pick<ListenerConfig, 'name' | 'maxConnections'> & { readonly whenFull: Bound | null })[]
  readonly routes: readonly (Pick<RouteConfig, 'name' | 'maxConnections'> & { readonly queue: Bound })[]
  readonly pools: readonly (Pick<PoolConfig, 'name' | 'maxConnections'> & {
    readonly queue: Bound
    readonly streams: Bound
    readonly servers: readonly Pick<ServerConfig, 'name' | 'maxConnections'>[]
  })[]
}
type Bound = Pick<QueueConfig, 'max'>

/** What is wanted beyond the standard keys: names only, all zero at the start. */
export interface MoreKeys {
  readonly cells?: readonly string[]
  readonly counters?: readonly string[]
  readonly gauges?: readonly string[]
  readonly histograms?: readonly string[]
}

/**
 * Standard counters by kind; a counter's key is `listener:web:requests`, `server:shop/10.0.0.1:80:failures` … A server's
 * count attempts: `requests` that were begun, and what became of them; an exchange may have been tried at several.
 */
export const counterNames = {
  listener: ['connections', 'refused', 'requests', 'bytesIn', 'bytesOut'],
  route: ['requests'],
  pool: ['requests', ...causeNames.map((cause) => `ended:${cause}`)],
  server: [
    'requests',
    'responses',
    'progress',
    ...statusClasses,
    ...errorStatuses.map((status) => `status:${status}`),
    'failures',
    'retried',
    ...attemptCauses.map((cause) => `failed:${cause}`),
    ...systemCodes.map((code) => `code:${code}`),
    ...causeNames.map((cause) => `ended:${cause}`),
  ],
} as const
/** Standard histograms of each pool, in ms; key `pool:shop:queue`. */
export const histogramNames = ['queue', 'connect', 'firstByte', 'total'] as const

/**
 * Plans the memory for a configuration. Keys: `listener:web`, `route:name`, `pool:shop`, `server:shop/name`,
 * `streams:shop` (slots); `line:listener:web`, `line:route:name`, `line:pool:shop` (lines); `orders:shop/name`,
 * `health:shop/name` (cells); `cause:queue_full` and the standard names (counters); `server:shop/name:idle` (gauges).
 */
export function planLedger(config: Limits, more: MoreKeys = {}): LedgerPlan {
  const at: Record<string, number> = {}
  const slots: Record<string, number> = {}
  const within: number[] = []
  const slotAt: number[] = []
  const lines: Record<string, { from: number; to: number }> = {}
  const counters: string[] = ['requests', ...causeNames.map((cause) => `cause:${cause}`)]
  const gauges: string[] = occupancyKeys(config)
  const histograms: string[] = []
  const initial: number[] = []
  const rows = config.threads + 1
  let cells = 0

  const slot = (key: string, limit: number, around: number): number => {
    at[key] = cells
    slotAt.push(cells)
    initial.push(cells + SLOT.limit, limit)
    cells += CACHE_LINE
    slots[key] = within.length
    return within.push(around) - 1
  }
  const line = (key: string, bound: number, from: number, to: number): void => {
    at[key] = cells
    initial.push(cells + LINE.bound, bound)
    cells = upTo(cells + LINE.rows + rows * LINE_ROW, CACHE_LINE)
    lines[key] = { from, to }
  }

  for (const { name, maxConnections, whenFull } of config.listeners) {
    const own = slot(`listener:${name}`, maxConnections, -1)
    line(`line:listener:${name}`, whenFull?.max ?? 0, own, own + 1)
    for (const counter of counterNames.listener) counters.push(`listener:${name}:${counter}`)
    gauges.push(`listener:${name}:idle`)
  }
  for (const { name, maxConnections, queue } of config.routes) {
    const own = slot(`route:${name}`, maxConnections, -1)
    line(`line:route:${name}`, queue.max, own, own + 1)
    for (const counter of counterNames.route) counters.push(`route:${name}:${counter}`)
  }
  for (const { name, maxConnections, queue, servers, streams } of config.pools) {
    const own = slot(`pool:${name}`, maxConnections, -1)
    slot(`streams:${name}`, streams.max, -1)
    for (const server of servers) {
      const key = `${name}/${server.name}`
      slot(`server:${key}`, server.maxConnections, own)
      at[`orders:${key}`] = at[`server:${key}`]! + SLOT.orders
      at[`health:${key}`] = at[`server:${key}`]! + SLOT.health
      for (const counter of counterNames.server) counters.push(`server:${key}:${counter}`)
      gauges.push(`server:${key}:idle`)
    }
    line(`line:pool:${name}`, queue.max, own + 2, own + 2 + servers.length)
    for (const counter of counterNames.pool) counters.push(`pool:${name}:${counter}`)
    for (const histogram of histogramNames) histograms.push(`pool:${name}:${histogram}`)
  }

  for (const key of more.cells ?? []) at[key] = cells++
  cells = upTo(cells, CACHE_LINE)
  const alive = cells
  const row = upTo(alive + rows, CACHE_LINE)
  const handed = upTo(CACHE_LINE + within.length, CACHE_LINE)
  const rowLength = upTo(handed + within.length, CACHE_LINE)
  cells = row + rows * rowLength

  let place = 0
  const number = (keys: readonly string[], width: number): Record<string, number> => {
    const places: Record<string, number> = {}
    for (const key of keys) {
      places[key] = place
      place += width
    }
    return places
  }
  const counterAt = number([...counters, ...(more.counters ?? [])], 1)
  const gaugeAt = number([...gauges, ...(more.gauges ?? [])], 1)
  const histogramAt = number([...histograms, ...(more.histograms ?? [])], BUCKETS + 1)
  const numberRow = upTo(place, CACHE_LINE / 2)

  return {
    threads: config.threads,
    rows,
    cells,
    numbers: numberRow * rows,
    at,
    slots,
    within,
    slotAt,
    lines,
    alive,
    row,
    rowLength,
    handed,
    counters: counterAt,
    gauges: gaugeAt,
    histograms: histogramAt,
    numberRow,
    initial,
  }
}

/** The memory of a plan with limits and bounds written in and everything else zero. Main thread, once. */
export function createMemory(plan: LedgerPlan): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(plan.cells * 4 + plan.numbers * 8)
  const cells = new Int32Array(memory, 0, plan.cells)
  for (let i = 0; i < plan.initial.length; i += 2) cells[plan.initial[i]!] = plan.initial[i + 1]!
  return memory
}

/** The next multiple of `unit`. */
function upTo(n: number, unit: number): number {
  return Math.ceil(n / unit) * unit
}
