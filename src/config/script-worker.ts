/**
 * The thread in which one configuration in JavaScript or TypeScript runs, once. A thread of its own gives it a fresh
 * graph of modules each time, and leaves nothing of it behind.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { Odd } from './plain.ts'
import { plainCopy } from './plain.ts'

/** What to run. */
export interface ScriptTask {
  /** URL of the file. */
  readonly url: string
  /** Its text as it was read: what is located is what runs. */
  readonly text: string
}

/** What came of it. `files`: all that was read on the way, the configuration itself included. */
export type ScriptResult =
  | { readonly ok: true; readonly data: unknown; readonly odd: readonly Odd[]; readonly files: readonly string[] }
  | {
      readonly ok: false
      /** `absent`: there is no default export that could be a configuration; `message` says what there is. */
      readonly why: 'threw' | 'absent'
      readonly name: string
      readonly code: string
      readonly message: string
      readonly stack: string
      /** The import that failed: as it is written, and the absolute path of the file where it stands. */
      readonly wanted: { readonly specifier: string; readonly file: string } | null
      readonly files: readonly string[]
    }

const { url, text } = workerData as ScriptTask
const files: string[] = []
/** The file that imports a module, and by what name; of the URL of each module that was found, the first one. */
const importers = new Map<string, Import>()
/** Imports by the error that ended them. */
const failed = new Map<unknown, Import>()
const ownPackage = new URL('./define.ts', import.meta.url).href

interface Import {
  readonly specifier: string
  readonly parent: string | undefined
}

registerHooks({
  resolve(specifier, context, next) {
    // The running package, wherever it is installed: a configuration needs no node_modules of its own.
    if (specifier === 'headgate' || specifier === 'headgate/config') return { url: ownPackage, shortCircuit: true }
    if (specifier === url) return { url, shortCircuit: true }
    const wanted: Import = { specifier, parent: context.parentURL }
    try {
      const found = next(specifier, context)
      if (!importers.has(found.url)) importers.set(found.url, wanted)
      return found
    } catch (error) {
      failed.set(error, wanted)
      throw error
    }
  },
  load(from, context, next) {
    if (!from.startsWith('file:') || from === ownPackage || from.includes('/node_modules/'))
      return loaded(from, () => next(from, context))
    const path = fileURLToPath(from)
    files.push(path)
    if (from === url) return { source: text, format: formatOf(path, text), shortCircuit: true }
    if (!/\.[jt]s$/.test(path)) return loaded(from, () => next(from, context))
    const source = readFileSync(path, 'utf8')
    return { source, format: formatOf(path, source), shortCircuit: true }
  },
})

/** What a module is loaded as; when it cannot be, its import is to blame. */
function loaded<T>(from: string, load: () => T): T {
  try {
    return load()
  } catch (error) {
    const wanted = importers.get(from)
    if (wanted !== undefined) failed.set(error, wanted)
    throw error
  }
}

/** A package.json nearby may say "commonjs", as npm init writes it; what a file itself is, its own text says. */
function formatOf(path: string, source: string): string {
  const module = /\.m[jt]s$/.test(path) || /^\s*(import\b(?!\s*\()|export\b)/m.test(source)
  return `${module ? 'module' : 'commonjs'}${/ts$/.test(path) ? '-typescript' : ''}`
}

async function run(): Promise<ScriptResult> {
  try {
    const module = (await import(url)) as { default?: unknown }
    let found = await module.default
    if (typeof found === 'function') found = await (found as (context: object) => unknown)({ env: process.env })
    if (typeof found !== 'object' || found === null || Array.isArray(found)) {
      const what = found === undefined ? 'nothing' : Array.isArray(found) ? 'a list' : `a ${typeof found}`
      return { ok: false, why: 'absent', name: '', code: '', message: what, stack: '', wanted: null, files }
    }
    const odd: Odd[] = []
    const data = plainCopy(found, odd)
    return { ok: true, data, odd, files }
  } catch (error) {
    const { name = 'Error', message = String(error), stack = '', code = '' } = Object(error) as NodeJS.ErrnoException
    return { ok: false, why: 'threw', name, code, message, stack: located(name, stack), wanted: wantedBy(error), files }
  }
}

function wantedBy(error: unknown): { specifier: string; file: string } | null {
  // No hook sees a module of Node's own fail that does not exist; its name is in the message.
  const builtin = /No such built-in module: (\S+)$/.exec(Object(error).message)?.[1]
  const { specifier, parent } = failed.get(error) ?? importers.get(builtin ?? '') ?? {}
  if (specifier === undefined || parent?.startsWith('file:') !== true) return null
  return { specifier, file: fileURLToPath(parent) }
}

/** Node does not say where in JavaScript a syntax error is; its reader of TypeScript, which takes JavaScript too, does. */
function located(name: string, stack: string): string {
  if (name !== 'SyntaxError' || !/^SyntaxError/.test(stack)) return stack
  for (const path of files.toReversed()) {
    try {
      stripTypeScriptTypes(path === fileURLToPath(url) ? text : readFileSync(path, 'utf8'), { sourceUrl: path })
    } catch (error) {
      return (error as Error).stack ?? stack
    }
  }
  return stack
}

parentPort?.postMessage(await run())
