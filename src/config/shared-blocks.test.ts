// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of these texts are filled in by the reader
/** Blocks under `x-…` at the top, used by anchors and merge keys, as in Compose. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-shared-'))
after(() => rmSync(folder, { recursive: true }))

async function load(name: string, text: string) {
  writeFileSync(join(folder, name), text)
  return await loadConfig(name, { cwd: folder, env: { WEIGHT: '3' }, machine: {} })
}

test('shared blocks are merged: what stands beside comes first, then the first of several', async () => {
  const { config, notices } = await load(
    'headgate.yaml',
    [
      'x-small: &small',
      '  maxConnections: 50',
      '  weight: ${WEIGHT}',
      'x-spare: &spare { maxConnections: 70, backup: true }',
      'x-slow: &slow { firstByte: 90s, total: 2m }',
      'listeners: { web: { bind: ":8080" } }',
      'pools:',
      '  shop:',
      '    servers:',
      '      - { address: 10.0.0.1, <<: *small }',
      '      - address: 10.0.0.2',
      '        <<: [*small, *spare]',
      '      - <<: *small',
      '        address: 10.0.0.3',
      '        maxConnections: 9',
      '    queue: { max: 10 }',
      '    timeouts: *slow',
      '',
    ].join('\n'),
  )
  assert.deepEqual(notices, [])
  assert.deepEqual(
    config?.pools[0]?.servers.map(({ maxConnections, weight, backup }) => [maxConnections, weight, backup]),
    [
      [50, 3, false],
      [50, 3, true],
      [9, 3, false],
    ],
  )
  assert.equal(config?.pools[0]?.timeouts.firstByte, 90_000)
  // Logs name the line where a limit was written.
  assert.equal(config?.places['pools.shop.servers[1].maxConnections']?.line, 2)
  assert.equal(config?.places['pools.shop.servers[2].maxConnections']?.line, 15)
})

test('a fault in a shared block is told once, where it is written', async () => {
  const { notices } = await load(
    'headgate.yaml',
    'x-slow: &slow\n  firstByte: 90\nlisteners: { web: { bind: ":80" } }\npools:\n  a: { servers: [a], timeouts: *slow }\n  b: { servers: [b], timeouts: { <<: *slow, total: 5m } }\nroutes: [{ to: a }, { to: b, path: /b }]\n',
  )
  assert.deepEqual(
    notices.map(({ rule, line, column, path }) => [rule, line, column, path]),
    [['bad-duration', 2, 14, 'pools.a.timeouts.firstByte']],
  )
})

test('an anchor that is set again stands for the last block before each use', async () => {
  const { config } = await load(
    'headgate.yaml',
    'x-a: &size { maxConnections: 1 }\nlisteners: { web: { bind: ":80" } }\npools:\n  a: { servers: [{ address: a, <<: *size }], queue: { max: 1 } }\n  b: { servers: [{ address: b, <<: &size { maxConnections: 2 } }, { address: c, <<: *size }], queue: { max: 1 } }\nroutes: [{ to: a }, { to: b, path: /b }]\n',
  )
  assert.deepEqual(
    config?.pools.map(({ servers }) => servers.map(({ maxConnections }) => maxConnections)),
    [[1], [2, 2]],
  )
  assert.equal(config?.places['pools.a.servers[0].maxConnections']?.line, 1)
  assert.equal(config?.places['pools.b.servers[1].maxConnections']?.line, 5)
})

test('one block may be used by hundreds of servers', async () => {
  const servers = Array.from({ length: 300 }, (_, i) => `      - { address: 10.0.1.${i % 250}:${8000 + i}, <<: *s }\n`)
  const pools = Array.from({ length: 150 }, (_, i) => `  p${i}: { servers: [b${i}], queue: *q }\n`)
  const { notices } = await load(
    'headgate.yaml',
    `x-s: &s { maxConnections: 5 }\nx-q: &q { max: 5 }\nlisteners: { web: { bind: ":80" } }\npools:\n  a:\n    servers:\n${servers.join('')}${pools.join('')}routes: [{ to: a }]\n`,
  )
  assert.deepEqual(
    notices.filter(({ severity }) => severity === 'error'),
    [],
  )
})

test('the other forms may have such keys at the top too, and nothing has them further down', async () => {
  const rest = '"listeners": { "web": { "bind": ":80" } }, "pools": { "a": { "servers": ["a"]'
  const json = await load('headgate.json', `{ "x-note": [1, { "any": null }], ${rest} } } }`)
  assert.deepEqual(json.notices, [])
  const ts = await load(
    'headgate.config.ts',
    `import { defineConfig } from 'headgate/config'\nexport default defineConfig({ 'x-note': 1, ${rest} } } })\n`,
  )
  assert.deepEqual(ts.notices, [])
  const below = await load('headgate.json', `{ ${rest}, "x-note": 1 } } }`)
  assert.deepEqual(
    below.notices.map(({ rule, path }) => [rule, path]),
    [['unknown-key', 'pools.a.x-note']],
  )
})
