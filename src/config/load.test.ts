import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findConfig, loadConfig } from './load.ts'
import type { Config } from './model.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-load-'))
after(() => rmSync(folder, { recursive: true }))

const yaml = `
threads: 2
listeners:
  web: { bind: [":8080", "unix:/run/x.sock"], maxConnections: 1200, whenFull: wait, limits: { body: 10MB } }
pools:
  shop:
    servers:
      - { address: "10.0.0.1:80", maxConnections: 500, weight: 3 }
      - 10.0.0.2
    balance: { hash: { header: X-User }, bound: 1.25 }
    sticky: { cookie: s, maxAge: 1d }
    queue: { max: 200, timeout: 1.5s }
    health: { http: /ok, expect: 204 }
routes:
  - { host: [Shop.example, "*.shop.example"], path: /a/, to: shop, listeners: web, upgrade: true }
accessLog: { to: /var/log/x.log, format: { template: "%{client}" } }
proxyStatus: full
`

const json = `{
  "threads": 2,
  "listeners": {
    "web": { "bind": [":8080", "unix:/run/x.sock"], "maxConnections": 1200, "whenFull": "wait", "limits": { "body": "10MB" } }
  },
  "pools": {
    "shop": {
      "servers": [{ "address": "10.0.0.1:80", "maxConnections": 500, "weight": 3 }, "10.0.0.2"],
      "balance": { "hash": { "header": "X-User" }, "bound": 1.25 },
      "sticky": { "cookie": "s", "maxAge": "1d" },
      "queue": { "max": 200, "timeout": "1.5s" },
      "health": { "http": "/ok", "expect": 204 }
    }
  },
  "routes": [{ "host": ["Shop.example", "*.shop.example"], "path": "/a/", "to": "shop", "listeners": "web", "upgrade": true }],
  "accessLog": { "to": "/var/log/x.log", "format": { "template": "%{client}" } },
  "proxyStatus": "full"
}`

const options = { cwd: folder, env: {}, machine: {} }

async function good(name: string, text: string): Promise<Config> {
  const { config, notices } = await loadConfig({ name, text }, options)
  assert.ok(config, JSON.stringify(notices, null, 2))
  return config
}

test('the same settings make the same configuration in every language', async () => {
  const { places, ...fromYaml } = await good('a.yaml', yaml)
  const script = `import { defineConfig } from 'headgate/config'\nexport default defineConfig(${json})\n`
  for (const [name, text] of [
    ['a.json', json],
    ['a.ts', script],
    ['a.mjs', script],
  ] as const) {
    const { places: others, ...config } = await good(name, text)
    assert.deepEqual(config, fromYaml, name)
    assert.deepEqual(Object.keys(others).sort(), Object.keys(places).sort(), name)
  }
})

test('the model has everything resolved: defaults, milliseconds, bytes, names, places', async () => {
  const config = await good('a.yaml', yaml)
  assert.deepEqual(config.listeners[0], {
    name: 'web',
    bind: [{ host: '', port: 8080 }, { path: '/run/x.sock' }],
    maxConnections: 1200,
    whenFull: { max: 1000, timeout: 5000 },
    trustedProxies: [],
    via: '',
    forwarded: ['x-forwarded'],
    timeouts: { header: 10_000, body: 30_000, send: 30_000, keepAlive: 60_000 },
    limits: { line: 8192, head: 32_768, fields: 100, body: 10_000_000 },
  })
  assert.deepEqual(config.pools[0], {
    name: 'shop',
    servers: [
      { name: '10.0.0.1:80', address: { host: '10.0.0.1', port: 80 }, maxConnections: 500, weight: 3, backup: false },
      {
        name: '10.0.0.2:80',
        address: { host: '10.0.0.2', port: 80 },
        maxConnections: 0x7fffffff,
        weight: 1,
        backup: false,
      },
    ],
    balance: { policy: 'hash', on: 'header', name: 'x-user', bound: 1.25 },
    via: config.name,
    sticky: { cookie: 's', maxAge: 86_400_000, secure: false },
    maxConnections: 0x7fffffff,
    queue: { max: 200, timeout: 1500 },
    streams: { max: 10_000, types: ['text/event-stream', 'multipart/x-mixed-replace'], after: 0 },
    timeouts: {
      connect: 2000,
      firstByte: 60_000,
      betweenBytes: 30_000,
      tunnelIdle: 3_600_000,
      tunnelFin: 30_000,
      total: 0,
    },
    idle: { max: 256, timeout: 4000 },
    retries: 2,
    limits: { line: 8192, head: 65_536, fields: 200 },
    health: { http: '/ok', interval: 2000, timeout: 1000, rise: 2, fall: 3, expect: [204, 204], host: '' },
  })
  assert.deepEqual(config.routes[0], {
    name: 'routes[0]',
    hosts: ['shop.example', '*.shop.example'],
    path: '/a',
    listeners: ['web'],
    to: 'shop',
    maxConnections: 0x7fffffff,
    queue: { max: 0, timeout: 2000 },
    compress: null,
    cache: null,
    connect: false,
    upgrade: ['*'],
  })
  const { accessLog, proxyStatus, retryAfter, errorPages, drain, threads } = config
  assert.deepEqual(accessLog, {
    to: '/var/log/x.log',
    format: { template: '%{client}' },
    requests: 'all',
    buffer: 4 * 1024 * 1024,
  })
  assert.deepEqual(
    { proxyStatus, retryAfter, errorPages, drain, threads },
    { proxyStatus: 'full', retryAfter: 5000, errorPages: {}, drain: 30_000, threads: 2 },
  )
  assert.deepEqual(config.places['pools.shop.queue.max'], { file: 'a.yaml', line: 12, column: 14 })
  assert.deepEqual(config.places['pools.shop.servers[0].maxConnections'], { file: 'a.yaml', line: 8, column: 35 })
  assert.deepEqual(config.places['pools.shop.servers[1]'], { file: 'a.yaml', line: 9, column: 9 })
  assert.equal(config.places['pools.shop.retries'], undefined)
})

