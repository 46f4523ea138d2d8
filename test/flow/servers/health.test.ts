/** Health checks: who is taken out, who is not, who comes back, and what happens when nobody is left. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Client, get } from '../../kit/client.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import { lineOf, logged } from '../../kit/logged.ts'
import { type Asked, Origin } from '../../kit/origin.ts'
import { Said } from '../../kit/said.ts'
import { settled, tally, until, verdictOf } from '../../kit/settle.ts'

/** A server that answers requests with its letter, and checks as it is told. */
class Patient implements AsyncDisposable {
  readonly origin: Origin
  /** What a check gets; null: nothing. */
  status: string | null = '200 OK'
  /** Requests are held instead of answered. */
  holding = false
  readonly held: Asked[] = []
  readonly checks: string[] = []
  #wake: (() => void) | null = null

  private constructor(origin: Origin) {
    this.origin = origin
  }

  static async listen(letter: string): Promise<Patient> {
    const patient: Patient = new Patient(
      await Origin.listen((asked) => {
        if (asked.head.startsWith('GET /healthz ')) {
          patient.checks.push(asked.head)
          if (patient.status !== null) asked.answer('', '', patient.status)
        } else if (patient.holding) patient.held.push(asked)
        else asked.answer(letter)
        patient.#wake?.()
      }),
    )
    return patient
  }

  get address(): string {
    return this.origin.address
  }

  /** Resolves when `n` more checks have come. */
  async checked(n: number): Promise<void> {
    const enough = this.checks.length + n
    while (this.checks.length < enough) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.origin[Symbol.asyncDispose]()
  }
}

const health = { http: '/healthz', interval: '80ms', timeout: '70ms', rise: 2, fall: 3 }

const healths = (hg: Running): string => (hg.gate.usage().pools[0]?.servers ?? []).map((server) => server.health).join()

async function letters(hg: Running, n: number): Promise<Record<string, number>> {
  using client = await Client.connect(hg.port)
  const all: string[] = []
  for (let i = 0; i < n; i++) all.push((await client.get('/').response()).body)
  return tally(all)
}

test('a server that fails its checks gets nothing, and its share again when it has passed enough of them', async () => {
  await using a = await Patient.listen('a')
  await using b = await Patient.listen('b')
  const said = new Said()
  // A check may take its time here: what counts is the answer.
  const patient = { ...health, timeout: '1s' }
  await using hg = await headgate(
    { threads: 2, pools: { shop: { servers: [a.address, b.address], health: patient } } },
    said,
  )
  assert.deepEqual(await letters(hg, 8), { a: 4, b: 4 })
  b.status = '503 Service Unavailable'
  const before = b.checks.length
  await until(() => healths(hg) === 'up,down')
  assert.ok(b.checks.length - before >= 3, 'not before `fall` checks failed')
  assert.deepEqual(await letters(hg, 8), { a: 8 })
  b.status = '204 No Content'
  const down = b.checks.length
  await until(() => healths(hg) === 'up,up')
  assert.ok(b.checks.length - down >= 2, 'not before `rise` checks passed')
  assert.deepEqual(await letters(hg, 8), { a: 4, b: 4 })
  assert.deepEqual(
    said.lines.map(({ level, message }) => [level, message]),
    [
      ['warn', `server ${b.address} of pool shop is down: status 503, not 200 to 399`],
      ['warn', `server ${b.address} of pool shop is up: status 204`],
    ],
  )
})

test('one failed check in between is no reason to take a server out', async () => {
  await using a = await Patient.listen('a')
  await using hg = await headgate({ pools: { shop: { servers: [a.address], health: { ...health, timeout: '1s' } } } })
  for (let i = 0; i < 4; i++) {
    a.status = '500 Internal Server Error'
    await a.checked(1)
    a.status = '200 OK'
    await a.checked(2)
    assert.equal(healths(hg), 'up')
  }
})

test('a check asks with GET, for the configured host, and takes the configured statuses', async () => {
  await using a = await Patient.listen('a')
  await using b = await Patient.listen('b')
  b.status = '301 Moved Permanently'
  const strict = { ...health, timeout: '1s', host: 'health.test', expect: 200 }
  await using hg = await headgate({ pools: { shop: { servers: [a.address, b.address], health: strict } } })
  await until(() => healths(hg) === 'up,down')
  assert.match(a.checks[0] ?? '', /^GET \/healthz HTTP\/1\.1\r\n/)
  assert.match(a.checks[0] ?? '', /\r\nhost: health\.test\r\n/i)
  assert.match(a.checks[0] ?? '', /\r\nuser-agent: headgate-health(\r\n|$)/i)
})

