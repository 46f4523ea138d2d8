/** The configuration that the options of a command line make up, without any file. */
import type { WrittenConfig } from './written.ts'

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
  /** A file, 'stdout' or 'stderr'; none when unset. */
  readonly accessLog?: string | undefined
}

/** Whoever sets a limit in one line wants protection, not refusals at every little burst. */
const QUEUE = { max: 200, timeout: '2s' }

/** What would be written in a file for these options: one listener `web`, one pool `app`. */
export function fromFlags(flags: Flags): WrittenConfig {
  const { to, listen = ':8080', maxConnections, queue, queueTimeout = QUEUE.timeout, threads, accessLog } = flags
  const max = queue ?? (maxConnections === undefined ? 0 : QUEUE.max)
  return {
    listeners: { web: { bind: listen } },
    pools: {
      app: { servers: to.map((address) => ({ address, maxConnections })), queue: { max, timeout: queueTimeout } },
    },
    accessLog: accessLog ?? false,
    threads,
  }
}
