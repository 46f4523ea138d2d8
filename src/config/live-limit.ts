/** A limit that is changed while running, held to what the schema demands of it in a file. */
import type { z } from 'zod'
import { Refusal } from './refusal.ts'
import { listener } from './schema/listener.ts'
import { pool, server } from './schema/pool.ts'
import { route } from './schema/route.ts'

interface Kind {
  readonly path: RegExp
  readonly read: (value: unknown) => z.ZodSafeParseResult<unknown>
  /** The number in what was read. */
  readonly of: (read: unknown) => unknown
  /** What to do instead of writing 0, where 0 cannot be written; gets the match of `path`. */
  readonly insteadOfZero?: (match: RegExpExecArray) => string
}

const itself = (read: unknown): unknown => read
const maxOf = (read: unknown): unknown => (read as { max: unknown }).max

const kinds: readonly Kind[] = [
  {
    path: /^pools\.(.+)\.servers\[\d+\]\.maxConnections$/,
    read: (value) => server.shape.maxConnections.safeParse(value),
    of: itself,
    insteadOfZero: ([, name]) => `to send it no requests, give it maint: headgate ctl state ${name} ADDRESS maint`,
  },
  {
    path: /^pools\.(.+)\.streams\.max$/,
    read: (value) => pool.shape.streams.safeParse({ max: value }),
    of: maxOf,
    insteadOfZero: () => 'the least is 1; to pass on no upgrades write upgrade: false at the route, and restart',
  },
  // The queue of a listener is called whenFull, and has the same bounds.
  { path: /\.(?:queue|whenFull)\.max$/, read: (value) => pool.shape.queue.safeParse({ max: value }), of: maxOf },
  {
    path: /^pools\.(.+)\.maxConnections$/,
    read: (value) => pool.shape.maxConnections.safeParse(value),
    of: itself,
    insteadOfZero: ([, name]) =>
      `to send it no requests, give each of its servers maint: headgate ctl state ${name} ADDRESS maint`,
  },
  {
    path: /^listeners\..+\.maxConnections$/,
    read: (value) => listener.shape.maxConnections.safeParse(value),
    of: itself,
    insteadOfZero: () => 'the least is 1; to turn all clients away, stop Headgate or give the servers maint',
  },
  {
    path: /^routes\[\d+\]\.maxConnections$/,
    read: (value) => route.shape.maxConnections.safeParse(value),
    of: itself,
    insteadOfZero: () => 'the least is 1; to send no requests to a server, give it maint: headgate ctl state',
  },
]

/** Reads a value for the limit at `path`, such as `pools.shop.queue.max`, as a file may have it: a number or `'unlimited'`. */
export function readLiveLimit(path: string, value: unknown): number | Refusal {
  for (const kind of kinds) {
    const match = kind.path.exec(path)
    if (match === null) continue
    const read = kind.read(value)
    if (read.success) return kind.of(read.data) as number
    const issue = read.error.issues[0]!
    const { rule, says, expected, fix } = (issue.code === 'custom' ? issue.params : {}) as Partial<Refusal>
    const remedy = value === 0 ? kind.insteadOfZero?.(match) : undefined
    return new Refusal(
      rule ?? 'wrong-type',
      says ?? issue.message,
      expected ?? 'a whole number',
      remedy ?? fix ?? 'write a whole number',
    )
  }
  return new Refusal('unknown-key', `there is no limit ${path}`, 'the path of a limit', 'see headgate ctl limits')
}
