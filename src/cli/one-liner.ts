/** `headgate run --to …`: a whole configuration from options, without any file. */
import { fromFlags, type LogRequests } from '../config/flags.ts'
import { readMachine } from '../config/machine.ts'
import { type Native, readNative } from '../config/native.ts'
import type { Notice } from '../config/notice.ts'
import { namedByOptions } from '../config/options.ts'
import { Places } from '../config/places.ts'

/** What the options of `run` say, as written. */
export interface RunOptions {
  readonly to?: readonly string[]
  readonly listen?: string
  readonly maxConnections?: number
  readonly queue?: number
  readonly queueTimeout?: string
  readonly threads?: number
  readonly accessLog?: string
  readonly logRequests?: LogRequests
}

/** The options that make up a configuration of their own, and so cannot stand beside a file. */
const alone = {
  to: '--to',
  listen: '--listen',
  maxConnections: '--max-connections',
  queue: '--queue',
  queueTimeout: '--queue-timeout',
} as const satisfies Partial<Record<keyof RunOptions, string>>

/** Which of the given options cannot stand beside a file. */
export function optionsWithoutFile(options: RunOptions): string[] {
  return Object.entries(alone).flatMap(([key, flag]) =>
    options[key as keyof typeof alone] === undefined ? [] : [flag],
  )
}

/** The configuration that the options make up. Its notices speak of options, not of settings that were not written. */
export function fromOptions(options: RunOptions): Native {
  const written = fromFlags({ ...options, to: options.to ?? [], terminal: process.stdout.isTTY === true })
  const { config, notices } = readNative(written, new Places(''), readMachine())
  return {
    config: config && namedByOptions(config),
    notices: notices.map((notice) => ({ ...notice, path: optionFor(notice) })),
  }
}

function optionFor({ path }: Notice): string {
  if (path.startsWith('listeners.')) return '--listen'
  if (path.startsWith('accessLog')) return '--access-log'
  if (path.endsWith('.queue.timeout')) return '--queue-timeout'
  if (path.includes('.queue')) return '--queue'
  if (path.endsWith('.maxConnections')) return '--max-connections'
  if (path.includes('.servers')) return '--to'
  return path === 'threads' ? '--threads' : path
}