test('a server that hangs is down after its checks, whether it is at its limit or not', async () => {
  await using a = await Patient.listen('a')
  await using b = await Patient.listen('b')
  const servers = [
    { address: a.address, maxConnections: 1 },
    { address: b.address, backup: true },
  ]
  await using hg = await headgate({ threads: 2, pools: { shop: { servers, health } } })
  await until(() => healths(hg) === 'up,up')
  a.holding = true
  const held = get(hg.port, '/')
  await until(() => a.held.length === 1)
  a.status = null
  const before = a.checks.length
  await until(() => healths(hg) === 'down,up')
  assert.ok(a.checks.length - before <= health.fall + 2, `${a.checks.length - before} checks`)
  assert.deepEqual(await letters(hg, 3), { b: 3 })
  a.held[0]?.answer('late')
  assert.equal((await held).body, 'late')
})

test('a server whose workers are all busy answers its checks too late and stays, though its limit is far above', async () => {
  await using a = await Patient.listen('a')
  const said = new Said()
  await using hg = await headgate(
    { threads: 2, pools: { shop: { servers: [{ address: a.address, maxConnections: 1000 }], health } } },
    said,
  )
  await until(() => healths(hg) === 'up')
  a.status = null
  using client = await Client.connect(hg.port)
  const enough = a.checks.length + 10
  while (a.checks.length < enough) {
    assert.equal((await client.get('/').response()).status, 200)
    assert.equal(healths(hg), 'up')
  }
  await said.first(/^server .* of pool shop is busy: it answers requests, but its checks too late/)
  a.status = '200 OK'
  await said.first(/^server .* of pool shop answers its checks in time again$/)
})

test('a check takes no slot and is made though the server is full', async () => {
  await using a = await Patient.listen('a')
  a.holding = true
  await using hg = await headgate({
    pools: { shop: { servers: [{ address: a.address, maxConnections: 1 }], health: { ...health, timeout: '1s' } } },
  })
  const held = get(hg.port, '/')
  await until(() => a.held.length === 1)
  await a.checked(3)
  assert.equal(hg.gate.usage().pools[0]?.servers[0]?.inUse, 1)
  assert.equal(hg.gate.usage().requests, 1, 'checks are no requests')
  a.held[0]?.answer('ok')
  assert.equal((await held).status, 200)
  await settled(hg.gate)
})

test('when no server is up requests are refused at once, and those who wait are told', async () => {
  await using a = await Patient.listen('a')
  a.holding = true
  const text = `threads: 2
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools:
  shop:
    servers:
      - { address: "${a.address}", maxConnections: 1 }
    queue: { max: 5, timeout: 10s }
    health: { http: /healthz, interval: 40ms, timeout: 1s, rise: 2, fall: 3 }
`
  await using hg = await logged(text)
  const held = get(hg.port, '/held')
  await until(() => a.held.length === 1)
  const waiting = [get(hg.port, '/waits'), get(hg.port, '/waits')]
  await until(() => hg.gate.usage().pools[0]?.waiting === 2)
  a.status = '500 Internal Server Error' // that is an answer, whatever the load
  const began = performance.now()
  for (const answer of await Promise.all(waiting)) {
    assert.equal(verdictOf(answer), '503 no_server')
    assert.match(answer.field('retry-after') ?? '', /^\d+$/)
    assert.match(answer.head, /error=destination_unavailable/)
  }
  assert.ok(performance.now() - began < 5000, 'long before their own time is over')
  const refused = performance.now()
  assert.equal(verdictOf(await get(hg.port, '/after')), '503 no_server')
  assert.ok(performance.now() - refused < 1000)
  // What is under way goes on.
  a.held[0]?.answer('ok')
  assert.equal((await held).status, 200)
  a.holding = false
  a.status = '200 OK'
  await until(() => hg.gate.usage().pools[0]?.servers[0]?.health === 'up')
  assert.equal((await get(hg.port, '/back')).body, 'a')
  await settled(hg.gate)
  const lines = await hg.log()
  for (const line of lines.filter(({ cause }) => cause !== null)) {
    assert.deepEqual([line.cause, line.end, line.server], ['no_server', line.target === '/waits' ? 'NQ' : 'NR', null])
    const { gate, setting, place } = line.diagnosis ?? {}
    assert.deepEqual(
      [gate, setting, place],
      ['pool shop', 'pools.shop.servers', `headgate.yaml:${lineOf(text, 'servers:')}`],
    )
  }
  assert.equal(lines.filter(({ cause }) => cause !== null).length, 3)
})

