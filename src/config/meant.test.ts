/** What people write where they mean something else, and whether what they are told to write is taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaNode } from './json-schema.ts'
import { forms, jsonSchema } from './json-schema.ts'
import { readNative } from './native.ts'
import type { Notice } from './notice.ts'
import { Places } from './places.ts'
import { readJson } from './read-json.ts'
import { readYaml } from './read-yaml.ts'
import { switchWords } from './switches.ts'

type Setting = readonly (string | number)[]

/** A small configuration that is right, with one more setting. */
function withSetting(path: Setting, value: unknown): unknown {
  const written = {
    listeners: { web: { bind: ':8080' } },
    pools: { app: { servers: [{ address: 'a' }] } },
    routes: [{ to: 'app' }],
  }
  let object = written as unknown as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) {
    object[step] ??= {}
    object = object[step] as Record<string | number, unknown>
  }
  if (value !== undefined) object[path.at(-1)!] = value
  return written
}

function notices(written: unknown): Notice[] {
  return readNative(written, new Places(''), {}).notices.filter(({ severity }) => severity === 'error')
}

const L: Setting = ['listeners', 'web']
const P: Setting = ['pools', 'app']
const R: Setting = ['routes', 0]
const C: Setting = [...R, 'cache']

/** What is written, what the fix has to say, and the value that it tells to write; undefined: to remove it. */
const cases: readonly (readonly [path: Setting, written: unknown, fix: RegExp, instead: unknown])[] = [
  [['accessLog'], 'off', /did you mean false\?.*\.\/off/, false],
  [['accessLog'], null, /did you mean false\?/, false],
  [['accessLog'], 'on', /'stdout'/, 'stdout'],
  [['accessLog'], 'Disabled', /did you mean false\?/, false],
  [['accessLog'], 'combined', /\{ format: 'combined' \}/, { format: 'combined' }],
  [['accessLog', 'to'], 'none', /accessLog: false/, undefined],
  [['admin'], 'off', /did you mean false\?/, false],
  [['name'], 'off', /Remove it/, undefined],
  [['proxyStatus'], false, /Write 'off'/, 'off'],
  [['proxyStatus'], 'none', /Write 'off'/, 'off'],
  [['errorPages', '503'], 'off', /Remove it/, undefined],
  [['errorPages'], 'off', /Remove it/, undefined],
  [['drain'], 'no', /write 0/, 0],
  [['threads'], 'auto', /remove it/, undefined],
  [[...L, 'trustedProxies'], 'none', /Write \[\]/, []],
  [[...L, 'trustedProxies'], 'private', /write a list: \['private'\]/, ['private']],
  [[...L, 'forwarded'], 'off', /Write \[\]/, []],
  [[...L, 'whenFull'], 'off', /Write 'refuse'/, 'refuse'],
  [[...L, 'whenFull'], 50, /whenFull: \{ max: 50 \}/, { max: 50 }],
  [[...L, 'maxConnections'], 'none', /Write 'unlimited'/, 'unlimited'],
  [[...L, 'maxConnections'], -1, /write 'unlimited'/, 'unlimited'],
  [[...L, 'timeouts', 'send'], 'off', /write 0/, 0],
  [[...L, 'timeouts', 'keepAlive'], 'off', /write a short time: '1s'/, '1s'],
  [[...L, 'limits', 'body'], 'off', /write 0/, 0],
  [[...P, 'sticky'], 'off', /did you mean false\?/, false],
  [[...P, 'sticky'], true, /name of a cookie.*sticky: 'server'/, 'server'],
  [[...P, 'health'], true, /\{ tcp: true \}.*\{ http: '\/healthz' \}/, { tcp: true }],
  [[...P, 'health'], 'off', /did you mean false\?/, false],
  [[...P, 'health'], '/up', /health: \{ http: '\/up' \}/, { http: '/up' }],
  [[...P, 'health'], '5s', /tcp: true, interval: '5s'/, { tcp: true, interval: '5s' }],
  [[...P, 'health'], { tcp: 'yes' }, /did you mean true\?/, { tcp: true }],
  [[...P, 'queue'], 100, /write queue: \{ max: 100 \}/, { max: 100 }],
  [[...P, 'queue'], 'off', /\{ max: 0 \}/, { max: 0 }],
  [[...P, 'queue'], '2s', /timeout: '2s'/, { max: 100, timeout: '2s' }],
  [[...P, 'balance'], 'ip_hash', /balance: \{ hash: 'address' \}/, { hash: 'address' }],
  [[...P, 'balance'], 'uri', /balance: \{ hash: 'path' \}/, { hash: 'path' }],
  [[...P, 'idle'], 'off', /idle: \{ max: 0 \}/, { max: 0 }],
  [[...P, 'idle'], 32, /idle: \{ max: 32 \}/, { max: 32 }],
  [[...P, 'timeouts'], '30s', /timeouts: \{ firstByte: '30s' \}/, { firstByte: '30s' }],
  [[...P, 'servers', 0, 'backup'], 'yes', /did you mean true\?/, true],
  [[...R, 'upgrade'], 'off', /did you mean false\?/, false],
  [[...R, 'upgrade'], 'on', /did you mean true\?/, true],
  [[...R, 'host'], 'none', /Remove it/, undefined],
  [[...R, 'host'], 'any', /remove it/, undefined],
  [[...R, 'listeners'], 'all', /remove it/, undefined],
  [[...R, 'connect'], 'enabled', /did you mean true\?/, true],
  [C, 'off', /did you mean false\?/, false],
  [C, 'on', /did you mean true\?/, true],
  [C, '10m', /\{ defaultTtl: '10m' \}.*\{ ttl: '10m' \}/, { defaultTtl: '10m' }],
  [[...C, 'bypass'], '/cart', /bypass: \{ paths: \['\/cart'\] \}/, { paths: ['/cart'] }],
  [
    [...C, 'bypass'],
    ['/cart', 'sid'],
    /paths: \['\/cart'\], cookies: \['sid'\]/,
    { paths: ['/cart'], cookies: ['sid'] },
  ],
  [[...C, 'bypass', 'cookies'], 'none', /Write \[\]/, []],
  [[...C, 'key', 'query'], 'off', /did you mean false\?/, false],
  [[...C, 'key', 'query'], ['id'], /query: \{ only: \['id'\] \}/, { only: ['id'] }],
  [[...C, 'compress'], 'gzip', /compress: \{ encodings: \['gzip'\] \}/, { encodings: ['gzip'] }],
  [[...C, 'setCookie'], false, /'never-store'/, 'never-store'],
  [[...C, 'purge'], 'loopback', /write a list: \['loopback'\]/, ['loopback']],
]

