/** What servers have answered, how requests to them failed, and what has ended exchanges, as a person reads it. */
import { statusClasses } from '../../base/attempt-causes.ts'
import type { Look, Of } from './look.ts'
import { type Row, table } from './text-table.ts'

type Status = Of<'statusAnswer'>
type Pool = Status['pools'][number]
type Counts = Readonly<Record<string, number>>

/** Servers that nothing was sent to are left out. */
export function serverLines(pools: readonly Pool[], { width, paint }: Look): string[] {
  const used = pools.flatMap((pool) =>
    pool.servers.filter(({ requests }) => requests > 0).map((server) => ({ ...server, pool: pool.name })),
  )
  const shown = statusClasses.filter((name) => used.some(({ statuses }) => statuses[name] > 0))
  const rows = used.map((server): Row => {
    const cells = shown.map((name) => {
      const n = figure(server.statuses[name])
      return name === '5xx' && n !== '' ? paint('yellow', n) : n
    })
    const failed = byName(server.failures)
    const retried = server.retried === 0 ? '' : `, ${figure(server.retried)} tried elsewhere`
    const failures = failed === '' ? '' : paint('yellow', `${failed}${retried}`)
    return [`server ${server.name} of ${server.pool}`, figure(server.requests) || '0', ...cells, failures]
  })
  return rows.length === 0 ? [] : ['', ...table(['', 'requests', ...shown, 'failed'], rows, width, paint)]
}

/** One row for each cause, pool and server; first what has come most often. */
export function endedLines({ pools, causes }: Status, { width, paint }: Look): string[] {
  const rows = Object.entries(causes)
    .toSorted(([, a], [, b]) => b - a)
    .flatMap(([cause, times]): Row[] => {
      const parts: [n: number, pool: string, server: string][] = []
      let elsewhere = times
      for (const pool of pools) {
        const inPool = pool.causes[cause] ?? 0
        let atNone = inPool
        elsewhere -= inPool
        for (const server of pool.servers) {
          const n = server.causes[cause] ?? 0
          atNone -= n
          if (n > 0) parts.push([n, pool.name, server.name])
        }
        if (atNone > 0) parts.push([atNone, pool.name, ''])
      }
      if (elsewhere > 0) parts.push([elsewhere, '', ''])
      return parts.toSorted(([a], [b]) => b - a).map(([n, pool, server]) => [cause, figure(n), pool, server])
    })
  return rows.length === 0 ? [] : ['', ...table(['ended by', 'times', 'pool', 'server'], rows, width, paint)]
}

/** `12 (9 connect_refused, 3 response_cut)`; '' where there is nothing. */
function byName(counts: Counts): string {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  if (entries.length === 0) return ''
  const [[name, n] = ['', 0]] = entries
  if (entries.length === 1) return `${figure(n)} ${name}`
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  return `${figure(total)} (${entries.map(([cause, count]) => `${figure(count)} ${cause}`).join(', ')})`
}

/** Zero is left out, so that what there is stands out. */
function figure(n: number): string {
  return n === 0 ? '' : n.toLocaleString('en')
}
