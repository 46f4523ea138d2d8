import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, configFrom, readNative } from './native.ts'
import type { Notice } from './notice.ts'
import { noticeLine } from './notice.ts'
import { Places, placeOf } from './places.ts'
import { readYaml } from './read-yaml.ts'

const base = { listeners: { web: { bind: ':8080' } }, pools: { app: { servers: ['a'] } } }

function notices(written: unknown): readonly Notice[] {
  return readNative(written, new Places(''), {}).notices
}

/** What is said, as `rule path`. */
const said = (written: unknown): string[] => notices(written).map(({ rule, path }) => `${rule} ${path}`)

test('the least that can be written is a configuration', () => {
  const config = configFrom(base)
  assert.equal(config.listeners[0]?.maxConnections, 10_000)
  assert.equal(config.listeners[0]?.whenFull, null)
  assert.equal(config.pools[0]?.servers[0]?.name, 'a:80')
  assert.deepEqual(config.pools[0]?.queue, { max: 0, timeout: 2000 })
  assert.equal(config.pools[0]?.health, null)
  assert.deepEqual(
    config.routes.map(({ name, to, path, hosts }) => ({ name, to, path, hosts })),
    [{ name: 'routes[0]', to: 'app', path: '/', hosts: [] }],
  )
  assert.deepEqual(config.accessLog, { to: 'stdout', format: 'json', requests: 'all', buffer: 4_194_304 })
  assert.ok(config.threads >= 1)
  assert.match(config.name, /^headgate-[0-9a-f]{8}$/)
  assert.equal(configFrom(base).name, config.name)
})

test('all faults are told at once, each once', () => {
  const { data } = readYaml(
    `
listeners:
  web: { bnid: ":80", timeouts: { header: 5 }, limits: { head: 1 } }
pools:
  app: { servers: [a, "https://b", { adress: c }], balance: fastest, health: {} }
  old: { servers: [] }
routes: [{ to: app, hots: x }, { to: aap }]
queue: { max: 5 }
`,
    new Places(''),
    {},
  )
  assert.deepEqual(said(data).sort(), [
    'bad-duration listeners.web.timeouts.header',
    'bad-value pools.app.balance',
    'missing pools.app.health',
    'no-servers pools.old.servers',
    'out-of-range listeners.web.limits.head',
    'tls-unsupported pools.app.servers[1]',
    'unknown-key listeners.web.bnid',
    'unknown-key pools.app.servers[2].adress',
    'unknown-key queue',
    'unknown-key routes[0].hots',
    'unknown-pool routes[1].to',
  ])
})

test('an unknown key is told with the one that was meant, or where it belongs', () => {
  const fixOf = (written: unknown): string => notices(written).find(({ rule }) => rule === 'unknown-key')?.fix ?? ''
  assert.equal(fixOf({ ...base, frontends: {} }), "did you mean 'listeners'?")
  assert.equal(fixOf({ ...base, servers: [] }), 'it belongs in pools.<name>.servers')
  assert.equal(fixOf({ ...base, firstByte: '5s' }), 'it belongs in pools.<name>.timeouts.firstByte')
  assert.equal(fixOf({ ...base, zebra: 1 }), 'remove it, or write one of those expected')
  const [notice] = notices({ ...base, zebra: 1 })
  assert.match(notice?.expected ?? '', /^one of \$schema, name, threads, listeners, pools/)
})

