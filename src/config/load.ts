/** Finds a configuration, reads it in whatever form it is written, and says all that is to be said of it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import type { Env } from './env.ts'
import { type Machine, readMachine } from './machine.ts'
import type { Config } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeIn, sortNotices } from './notice.ts'
import { Places } from './places.ts'
import type { Parsed } from './read-json.ts'

/** A file by its path; a text with the name it would have as a file; or, undefined, the first file that is found. */
export type ConfigSource = string | { readonly text: string; readonly name: string } | undefined

export interface LoadOptions {
  /** Folder that relative paths and the search start from; the current one when unset. */
  readonly cwd?: string
  /** Environment variables; those of the process when unset. */
  readonly env?: Env
  /** What the machine allows; found out when unset. */
  readonly machine?: Machine
}

/** What came of loading. */
export interface Loaded {
  /** null when a notice is an error. */
  readonly config: Config | null
  readonly notices: readonly Notice[]
  /** The file as it is shown in notices; '' when none was found. */
  readonly file: string
  /** Its text; '' when it could not be read. */
  readonly source: string
  /** Absolute paths of all files that went into it, to be watched. */
  readonly files: readonly string[]
}

const names = ['config.ts', 'config.mts', 'config.js', 'config.mjs', 'yaml', 'yml', 'json'].map(
  (end) => `headgate.${end}`,
)
/** Folders that are looked into, in this order, when no file is named; '' is the current one. */
const folders = ['', '/etc/headgate/']

/** Loads a configuration. Never rejects for what is in it: that is in the notices, all of it at once. */
export async function loadConfig(from?: ConfigSource, options: LoadOptions = {}): Promise<Loaded> {
  const { cwd = process.cwd(), env = process.env } = options
  const named = from ?? findConfig(cwd)
  if (named === null) return nothingFound(cwd)
  const file = typeof named === 'string' ? named : named.name
  const path = resolve(cwd, file)
  const places = new Places(file)

  let source: string
  try {
    source = typeof named === 'string' ? readFileSync(path, 'utf8') : named.text
  } catch (error) {
    const says = `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`
    const notice = noticeIn(file, 0, 0, 'file-missing', {
      says,
      fix: 'correct its path, or write one with: headgate init',
    })
    return { config: null, notices: [notice], file, source: '', files: [path] }
  }

  const parsed = await parse(source, path, places, env)
  const files = [path, ...(parsed.files ?? []).filter((one) => one !== path)]
  if (parsed.data === undefined) return { config: null, notices: sortNotices(parsed.notices), file, source, files }

  // Loaded only here, as only here it is needed: the schema costs more time than all the rest.
  const { readNative } = await import('./native.ts')
  const machine = options.machine ?? readMachine()
  const { config, notices } = readNative(parsed.data, places, machine, dirname(path))
  return {
    config: parsed.notices.length > 0 ? null : config,
    notices: sortNotices([
      ...parsed.notices,
      ...notices.filter((notice) => !parsed.notices.some((first) => isSamePlace(first, notice))),
    ]),
    file,
    source,
    files,
  }
}

/** What the reader says of a place is the cause of what is then wrong with what it read there. */
function isSamePlace(a: Notice, b: Notice): boolean {
  return a.line > 0 && a.line === b.line && a.column === b.column
}

async function parse(
  text: string,
  path: string,
  places: Places,
  env: Env,
): Promise<Parsed & { files?: readonly string[] }> {
  switch (extname(path)) {
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
    case '.cts':
    case '.cjs': {
      const { readScript } = await import('./read-script.ts')
      return readScript(text, path, places, env)
    }
    case '.json': {
      const { readJson } = await import('./read-json.ts')
      return readJson(text, places, env)
    }
    default: {
      const { readYaml } = await import('./read-yaml.ts')
      return readYaml(text, places, env)
    }
  }
}

/** The first configuration that there is, as a path relative to `cwd` where it is in it; null when there is none. */
export function findConfig(cwd: string): string | null {
  for (const folder of folders) {
    for (const name of names) if (existsSync(resolve(cwd, folder + name))) return folder + name
  }
  return null
}

function nothingFound(cwd: string): Loaded {
  const says = `there is no configuration in ${cwd} or /etc/headgate`
  const fix = 'write one with: headgate init'
  const expected = `a file ${names.join(', ')}, or one named on the command line`
  return {
    config: null,
    notices: [noticeIn('', 0, 0, 'no-config', { says, expected, fix })],
    file: '',
    source: '',
    files: [],
  }
}
