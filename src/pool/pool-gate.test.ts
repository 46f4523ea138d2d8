/** Two configurations of one pool on one thread: one gate, one queue, and each request is given its own servers only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cause } from '../base/cause.ts'
import { type Config, type PoolConfig, UNLIMITED } from '../config/model.ts'
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import { capacityFor, createMemory, LedgerLayout } from '../ledger/layout.ts'
import { Ledger } from '../ledger/ledger.ts'
import type { LedgerPlan } from '../ledger/plan.ts'
import { type Candidates, Pool, type ServerRequest } from './pool.ts'
import { PoolGate } from './pool-gate.ts'
import type { Server } from './server.ts'

class Asker extends QueuedWaiter<Server> implements ServerRequest {
  readonly key = 0
  readonly prefer = -1
  readonly candidates: Candidates
  seat: Permit<Server> | null = null
  cause: Cause | null = null
  constructor(candidates: Candidates) {
    super()
    this.candidates = candidates
  }
  triedServer(): boolean {
    return false
  }
  granted(permit: Permit<Server>): void {
    this.seat = permit
  }
  refused(cause: Cause): void {
    this.cause = cause
  }
}

function poolOf(...names: readonly string[]): PoolConfig {
  return {
    name: 'shop',
    servers: names.map((name, i) => ({
      name,
      address: { host: '127.0.0.1', port: 80 + i },
      maxConnections: 1,
      weight: 1,
      backup: false,
    })),
    balance: { policy: 'first' },
    sticky: null,
    maxConnections: UNLIMITED,
    queue: { max: 10, timeout: 1000 },
    streams: { max: UNLIMITED, after: 0 },
  } as unknown as PoolConfig
}

const limits = (pool: PoolConfig, threads: number): Config =>
  ({ threads, listeners: [], routes: [], pools: [pool] }) as unknown as Config

/** One memory; each thread has a gate that lasts. */
class Scene {
  readonly threads: number
  readonly layout: LedgerLayout
  readonly memory: SharedArrayBuffer
  main: Ledger
  readonly gates: readonly PoolGate[]

  constructor(threads: number, first: PoolConfig) {
    this.threads = threads
    this.layout = new LedgerLayout(threads, capacityFor(limits(first, threads)))
    const plan = this.layout.plan(limits(first, threads))
    this.memory = createMemory(plan)
    this.main = new Ledger(this.memory, plan, -1)
    this.gates = Array.from({ length: threads }, (_, me) => {
      const ledger = new Ledger(this.memory, plan, me)
      ledger.join()
      return new PoolGate('shop', ledger)
    })
  }

  plan(config: PoolConfig): LedgerPlan {
    const plan = this.layout.plan(limits(config, this.threads))
    this.main = new Ledger(this.memory, plan, -1)
    this.main.prepare()
    return plan
  }

  pool(config: PoolConfig, plan: LedgerPlan, me: number): Pool {
    return new Pool(config, new Ledger(this.memory, plan, me), me, this.gates[me])
  }

  used(server: string): number {
    return this.main.slots(`server:shop/${server}`).used
  }
}

/** Admits; the server's name, the cause, or `waits`. */
function ask(pool: Pool, w = new Asker(pool.candidates)): string {
  const got = pool.admit(w)
  if (got === null) return 'waits'
  if (typeof got === 'string') return got
  w.seat = got
  return got.of.name
}

function seats(...all: readonly Asker[]): (string | undefined)[] {
  return all.map(({ seat }) => seat?.of.name)
}

function askers(pool: Pool, n: number): Asker[] {
  return Array.from({ length: n }, () => new Asker(pool.candidates))
}

test('limits hold over both together, and the queue is served in the order of arrival', () => {
  const both = poolOf('a', 'b')
  const scene = new Scene(1, both)
  const old = scene.pool(both, scene.main.plan, 0)
  const [a, b, waiting] = askers(old, 3) as [Asker, Asker, Asker]
  assert.deepEqual([ask(old, a), ask(old, b), ask(old, waiting)], ['a', 'b', 'waits'])
  const fresh = scene.pool(both, scene.plan(both), 0)
  const [first, second] = askers(fresh, 2) as [Asker, Asker]
  assert.deepEqual([ask(fresh, first), ask(fresh, second)], ['waits', 'waits'])
  a.seat![Symbol.dispose]()
  assert.deepEqual([waiting.seat?.of.name, first.seat], ['a', null])
  b.seat![Symbol.dispose]()
  assert.equal(first.seat?.of, fresh.servers[1], 'it is given the server of its own configuration')
  waiting.seat![Symbol.dispose]()
  assert.equal(second.seat?.of.name, 'a')
  for (const one of [first, second]) one.seat![Symbol.dispose]()
  assert.deepEqual([scene.used('a'), scene.used('b'), scene.main.slots('pool:shop').used], [0, 0, 0])
})

