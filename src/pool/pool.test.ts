import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Cause } from '../base/cause.ts'
import { type Config, type PoolConfig, type ServerConfig, UNLIMITED } from '../config/model.ts'
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import { createMemory, planLedger } from '../ledger/layout.ts'
import { Ledger } from '../ledger/ledger.ts'
import { type Candidates, Pool, type ServerRequest } from './pool.ts'
import { type Server, serversOf } from './server.ts'

class Asker extends QueuedWaiter<Server> implements ServerRequest {
  key = 0
  prefer = -1
  candidates!: Candidates
  tried: number[] = []
  seat: Permit<Server> | null = null
  cause: Cause | null = null
  constructor(about: { prefer?: number; tried?: number[] } = {}) {
    super()
    this.prefer = about.prefer ?? -1
    this.tried = about.tried ?? []
  }
  triedServer(index: number): boolean {
    return this.tried.includes(index)
  }
  granted(permit: Permit<Server>): void {
    this.seat = permit
  }
  refused(cause: Cause): void {
    this.cause = cause
  }
}

type Given = Partial<Omit<PoolConfig, 'servers'>> & { servers: Partial<ServerConfig>[]; threads?: number }

function setUp({ servers, threads = 1, ...given }: Given): { pools: Pool[]; main: Server[]; ring: () => void } {
  const config = {
    name: 'shop',
    servers: servers.map((server, i) => ({
      name: 'abcdefghij'[i]!,
      address: { host: '127.0.0.1', port: 80 + i },
      maxConnections: 1,
      weight: 1,
      backup: false,
      ...server,
    })),
    balance: { policy: 'first' },
    sticky: null,
    maxConnections: UNLIMITED,
    queue: { max: 10, timeout: 1000 },
    streams: { max: UNLIMITED, after: 0 },
    ...given,
  } as unknown as PoolConfig
  const plan = planLedger({ threads, listeners: [], routes: [], pools: [config] } as unknown as Config)
  const memory = createMemory(plan)
  const ledger = new Ledger(memory, plan, -1)
  const pools = Array.from({ length: threads }, (_, me) => {
    const own = new Ledger(memory, plan, me)
    own.join()
    return new Pool(config, own, me)
  })
  const ring = (): void => {
    ledger.ringAll()
    for (const pool of pools) pool.collect()
  }
  return { pools, main: serversOf(config, ledger), ring }
}

function setUpOne(given: Given): { pool: Pool; main: Server[]; ring: () => void } {
  const { pools, main, ring } = setUp(given)
  return { pool: pools[0]!, main, ring }
}

/** Admits, and says what became of it: the server's name, the cause, or `waits`. */
function ask(pool: Pool, w: Asker = new Asker()): string {
  w.candidates = pool.candidates
  const got = pool.admit(w)
  if (got === null) return 'waits'
  if (typeof got === 'string') return got
  w.seat = got
  return got.of.name
}

test('a full server is passed over for the next in order, and when all are full there is the line', () => {
  const { pool } = setUpOne({ servers: [{}, { maxConnections: 2 }] })
  assert.deepEqual([ask(pool), ask(pool), ask(pool), ask(pool)], ['a', 'b', 'b', 'waits'])
  assert.equal(pool.slots.used, 3)
})

test('without a line a full pool refuses at once, and so does a full line', () => {
  const { pool } = setUpOne({ servers: [{}], queue: { max: 0, timeout: 0 } })
  assert.deepEqual([ask(pool), ask(pool)], ['a', 'pool_full'])
  const { pool: lined } = setUpOne({ servers: [{}], queue: { max: 1, timeout: 0 } })
  assert.deepEqual([ask(lined), ask(lined), ask(lined)], ['a', 'waits', 'queue_full'])
})

