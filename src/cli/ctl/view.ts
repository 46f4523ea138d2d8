/** What the answers of the admin API look like to a person; what concerns the cache is in cache-view.ts. */
import { duration } from '../../config/quantity.ts'
import { many } from '../greeting.ts'
import type { Paint } from '../style.ts'
import type { Look, Of } from './look.ts'
import { occupancyLines } from './occupancy-view.ts'
import { endedLines, serverLines } from './server-view.ts'
import { type Row, table } from './text-table.ts'

export type { Look, Of } from './look.ts'

type Limit = number | 'unlimited'

export function statusLines(status: Of<'statusAnswer'>, look: Look): string[] {
  const { width, paint } = look
  const { name, version, uptime, threads, requests, listeners, routes, pools } = status
  const gates: Row[] = [
    ...listeners.map((gate) => gateRow(`listener ${gate.name}`, gate, '', paint)),
    ...routes
      .filter(({ limit }) => limit !== 'unlimited')
      .map((gate) => gateRow(`route ${gate.name}`, gate, '', paint)),
    ...pools.flatMap((pool) => [
      gateRow(`pool ${pool.name}`, pool, '', paint),
      ...pool.servers.map((server): Row => {
        const state = paint(colours[server.health], server.health)
        const ordered = server.adminState === 'ready' ? '' : ` ${paint('yellow', server.adminState)}`
        return [`  server ${server.name}`, of(server.inUse, server.limit, paint), '', '', `${state}${ordered}`]
      }),
    ]),
  ]
  return [
    `${paint('bold', name)} ${version}, up ${duration(Math.floor(uptime) * 1000)}, ${many(threads, 'thread')}, ${many(requests, 'request')}`,
    '',
    ...table(['', 'in use', 'waiting', 'refused', 'state'], gates, width, paint),
    ...occupancyLines(pools, width, paint),
    ...serverLines(pools, look),
    ...endedLines(status, look),
  ]
}

const colours = { up: 'green', down: 'red', unchecked: 'dim' } as const

interface Gate {
  readonly inUse: number
  readonly limit: Limit
  readonly waiting: number
  readonly bound: Limit
  readonly refused: number
}

function gateRow(name: string, { inUse, limit, waiting, bound, refused }: Gate, state: string, paint: Paint): Row {
  const line = bound === 0 ? '' : of(waiting, bound, paint)
  return [
    name,
    of(inUse, limit, paint),
    line,
    refused === 0 ? '' : paint('yellow', refused.toLocaleString('en')),
    state,
  ]
}

/** `5 of 10`, marked when nothing is left. */
function of(used: number, limit: Limit, paint: Paint): string {
  if (limit === 'unlimited') return used.toLocaleString('en')
  const text = `${used.toLocaleString('en')} of ${limit.toLocaleString('en')}`
  return used >= limit ? paint('yellow', text) : text
}

export function limitLines({ limits }: Of<'limitsAnswer'>, { width, paint }: Look): string[] {
  const rows = limits.map(({ path, value, by, configured, inUse }): Row => {
    const changed = by === 'configured' ? '' : paint('yellow', `by ${by}, configured ${configured}`)
    return [path, String(value), inUse.toLocaleString('en'), changed]
  })
  return table(['limit', 'value', 'in use', ''], rows, width, paint)
}
