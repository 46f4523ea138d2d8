/** `headgate init` and `headgate check` as a newcomer uses them: one after the other. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { command } from './command.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

for (const file of ['headgate.config.ts', 'headgate.yaml', 'headgate.json']) {
  test(`what init writes into ${file} has no errors for check`, async (t) => {
    const cwd = folder(t)
    const written = await command(['init', file], { cwd })
    assert.equal(written.code, 0, written.err)
    const checked = await command(['check'], { cwd })
    // A machine with few descriptors has its one warning.
    assert.equal(checked.code, checked.out.includes('fd-limit') ? 1 : 0, checked.out + checked.err)
    assert.ok(checked.out.includes(file))
  })
}

test('init leaves a file that is there alone, and ends with 2', async (t) => {
  const cwd = folder(t)
  writeFileSync(join(cwd, 'headgate.yaml'), 'mine\n')
  const { code, err } = await command(['init', 'headgate.yaml'], { cwd })
  assert.equal(code, 2)
  assert.match(err, /is there already.*--force/)
  assert.equal(readFileSync(join(cwd, 'headgate.yaml'), 'utf8'), 'mine\n')
})

test('check names file, line, column and the likely word, as text and as JSON', async (t) => {
  const cwd = folder(t)
  const text =
    'listeners:\n  web:\n    bind: ":0"\npools:\n  app:\n    servers: ["127.0.0.1:3000"]\n    queu: { max: 5 }\n'
  writeFileSync(join(cwd, 'shop.yaml'), text)
  const talked = await command(['check', 'shop.yaml'], { cwd })
  assert.equal(talked.code, 2)
  assert.match(talked.out, /shop\.yaml:7:5/)
  assert.match(talked.out, /queue/)

  const { code, out, err } = await command(['check', 'shop.yaml', '--json'], { cwd })
  assert.equal(code, 2)
  assert.equal(err, '')
  const { schema, notices } = JSON.parse(out)
  assert.match(schema, /^headgate\.check\//)
  assert.equal(notices[0].line, 7)
  assert.equal(notices[0].path, 'pools.app.queu')
})