test('the pool’s own limit holds over all its servers, and nothing stays taken at a server when it says no', () => {
  const { pool } = setUpOne({ servers: [{}, {}], maxConnections: 1 })
  const first = new Asker()
  const second = new Asker()
  assert.deepEqual([ask(pool, first), ask(pool, second)], ['a', 'waits'])
  assert.deepEqual([pool.slots.used, pool.servers[0]!.slots.used, pool.servers[1]!.slots.used], [1, 1, 0])
  first.seat![Symbol.dispose]()
  assert.equal(second.seat!.of.name, 'a')
  second.seat![Symbol.dispose]()
  assert.deepEqual([pool.slots.used, pool.servers[0]!.slots.used], [0, 0])
})

test('servers that are down, drained, in maintenance or tried are not given', () => {
  const { pool, main } = setUpOne({ servers: [{}, {}, {}, {}, {}] })
  main[0]!.health = 'down'
  main[1]!.adminState = 'drain'
  main[2]!.adminState = 'maint'
  assert.equal(ask(pool, new Asker({ tried: [3] })), 'e')
  assert.deepEqual(
    pool.servers.map((server) => `${server.adminState} ${server.health} ${server.usable()}`),
    ['ready down false', 'drain up false', 'maint up false', 'ready up true', 'ready up true'],
  )
})

test('with no server up a request is refused at once; it does not wait for nobody', () => {
  const { pool, main } = setUpOne({ servers: [{}, {}] })
  main[0]!.health = 'down'
  main[1]!.adminState = 'maint'
  assert.equal(ask(pool), 'no_server')
  assert.equal(pool.gate.queue.length, 0)
})

test('who has tried all usable servers does not wait, who has one left does', () => {
  const { pool, main } = setUpOne({ servers: [{}, {}, {}] })
  main[2]!.health = 'down'
  assert.deepEqual([ask(pool), ask(pool)], ['a', 'b'])
  assert.equal(ask(pool, new Asker({ tried: [0, 1] })), 'no_server')
  assert.equal(pool.hasUntried(new Asker({ tried: [0, 1] })), false)
  assert.equal(ask(pool, new Asker({ tried: [0] })), 'waits')
  assert.equal(pool.hasUntried(new Asker({ tried: [0] })), true)
})

test('backups serve when no other server is usable and untried, and not because the others are full', () => {
  const { pool } = setUpOne({ servers: [{}, {}, { backup: true }] })
  assert.deepEqual([ask(pool), ask(pool)], ['a', 'b'])
  const waiting = new Asker()
  assert.equal(ask(pool, waiting), 'waits')
  pool.gate.leave(waiting)
  assert.equal(ask(pool, new Asker({ tried: [0, 1] })), 'c')
  const { pool: other, main: its } = setUpOne({ servers: [{}, { backup: true }, { backup: true }] })
  its[0]!.health = 'down'
  assert.deepEqual([ask(other), ask(other)], ['b', 'c'])
})

test('what a backup frees goes to nobody in the line while other servers are usable again', () => {
  const { pool, main, ring } = setUpOne({ servers: [{}, { backup: true }] })
  main[0]!.health = 'down'
  const onBackup = new Asker()
  assert.equal(ask(pool, onBackup), 'b')
  main[0]!.health = 'up'
  ring()
  const waiting = new Asker()
  const onPrimary = new Asker()
  assert.deepEqual([ask(pool, onPrimary), ask(pool, waiting)], ['a', 'waits'])
  onBackup.seat![Symbol.dispose]()
  assert.equal(waiting.seat, null)
  onPrimary.seat![Symbol.dispose]()
  assert.equal(waiting.seat!.of.name, 'a')
})

test('a slot that is freed goes to the line, but not to one who has tried that server', () => {
  const { pool } = setUpOne({ servers: [{}, {}] })
  const [one, two, choosy, plain] = [new Asker(), new Asker(), new Asker({ tried: [0] }), new Asker()]
  assert.deepEqual([ask(pool, one), ask(pool, two), ask(pool, choosy), ask(pool, plain)], ['a', 'b', 'waits', 'waits'])
  one.seat![Symbol.dispose]()
  assert.equal(choosy.seat, null)
  assert.equal(plain.seat!.of.name, 'a')
  two.seat![Symbol.dispose]()
  assert.equal(choosy.seat!.of.name, 'b')
})