test('what only one of the two has is given to its own requests alone, younger or not', () => {
  const before = poolOf('a', 'b')
  const after = poolOf('c', 'b')
  const scene = new Scene(1, before)
  const old = scene.pool(before, scene.main.plan, 0)
  const [a, b, oldWaiter] = askers(old, 3) as [Asker, Asker, Asker]
  for (const one of [a, b, oldWaiter]) ask(old, one)
  const fresh = scene.pool(after, scene.plan(after), 0)
  const [c, freshWaiter] = askers(fresh, 2) as [Asker, Asker]
  assert.deepEqual([ask(fresh, c), ask(fresh, freshWaiter)], ['c', 'waits'])
  c.seat![Symbol.dispose]()
  assert.deepEqual([freshWaiter.seat?.of.name, oldWaiter.seat], ['c', null])
  a.seat![Symbol.dispose]()
  assert.equal(oldWaiter.seat?.of.name, 'a', 'a server that is gone still serves those that were routed to it')
  const last = new Asker(fresh.candidates)
  assert.equal(ask(fresh, last), 'waits')
  oldWaiter.seat![Symbol.dispose]()
  assert.deepEqual(seats(last), [undefined])
  b.seat![Symbol.dispose]()
  assert.deepEqual(seats(last), ['b'])
  for (const one of [freshWaiter, last]) one.seat![Symbol.dispose]()
  for (const name of ['a', 'b', 'c']) assert.equal(scene.used(name), 0, name)
})

test('a thread that has not adopted the new one yet takes part by the old one, and nothing is lost between them', () => {
  const before = poolOf('a', 'b')
  const after = poolOf('b', 'c')
  const scene = new Scene(2, before)
  const plan = scene.main.plan
  const [near, far] = [scene.pool(before, plan, 0), scene.pool(before, plan, 1)]
  const [a, b] = askers(near, 2) as [Asker, Asker]
  for (const one of [a, b]) ask(near, one)
  const next = scene.plan(after)
  const fresh = scene.pool(after, next, 0)
  const [oldWaiter] = askers(far, 1) as [Asker]
  assert.equal(ask(far, oldWaiter), 'waits')
  a.seat![Symbol.dispose]() // not for the newest here: it is set free, and the other thread is called
  far.collect()
  assert.equal(oldWaiter.seat?.of.name, 'a')
  const freshWaiter = new Asker(fresh.candidates)
  const c = new Asker(fresh.candidates)
  assert.deepEqual([ask(fresh, c), ask(fresh, freshWaiter)], ['c', 'waits'])
  oldWaiter.seat![Symbol.dispose]()
  const freshFar = scene.pool(after, next, 1)
  assert.equal(ask(freshFar), 'waits')
  b.seat![Symbol.dispose]()
  fresh.collect()
  assert.equal(freshWaiter.seat?.of.name, 'b')
  near.retire()
  far.retire()
  scene.main.wipe(scene.layout.release(plan))
  assert.throws(() => scene.pool(before, scene.plan(after), 0), { name: 'RangeError', message: /server:shop\/a/ })
})

test('what a thread is handed at a server that it does not know yet is in use until it adopts, and not lost', () => {
  const before = poolOf('b')
  const after = poolOf('b', 'c')
  const scene = new Scene(2, before)
  const [, far] = [0, 1].map((me) => scene.pool(before, scene.main.plan, me)) as [Pool, Pool]
  const [b, oldWaiter] = askers(far, 2) as [Asker, Asker]
  assert.deepEqual([ask(far, b), ask(far, oldWaiter)], ['b', 'waits'])
  const next = scene.plan(after)
  const fresh = scene.pool(after, next, 0)
  const asker = new Asker(fresh.candidates)
  assert.equal(ask(fresh, asker), 'waits', 'what is free goes to the oldest, who waits on the other thread')
  far.collect()
  assert.deepEqual([scene.used('c'), ...seats(asker, oldWaiter)], [1, undefined, undefined])
  scene.pool(after, next, 1)
  fresh.collect()
  assert.deepEqual(seats(asker, oldWaiter), ['c', undefined])
  b.seat![Symbol.dispose]()
  assert.deepEqual(seats(oldWaiter), ['b'])
})

test('a request that waits for servers that its own configuration has, and cannot be served by any, is refused', () => {
  const before = poolOf('a')
  const after = poolOf('b')
  const scene = new Scene(1, before)
  const old = scene.pool(before, scene.main.plan, 0)
  const [first, waiting] = askers(old, 2) as [Asker, Asker]
  assert.deepEqual([ask(old, first), ask(old, waiting)], ['a', 'waits'])
  const fresh = scene.pool(after, scene.plan(after), 0)
  assert.equal(ask(fresh), 'b')
  old.servers[0]!.adminState = 'maint'
  scene.main.ringAll()
  fresh.collect()
  assert.equal(waiting.cause, 'no_server')
})
