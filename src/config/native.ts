/** The native form: plain data as users write it, whatever file it came from, to the one model and what is said of it. */

import { checkConfig } from './check.ts'
import { checkCircles } from './circles.ts'
import { explain } from './explain.ts'
import type { Machine } from './machine.ts'
import { checkMeant, withoutMeant } from './meant.ts'
import type { Config } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeLine, sortNotices, withoutRepeats } from './notice.ts'
import { Places } from './places.ts'
import { checkReferences } from './references.ts'
import { resolve } from './resolve.ts'
import { schema } from './schema/index.ts'
import type { WrittenConfig } from './written.ts'

/** A configuration and what is said of it; `config` is null when a notice is an error. */
export interface Native {
  readonly config: Config | null
  readonly notices: readonly Notice[]
}

/**
 * Reads what was written. Tells all faults at once; never throws, whatever is given.
 * @param folder absolute path of the folder that relative paths in the configuration start from.
 */
export function readNative(written: unknown, places: Places, machine: Machine, folder: string = process.cwd()): Native {
  const settings = withoutShared(written)
  places.cover(settings)
  const read = schema.safeParse(settings)
  const meant = checkMeant(settings, places)
  const faults = read.success ? [] : explain(read.error.issues, settings, places)
  const notices = [...meant, ...withoutMeant([...faults, ...checkReferences(settings, places)], meant)]
  if (!read.success || notices.length > 0) return { config: null, notices: sortNotices(withoutRepeats(notices)) }

  const config = resolve(read.data, places, folder, notices)
  notices.push(...checkCircles(config, places, machine))
  if (notices.length > 0) return { config: null, notices: sortNotices(notices) }
  const ignored: readonly string[] = read.data.ignore ?? []
  notices.push(...checkConfig(config, places, machine).filter((notice) => !ignored.includes(notice.rule)))
  return { config, notices: sortNotices(notices) }
}

/** Without the keys `x-…` at the top, which hold blocks that the rest of the file shares by anchors or names. */
function withoutShared(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written
  if (!Object.keys(written).some((key) => key.startsWith('x-'))) return written
  return Object.fromEntries(Object.entries(written).filter(([key]) => !key.startsWith('x-')))
}

/** A configuration that cannot be used, with what is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly notices: readonly Notice[]

  constructor(notices: readonly Notice[]) {
    super(`The configuration cannot be used:\n${notices.map((notice) => `  ${noticeLine(notice)}`).join('\n')}`)
    this.notices = notices
  }
}

/**
 * The configuration for what a program wrote, without any file.
 * @throws ConfigError with every fault.
 */
export function configFrom(written: WrittenConfig): Config {
  const { config, notices } = readNative(written, new Places(''), {})
  if (config === null) throw new ConfigError(notices)
  return config
}