test('a server that is usable again lets waiters in when the threads are rung', () => {
  const { pool, main, ring } = setUpOne({ servers: [{}, {}] })
  main[1]!.health = 'down'
  const waiting = new Asker()
  assert.deepEqual([ask(pool), ask(pool, waiting)], ['a', 'waits'])
  main[1]!.health = 'up'
  ring()
  assert.equal(waiting.seat!.of.name, 'b')
})

test('when the last server goes down those who wait are refused, on every thread', () => {
  const { pools, main, ring } = setUp({ servers: [{}], threads: 2 })
  const [one, two] = [new Asker(), new Asker()]
  assert.deepEqual([ask(pools[0]!), ask(pools[0]!, one), ask(pools[1]!, two)], ['a', 'waits', 'waits'])
  main[0]!.health = 'down'
  ring()
  assert.deepEqual([one.cause, two.cause, pools[0]!.gate.queue.length], ['no_server', 'no_server', 0])
})

test('a waiter who has tried the one server that is left is refused, the others go on waiting', () => {
  const { pool, main, ring } = setUpOne({ servers: [{}, {}] })
  const [choosy, plain] = [new Asker({ tried: [0] }), new Asker()]
  assert.deepEqual([ask(pool), ask(pool), ask(pool, choosy), ask(pool, plain)], ['a', 'b', 'waits', 'waits'])
  main[1]!.adminState = 'drain'
  ring()
  assert.deepEqual([choosy.cause, plain.cause], ['no_server', null])
})

test('what a drained server frees stays free', () => {
  const { pool, main, ring } = setUpOne({ servers: [{}, {}] })
  const [one, two, waiting] = [new Asker(), new Asker(), new Asker()]
  assert.deepEqual([ask(pool, one), ask(pool, two), ask(pool, waiting)], ['a', 'b', 'waits'])
  main[0]!.adminState = 'drain'
  ring()
  one.seat![Symbol.dispose]()
  assert.equal(waiting.seat, null)
  assert.deepEqual([pool.servers[0]!.slots.used, pool.slots.used], [0, 1])
  two.seat![Symbol.dispose]()
  assert.equal(waiting.seat!.of.name, 'b')
})

const sticky = { cookie: 'srv', maxAge: 0, secure: false }

test('a client comes back to its server, even while that is being drained, and elsewhere when it is full', () => {
  const { pool, main } = setUpOne({ servers: [{}, { maxConnections: 2 }, {}], sticky })
  assert.equal(ask(pool, new Asker({ prefer: 1 })), 'b')
  main[1]!.adminState = 'drain'
  assert.equal(ask(pool, new Asker({ prefer: 1 })), 'b')
  assert.equal(ask(pool, new Asker({ prefer: 1 })), 'a')
  assert.equal(pool.tieOf(1, pool.servers[0]!), 1) // merely full: the cookie stays
  main[1]!.adminState = 'maint'
  assert.equal(ask(pool, new Asker({ prefer: 1 })), 'c')
  assert.equal(pool.tieOf(1, pool.servers[2]!), -1)
})

test('a cookie is set for new clients and for those whose server is gone, not for those who have it', () => {
  const { pool, main } = setUpOne({ servers: [{}, {}], sticky })
  assert.match(pool.stickyField(-1, 1)!.text, /^Set-Cookie: srv=/)
  assert.equal(pool.stickyField(1, 1), null)
  const [a, b] = pool.servers
  assert.deepEqual([pool.tieOf(1, b!), pool.tieOf(1, a!), pool.tieOf(-1, a!)], [1, 1, -1])
  main[1]!.health = 'down'
  assert.deepEqual([pool.tieOf(1, a!), pool.tieOf(1, b!)], [-1, 1], 'what is down may have been given before')
  assert.equal(pool.stickyField(-1, 0), pool.sticky!.line(0))
  const { pool: plain } = setUpOne({ servers: [{}] })
  assert.equal(plain.stickyField(-1, 0), null)
})