test('what is written for something else is told once, and what is told to be written is taken', () => {
  for (const [path, value, fix, instead] of cases) {
    const label = `${path.join('.')}: ${JSON.stringify(value)}`
    const found = notices(withSetting(path, value))
    assert.equal(found.length, 1, `${label} ${JSON.stringify(found)}`)
    assert.match(found[0]!.fix, fix, label)
    const better = notices(withSetting(path, instead))
    assert.deepEqual(better, [], label)
  }
})

test('no setting takes "off" for a name, however it is written', () => {
  // Names of what the configuration itself defines, and what has no other meaning than a name.
  const named =
    /^(\$schema|routes\[\]\.(to|name)|pools\.<name>\.sticky\.cookie|pools\.<name>\.balance\.hash\.(header|cookie)|admin\.token\.file)$/
  const open: string[] = []
  let looked = 0
  const visit = (node: SchemaNode, path: string): void => {
    for (const form of forms([node])) {
      for (const [key, child] of Object.entries(form.properties ?? {}))
        visit(child, path === '' ? key : `${path}.${key}`)
      if (typeof form.additionalProperties === 'object') visit(form.additionalProperties, `${path}.<name>`)
      if (form.items !== undefined) visit(form.items, `${path}[]`)
    }
    const free = forms([node]).some(
      ({ type, enum: words, pattern }) =>
        type === 'string' && words === undefined && (pattern === undefined || new RegExp(pattern).test('off')),
    )
    if (!free || path.endsWith('[]') || named.test(path)) return
    looked++
    if (switchWords('off', path, forms([node])) === null) open.push(path)
  }
  visit(jsonSchema(), '')
  assert.deepEqual(open, [])
  assert.ok(looked > 15, String(looked))
})

