/** The access log as it comes out of a running Headgate: every field right, no line lost, torn or waited for. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { logFields } from '../../../src/base/log-fields.ts'
import { RunningCommand } from '../../cli/command.ts'
import { Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { Said } from '../../kit/said.ts'
import { meanwhile, settled, until } from '../../kit/settle.ts'

type Line = Readonly<Record<string, unknown>>

/** A folder of its own, gone with the test. */
class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'headgate-'))
  at(name: string): string {
    return join(this.path, name)
  }
  read(name: string): string {
    return readFileSync(this.at(name), 'utf8')
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Every line of a text; it has to end with the end of one. */
function linesOf(text: string): string[] {
  if (text === '') return []
  assert.ok(text.endsWith('\n'), `torn: …${text.slice(-80)}`)
  return text.slice(0, -1).split('\n')
}

function parsed(text: string): Line[] {
  return linesOf(text).map((line) => JSON.parse(line) as Line)
}

/** `n` requests for /0 … over some connections at once. */
async function crowd(hg: Pick<Running, 'port'>, n: number, connections: number): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    using client = await Client.connect(hg.port)
    while (next < n) assert.equal((await client.get(`/${next++}`).response()).status, 200)
  }
  await Promise.all(Array.from({ length: connections }, one))
}

test('a JSON line has every documented field, and each says what was', async () => {
  await using origin = await Origin.listen()
  await using hg = await logged(`threads: 1
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools: { shop: { servers: ["${origin.address}"] } }
routes: [{ name: all, to: shop }]
`)
  const before = Date.now()
  using client = await Client.connect(hg.port)
  const request =
    'PUT /cart/7?x=1 HTTP/1.1\r\nHost: Shop.Test:8080\r\nUser-Agent: test/1.0\r\nReferer: http://me:secret@shop.test/\r\n' +
    'Content-Length: 5\r\n\r\n'
  // In two pieces, so that the head takes some time to come.
  client.send(request.slice(0, 30))
  await meanwhile(150)
  client.send(`${request.slice(30)}hello`)
  const asked = await origin.next()
  await meanwhile(60)
  asked.answer('done', 'Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n')
  const answer = await client.response()
  const length = answer.head.length + 4 + answer.body.length
  const { localPort } = client.socket
  client.end()
  await settled(hg.gate)
  const after = Date.now()
  const [line] = (await hg.log()) as unknown as Line[]
  assert.ok(line !== undefined)
  assert.deepEqual(Object.keys(line), [...Object.keys(logFields), 'diagnosis'])
  const { time, headerMs, connectMs, queueMs, firstByteMs, totalMs, ...rest } = line
  assert.deepEqual(rest, {
    thread: 0,
    listener: 'web',
    route: 'all',
    pool: 'shop',
    server: origin.address,
    client: '127.0.0.1',
    port: localPort,
    method: 'PUT',
    target: '/cart/7?x=1',
    version: '1.1',
    host: 'shop.test',
    userAgent: 'test/1.0',
    referer: 'http://shop.test/',
    status: 200,
    end: '--',
    cause: null,
    incident: null,
    bytesIn: request.length + 5,
    bytesOut: length,
    cache: null,
    cacheDetail: null,
    retries: 0,
    redispatched: false,
    reused: false,
    listenerInUse: 1,
    poolInUse: 1,
    serverInUse: 1,
    queueLength: 0,
    diagnosis: null,
  })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const at = Date.parse(String(time))
  assert.ok(at >= before - 2 && at <= after - 59, 'when its first byte was seen')
  const ms = [headerMs, queueMs, connectMs, firstByteMs, totalMs].map(Number)
  const [header = -1, queue = -1, connect = -1, firstByte = -1, total = -1] = ms
  assert.ok(header >= 30 && header < 3000, `header ${header}`)
  assert.equal(queue, 0)
  assert.ok(connect >= 0 && connect < 3000, `connect ${connect}`)
  assert.ok(firstByte >= 59 && firstByte < 3000, `first byte ${firstByte}`)
  assert.ok(total >= header + connect + firstByte - 1 && total <= after - before + 2, `total ${total}`)
})