test('room beside a server is a free slot of its like that is usable and untried, with nobody waiting for it', () => {
  const { pool, main } = setUpOne({ servers: [{}, {}, {}, { backup: true }] })
  const [a, b, , backup] = pool.servers
  const w = new Asker({ tried: [2] })
  assert.equal(pool.hasRoomBeside(a!, w), true)
  assert.equal(pool.hasRoomBeside(backup!, new Asker()), false, 'it is the only backup')
  main[1]!.adminState = 'drain'
  assert.equal(pool.hasRoomBeside(a!, w), false)
  main[1]!.adminState = 'ready'
  const [first, second, third] = [new Asker(), new Asker(), new Asker()]
  assert.deepEqual([ask(pool, first), ask(pool, second), ask(pool, third)], ['a', 'b', 'c'])
  assert.equal(pool.hasRoomBeside(a!, w), false, 'full')
  const waiting = new Asker({ tried: [1] })
  assert.equal(ask(pool, waiting), 'waits')
  second.seat![Symbol.dispose]()
  assert.equal(b!.slots.open, true)
  assert.equal(pool.hasRoomBeside(a!, w), false, 'somebody waits')
  pool.gate.leave(waiting)
  assert.equal(pool.hasRoomBeside(a!, w), true)
})

test('a server of weight 0 serves those tied to it and nobody else', () => {
  const { pool } = setUpOne({ servers: [{ weight: 0 }, {}], sticky })
  const [tied, waiting] = [new Asker({ prefer: 0 }), new Asker()]
  assert.deepEqual([ask(pool, tied), ask(pool), ask(pool, waiting)], ['a', 'b', 'waits'])
  tied.seat![Symbol.dispose]()
  assert.equal(waiting.seat, null)
  const { pool: alone } = setUpOne({ servers: [{ weight: 0 }], sticky })
  assert.equal(ask(alone), 'no_server')
})

test('a tied client is let in when its drained server has room, whatever the others do', () => {
  const { pool, main, ring } = setUpOne({ servers: [{}, {}], sticky })
  const [one, waiting] = [new Asker(), new Asker({ prefer: 0 })]
  assert.deepEqual([ask(pool, one), ask(pool), ask(pool, waiting)], ['a', 'b', 'waits'])
  main[0]!.adminState = 'drain'
  ring()
  one.seat![Symbol.dispose]()
  assert.equal(waiting.seat!.of.name, 'a')
})

test('a slot that only one of two waiters may have is not handed to the other, who waits longer on another thread', () => {
  const servers = [{}, { maxConnections: 2 }, {}, { backup: true }]
  const { pools, main, ring } = setUp({ servers, threads: 2, maxConnections: 2, sticky })
  const settle = (): void => {
    for (let i = 0; i < 5; i++) for (const pool of pools) pool.collect()
  }
  main[0]!.adminState = 'drain'
  main[1]!.adminState = 'drain'
  ring()
  const [elder, tied] = [new Asker({ prefer: 1, tried: [1] }), new Asker({ prefer: 0, tried: [1] })]
  assert.deepEqual([ask(pools[0]!, new Asker()), ask(pools[0]!, elder)], ['c', 'waits'])
  assert.equal(ask(pools[1]!, tied), 'a', 'it was found for the one that is tied to it')
  settle()
  assert.deepEqual([elder.seat, pools[0]!.slots.used, pools[0]!.gate.queue.length], [null, 2, 1])
  tied.seat![Symbol.dispose]()
  settle()
  assert.deepEqual([elder.seat, pools[0]!.slots.used, main[0]!.slots.used], [null, 1, 0])
})