test('the backup serves while the others are down, and rests when one is up again', async () => {
  await using a = await Patient.listen('a')
  await using b = await Patient.listen('b')
  const servers = [a.address, { address: b.address, backup: true }]
  await using hg = await headgate({ pools: { shop: { servers, health: { ...health, timeout: '1s' } } } })
  assert.deepEqual(await letters(hg, 4), { a: 4 })
  a.status = '500 Internal Server Error'
  await until(() => healths(hg) === 'down,up')
  assert.deepEqual(await letters(hg, 4), { b: 4 })
  a.status = '200 OK'
  await until(() => healths(hg) === 'up,up')
  assert.deepEqual(await letters(hg, 4), { a: 4 })
})

test('a server in maintenance is not asked, and is asked again afterwards', async () => {
  await using a = await Patient.listen('a')
  await using b = await Patient.listen('b')
  await using hg = await headgate({ pools: { shop: { servers: [a.address, b.address], health } } })
  await a.checked(1)
  hg.gate.setAdminState('shop', a.address, 'maint')
  await b.checked(2) // one of `a` may have been under way
  const before = a.checks.length
  await b.checked(4)
  assert.equal(a.checks.length, before)
  hg.gate.setAdminState('shop', a.address, 'ready')
  await a.checked(1)
})

test('by TCP a server is up when it takes a connection, and down when nothing listens', async (t) => {
  const first = createServer((socket) => socket.on('error', () => {}).resume())
  t.after(() => first.close())
  first.listen(0, '127.0.0.1')
  await once(first, 'listening')
  const { port } = first.address() as { port: number }
  const tcp = { tcp: true, interval: '40ms', timeout: '1s', rise: 2, fall: 2 }
  const said = new Said()
  await using hg = await headgate({ pools: { shop: { servers: [`127.0.0.1:${port}`], health: tcp } } }, said)
  assert.equal(healths(hg), 'unchecked')
  await until(() => healths(hg) === 'up')
  first.close()
  await until(() => healths(hg) === 'down')
  assert.equal(verdictOf(await get(hg.port, '/')), '503 no_server')
  const second = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nback'))
  })
  t.after(() => second.close())
  second.listen(port, '127.0.0.1')
  await once(second, 'listening')
  await until(() => healths(hg) === 'up')
  assert.equal((await get(hg.port, '/')).body, 'back')
  const told = said.lines.map(({ message }) => message)
  const [down = '', up = '', ...more] = told.filter((message) => message.startsWith('server'))
  // A probe that was waiting to be accepted when the listener closed is reset, the next one refused.
  assert.match(down, new RegExp(`^server 127.0.0.1:${port} of pool shop is down: (ECONNREFUSED|ECONNRESET)$`))
  assert.deepEqual([up, more], [`server 127.0.0.1:${port} of pool shop is up: took a connection`, []])
})

test('being without a server is told as that, not as being full', async () => {
  const said = new Said()
  await using a = await Patient.listen('a')
  await using hg = await headgate({ pools: { shop: { servers: [a.address] } } }, said)
  hg.gate.setAdminState('shop', a.address, 'drain')
  for (let i = 0; i < 3; i++) assert.equal(verdictOf(await get(hg.port, '/')), '503 no_server')
  const { message } = await said.first(/^pool shop/)
  assert.match(message, /^pool shop has no usable server: refused \d \(\d no_server\)$/)
  await hg.gate.stop()
  const last = said.lines.at(-1)
  assert.match(
    last?.message ?? '',
    /^pool shop had no usable server, which was over after \d\.\d s: 0 let in, refused 3/,
  )
})