test('of a setting with several forms, the faults of the one that was meant are told', () => {
  const pool = (more: object) => ({ ...base, pools: { app: { servers: ['a'], ...more } } })
  assert.deepEqual(said(pool({ balance: { hash: { headr: 'x' } } })), ['unknown-key pools.app.balance.hash.headr'])
  assert.deepEqual(said(pool({ balance: { hash: 'adress' } })), ['bad-value pools.app.balance.hash'])
  assert.deepEqual(said(pool({ balance: 5 })), ['wrong-type pools.app.balance'])
  assert.deepEqual(said(pool({ sticky: { cookie: 'a b' } })), ['bad-name pools.app.sticky.cookie'])
  assert.deepEqual(said(pool({ health: { http: 'ok' } })), ['bad-value pools.app.health.http'])
  assert.deepEqual(said(pool({ health: { http: '/ok', tcp: true } })), ['bad-value pools.app.health'])
  assert.deepEqual(said(pool({ health: { http: '/ok', expect: '399-200' } })), ['bad-value pools.app.health.expect'])
  assert.deepEqual(said(pool({ servers: 'a' })), ['wrong-type pools.app.servers'])
  assert.deepEqual(said(pool({ servers: [5] })), ['wrong-type pools.app.servers[0]'])
  assert.deepEqual(said(pool({ retries: null })), ['wrong-type pools.app.retries'])
  assert.deepEqual(said({ ...base, accessLog: 5 }), ['wrong-type accessLog'])
  assert.deepEqual(said({ ...base, accessLog: true }), ['wrong-type accessLog'])
  assert.deepEqual(said({ ...base, listeners: { web: { bind: [] } } }), ['missing listeners.web.bind'])
  assert.deepEqual(said({ ...base, listeners: { web: { bind: ':1', whenFull: { max: -1 } } } }), [
    'out-of-range listeners.web.whenFull.max',
  ])
  const [notice] = notices(pool({ balance: 5 }))
  assert.equal(notice?.expected, "'round-robin', 'least', 'two-choices' or 'first' or an object")
})

test('hosts and paths of routes are brought into one form, or refused with a remedy', () => {
  const route = (more: object) => ({ ...base, routes: [{ to: 'app', ...more }] })
  const { hosts, path } = configFrom(route({ host: ['A.Example.', '*.B.example', '[::1]'], path: '/x/' })).routes[0]!
  assert.deepEqual(hosts, ['a.example', '*.b.example', '[::1]'])
  assert.equal(path, '/x')
  assert.deepEqual(configFrom(route({ host: '*' })).routes[0]?.hosts, [])
  const fixOf = (more: object): string => notices(route(more))[0]?.fix ?? 'taken'
  assert.match(fixOf({ host: 'http://a.example:80/x' }), /write 'a\.example'/)
  assert.match(fixOf({ host: 'a.*.example' }), /at the beginning only/)
  assert.match(fixOf({ host: 'bücher.example' }), /xn--/)
  assert.match(fixOf({ path: 'x' }), /write '\/x'/)
  assert.match(fixOf({ path: '/x/*' }), /write '\/x'/)
  assert.deepEqual(configFrom(route({ upgrade: false })).routes[0]?.upgrade, [])
  assert.deepEqual(configFrom(route({ upgrade: 'WebSocket' })).routes[0]?.upgrade, ['websocket'])
})

test('a cache key cannot count the field Proxy, which no server gets to see', () => {
  const route = (header: string) => ({ ...base, routes: [{ to: 'app', cache: { key: { headers: [header] } } }] })
  assert.deepEqual(said(route('PROXY')), ['bad-name routes[0].cache.key.headers[0]'])
  assert.match(notices(route('Proxy'))[0]?.fix ?? '', /never passed on.*CVE-2016-5385/)
  assert.match(notices(route('a b'))[0]?.fix ?? '', /leave out spaces/)
  assert.deepEqual(said(route('Proxy-X')), [])
})

test('limits may be unlimited, and 0 is not taken for it', () => {
  const unlimited = configFrom({ ...base, listeners: { web: { bind: ':80', maxConnections: 'unlimited' } } })
  assert.equal(unlimited.listeners[0]?.maxConnections, 0x7fffffff)
  for (const bad of [0, -1, 1.5, '5', 2 ** 40, true]) {
    assert.equal(said({ ...base, listeners: { web: { bind: ':80', maxConnections: bad } } }).length, 1, String(bad))
  }
})

