import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Places } from './places.ts'
import { readScript } from './read-script.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-script-'))
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const read = (text: string, name = 'headgate.config.ts', env = {}) =>
  readScript(text, join(folder, name), new Places(name), env)

test('the package is found by name without being installed beside the file', async () => {
  for (const name of ['headgate', 'headgate/config']) {
    const { data, notices } = await read(
      `import { defineConfig } from '${name}'\nexport default defineConfig({ a: 1 } as never)`,
    )
    assert.deepEqual(notices, [])
    assert.deepEqual(data, { a: 1 })
  }
})

test('a configuration may be an object, a promise, or a function of the environment', async () => {
  const texts = [
    "export default { port: '81' }",
    "export default Promise.resolve({ port: '81' })",
    'export default ({ env }) => ({ port: env.PORT })',
    'export default async ({ env }) => ({ port: env.PORT })',
    'module.exports = { port: process.env.PORT }',
  ]
  for (const text of texts) assert.deepEqual((await read(text, 'x.js', { PORT: '81' })).data, { port: '81' }, text)
})

test('what a file is, its text says, not the package.json beside it', async () => {
  const inner = join(folder, 'commonjs')
  mkdirSync(inner)
  writeFileSync(join(inner, 'package.json'), '{ "type": "commonjs" }')
  writeFileSync(join(inner, 'part.ts'), 'export const part: number = 5\n')
  const text = "import { part } from './part.ts'\nexport default { part }\n"
  const { data, notices } = await readScript(text, join(inner, 'x.ts'), new Places('x.ts'), {})
  assert.deepEqual(notices, [])
  assert.deepEqual(data, { part: 5 })
})

test('every reading runs afresh and names the files that went into it', async () => {
  const part = write('part.ts', 'export const part = 1\n')
  const path = join(folder, 'main.config.ts')
  const text = "import { part } from './part.ts'\nexport default { part }\n"
  const first = await readScript(text, path, new Places('x'), {})
  write('part.ts', 'export const part = 2\n')
  const second = await readScript(text, path, new Places('x'), {})
  assert.deepEqual([first.data, second.data], [{ part: 1 }, { part: 2 }])
  assert.deepEqual([...second.files].sort(), [path, part].sort())
})

test('faults are told with file, line and column', async () => {
  write('thrower.ts', "export const a = 1\nthrow new Error('no\\nmore')\n")
  write('broken.ts', 'export const a = {\n  b: ,\n}\n')
  write('broken.js', 'export const a = {\n  b: ,\n}\n')
  write('empty.ts', 'export {}\n')
  const cases: [string, string, string, RegExp][] = [
    ['a.config.ts', 'export default {\n  a: ,\n}\n', 'a.config.ts:2:6 syntax', /Expression expected/],
    ['a.config.js', 'export default {\n  a: ,\n}\n', 'a.config.js:2:6 syntax', /Unexpected token|Expression expected/],
    [
      'a.config.ts',
      'namespace N { export const a = 1 }\nexport default N\n',
      'a.config.ts:1:1 typescript-unsupported',
      /namespace/,
    ],
    ['a.config.ts', "import { a } from './thrower.ts'\nexport default { a }\n", 'thrower.ts:2:7 threw', /^Error: no$/],
    [
      'a.config.ts',
      "import { a } from './broken.js'\nexport default { a }\n",
      'broken.js:2:6 syntax',
      /Unexpected token|Expression expected/,
    ],
    [
      'a.config.ts',
      "import { a } from './broken.ts'\nexport default { a }\n",
      'broken.ts:2:6 syntax',
      /Expression expected/,
    ],
    [
      'a.config.ts',
      "import { a } from './empty.ts'\nexport default { a }\n",
      'a.config.ts:1:10 import-failed',
      /export named 'a'/,
    ],
    [
      'a.config.ts',
      "import { a } from 'nowhere-at-all'\nexport default { a }\n",
      'a.config.ts:1:19 import-failed',
      /Cannot find package/,
    ],
    ['a.config.ts', "export default () => {\n  throw 'a text'\n}\n", 'a.config.ts:1:1 threw', /a text/],
    ['a.config.ts', 'export default 5\n', 'a.config.ts:1:1 no-default-export', /default export is a number/],
    ['a.config.ts', 'export default []\n', 'a.config.ts:1:1 no-default-export', /default export is a list/],
  ]
  for (const [name, text, wanted, says] of cases) {
    const { notices, data } = await read(text, name)
    const shown = notices.map(({ file, line, column, rule }) => `${file.split('/').pop()}:${line}:${column} ${rule}`)
    assert.deepEqual(shown, [wanted], text)
    assert.match(notices[0]?.says ?? '', says)
    assert.equal(data, undefined)
  }
})

