/** Reads a configuration in JavaScript or TypeScript: runs it, and finds its settings in its text. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Env } from './env.ts'
import { importAt, importFix } from './imports.ts'
import { Lines } from './lines.ts'
import { locateLiterals } from './literals.ts'
import type { Notice } from './notice.ts'
import { noticeAt, noticeIn } from './notice.ts'
import type { Places } from './places.ts'
import type { Parsed } from './read-json.ts'
import type { ScriptResult, ScriptTask } from './script-worker.ts'

/** Longest time a configuration may run, in ms. */
const PATIENCE = 10_000

/** A script that was read, with all the files that went into it. */
export interface ParsedScript extends Parsed {
  readonly files: readonly string[]
}

/** Runs `text`, which stands at the absolute path `path`; places go to `places`. */
export async function readScript(text: string, path: string, places: Places, env: Env): Promise<ParsedScript> {
  const url = pathToFileURL(path).href
  const result = await runScript({ url, text }, env)
  if (typeof result === 'string') {
    const words = {
      says: `the code of the configuration ${result}`,
      fix: 'look for process.exit, and for an await or a loop without end',
    }
    return { data: undefined, notices: [noticeIn(places.file, 1, 1, 'unfinished', words)], files: [path] }
  }
  if (!result.ok) return { data: undefined, notices: [whyNot(result, text, path, places)], files: result.files }

  const notices = locateLiterals(text, result.data, places)
  for (const { path: at, says } of result.odd) {
    const words = { says, expected: 'plain data: texts, numbers, lists, objects', fix: 'write what it stands for' }
    notices.push(noticeAt(places, at, 'value', 'not-plain', words))
  }
  return { data: result.data, notices, files: result.files }
}

/** The result; or, as the end of a sentence, why there is none. */
async function runScript(task: ScriptTask, env: Env): Promise<ScriptResult | string> {
  const worker = new Worker(new URL('./script-worker.ts', import.meta.url), {
    workerData: task,
    env: env as NodeJS.ProcessEnv,
    // A missing "type" in package.json is no concern of ours, nor is that our reader of syntax errors is young.
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', '--disable-warning=ExperimentalWarning'],
    // What it prints is talk, and must not get between what we print as data.
    stdout: true,
  })
  worker.stdout.pipe(process.stderr, { end: false })
  const { promise, resolve } = Promise.withResolvers<ScriptResult | string>()
  worker.once('message', resolve)
  worker.once('error', (error) => resolve(failedWith(error as Error)))
  worker.once('exit', (code) => resolve(`ended with status ${code} before there was a configuration`))
  const timer = setTimeout(() => resolve(`took longer than ${PATIENCE / 1000} seconds`), PATIENCE)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

function failedWith({ name, message, stack = '' }: Error): ScriptResult {
  return { ok: false, why: 'threw', name, code: '', message, stack, wanted: null, files: [] }
}

/** What the syntax that cannot be stripped is to be replaced with. */
const instead: readonly (readonly [RegExp, string])[] = [
  [/enum/, "write a union of texts: type Size = 'small' | 'large'"],
  [/namespace|module/, 'write a module, or a constant object'],
  [/parameter property/, 'declare the field, and assign it in the constructor'],
  [/import|export/, 'write import and export in the form of ES modules'],
]

function whyNot(result: ScriptResult & { ok: false }, text: string, path: string, places: Places): Notice {
  const { why, name, code, message, stack, wanted } = result
  if (why === 'absent') {
    const says = message === 'nothing' ? 'the module has no default export' : `the default export is ${message}`
    const fix = 'write export default defineConfig({ … })'
    return noticeIn(places.file, 1, 1, 'no-default-export', { says, expected: 'an object', fix })
  }
  const says = message.split('\n')[0]!
  if (wanted !== null) return badImport(wanted, says, code, { text, path, places })
  const { file, line, column } = placeIn(stack, path, places)
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const fix = instead.find(([what]) => what.test(message))?.[1] ?? 'write it in plain JavaScript with types'
    return noticeIn(file, line, column, 'typescript-unsupported', { says, fix })
  }
  if (/does not provide an export/.test(message))
    return noticeIn(file, line, column, 'import-failed', { says, fix: 'correct the name, or export it there' })
  if (name === 'SyntaxError') return noticeIn(file, line, column, 'syntax', { says, fix: 'correct the line' })
  const fix = stack === '' ? 'throw an Error instead: it knows its line' : 'correct the line'
  return noticeIn(file, line, column, 'threw', { says: `${name}: ${says}`, fix })
}

interface Script {
  readonly text: string
  readonly path: string
  readonly places: Places
}

/** An import that could not be had is told where it stands, in the configuration or in a module that it imports. */
function badImport(
  { specifier, file }: { readonly specifier: string; readonly file: string },
  says: string,
  code: string,
  { text, path, places }: Script,
): Notice {
  const source = file === path ? text : readFileSync(file, 'utf8')
  const at = importAt(source, specifier)
  const { line, column } = at === null ? { line: 1, column: 1 } : new Lines(source).at(at)
  // The place says which file imports it.
  const words = { says: says.replace(/ imported from .*$/, ''), fix: importFix(specifier, file, code) }
  return noticeIn(shownFile(file, path, places), line, column, 'import-failed', words)
}

function shownFile(file: string, path: string, places: Places): string {
  return file === path ? places.file : relative(process.cwd(), file)
}

/** The first place in a stack that is the user's: of a syntax error before its message, of others in its frames. */
function placeIn(stack: string, path: string, places: Places): { file: string; line: number; column: number } {
  const shown = (found: string): string =>
    shownFile(found.startsWith('file:') ? fileURLToPath(found) : found, path, places)
  const head = /^((?:file:\/\/)?\/[^\n]*?):(\d+)\n/.exec(stack)
  if (head !== null) {
    const caret = /^( *)\^+\s*$/m.exec(stack)
    return { file: shown(head[1]!), line: Number(head[2]), column: (caret?.[1]?.length ?? 0) + 1 }
  }
  for (const frame of stack.matchAll(/(file:\/\/[^\s()]+):(\d+):(\d+)\)?$/gm)) {
    if (frame[1]!.includes('/script-worker.')) continue
    return { file: shown(frame[1]!), line: Number(frame[2]), column: Number(frame[3]) }
  }
  return { file: places.file, line: 1, column: 1 }
}