test('pools without routes are only clear when there is one', () => {
  const two = { ...base, pools: { a: { servers: ['a'] }, b: { servers: ['b'] } } }
  assert.deepEqual(said(two), ['missing routes'])
})

test('a program is told its faults as an error with all of them', () => {
  assert.throws(
    () => configFrom({ ...base, threads: 0, drain: '5' }),
    (error) =>
      error instanceof ConfigError && error.notices.length === 2 && /threads: 0 is too small/.test(error.message),
  )
})

test('what was written by a program has no line, and is known to be written', () => {
  const { places } = configFrom({ ...base, pools: { app: { servers: ['a'], retries: 0 } } })
  assert.deepEqual(places['pools.app.retries'], { file: '', line: 0, column: 0 })
  assert.equal(places['pools.app.balance'], undefined)
})

test('the place of a setting is that of the nearest one around it that was written', () => {
  const places = new Places('x.yaml')
  const text = 'listeners: { web: { bind: ":80" } }\npools:\n  app:\n    servers:\n      - a\n'
  const { config } = readNative(readYaml(text, places, {}).data, places, {})
  assert.ok(config)
  assert.deepEqual(placeOf(config, 'pools.app.servers[0].maxConnections'), { file: 'x.yaml', line: 5, column: 9 })
  assert.deepEqual(placeOf(config, 'pools.app.queue.max'), { file: 'x.yaml', line: 3, column: 3 })
  assert.equal(placeOf(config, 'drain'), null)
  assert.equal(placeOf(configFrom(base), 'pools.app'), null)
})

test('a notice is one line where a line is wanted', () => {
  const [notice] = notices({ ...base, zebra: 1 })
  assert.equal(
    noticeLine(notice!),
    "error unknown-key: zebra: there is no setting 'zebra' at the top; remove it, or write one of those expected",
  )
})

test('whatever is given, reading it neither throws nor hangs', () => {
  const key = fc.constantFrom(
    'listeners',
    'pools',
    'routes',
    'web',
    'servers',
    'to',
    'bind',
    'host',
    'queue',
    'max',
    'errorPages',
    'balance',
    'hash',
    '__proto__',
    'x',
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(
        null,
        undefined,
        0,
        -1,
        1.5,
        Number.NaN,
        '',
        'a',
        ':80',
        '2s',
        'web',
        true,
        () => 1,
        Symbol('s'),
        5n,
        new Date(0),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    ),
  }))
  fc.assert(
    fc.property(value, value, value, (listeners, pools, routes) => {
      for (const written of [
        listeners,
        { listeners, pools, routes },
        { ...base, routes },
        { ...base, pools: { app: pools } },
      ]) {
        const { config, notices: all } = readNative(written, new Places(''), {})
        assert.equal(
          config === null,
          all.some(({ severity }) => severity === 'error'),
        )
        for (const { says, fix } of all) assert.ok(says !== '' && fix !== '')
      }
    }),
  )
  const circle: Record<string, unknown> = {}
  circle.listeners = circle
  assert.equal(readNative(circle, new Places(''), {}).config, null)
})

test('via is true, false or a name; a word that means one of the two is not taken for a name', () => {
  const via = (written: unknown): Record<string, unknown> => ({
    listeners: { web: { bind: 80 } },
    pools: { app: { servers: ['a:1'], via: written } },
  })
  const named = (written: unknown) => configFrom({ name: 'gate', ...via(written) } as never).pools[0]!.via
  assert.deepEqual([true, false, 'edge'].map(named), ['gate', '', 'edge'])
  const fixOf = (written: unknown): string => notices(written)[0]?.fix ?? ''
  for (const word of ['off', 'None', 'no', 'disabled'])
    assert.equal(fixOf(via(word)), 'did you mean false? Write false')
  assert.equal(fixOf(via('on')), 'did you mean true? Write true')
  assert.equal(fixOf(via('two words')), 'leave out spaces and other signs')
  assert.equal(fixOf(via(3)), 'write true, false or a name')
})
