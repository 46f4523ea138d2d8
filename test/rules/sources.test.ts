/** What the sources may and may not contain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt, scan } from './scan.ts'
import { sources, type TextFile } from './tree.ts'

const scanned = sources().map((file) => ({ ...file, ...scan(file.text) }))

/** Places in the code, outside comments and strings, that match. */
function codeMatching(pattern: RegExp, where: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const { path, text, code } of scanned) {
    if (!where(path)) continue
    for (const match of code.matchAll(pattern)) found.push(`${path}:${lineAt(text, match.index)} ${match[0]}`)
  }
  return found
}

test('no file of the program is longer than 400 lines', () => {
  const long = sources()
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > 400)
  assert.deepEqual(long, [])
})

test('only the ledger and the store touch shared memory with Atomics', () => {
  assert.deepEqual(
    codeMatching(/\bAtomics\b/g, (path) => !/^src\/(ledger|store)\//.test(path)),
    [],
  )
})

test('only the command line writes to the console', () => {
  assert.deepEqual(
    codeMatching(/\bconsole\./g, (path) => !path.startsWith('src/cli/')),
    [],
  )
})

test('no suppression of the type checker stands in the program', () => {
  const found = sources().filter(({ text }) => /@ts-(ignore|nocheck|expect-error)/.test(text))
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  )
})

test('the data path is built on sockets, not on Node’s HTTP', () => {
  const path = /^src\/(base|wire|ledger|store|gate|pool|cache|net|exchange)\//
  const http = /(from|import\(?) ?'(node:)?https?2?'/
  const names = "import { STATUS_CODES } from 'node:http'" // a table of words
  const found = sources().filter((file) => path.test(file.path) && http.test(file.text.replace(names, '')))
  assert.deepEqual(
    found.map((file) => file.path),
    [],
  )
})

test('the wire does no input or output and reads no clock', () => {
  const wire = sources().filter(({ path }) => path.startsWith('src/wire/'))
  const io = wire.filter(({ text }) => /'node:(net|fs|dns|timers|worker_threads|child_process)/.test(text))
  assert.deepEqual(
    io.map(({ path }) => path),
    [],
  )
  assert.deepEqual(
    codeMatching(/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bset(Timeout|Interval|Immediate)\b/g, (path) =>
      path.startsWith('src/wire/'),
    ),
    [],
  )
})

/** The client and server errors of the IANA registry. A buffer of 512 bytes is none of them. */
const failures = new Set(
  `400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 421 422 423 424 425 426 428 429 431 451
   500 501 502 503 504 505 506 507 508 510 511`.split(/\s+/),
)

/**
 * Numbers in the sources that are no status, or a status that is read and not given. Each with the code around it, so
 * that a new use in the same file is seen, and with its reason.
 */
const notGiven: readonly { readonly path: string; readonly code: string; readonly reason: string }[] = [
  { path: 'src/run/supervisor.ts', code: 'const PAUSE =', reason: 'ms' },
  { path: 'src/run/supervisor.ts', code: 'const LAST_LINES =', reason: 'ms' },
  { path: 'src/exchange/cache/store-answer.ts', code: 'status >= 500', reason: 'read from a response' },
  { path: 'src/cache/freshness/status.ts', code: "TOO_MANY = statuses('429')", reason: 'read from a response' },
  {
    path: 'src/exchange/cache/delivery.ts',
    code: 'this.#head(416',
    reason: 'what a stored response says to a Range, RFC 9110 §15.5.17',
  },
]

interface Use {
  readonly path: string
  readonly line: number
  readonly code: string
}

/** Literals that look like the status of a failure: numbers in the code, and strings that are one or a status line. */
function failureStatuses({ path, text }: TextFile): Use[] {
  const { code, strings } = scan(text)
  const lines = text.split('\n')
  const found: number[] = []
  for (const match of code.matchAll(/(?<![\w.$])\d{3}(?![\w.])/g)) if (failures.has(match[0])) found.push(match.index)
  for (const string of strings) {
    const status = /^(\d{3})$/.exec(string.text) ?? /HTTP\/1\.[01] (\d{3})/.exec(string.text)
    if (status !== null && failures.has(status[1] ?? '')) found.push(string.at)
  }
  return found.map((at) => {
    const line = lineAt(text, at)
    return { path, line, code: (lines[line - 1] ?? '').trim() }
  })
}

test('no status of a failure is chosen outside the table of causes', () => {
  const table = ['src/base/cause.ts', 'src/base/cause-purge.ts', 'src/watch/admin/problem.ts']
  const uses = sources()
    // The admin API is beside the data path, and has its own table of what it cannot do.
    .filter(({ path }) => !table.includes(path))
    .flatMap(failureStatuses)
  const allowed = (use: Use): boolean => notGiven.some(({ path, code }) => use.path === path && use.code.includes(code))
  assert.deepEqual(
    uses.filter((use) => !allowed(use)),
    [],
  )
  const stale = notGiven.filter(({ path, code }) => !uses.some((use) => use.path === path && use.code.includes(code)))
  assert.deepEqual(stale, [], 'exceptions that nothing uses any more')
})

test('a status is found in code, as a string and in a status line, and not in prose or in a size', () => {
  const uses = failureStatuses({
    path: 'x.ts',
    text: "f(503)\nf('404')\nf(`HTTP/1.1 502 Bad`)\n// 503\nf('gets 503 at once')\nf(512, 1.500, 5_000, 0x503)\nf(200)",
  })
  assert.deepEqual(
    uses.map(({ line }) => line),
    [1, 2, 3],
  )
})
