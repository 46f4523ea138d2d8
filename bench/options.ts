/** What the bench is told on its command line. */
import { parseArgs } from 'node:util'

export interface Options {
  /** Workloads or groups by name; empty: all. */
  readonly names: readonly string[]
  readonly quick: boolean
  readonly rounds: number
  /** Length of one measurement. */
  readonly seconds: number
  /** Peers by name; null: all that are installed. */
  readonly peers: readonly string[] | null
  /** Folder of another checkout of Headgate that takes part as `other`; null: none does. */
  readonly against: string | null
  /** Whether each proxy gets a core of its own, where there are enough. */
  readonly pin: boolean
  /** Where the results go; the charts go next to it. null: nowhere. */
  readonly json: string | null
  /** Earlier results that are shown or written instead of measuring; later files win. */
  readonly from: readonly string[]
  /** Whether docs/benchmarks.md gets the results. */
  readonly write: boolean
  readonly list: boolean
  readonly help: boolean
}

export const usage = `npm run bench -- [options] [workload …]

Measures Headgate beside the proxies that are installed. Without workloads: all of them.

  --quick          under two minutes: one short round, the most telling workloads
  --rounds N       alternating rounds, of which the median counts (5)
  --seconds S      length of one measurement (3)
  --peers A,B      only these beside Headgate
  --against DIR    another checkout of Headgate in the same rounds, shown as "other"
  --no-pin         do not give each proxy a core of its own
  --json FILE      results as JSON, and the charts next to it (bench/results/latest.json)
  --from FILE      do not measure: show results of before. May be repeated; later files win
  --write          put the results into docs/benchmarks.md
  --list           the workloads
`

/** Reads the arguments. Throws RangeError or TypeError, with a sentence for the user. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      peers: { type: 'string' },
      against: { type: 'string' },
      pin: { type: 'boolean', default: true },
      json: { type: 'string', default: 'bench/results/latest.json' },
      from: { type: 'string', multiple: true, default: [] },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { quick, peers, against, pin, from, write, list, help } = values
  return {
    names: positionals,
    quick,
    rounds: count('--rounds', values.rounds, quick ? 1 : 5),
    seconds: count('--seconds', values.seconds, quick ? 0.5 : 3),
    peers: peers === undefined ? null : peers.split(',').filter(Boolean),
    against: against ?? null,
    pin,
    json: values.json === '' ? null : values.json,
    from,
    write,
    list,
    help,
  }
}

function count(option: string, written: string | undefined, fallback: number): number {
  if (written === undefined) return fallback
  const value = Number(written)
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`${option} takes a number above 0, not ${written}`)
  return option === '--rounds' ? Math.ceil(value) : value
}