test('a configuration survives the way to another thread', async () => {
  const config = await good('a.yaml', yaml)
  assert.deepEqual(structuredClone(config), config)
})

test('without a name, the first that is found counts, TypeScript before YAML before JSON', async () => {
  const inner = join(folder, 'lookup')
  mkdirSync(inner)
  const put = (name: string): void =>
    writeFileSync(join(inner, name), name.endsWith('.ts') ? `export default ${json}` : json)
  assert.equal((await loadConfig(undefined, { ...options, cwd: inner })).config, null)
  for (const name of ['headgate.json', 'headgate.yml', 'headgate.yaml', 'headgate.config.mjs', 'headgate.config.ts']) {
    if (name.endsWith('.mjs')) writeFileSync(join(inner, name), `export default ${json}`)
    else put(name)
    assert.equal(findConfig(inner), name)
    const { config, file, files } = await loadConfig(undefined, { ...options, cwd: inner })
    assert.equal(file, name)
    assert.deepEqual(files, [join(inner, name)])
    assert.equal(config?.pools[0]?.name, 'shop')
  }
})

test('a file that is not there is told by its name', async () => {
  const { config, notices } = await loadConfig('nowhere.yaml', options)
  assert.equal(config, null)
  assert.deepEqual(
    notices.map(({ rule, file, line, says }) => ({ rule, file, line, says })),
    [{ rule: 'file-missing', file: 'nowhere.yaml', line: 0, says: 'the file cannot be read (ENOENT)' }],
  )
})

test('error pages are read from beside the configuration, and their fields are known', async () => {
  mkdirSync(join(folder, 'pages'))
  writeFileSync(join(folder, 'pages', 'busy.html'), '<h1>{{title}}</h1>\n<style>b { c: d }</style>')
  const base = 'listeners: { web: { bind: ":80" } }\npools: { a: { servers: [b] } }\n'
  const config = await good('a.yaml', `${base}errorPages: { 503: pages/busy.html, queue_full: pages/busy.html }`)
  assert.match(config.errorPages['503'] ?? '', /title/)
  assert.equal(config.errorPages.queue_full, config.errorPages['503'])

  writeFileSync(join(folder, 'pages', 'bad.html'), '<h1>\n{{titel}}</h1>')
  const text = `${base}errorPages:\n  default: pages/bad.html\n  teapot: pages/busy.html\n`
  const { notices } = await loadConfig({ name: 'a.yaml', text }, options)
  assert.deepEqual(
    notices.map(({ rule, line, path }) => [rule, line, path]),
    [['unknown-key', 5, 'errorPages.teapot']],
  )
  const fields = await loadConfig({ name: 'a.yaml', text: text.replace(/ {2}teapot.*\n/, '') }, options)
  assert.equal(fields.notices[0]?.rule, 'unknown-field')
  assert.match(fields.notices[0]?.says ?? '', /no field 'titel' \(.*bad\.html, line 2\)/)
  assert.equal(fields.notices[0]?.fix, 'did you mean {{title}}?')
})

test('rules that are ignored are left out, errors never are', async () => {
  const text = 'listeners: { web: { bind: ":80" } }\npools: { a: { servers: [{ address: b, maxConnections: 5 }] } }\n'
  const rulesOf = async (more: string): Promise<string[]> =>
    (await loadConfig({ name: 'a.yaml', text: text + more }, options)).notices.map(({ rule }) => rule)
  assert.deepEqual(await rulesOf(''), ['no-queue'])
  assert.deepEqual(await rulesOf('ignore: [no-queue]'), [])
  assert.deepEqual(await rulesOf('ignore: [syntax]'), ['unknown-rule'])
})

test('the examples have nothing that is found', async () => {
  const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
  const files = readdirSync(examples).filter((name) => name.startsWith('headgate.'))
  assert.equal(files.length, 3)
  for (const file of files) {
    const { config, notices } = await loadConfig(file, { cwd: examples, env: {}, machine: {} })
    assert.deepEqual(notices, [], file)
    assert.ok(config)
  }
})