test('the line tells of waiting, of reuse, and of what was in use at admission', async () => {
  await using farm = await Farm.listen(1, true)
  await using hg = await logged(`threads: 1
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools: { shop: { servers: [{ address: "${farm.address('a')}", maxConnections: 2 }], queue: { max: 9, timeout: 9s } } }
`)
  const clients: Client[] = []
  for (let i = 0; i < 4; i++) {
    const client = await Client.connect(hg.port)
    clients.push(client.get(`/${i}`))
    await until(() => (hg.gate.usage().pools[0]?.inUse ?? 0) + (hg.gate.usage().pools[0]?.waiting ?? 0) === i + 1)
  }
  await farm.came(2)
  await meanwhile(60)
  farm.release('a')
  await farm.came(3)
  farm.releaseAll()
  await farm.came(4)
  farm.releaseAll()
  for (const client of clients) {
    assert.equal((await client.response()).status, 200)
    client.end()
  }
  await settled(hg.gate)
  const lines = (await hg.log()).toSorted((a, b) => (a.target < b.target ? -1 : 1))
  assert.deepEqual(
    lines.map(({ listenerInUse, poolInUse, serverInUse, queueLength, reused }) => [
      listenerInUse,
      poolInUse,
      serverInUse,
      queueLength,
      reused,
    ]),
    [
      [1, 1, 1, 0, false],
      [2, 2, 2, 0, false],
      [3, 2, 2, 1, true],
      [4, 2, 2, 2, true],
    ],
  )
  assert.deepEqual(
    lines.map(({ queueMs }) => (queueMs ?? 0) >= 55),
    [false, false, true, true],
  )
  for (const { queueMs, firstByteMs, totalMs } of lines) {
    assert.ok((totalMs ?? 0) >= (queueMs ?? 0) + (firstByteMs ?? 0) - 1)
  }
})

