/** Every rule, once: a configuration in which the place it speaks of is marked with ▸, and what it says there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Loaded } from './load.ts'
import { loadConfig } from './load.ts'
import type { Machine } from './machine.ts'
import type { Rule } from './rules.ts'
import { rules } from './rules.ts'

interface Case {
  /** The configuration; ▸ stands before what the notice points at. Without one it points at no line. */
  readonly text: string
  /** The file; decides the language. YAML when unset. */
  readonly file?: string
  readonly path?: string
  readonly says: RegExp
  readonly fix: RegExp
  readonly machine?: Machine
}

const folder = mkdtempSync(join(tmpdir(), 'headgate-rules-'))
after(() => rmSync(folder, { recursive: true }))

const listeners = 'listeners: { web: { bind: ":8080" } }'
const pools = 'pools: { app: { servers: [127.0.0.1:3000] } }'

/** A pool called app; `more` are its other settings. */
const pool = (more: string, servers = '{ address: a, maxConnections: 100 }'): string =>
  `${listeners}\npools:\n  app:\n    servers: [${servers}]\n    ${more}\n`

/** A route that caches; `more` is its setting. */
const caching = (more: string): string => `${listeners}\n${pools}\nroutes:\n  - { to: app, ${more} }\n`

const cases: Readonly<Record<Rule, Case>> = {
  'no-config': { text: '', file: '', says: /^there is no configuration in /, fix: /headgate init/ },
  'file-missing': {
    text: `${listeners}\n${pools}\nerrorPages:\n  "503": ▸missing.html\n`,
    path: 'errorPages.503',
    says: /missing\.html cannot be read \(ENOENT\)/,
    fix: /relative to this file/,
  },
  syntax: { text: 'listeners:\n  web: { bind: [":80" ▸}\n', says: /./, fix: /./ },
  'duplicate-key': { text: `${listeners}\n${pools}\n▸${pools}\n`, says: /'pools' is written twice/, fix: /remove one/ },
  'env-unset': {
    text: `${listeners}\n${pools}\nname: ▸\${HEADGATE_NAME}\n`,
    says: /variable HEADGATE_NAME is not set/,
    fix: /\$\{HEADGATE_NAME:-/,
  },
  'typescript-unsupported': {
    file: 'enum.config.ts',
    text: 'const a: number = 1\n▸enum Size { Small }\nexport default { a, b: Size.Small }\n',
    says: /enum is not supported/,
    fix: /union of texts: type Size = /,
  },
  'import-failed': {
    file: 'import.config.ts',
    text: "import { pools } from ▸'./nowhere.ts'\nexport default { pools }\n",
    says: /Cannot find module .*nowhere\.ts/,
    fix: /correct the path/,
  },
  threw: {
    file: 'threw.config.ts',
    text: 'const port = process.env.NOWHERE\nexport default { listeners: { web: { bind: port!.▸trim() } } }\n',
    says: /^TypeError: Cannot read properties of undefined/,
    fix: /correct the line/,
  },
  'no-default-export': {
    file: 'absent.config.ts',
    text: '▸export const config = {}\n',
    says: /no default export/,
    fix: /export default defineConfig/,
  },
  'not-plain': {
    file: 'function.config.ts',
    text: "export default {\n  listeners: { web: { bind: ':80' } },\n  pools: { app: { servers: ['a'] } },\n  name: ▸() => 'me',\n}\n",
    path: 'name',
    says: /this is a function/,
    fix: /write what it stands for/,
  },
  unfinished: {
    file: 'ends.config.ts',
    text: '▸process.exit(3)\nexport default {}\n',
    says: /ended with status 3/,
    fix: /process\.exit/,
  },

  'unknown-key': {
    text: `listeners:\n  web:\n    bind: ":80"\n    ▸maxconn: 5\n${pools}\n`,
    path: 'listeners.web.maxconn',
    says: /no setting 'maxconn' in listeners\.web/,
    fix: /did you mean 'maxConnections'\?/,
  },
  'wrong-type': {
    text: pool('retries: ▸"2"'),
    path: 'pools.app.retries',
    says: /'2' is not a number/,
    fix: /write 2 without quotes/,
  },
  'switch-word': {
    text: `${listeners}\n${pools}\naccessLog: ▸off\n`,
    path: 'accessLog',
    says: /'off' would be taken as the name of a file/,
    fix: /did you mean false\? Write accessLog: false/,
  },
  'bad-value': {
    text: pool('balance: ▸leastconn'),
    path: 'pools.app.balance',
    says: /'leastconn' is not known here/,
    fix: /did you mean 'least'\?/,
  },
  'bad-duration': {
    text: pool('timeouts: { connect: ▸2000 }'),
    path: 'pools.app.timeouts.connect',
    says: /2000 has no unit/,
    fix: /write '2000ms' or '2000s'/,
  },
  'bad-size': {
    text: `listeners: { web: { bind: ":80", limits: { body: ▸10m } } }\n${pools}\n`,
    path: 'listeners.web.limits.body',
    says: /'10m' is not a size/,
    fix: /'10MiB' .* or '10MB'/,
  },
  'bad-address': {
    text: `listeners: { web: { bind: ▸"8080" } }\n${pools}\n`,
    path: 'listeners.web.bind',
    says: /'8080' is not an address to listen on/,
    fix: /write ':8080'/,
  },
  'bad-name': {
    text: `${listeners}\npools:\n  ▸my shop: { servers: [a] }\n`,
    path: 'pools.my shop',
    says: /'my shop' cannot be a name/,
    fix: /write 'my-shop'/,
  },
  'out-of-range': {
    text: `listeners: { web: { bind: ":80", maxConnections: ▸0 } }\n${pools}\n`,
    path: 'listeners.web.maxConnections',
    says: /0 would let nothing in/,
    fix: /'unlimited'/,
  },
  missing: {
    text: `${listeners}\npools:\n  ▸app: { retries: 1 }\n`,
    path: 'pools.app.servers',
    says: /servers is missing/,
    fix: /add servers: \['127/,
  },
  'tls-unsupported': {
    text: `${listeners}\npools: { app: { servers: [▸"https://10.0.0.1"] } }\n`,
    path: 'pools.app.servers[0]',
    says: /TLS to servers is not there yet/,
    fix: /write '10\.0\.0\.1'/,
  },
  'unknown-field': {
    text: `${listeners}\n${pools}\naccessLog:\n  format: { template: ▸"%{client} %{statsu}" }\n`,
    path: 'accessLog.format.template',
    says: /no field 'statsu'/,
    fix: /did you mean %\{status\}\?/,
  },
  'unknown-rule': {
    text: `${listeners}\n${pools}\nignore: [▸no-queu]\n`,
    path: 'ignore[0]',
    says: /no rule 'no-queu'/,
    fix: /did you mean 'no-queue'\?/,
  },

  'unknown-pool': {
    text: `${listeners}\npools: { shop: { servers: [a] }, blog: { servers: [b] } }\nroutes:\n  - to: ▸shpo\n  - { host: b.example, to: blog }\n`,
    path: 'routes[0].to',
    says: /no pool 'shpo'/,
    fix: /did you mean 'shop'\?/,
  },
  'unknown-listener': {
    text: `${listeners}\n${pools}\nroutes: [{ to: app, listeners: ▸wbe }]\n`,
    path: 'routes[0].listeners',
    says: /no listener 'wbe'/,
    fix: /did you mean 'web'\?/,
  },
  'no-servers': {
    text: `${listeners}\npools:\n  app:\n    ▸servers: []\n`,
    path: 'pools.app.servers',
    says: /pool app has no server/,
    fix: /at least one/,
  },
  'no-pools': { text: `${listeners}\n▸pools: {}\n`, path: 'pools', says: /no pool/, fix: /servers: / },
  'no-listeners': { text: `▸listeners: {}\n${pools}\n`, path: 'listeners', says: /no listener/, fix: /bind: / },
  'duplicate-server': {
    text: `${listeners}\npools:\n  app:\n    servers:\n      - 10.0.0.1\n      - ▸address: http://10.0.0.1:80/\n`,
    path: 'pools.app.servers[1]',
    says: /10\.0\.0\.1:80 is already in this pool, as servers\[0\]/,
    fix: /raise its maxConnections/,
  },
  'duplicate-bind': {
    text: `listeners:\n  a: { bind: ":80" }\n  b: { bind: [":81", ▸"0.0.0.0:80"] }\n${pools}\n`,
    path: 'listeners.b.bind[1]',
    says: /'0\.0\.0\.0:80' overlaps ':80' of listeners\.a\.bind at .+:2: /,
    fix: /change its port/,
  },
  'admin-bind-taken': {
    text: `listeners:\n  a: { bind: [":80", ":9191"] }\n${pools}\nadmin: ▸127.0.0.1:9191\n`,
    path: 'admin',
    says: /127\.0\.0\.1:9191 is taken: listeners\.a\.bind\[1\] at .+:2 has ':9191'/,
    fix: /another port/,
  },
  'duplicate-route': {
    text: `${listeners}\n${pools}\nroutes:\n  - { to: app, host: A.example, path: /x/ }\n  - ▸{ to: app, host: [a.example], path: /x }\n`,
    path: 'routes[1]',
    says: /routes\[0\] matches exactly the same/,
    fix: /change its host or path/,
  },
  'duplicate-name': {
    text: `${listeners}\n${pools}\nroutes:\n  - { to: app, name: one }\n  - { to: app, path: /x, name: ▸one }\n`,
    path: 'routes[1].name',
    says: /routes\[0\] is called 'one'/,
    fix: /another name/,
  },

  'admin-without-token': {
    text: `${listeners}\n${pools}\nadmin:\n  bind: ▸0.0.0.0:9191\n`,
    path: 'admin.bind',
    says: /0\.0\.0\.0:9191 can be reached from other machines/,
    fix: /HEADGATE_ADMIN_TOKEN.*127\.0\.0\.1:9191/,
  },

  'listener-exceeds-pools': {
    text: `listeners:\n  web:\n    bind: ":80"\n    maxConnections: 2000\n    ▸whenFull: wait\npools:\n  shop:\n    servers: [{ address: a, maxConnections: 500 }, { address: b, maxConnections: 500 }]\n    queue: { max: 200 }\n`,
    path: 'listeners.web.whenFull',
    says: /before 2000 connections are open, but behind it only 1000 requests fit at the servers \(shop: 500 \+ 500\) and 200 in queues/,
    fix: /raise queue\.max of the pool by 800; or write whenFull: 'refuse'/,
  },
  'fd-limit': {
    text: `listeners:\n  web:\n    bind: ":80"\n    ▸maxConnections: 1000\npools:\n  shop: { servers: [a] }\nthreads: 1\n`,
    path: 'listeners.web.maxConnections',
    says: /may open 1024 files, and needs 2120: 1000 for clients, 1000 for servers, 120 for itself/,
    fix: /raise the hard limit to 2120 or more/,
    machine: { openFiles: 1024 },
  },
  'queue-without-limit': {
    text: pool('queue: { ▸max: 10 }', 'a, { address: b, maxConnections: 5 }'),
    path: 'pools.app.queue.max',
    says: /a:80 has no maxConnections, and neither has the pool/,
    fix: /give every server maxConnections/,
  },
  'no-queue': {
    text: `${listeners}\npools:\n  ▸app: { servers: [{ address: a, maxConnections: 50 }] }\n`,
    path: 'pools.app',
    says: /holds 50 requests and has no queue/,
    fix: /queue: \{ max: 10, timeout: '2s' \}/,
  },
  'pool-limit-above-servers': {
    text: pool('queue: { max: 1 }\n    ▸maxConnections: 101'),
    path: 'pools.app.maxConnections',
    says: /may hold 101 requests, but its servers only 100/,
    fix: /below 100/,
  },
  'route-limit-above-pool': {
    text: `${pool('queue: { max: 1 }')}routes:\n  - to: app\n    ▸maxConnections: 150\n`,
    path: 'routes[0].maxConnections',
    says: /may have 150 requests, but pool app holds only 100/,
    fix: /below 100/,
  },
  'streams-above-listeners': {
    text: `listeners: { web: { bind: ":80", maxConnections: 100 } }\npools:\n  app:\n    servers: [a]\n    streams: { ▸max: 200 }\n`,
    path: 'pools.app.streams.max',
    says: /200 streams, but the listeners let in only 100/,
    fix: /below 100/,
  },
  'retries-exceed-servers': {
    text: pool('▸retries: 3', 'a, b'),
    path: 'pools.app.retries',
    says: /1 other server to try, so 3 retries/,
    fix: /write 1/,
  },
  'all-weights-zero': {
    text: `${listeners}\npools:\n  app:\n    ▸servers: [{ address: a, weight: 0 }]\n`,
    path: 'pools.app.servers',
    says: /weight 0/,
    fix: /weight of 1/,
  },

  'queue-timeout-beyond-patience': {
    text: pool('queue: { max: 10, ▸timeout: 30s }'),
    path: 'pools.app.queue.timeout',
    says: /may wait 30s in line; after 10s/,
    fix: /10s or less/,
  },
  'first-byte-below-queue': {
    text: pool('queue: { max: 10, timeout: 5s }\n    timeouts: { ▸firstByte: 3s }'),
    path: 'pools.app.timeouts.firstByte',
    says: /may wait 5s in line .* only 3s to answer/,
    fix: /above 5s/,
  },
  'first-byte-below-health': {
    text: pool('health: { http: /ok, timeout: 2s }\n    timeouts: { ▸firstByte: 1500ms }', 'a'),
    path: 'pools.app.timeouts.firstByte',
    says: /health check of pool app may take 2s, a request only 1\.5s/,
    fix: /health\.timeout to 1\.5s/,
  },
  'health-timeout-beyond-interval': {
    text: pool('health: { tcp: true, interval: 1s, ▸timeout: 2s }', 'a'),
    path: 'pools.app.health.timeout',
    says: /may take 2s, but the next is due after 1s/,
    fix: /below 1s/,
  },
  'total-below-first-byte': {
    text: pool('timeouts: { firstByte: 1m, ▸total: 30s }', 'a'),
    path: 'pools.app.timeouts.total',
    says: /after 30s, so timeouts\.firstByte of 1m never applies/,
    fix: /raise timeouts\.total/,
  },
  'connect-timeout-long': {
    text: pool('timeouts: { ▸connect: 1m }', 'a'),
    path: 'pools.app.timeouts.connect',
    says: /given up after 1m/,
    fix: /write '2s'/,
  },
  'header-timeout-off': {
    text: `listeners: { web: { bind: ":80", timeouts: { ▸header: 0 } } }\n${pools}\n`,
    path: 'listeners.web.timeouts.header',
    says: /slowloris/,
    fix: /write '10s'/,
  },

  'unused-cache': {
    text: `${listeners}\n${pools}\n▸cache: { size: 1GiB }\n`,
    path: 'cache',
    says: /no route caches/,
    fix: /cache: true/,
  },
  'object-beyond-cache': {
    text: `${caching('cache: true')}cache: { size: 16MiB, ▸maxObject: 8MiB }\n`,
    path: 'cache.maxObject',
    says: /8MiB of the 16MiB/,
    fix: /to '4MiB' or less/,
  },
  'grace-beyond-pressure': {
    text: caching('cache: { grace: 1h, ▸graceUnderPressure: 10m }'),
    path: 'routes[0].cache.graceUnderPressure',
    says: /grace is 1h without any pressure/,
    fix: /above 1h/,
  },
  'grace-beyond-default': {
    text: caching('cache: { ▸grace: 90m }'),
    path: 'routes[0].cache.grace',
    says: /stale for 1h30m.*graceUnderPressure is 1h where it is not written/,
    fix: /graceUnderPressure above 1h30m, or lower grace/,
  },
  'ttl-beyond-max': {
    text: caching('cache: { ttl: { 200: 1m, 404: 2h }, ▸maxTtl: 1h }'),
    path: 'routes[0].cache.maxTtl',
    says: /fresh for 2h, and for no longer than 1h/,
    fix: /'2h'/,
  },
  'key-too-narrow': {
    text: caching('cache: { key: { ▸host: false } }'),
    path: 'routes[0].cache.key.host',
    says: /any host/,
    fix: /remove host: false/,
  },
  'purge-everyone': {
    text: caching('cache: { ▸purge: ["::/0"] }'),
    path: 'routes[0].cache.purge',
    says: /::\/0 lets everybody purge/,
    fix: /'loopback'/,
  },

  'unreachable-route': {
    text: `${listeners}\n${pools}\nroutes:\n  - { to: app, host: [a.example, b.example] }\n  - ▸{ to: app, host: b.example }\n`,
    path: 'routes[1]',
    says: /routes\[1\] gets no request: routes\[0\] takes the same host and path/,
    fix: /remove it/,
  },
  'unused-pool': {
    text: `${listeners}\npools:\n  app: { servers: [a] }\n  ▸old: { servers: [b] }\nroutes: [{ to: app }]\n`,
    path: 'pools.old',
    says: /no route leads to pool old/,
    fix: /to: 'old'/,
  },
  'listener-without-route': {
    text: `listeners:\n  web: { bind: ":80" }\n  ▸side: { bind: ":81" }\n${pools}\nroutes: [{ to: app, listeners: web }]\n`,
    path: 'listeners.side',
    says: /no route applies to listener side/,
    fix: /'side'/,
  },
  'trusted-everyone': {
    text: `listeners: { web: { bind: ":80", ▸trustedProxies: [0.0.0.0/0] } }\n${pools}\n`,
    path: 'listeners.web.trustedProxies',
    says: /0\.0\.0\.0\/0 trusts everybody/,
    fix: /'private'/,
  },
  'path-unwritable': {
    text: `${listeners}\n${pools}\n▸accessLog: ${folder}/absent/access.log\n`,
    path: 'accessLog',
    says: /the access log cannot be had at .*\/absent\/access\.log: there is no folder .*\/absent$/,
    fix: /mkdir -p .*\/absent$/,
    machine: { looksAtPaths: true },
  },
  'points-at-itself': {
    text: `${listeners}\npools:\n  app: { servers: [10.0.0.1, ▸127.0.0.1:8080] }\n`,
    path: 'pools.app.servers[1]',
    says: /127\.0\.0\.1:8080 is listener web of this Headgate: .* comes back to listener web, in a circle/,
    fix: /address of the application/,
  },
  'privileged-port': {
    text: `listeners: { web: { ▸bind: "127.0.0.1:80" } }\n${pools}\n`,
    path: 'listeners.web.bind',
    says: /may not listen on 127\.0\.0\.1:80: ports below 1024/,
    fix: /CAP_NET_BIND_SERVICE/,
    machine: { firstFreePort: 1024 },
  },
}

/** Loads the text of a case, and says where its mark stood. */
async function run({
  text,
  file = 'headgate.yaml',
  machine = {},
}: Case): Promise<{ loaded: Loaded; line: number; column: number }> {
  const options = { cwd: folder, env: {}, machine }
  if (file === '') return { loaded: await loadConfig(undefined, options), line: 0, column: 0 }
  const at = text.indexOf('▸')
  const before = text.slice(0, Math.max(0, at)).split('\n')
  const plain = text.replace('▸', '')
  writeFileSync(join(folder, file), plain)
  const loaded = await loadConfig(file, options)
  rmSync(join(folder, file))
  return { loaded, line: before.length, column: before.at(-1)!.length + 1 }
}

for (const [rule, expected] of Object.entries(cases)) {
  test(`the rule ${rule} speaks at the right place, with reason and remedy`, async () => {
    const { loaded, line, column } = await run(expected)
    const found = loaded.notices.filter((notice) => notice.rule === rule)
    assert.equal(found.length, 1, JSON.stringify(loaded.notices, null, 2))
    const [notice] = found
    assert.ok(notice)
    assert.match(notice.says, expected.says)
    assert.match(notice.fix, expected.fix)
    assert.deepEqual(
      { file: notice.file, line: notice.line, column: notice.column, path: notice.path },
      { file: expected.file ?? 'headgate.yaml', line, column, path: expected.path ?? '' },
    )
    assert.equal(notice.severity, rules[rule as Rule].severity)
    assert.equal(loaded.config === null, notice.severity === 'error')
    // One mistake is told once, and the example has no other.
    assert.deepEqual(
      loaded.notices.filter((other) => other !== notice && other.severity !== 'info').map((other) => other.rule),
      [],
    )
  })
}
