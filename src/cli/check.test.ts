import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { check } from './check.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-check-'))
after(() => rmSync(folder, { recursive: true }))

const good = 'listeners: { web: { bind: ":8080" } }\npools: { a: { servers: [b] } }\n'

/** What the command prints about a file with this text, and its exit status. */
async function run(
  text: string | null,
  { json = false, name = 'headgate.yaml', columns }: { json?: boolean; name?: string; columns?: number } = {},
): Promise<{ status: number; text: string }> {
  if (text !== null) writeFileSync(join(folder, name), text)
  const out = new PassThrough()
  const status = await check(
    text === null ? 'nowhere.yaml' : name,
    { json, cwd: folder, env: {}, machine: {} },
    Object.assign(out, { columns }) as unknown as NodeJS.WriteStream,
  )
  out.end()
  return { status, text: stripVTControlCharacters((await out.toArray()).join('')) }
}

test('a configuration without findings ends with 0 and says what is in it', async () => {
  const { status, text } = await run(good)
  assert.equal(status, 0)
  assert.equal(text, 'headgate.yaml: nothing found (1 listener, 1 route, 1 pool, 1 server)\n')
})

test('warnings end with 1, infos alone with 0', async () => {
  assert.equal(
    (await run(`${good}routes: [{ to: a }, { to: a, host: x, maxConnections: 5, queue: { max: 1, timeout: 1m } }]`))
      .status,
    1,
  )
  const { status, text } = await run(good.replace('[b]', '[{ address: b, maxConnections: 5 }]'))
  assert.equal(status, 0)
  assert.match(text, /info no-queue/)
  assert.match(text, /1 info/)
})

test('errors end with 2 and come with place, line, reason and remedy', async () => {
  const { status, text } = await run('listeners:\n  web: 1\npools: { a: { servers: [b] } }\nqueue: 5\n')
  assert.equal(status, 2)
  assert.equal(
    text,
    `headgate.yaml:2:8 error wrong-type listeners.web
  1 does not fit here
  2 |   web: 1
    |        ^
  fix: write { bind: ':1' }

headgate.yaml:4:1 error unknown-key queue
  there is no setting 'queue' at the top
  4 | queue: 5
    | ^^^^^
  expected: one of $schema, name, threads, listeners, pools, routes, cache, admin, accessLog, proxyStatus, retryAfter, errorPages, drain, ignore
  fix: it belongs in pools.<name>.queue or routes[].queue

headgate.yaml: 2 errors
`,
  )
})

test('errors are printed before warnings and warnings before infos', async () => {
  const text = `listeners: { web: { bind: ":80", timeouts: { header: 0 } } }
pools:
  a: { servers: [{ address: b, maxConnections: 5 }] }
`
  const { text: printed, status } = await run(text)
  assert.equal(status, 1)
  assert.ok(printed.indexOf('warning header-timeout-off') < printed.indexOf('info no-queue'))
  assert.match(printed, /1 warning, 1 info \(1 listener/)
})

test('a very long line is shown around the place', async () => {
  const long = `{ "listeners": { "web": { "bind": ":80" } }, ${' '.repeat(300)}"pools": {}, ${' '.repeat(300)}"x": 1 }`
  const { text } = await run(long, { name: 'long.json' })
  for (const line of text.split('\n')) if (/^ {2}\d* *\|/.test(line)) assert.ok(line.length < 115, line)
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.includes('…'))
  const mark = lines[at + 1]!
  assert.equal(lines[at]!.slice(mark.indexOf('^')).slice(0, 7), '"pools"')
})

test('JSON has the version of its form, all notices and their numbers', async () => {
  const { status, text } = await run(`${good}queue: 5\n`, { json: true })
  assert.equal(status, 2)
  const report = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(Object.keys(report), ['schema', 'file', 'notices', 'counts'])
  assert.equal(report.schema, 'headgate.check/1')
  assert.equal(report.file, 'headgate.yaml')
  assert.deepEqual(report.counts, { errors: 1, warnings: 0, infos: 0 })
  const [notice] = report.notices as Record<string, unknown>[]
  assert.deepEqual(
    { rule: notice?.rule, severity: notice?.severity, line: notice?.line, column: notice?.column, path: notice?.path },
    { rule: 'unknown-key', severity: 'error', line: 3, column: 1, path: 'queue' },
  )
})

test('a file that is not there is an error without a place', async () => {
  const { status, text } = await run(null)
  assert.equal(status, 2)
  assert.match(text, /^nowhere\.yaml error file-missing\n {2}the file cannot be read \(ENOENT\)\n/)
  assert.match(text, /nowhere\.yaml: 1 error\n$/)
})

test('in a narrow terminal no row is too long, and the mark stands under its word', async () => {
  const text = `listeners: { web: { bind: ":8080", timeouts: { header: 5s, keepAlive: 20s }, tls: { cert: a.pem } } }
pools: { a: { servers: [b], sticky: off } }
`
  const wide = (await run(text)).text
  for (const columns of [40, 60, 80]) {
    const narrow = (await run(text, { columns })).text
    const rows = narrow.split('\n')
    for (const row of rows.filter((one) => one.startsWith('  '))) assert.ok(row.length <= columns, row)
    for (const [i, row] of rows.entries()) {
      const at = row.indexOf('^')
      if (at >= 0) assert.match(rows[i - 1]!.slice(at), /^(tls|off)/)
    }
    // Nothing that is said is lost.
    const words = (all: string) =>
      all
        .split('\n')
        .filter((one) => !one.includes(' | '))
        .join(' ')
        .split(/\s+/)
        .join(' ')
    assert.equal(words(narrow), words(wide))
  }
})
