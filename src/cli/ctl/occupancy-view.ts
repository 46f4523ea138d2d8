/** What lasts, for a person: streams and long-held slots of each pool, and the oldest of them. */
import { duration } from '../../config/quantity.ts'
import type { PoolOccupancy } from '../../watch/admin/occupancy-answer.ts'
import type { Paint } from '../style.ts'
import { type Row, table } from './text-table.ts'

const names: { readonly [K in PoolOccupancy['oldest'][number]['kind']]: string } = {
  stream: 'stream',
  kept: 'stream in a slot',
  answer: 'answer in a slot',
  waiting: 'no answer yet',
}

interface PoolOf {
  readonly name: string
  readonly streams: { readonly limit: number | 'unlimited' }
  readonly occupancy: PoolOccupancy
}

/** Lines for the pools that have any; none where nothing lasts. */
export function occupancyLines(pools: readonly PoolOf[], width: number, paint: Paint): string[] {
  const lasting = pools.filter(
    ({ occupancy: { streams, kept, answers, waiting } }) => streams + kept + answers + waiting,
  )
  if (lasting.length === 0) return []
  const counts = lasting.map(({ name, streams: { limit }, occupancy }): Row => {
    const { streams, kept, answers, waiting } = occupancy
    return [
      `pool ${name}`,
      limit === 'unlimited' ? shown(streams) : `${streams.toLocaleString('en')} of ${limit.toLocaleString('en')}`,
      kept === 0 ? '' : paint('yellow', shown(kept)),
      shown(answers),
      shown(waiting),
    ]
  })
  const oldest = lasting.flatMap(({ name, occupancy }) =>
    occupancy.oldest.map(({ kind, age, route, server, method, path }): Row => {
      const lasts = age < 1 ? '0s' : duration(Math.floor(age) * 1000)
      return [`${method} ${path}`, names[kind], lasts, name, route, server]
    }),
  )
  const head = ['lasting', 'streams', 'streams in slots', 'answers over 2s', 'unanswered over 2s']
  return [
    '',
    ...table(head, counts, width, paint),
    ...(oldest.length === 0
      ? []
      : ['', ...table(['oldest', '', 'for', 'pool', 'route', 'server'], oldest, width, paint)]),
  ]
}

function shown(n: number): string {
  return n === 0 ? '' : n.toLocaleString('en')
}