/** Answers by path, in every kind of framing. */
function framings(asked: Asked): void {
  const path = asked.head.split(' ')[1] ?? ''
  switch (path) {
    case '/chunked':
      return asked.say(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n',
      )
    case '/close':
      asked.say(`HTTP/1.1 200 OK\r\n\r\n${'z'.repeat(70_000)}`)
      return asked.end()
    case '/204':
      return asked.say('HTTP/1.1 204 No Content\r\n\r\n')
    case '/hints':
      asked.say('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
      return asked.answer('after hints')
    case '/up':
      asked.say('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
      asked.socket.on('data', () => asked.say('and good bye'))
      return
    default:
      if (asked.head.startsWith('HEAD')) asked.say('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')
      else asked.answer(`got ${asked.body.length}`)
  }
}

const post = (path: string, fields: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n${body}`

/** What a client says, and how many responses it waits for; those marked end with the connection. */
const talks: readonly (readonly [what: string, says: string, responses: number])[] = [
  ['a plain GET', 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n', 1],
  ['an empty line before it', '\r\nGET / HTTP/1.1\r\nHost: shop.test\r\n\r\n', 1],
  ['a body by length', post('/', 'Content-Length: 100000\r\n', 'y'.repeat(100_000)), 1],
  [
    'a body by chunks with a trailer',
    post('/', 'Transfer-Encoding: chunked\r\nTrailer: X-A\r\n', '5;name=value\r\nhello\r\n0\r\nX-A: 1\r\n\r\n'),
    1,
  ],
  ['a chunked response', 'GET /chunked HTTP/1.1\r\nHost: shop.test\r\nTE: trailers\r\nConnection: TE\r\n\r\n', 1],
  ['a response that the closing ends', 'GET /close HTTP/1.1\r\nHost: shop.test\r\n\r\n', 1],
  ['the same for HTTP/1.0', 'GET /close HTTP/1.0\r\nHost: shop.test\r\n\r\n', 1],
  ['no content', 'GET /204 HTTP/1.1\r\nHost: shop.test\r\n\r\n', 1],
  ['an interim response', 'GET /hints HTTP/1.1\r\nHost: shop.test\r\n\r\n', 2],
  ['a refusal', 'GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n', 1],
  ['what is no HTTP', 'GET  / HTTP/1.1\r\nHost: shop.test\r\n\r\n', 1],
  [
    'three in one packet',
    `GET /1 HTTP/1.1\r\nHost: shop.test\r\n\r\n${post('/2', 'Content-Length: 3\r\n', 'abc')}GET /3 HTTP/1.1\r\nHost: shop.test\r\n\r\n`,
    3,
  ],
]

test('bytes in and out are to the byte what clients sent and got', async () => {
  await using origin = await Origin.listen(framings)
  await using hg = await logged(`threads: 1
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools: { shop: { servers: ["${origin.address}"] } }
routes: [{ to: shop, host: shop.test }]
`)
  const sums = new Map<number, { readonly what: string; readonly sent: number; readonly got: number }>()
  const note = (what: string, client: Client): void => {
    const { localPort = 0, bytesWritten, bytesRead } = client.socket
    sums.set(localPort, { what, sent: bytesWritten, got: bytesRead })
  }
  for (const [what, says, responses] of talks) {
    using client = await Client.connect(hg.port)
    client.send(says)
    for (let i = 0; i < responses; i++) await client.response()
    note(what, client)
  }
  {
    using client = await Client.connect(hg.port)
    client.send('HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n')
    assert.equal((await client.response('HEAD')).field('content-length'), '1234')
    note('a HEAD', client)
  }
  {
    using client = await Client.connect(hg.port)
    client.get('/up', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
    await client.until('hello')
    client.send('some bytes')
    await client.until('and good bye')
    note('a tunnel', client)
  }
  await settled(hg.gate)
  const lines = await hg.log()
  const by = new Map<number, { in: number; out: number }>()
  for (const line of lines) {
    const sum = by.get(line.port) ?? { in: 0, out: 0 }
    sum.in += line.bytesIn
    sum.out += line.bytesOut
    by.set(line.port, sum)
  }
  for (const [port, { what, sent, got }] of sums) {
    assert.deepEqual({ what, ...by.get(port) }, { what, in: sent, out: got })
  }
  assert.equal(lines.length, talks.length + 2 + 2)
})

for (const [format, wanted] of [
  ['common', String.raw`^127\.0\.0\.1 - - \[DATE\] "GET /a\?b=1 HTTP/1\.1" 200 BYTES$`],
  [
    'combined',
    String.raw`^127\.0\.0\.1 - - \[DATE\] "GET /a\?b=1 HTTP/1\.1" 200 BYTES "https://ref\.test/" "say \\x22hi\\x22 \\xC3\\xA9\\x5C"$`,
  ],
] as const) {
  test(`lines in the ${format} format are those that every log reader knows`, async () => {
    using folder = new Folder()
    await using origin = await Origin.listen((asked) => asked.answer('ok'))
    await using hg = await headgate({
      accessLog: { to: folder.at('log'), format },
      pools: { shop: { servers: [origin.address] } },
    })
    const fields = 'Referer: https://ref.test/\r\nUser-Agent: say "hi" \xc3\xa9\\\r\n'
    const answer = await get(hg.port, '/a?b=1', fields)
    await hg.gate.stop()
    const [line = '', ...more] = linesOf(folder.read('log'))
    assert.deepEqual(more, [])
    const pattern = wanted
      .replace('DATE', String.raw`\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000`)
      .replace('BYTES', String(answer.head.length + 4 + answer.body.length))
    assert.match(line, new RegExp(pattern))
  })
}

test('a template says what was asked of it, for good ends and bad ones', async () => {
  using folder = new Folder()
  await using farm = await Farm.listen(1, true)
  await using hg = await headgate({
    accessLog: {
      to: folder.at('log'),
      format: {
        template:
          '%{method} %{status} 100%% %{server} %{cause} [%{end}] é %{reused} %{gate} %{limit}/%{observed} %{connectMs}',
      },
    },
    pools: { shop: { servers: [{ address: farm.address('a'), maxConnections: 1 }] } },
  })
  const held = get(hg.port, '/')
  await farm.came(1)
  assert.equal((await get(hg.port, '/')).status, 503)
  farm.releaseAll()
  await held
  await hg.gate.stop()
  const [refused, good = ''] = linesOf(folder.read('log'))
  assert.equal(refused, 'GET 503 100% - pool_full [FR] é false pool shop 1/1 -1')
  assert.match(good, new RegExp(`^GET 200 100% ${farm.address('a')} - \\[--\\] é false - -/- \\d+(\\.\\d+)?$`))
})

test('whatever a client sends, its line is one line of valid JSON', async () => {
  using folder = new Folder()
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({ accessLog: folder.at('log'), pools: { shop: { servers: [origin.address] } } })
  const agents = ['"}\\u0000{"', '\xff\xfe raw', 'tab\there', '\\', "';<script>", 'caf\xc3\xa9 \xf0\x9f\x98\x80', '']
  using client = await Client.connect(hg.port)
  for (const agent of agents) {
    assert.equal((await client.get('/%22%0a?a=\\', `User-Agent: ${agent}\r\n`).response()).status, 200)
  }
  client.end()
  await hg.gate.stop()
  const text = folder.read('log')
  assert.match(text, /^[\n -~]*$/, 'plain ASCII')
  assert.deepEqual(
    parsed(text).map(({ userAgent }) => userAgent),
    ['"}\\u0000{"', '\xff\xfe raw', 'tab\there', '\\', "';<script>", 'café 😀', ''],
  )
})

test('over two threads and under load every request has its one whole line', async () => {
  using folder = new Folder()
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    accessLog: folder.at('log'),
    pools: { shop: { servers: [origin.address] } },
  })
  await crowd(hg, 3000, 40)
  await hg.gate.stop()
  const lines = parsed(folder.read('log'))
  assert.equal(lines.length, 3000)
  assert.equal(new Set(lines.map(({ target }) => target)).size, 3000)
  assert.deepEqual(new Set(lines.map(({ thread }) => thread)), new Set([0, 1]))
  assert.ok(lines.every(({ status, cause }) => status === 200 && cause === null))
})

test('a log that is renamed and reopened again and again under load loses no line', async () => {
  using folder = new Folder()
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await headgate({
    threads: 2,
    accessLog: folder.at('log'),
    pools: { shop: { servers: [origin.address] } },
  })
  let over = false
  const load = crowd(hg, 4000, 20).finally(() => {
    over = true
  })
  let turns = 0
  while (!over || turns === 0) {
    if (existsSync(folder.at('log'))) renameSync(folder.at('log'), folder.at(`log.${turns++}`))
    hg.gate.reopenLogs()
    await meanwhile(60)
  }
  await load
  await hg.gate.stop()
  let all: Line[] = []
  for (let i = 0; i < turns; i++) all = all.concat(parsed(folder.read(`log.${i}`)))
  const last = existsSync(folder.at('log')) ? parsed(folder.read('log')) : []
  all = all.concat(last)
  assert.ok(turns >= 2, `${turns} turns`)
  assert.equal(all.length, 4000)
  assert.equal(new Set(all.map(({ target }) => target)).size, 4000)
})

test('a log that cannot be written holds up nobody; it is told once, and again when it works', async () => {
  using folder = new Folder()
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const said = new Said()
  await using hg = await headgate(
    { accessLog: folder.at('not/there/log'), pools: { shop: { servers: [origin.address] } } },
    said,
  )
  await crowd(hg, 300, 4)
  await said.first(/^access log: failing$/)
  await meanwhile(150) // some gatherings more: they must not be told each
  const told = said.lines.filter(({ message }) => message.startsWith('access log'))
  assert.equal(told.length, 1)
  assert.equal(told[0]?.level, 'warn')
  assert.match(String(told[0]?.error), /ENOENT/)
  mkdirSync(folder.at('not/there'), { recursive: true })
  hg.gate.reopenLogs()
  await said.first(/^access log: recovered$/)
  await hg.gate.stop()
  assert.equal(parsed(folder.read('not/there/log')).length, 300, 'what the buffer held meanwhile')
})

test('a reader that stalls costs lines beyond the buffer, counted, and no request its time', {
  skip: process.platform === 'win32',
}, async () => {
  using folder = new Folder()
  execFileSync('mkfifo', [folder.at('pipe')])
  const reader = openSync(folder.at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  const said = new Said()
  await using hg = await headgate(
    { accessLog: { to: folder.at('pipe'), buffer: '64KiB' }, pools: { shop: { servers: [origin.address] } } },
    said,
  )
  await crowd(hg, 1000, 8) // a pipe holds 64 KiB, the buffer as much again
  await said.first(/^access log: dropping$/)
  let text = ''
  const buffer = Buffer.alloc(65_536)
  const drink = (): void => {
    for (;;) {
      try {
        const n = readSync(reader, buffer)
        if (n === 0) return
        text += buffer.toString('latin1', 0, n)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
        return
      }
    }
  }
  const told = (state: string) => said.lines.filter(({ message }) => message === `access log: ${state}`)
  // On a machine that is busy itself it may catch up for a moment before the pipe is full, and fall behind again.
  while (told('recovered').length < told('dropping').length) {
    drink()
    await meanwhile(5)
  }
  const stopped = hg.gate.stop()
  const drinking = setInterval(drink, 5)
  await stopped
  clearInterval(drinking)
  drink()
  closeSync(reader)
  const lost = told('recovered').map(({ lines }) => Number(lines))
  assert.ok(lost.every((lines) => lines > 0))
  assert.equal(parsed(text).length + lost.reduce((sum, lines) => sum + lines), 1000)
  assert.equal(told('dropping').length, lost.length)
  assert.equal(said.lines.length, 2 * lost.length, 'told when it begins and when it is over, not for every line')
})

test('to stdout whole lines come out beside each other from two threads; without a log nothing does', async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  using folder = new Folder()
  for (const [log, lines] of [
    ['stdout', 1000],
    [false, 0],
  ] as const) {
    const config = {
      threads: 2,
      listeners: { web: { bind: '127.0.0.1:0' } },
      pools: { shop: { servers: [origin.address] } },
      accessLog: log,
    }
    const file = folder.at(`${log}.json`)
    writeFileSync(file, JSON.stringify(config))
    await using running = new RunningCommand(['run', file])
    await running.said(/^ready$/m)
    const port = Number((await running.said(/listener \w+: .*127\.0\.0\.1:(\d+)/))[1])
    await crowd({ port }, 1000, 20)
    running.signal('SIGTERM')
    const { code, out } = await running.ended()
    assert.equal(code, 0)
    const all = linesOf(out).filter((line) => line.startsWith('{'))
    assert.equal(new Set(all.map((line) => (JSON.parse(line) as Line).target)).size, lines)
    assert.equal(all.length, lines)
  }
})

test('a limit that is reached is told once when it begins and once when it is over, not a thousand times', async () => {
  await using farm = await Farm.listen(1, true)
  const said = new Said()
  await using hg = await headgate(
    { threads: 2, pools: { shop: { servers: [{ address: farm.address('a'), maxConnections: 1 }] } } },
    said,
  )
  const held = get(hg.port, '/')
  await farm.came(1)
  let refused = 0
  const flood = async (): Promise<void> => {
    using client = await Client.connect(hg.port)
    for (let i = 0; i < 50; i++) if ((await client.get('/').response()).status === 503) refused++
  }
  await Promise.all(Array.from({ length: 20 }, flood))
  assert.equal(refused, 1000)
  const begin = await said.first(/^pool shop is full: /)
  assert.equal(begin.level, 'warn')
  assert.equal(begin.phase, 'begin')
  assert.match(
    begin.message,
    /^pool shop is full: 1 of 1 requests in use, refused \d+ \(\d+ pool_full\); see pools\.shop\.servers\[0\]\.maxConnections/,
  )
  farm.releaseAll()
  assert.equal((await held).status, 200)
  const end = await said.first(/^pool shop has room again/)
  assert.equal(end.level, 'info')
  assert.match(end.message, /^pool shop has room again after \d+\.\d s: 1 let in, refused 1000 \(1000 pool_full\)$/)
  assert.deepEqual(end.refused, { pool_full: 1000 })
  assert.deepEqual(
    said.lines.map(({ phase }) => phase),
    ['begin', 'end'],
  )
})

test('an episode that is under way when Headgate stops is ended by the stop', async () => {
  await using farm = await Farm.listen(1, true)
  const said = new Said()
  await using hg = await headgate(
    {
      listeners: { web: { maxConnections: 3 } },
      pools: {
        shop: { servers: [{ address: farm.address('a'), maxConnections: 1 }], queue: { max: 1, timeout: '9s' } },
      },
    },
    said,
  )
  const held = [get(hg.port, '/1')]
  await farm.came(1)
  held.push(get(hg.port, '/2'))
  await until(() => hg.gate.usage().pools[0]?.waiting === 1)
  assert.equal((await get(hg.port, '/3')).status, 503)
  const pool = await said.first(/^pool shop is full/)
  assert.match(pool.message, /: 1 of 1 requests in use, 1 waiting/)
  using _idle = await Client.connect(hg.port)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 3)
  using turned = await Client.connect(hg.port)
  assert.equal((await turned.response()).status, 503)
  const listener = await said.first(/^listener web is full/)
  assert.match(
    listener.message,
    /3 of 3 connections in use, refused 1 \(1 listener_full\); see listeners\.web\.maxConnections/,
  )
  farm.releaseAll()
  await farm.came(2)
  farm.releaseAll()
  assert.deepEqual(
    (await Promise.all(held)).map(({ status }) => status),
    [200, 200],
  )
  await hg.gate.stop()
  const ends = said.lines.filter(({ phase }) => phase === 'end').map(({ message }) => message)
  assert.equal(ends.length, 2)
  assert.ok(
    ends.some((message) =>
      /^pool shop was full when Headgate stopped after .*: 2 let in, 1 lined up \(at most 1 at once\), refused 1 \(1 queue_full\)$/.test(
        message,
      ),
    ),
    ends.join(),
  )
  assert.ok(
    ends.some((message) => /^listener web was full when Headgate stopped/.test(message)),
    ends.join(),
  )
})