test('a name that looks like a switch can still be written', () => {
  const taken: readonly (readonly [Setting, unknown])[] = [
    [['accessLog'], './off'],
    [[...P, 'sticky'], { cookie: 'off' }],
    [[...R, 'host'], ['off']],
    [[...C, 'key', 'query'], { only: ['no', 'on'] }],
    [['proxyStatus'], 'off'],
  ]
  for (const [path, value] of taken) assert.deepEqual(notices(withSetting(path, value)), [], String(value))
})

test('YAML and JSON are told alike, at the value', () => {
  const yaml = 'listeners: { web: { bind: ":80" } }\npools: { app: { servers: [a], sticky: no } }\n'
  const json =
    '{ "listeners": { "web": { "bind": ":80" } },\n"pools": { "app": { "servers": ["a"], "sticky": "no" } } }'
  for (const [text, read] of [
    [yaml, readYaml],
    [json, readJson],
  ] as const) {
    const places = new Places('x')
    const found = readNative(read(text, places, {}).data, places, {}).notices.filter((n) => n.severity === 'error')
    assert.deepEqual(
      found.map(({ rule, path, line, column }) => [rule, path, text.split('\n')[line - 1]?.slice(column - 1)[0]]),
      [['switch-word', 'pools.app.sticky', text === yaml ? 'n' : '"']],
    )
  }
})

test('a key of another proxy is told with what there is instead, or that there is nothing yet', () => {
  const foreign: readonly (readonly [Setting, rule: string, says: RegExp, fix: RegExp])[] = [
    [[...L, 'tls'], 'tls-unsupported', /does not terminate TLS/, /in front of Headgate.*trustedProxies/],
    [['ssl'], 'tls-unsupported', /does not terminate TLS/, /in front of Headgate/],
    [[...P, 'tls'], 'tls-unsupported', /TLS to servers/, /plain HTTP/],
    [[...P, 'servers', 0, 'name'], 'unknown-key', /no setting 'name'/, /a server goes by its address/],
    [[...P, 'servers', 0, 'port'], 'unknown-key', /no setting 'port'/, /'10\.0\.0\.1:8080'/],
    [[...R, 'headers'], 'unknown-key', /does not set or remove fields/, /let the servers/],
    [[...P, 'ip_hash'], 'unknown-key', /no setting/, /balance: \{ hash: 'address' \}/],
    [[...P, 'circuitBreaker'], 'unknown-key', /no circuit breakers/, /health/],
    [[...R, 'rateLimit'], 'unknown-key', /no limits of rates/, /maxConnections/],
    [['metrics'], 'unknown-key', /no metrics/, /headgate ctl status/],
    [['http2'], 'unknown-key', /does not speak HTTP\/2/, /HTTP\/1\.1/],
    [[...R, 'timeouts'], 'unknown-key', /no setting/, /pools\.<name>\.timeouts/],
  ]
  for (const [path, rule, says, fix] of foreign) {
    const found = notices(withSetting(path, true))
    assert.equal(found.length, 1, path.join('.'))
    assert.equal(found[0]!.rule, rule)
    assert.match(found[0]!.says, says)
    assert.match(found[0]!.fix, fix)
  }
  // Within a cache these are misplaced settings, and are found by their name.
  assert.match(notices(withSetting([...C, 'headers'], ['a']))[0]!.fix, /routes\[\]\.cache\.key\.headers/)
})
