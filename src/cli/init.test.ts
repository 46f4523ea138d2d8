import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../config/load.ts'
import { init } from './init.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-init-'))
after(() => rmSync(folder, { recursive: true }))

async function run(file: string, force = false): Promise<{ status: number; told: string; talked: string }> {
  const out = new PassThrough()
  const talk = new PassThrough()
  const status = await init(file, { force }, out as unknown as NodeJS.WriteStream, talk)
  out.end()
  talk.end()
  return { status, told: (await out.toArray()).join(''), talked: (await talk.toArray()).join('') }
}

test('what is written passes the check without a finding, in every language, and means the same', async () => {
  let first: unknown
  for (const ending of ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json']) {
    const file = join(folder, `headgate.config.${ending}`)
    const { status, told } = await run(file)
    assert.equal(status, 0)
    assert.match(told, new RegExp(`headgate check .*${ending}\n.*headgate run`))
    const { config, notices } = await loadConfig(file, { env: {}, machine: {} })
    assert.deepEqual(notices, [], ending)
    const { places: _, ...rest } = config!
    first ??= rest
    assert.deepEqual(rest, first, ending)
  }
})

test('what is commented out passes as well, once it is put in', async () => {
  for (const ending of ['ts', 'yaml']) {
    const file = join(folder, `all.config.${ending}`)
    await run(file)
    const sign = ending === 'ts' ? '//' : '#'
    const text = readFileSync(file, 'utf8')
      .split('\n')
      // Comments that are settings; the prose between them begins with a capital letter or goes on in one.
      .map((line) =>
        /^\s*(\/\/|#) ( *- |[a-zA-Z]+: |\{ )(?!.*\.$)/.test(line) && /^\s+/.test(line)
          ? line.replace(`${sign} `, '')
          : line,
      )
      .join('\n')
    writeFileSync(file, text)
    const { config, notices } = await loadConfig(file, { env: {}, machine: {} })
    assert.deepEqual(
      notices.filter(({ severity }) => severity === 'error'),
      [],
      text,
    )
    assert.equal(config?.pools[0]?.servers.length, 2, text)
    assert.equal(config?.pools[0]?.health?.http, '/healthz')
    assert.equal(config?.routes.length, 2)
    assert.equal(config?.routes[0]?.cache?.grace, 10_000)
  }
})

test('a file that is there is left alone unless it is forced', async () => {
  const file = join(folder, 'mine.yaml')
  writeFileSync(file, 'mine')
  const { status, talked, told } = await run(file)
  assert.equal(status, 2)
  assert.match(talked, /is there already.*--force/)
  assert.equal(told, '')
  assert.equal(readFileSync(file, 'utf8'), 'mine')
  assert.equal((await run(file, true)).status, 0)
  assert.match(readFileSync(file, 'utf8'), /^# yaml-language-server/)
})

test('a file that cannot be written, and an ending that means nothing, are told', async () => {
  assert.equal((await run(join(folder, 'no', 'such', 'folder.ts'))).status, 1)
  const { status, talked } = await run(join(folder, 'headgate.toml'))
  assert.equal(status, 2)
  assert.match(talked, /the ending has to be \.ts/)
})

test('the types hold for what is written, and for the example', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const file = join(folder, 'typed.config.ts')
  await run(file, true)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const wrong = join(folder, 'wrong.config.ts')
  writeFileSync(
    wrong,
    "import { defineConfig } from 'headgate/config'\nexport default defineConfig({ listeners: { web: { bind: ':80', maxconn: 5 } }, pools: {} })\n",
  )
  const project = (name: string, files: string[]): string => {
    const path = join(folder, name)
    const options = {
      noEmit: true,
      paths: { 'headgate/config': [join(root, 'src/config/index.ts')] },
      typeRoots: [join(root, 'node_modules/@types')],
    }
    writeFileSync(
      path,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: options, include: [], files }),
    )
    return path
  }
  const tsc = (path: string): string =>
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', path], { encoding: 'utf8' })
  assert.equal(tsc(project('good.json', [file, join(root, 'examples/headgate.config.ts')])), '')
  assert.throws(
    () => tsc(project('bad.json', [wrong])),
    (error) => /maxconn/.test((error as { stdout: string }).stdout),
  )
})