test('an import that fails is told where it stands, with what would have worked', async () => {
  write('shared.ts', 'export const a = 1\n')
  write('facts.json', '{}\n')
  write('notes.txt', 'hello\n')
  write('between.ts', "// of what follows\n\nimport { a } from './gone.ts'\nexport { a }\n")
  const cases: [string, string, RegExp][] = [
    [
      "// './shared'\nimport {\n  a,\n} from './shared'\nexport default { a }\n",
      'a.config.ts:4:8',
      /^write '\.\/shared\.ts'$/,
    ],
    ["import { a } from './between.ts'\nexport default { a }\n", 'between.ts:3:19', /^correct the path/],
    ["export * from './nope.ts'\nexport default {}\n", 'a.config.ts:1:15', /^correct the path/],
    [
      "export default async () => {\n  const { a } = await import('./nope.ts')\n  return { a }\n}\n",
      'a.config.ts:2:30',
      /^correct the path/,
    ],
    ["import a from '@some/where'\nexport default { a }\n", 'a.config.ts:1:15', /npm install @some\/where$/],
    [
      "import { defineConfig } from 'headgate/confg'\nexport default defineConfig({})\n",
      'a.config.ts:1:30',
      /'headgate\/config'/,
    ],
    ["import a from './facts.json'\nexport default a\n", 'a.config.ts:1:15', /with \{ type: 'json' \}$/],
    ["import './notes.txt'\nexport default {}\n", 'a.config.ts:1:8', /readFileSync/],
    ["import 'node:nowhere'\nexport default {}\n", 'a.config.ts:1:8', /correct the name/],
    ["const a = require('./nope.js')\nmodule.exports = { a }\n", 'a.config.ts:1:19', /^correct the path/],
  ]
  for (const [text, wanted, fix] of cases) {
    const { notices } = await read(text, 'a.config.ts')
    const shown = notices.map(({ file, line, column, rule }) => `${file.split('/').pop()}:${line}:${column} ${rule}`)
    assert.deepEqual(shown, [`${wanted} import-failed`], text)
    assert.match(notices[0]?.fix ?? '', fix)
  }
})

test('an import that fails and is caught is not to blame for what is thrown later', async () => {
  const { notices } = await read(
    "let a: any = null\ntry {\n  a = await import('./nope.ts')\n} catch {}\nexport default { a: a.b }\n",
  )
  assert.deepEqual(
    notices.map(({ rule, line, column }) => [rule, line, column]),
    [['threw', 5, 23]],
  )
})

test('all that is not plain data is told at once', async () => {
  const { notices } = await read(
    'const self = { a: {} }\nself.a = self\nexport default {\n  one: () => 1,\n  two: [new Date(0)],\n  three: new Map(),\n  four: 5n,\n  five: self,\n  six: undefined,\n}\n',
  )
  assert.deepEqual(
    notices.map(({ rule, line, path, says }) => [rule, line, path, says]),
    [
      ['not-plain', 4, 'one', 'this is a function'],
      ['not-plain', 5, 'two[0]', 'this is a Date'],
      ['not-plain', 6, 'three', 'this is a Map'],
      ['not-plain', 7, 'four', 'this is a bigint'],
      ['not-plain', 1, 'five.a', 'this contains itself'],
    ],
  )
})
