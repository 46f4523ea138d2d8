/** What the command line says before it does anything. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { command, RunningCommand } from './command.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

test('--version prints the version of the package and nothing else', async () => {
  const { code, out, err } = await command(['--version'])
  assert.deepEqual({ code, out, err }, { code: 0, out: `${version}\n`, err: '' })
})

test('without anything it prints its help to stdout, with examples and exit statuses', async () => {
  const { code, out, err } = await command([])
  assert.equal(code, 0)
  assert.equal(err, '')
  for (const part of ['Usage: headgate', 'Examples:', 'headgate demo', 'Exit status:', '128+n'])
    assert.ok(out.includes(part), `${part} is missing in: ${out}`)
})

for (const name of ['run', 'check', 'init', 'demo']) {
  test(`headgate ${name} --help shows examples and succeeds`, async () => {
    const { code, out, err } = await command([name, '--help'])
    assert.equal(code, 0)
    assert.equal(err, '')
    assert.match(out, new RegExp(`Usage: headgate ${name}`))
    assert.match(out, /Examples:\n {2}headgate/)
  })
}

test('an unknown command ends with 2 and is told the likely one', async () => {
  const { code, out, err } = await command(['chekc'])
  assert.equal(code, 2)
  assert.equal(out, '')
  assert.match(err, /unknown command 'chekc'/)
  assert.match(err, /Did you mean check\?/)
})

test('an unknown option ends with 2 and is told the likely one', async () => {
  const { code, err } = await command(['run', '--max-connection', '5'])
  assert.equal(code, 2)
  assert.match(err, /Did you mean --max-connections\?/)
})

test('a number that is none ends with 2 and says what was expected', async () => {
  const { code, err } = await command(['run', '--to', '127.0.0.1:1', '--max-connections', 'many'])
  assert.equal(code, 2)
  assert.match(err, /'many' is invalid.*whole number/)
})

test('colour is there when it is asked for and gone with NO_COLOR or --no-color', async () => {
  const coloured = await command(['--help'], { env: { FORCE_COLOR: '1' } })
  const plain = await command(['--help'], { env: { NO_COLOR: '1' } })
  const refused = await command(['--no-color', '--help'], { env: { FORCE_COLOR: '1' } })
  assert.notEqual(coloured.out, plain.out)
  assert.equal(stripVTControlCharacters(coloured.out), plain.out)
  assert.equal(refused.out, plain.out)
})

test('under an older Node it finds the newer one that was installed beside it', async (t) => {
  const old = olderNode()
  if (old === null) return t.skip('skipped: every Node on this machine is new enough')
  const good = await command(['--version'], { node: old })
  assert.deepEqual(good, { code: 0, signal: null, out: `${version}\n`, err: '' })
  const bad = await command(['chekc'], { node: old })
  assert.equal(bad.code, 2)
  // Signals reach the newer one, and how it ends is how this one ends.
  await using running = new RunningCommand(['run', '--to', '127.0.0.1:1', '--listen', '127.0.0.1:0'], { node: old })
  await running.said(/^ready$/m)
  running.signal('SIGTERM')
  running.signal('SIGTERM')
  const { code, err } = await running.ended()
  assert.equal(code, 0)
  assert.match(err, /SIGTERM: stopping[\s\S]*\nstopped\n$/)
})

/** A Node on this machine that is too old for Headgate itself; null where there is none. */
function olderNode(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  for (const node of [process.env.npm_node_execpath ?? '', ...folders]) {
    if (!existsSync(node)) continue
    const [major = 0, minor = 0] = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .split('.')
      .map(Number)
    if (major < 24 || (major === 24 && minor < 15)) return node
  }
  return null
}
