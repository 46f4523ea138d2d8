/** The configuration that the options of a command line make up, without any file. */
import type { WrittenConfig } from './written.ts'

export const logRequests = ['all', 'failures', 'none'] as const
export type LogRequests = (typeof logRequests)[number]

/** A failure on a terminal, for people. */
const FAILURE =
  '%{time} %{status} %{cause} "%{request}" from %{client}, incident %{incident}: %{advice} (%{gate}, limit %{limit}, observed %{observed}, %{setting})'

/** Options of `headgate run --to …`, as they are written there. */
export interface Flags {
  /** Addresses of the servers. */
  readonly to: readonly string[]
  /** Where to listen; ':8080' when unset. */
  readonly listen?: string | readonly string[] | undefined
  /** Requests at once at each server. */
  readonly maxConnections?: number | undefined
  /** Requests that may wait in line; 200 when servers have a limit. */
  readonly queue?: number | undefined
  /** How long they may wait, '2s' when unset. */
  readonly queueTimeout?: string | undefined
  readonly threads?: number | undefined
  /** A file, 'stdout' or 'stderr'; 'stdout' when unset. */
  readonly accessLog?: string | undefined
  /** Which requests are logged; all when `accessLog` is set, else failures: nothing while all is well, and no incident without a line. */
  readonly logRequests?: LogRequests | undefined
  /** stdout is a terminal. */
  readonly terminal?: boolean | undefined
}

/** A limit set in one line is meant as protection, not to refuse every little burst. */
const QUEUE = { max: 200, timeout: '2s' }

/** What would be written in a file for these options: one listener `web`, one pool `app`. */
export function fromFlags(flags: Flags): WrittenConfig {
  const { to, listen = ':8080', maxConnections, queue, queueTimeout = QUEUE.timeout, threads } = flags
  const max = queue ?? (maxConnections === undefined ? 0 : QUEUE.max)
  return {
    listeners: { web: { bind: listen } },
    pools: {
      app: { servers: to.map((address) => ({ address, maxConnections })), queue: { max, timeout: queueTimeout } },
    },
    accessLog: logOf(flags),
    threads,
  }
}

function logOf({ accessLog, logRequests, terminal = false }: Flags): WrittenConfig['accessLog'] {
  const requests = logRequests ?? (accessLog === undefined ? 'failures' : 'all')
  if (requests === 'none') return false
  const readable = terminal && requests === 'failures' && (accessLog ?? 'stdout') === 'stdout'
  return { to: accessLog ?? 'stdout', requests, ...(readable && { format: { template: FAILURE } }) }
}