test('shares follow the policy over two threads, and the others take what a full server cannot', () => {
  const servers = [{ maxConnections: 50 }, { maxConnections: 500 }, { maxConnections: 500 }]
  const { pools, main } = setUp({ servers, threads: 2, balance: { policy: 'round-robin' } })
  for (let i = 0; i < 300; i++) assert.notEqual(ask(pools[i % 2]!), 'waits')
  const used = main.map((server) => server.slots.used)
  assert.equal(used[0], 50)
  assert.ok(Math.abs(used[1]! - 125) <= 2 && used[1]! + used[2]! === 250, used.join())
})

type Act =
  | { do: 'ask' | 'end' | 'leave'; thread: number; n: number; tried: number; prefer: number }
  | { do: 'order'; n: number; to: number }
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('ask' as const, 'end' as const, 'leave' as const),
      thread: fc.nat(1),
      n: fc.nat(30),
      tried: fc.integer({ min: -1, max: 3 }),
      prefer: fc.integer({ min: -4, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('order' as const), n: fc.nat(3), to: fc.nat(4) }) },
)

test('whatever is asked, ended, left and ordered: no limit is passed, nobody waits beside a free server, nothing leaks', () => {
  const policies = ['round-robin', 'least', 'two-choices', 'first', 'hash'] as const
  fc.assert(
    fc.property(
      fc.array(act, { maxLength: 80 }),
      fc.constantFrom(...policies),
      fc.integer({ min: 1, max: 6 }),
      (acts, policy, limit) => {
        const { pools, main, ring } = setUp({
          servers: [{}, { maxConnections: 2, weight: 3 }, {}, { backup: true }],
          threads: 2,
          maxConnections: limit,
          balance: policy === 'hash' ? { policy, on: 'path', name: '', bound: 1.25 } : { policy },
          sticky,
        })
        const known: { w: Asker; pool: Pool }[] = []
        const settle = (): void => {
          for (let i = 0; i < 3; i++) for (const pool of pools) pool.collect()
        }
        for (const a of acts) {
          if (a.do === 'order') {
            const server = main[a.n]!
            if (a.to < 3) server.adminState = (['ready', 'drain', 'maint'] as const)[a.to]!
            else server.health = a.to === 3 ? 'up' : 'down'
            ring()
          } else if (a.do === 'ask') {
            const w = new Asker({ prefer: Math.max(-1, a.prefer), tried: a.tried < 0 ? [] : [a.tried] })
            const pool = pools[a.thread]!
            const got = ask(pool, w)
            if (got === 'waits' || w.seat !== null) known.push({ w, pool })
          } else if (known.length > 0) {
            const [it] = known.splice(a.n % known.length, 1)
            if (it!.w.seat !== null) it!.w.seat[Symbol.dispose]()
            else if (it!.w.cause === null) it!.pool.gate.leave(it!.w)
          }
          settle()
          for (const server of main) assert.ok(server.slots.used <= server.slots.limit)
          assert.ok(pools[0]!.slots.used <= limit)
          const seated = known.filter(({ w }) => w.seat !== null)
          assert.equal(pools[0]!.slots.used, seated.length)
          for (const { w } of seated) assert.ok(!w.tried.includes(w.seat!.of.index))
          if (pools[0]!.slots.open)
            for (const { w } of known) {
              if (w.seat !== null || w.cause !== null) continue
              for (const server of main)
                if (!server.config.backup && server.usable() && server.slots.open)
                  assert.ok(w.tried.includes(server.index), 'waits beside a free server')
            }
        }
        for (const { w, pool } of known) if (w.seat === null && w.cause === null) pool.gate.leave(w)
        settle()
        for (const { w } of known) w.seat?.[Symbol.dispose]()
        settle()
        assert.deepEqual(
          [pools[0]!.slots.used, pools[0]!.gate.queue.length, ...main.map((server) => server.slots.used)],
          [0, 0, 0, 0, 0, 0],
        )
      },
    ),
    { numRuns: 200 },
  )
})
