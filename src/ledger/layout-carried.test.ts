/** One memory under a sequence of plans: what is the same thing keeps its cells, and nothing is lost or shared. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { BUCKETS } from './buckets.ts'
import { capacityFor, createMemory, LedgerLayout } from './layout.ts'
import { Ledger } from './ledger.ts'
import type { Limits } from './limits.ts'
import type { LedgerPlan } from './plan.ts'

const THREADS = 2

/** By pool its servers; `routes` and `listeners` by name. */
interface Shape {
  readonly listeners: readonly string[]
  readonly routes: readonly string[]
  readonly pools: Readonly<Record<string, readonly string[]>>
}

function limitsOf({ listeners, routes, pools }: Shape, threads = THREADS): Limits {
  return {
    threads,
    listeners: listeners.map((name) => ({ name, maxConnections: 10, whenFull: { max: 2 } })),
    routes: routes.map((name) => ({ name, maxConnections: 20, queue: { max: 3 } })),
    pools: Object.entries(pools).map(([name, servers]) => ({
      name,
      maxConnections: 30,
      queue: { max: 4 },
      streams: { max: 5 },
      servers: servers.map((server) => ({ name: server, maxConnections: 6 })),
    })),
  }
}

const one: Shape = { listeners: ['web'], routes: ['all'], pools: { shop: ['a:80', 'b:80'] } }
const other: Shape = { listeners: ['web'], routes: ['api'], pools: { blog: ['a:80'], shop: ['c:80', 'b:80'] } }

/** A memory, its layout and the main thread's ledger by the newest plan. */
class Scene {
  readonly layout: LedgerLayout
  readonly memory: SharedArrayBuffer
  main: Ledger

  constructor(shape: Shape) {
    const limits = limitsOf(shape)
    this.layout = new LedgerLayout(THREADS, capacityFor(limits))
    const plan = this.layout.plan(limits)
    this.memory = createMemory(plan)
    this.main = new Ledger(this.memory, plan, -1)
  }

  next(shape: Shape): LedgerPlan {
    const plan = this.layout.plan(limitsOf(shape))
    this.main = new Ledger(this.memory, plan, -1)
    this.main.prepare()
    return plan
  }

  release(plan: LedgerPlan): void {
    this.main.wipe(this.layout.release(plan))
  }
}

test('what two configurations have in common keeps its place, its limit and its counts', () => {
  const scene = new Scene(one)
  const before = new Ledger(scene.memory, scene.main.plan, 0)
  before.slots('server:shop/b:80').take()
  before.counter('server:shop/b:80:requests').add(3)
  const first = scene.main.plan
  const plan = scene.next(other)
  for (const key of ['listener:web', 'pool:shop', 'server:shop/b:80', 'queue:pool:shop']) {
    assert.equal(plan.at[key], first.at[key], key)
  }
  assert.equal(scene.main.slots('server:shop/b:80').used, 1)
  assert.equal(scene.main.slots('server:shop/b:80').limit, 6)
  assert.equal(scene.main.counter('server:shop/b:80:requests').total(), 3)
  before.slots('server:shop/b:80').give()
  assert.equal(scene.main.slots('server:shop/b:80').used, 0)
})

test('a new thing begins with its own limit and no counts, in room that was spare or has become free', () => {
  const scene = new Scene(one)
  const first = scene.main.plan
  new Ledger(scene.memory, first, 0).counter('route:all:requests').add(7)
  scene.next(other)
  assert.equal(scene.main.slots('server:shop/c:80').limit, 6)
  scene.release(first)
  scene.next({ ...other, routes: ['api', 'new'] })
  assert.equal(scene.main.counter('route:new:requests').total(), 0)
  assert.equal(scene.main.slots('route:new').limit, 20)
  assert.throws(() => scene.main.slots('route:all'), RangeError)
})

test('a thread that dies gives back what it took under an older plan', () => {
  const scene = new Scene(one)
  const before = new Ledger(scene.memory, scene.main.plan, 0)
  before.join()
  before.slots('server:shop/a:80').take()
  before.slots('pool:shop').take()
  before.queue('queue:route:all').join()
  scene.next(other)
  scene.main.reclaim(0)
  for (const key of ['server:shop/a:80', 'pool:shop']) assert.equal(scene.main.slots(key).used, 0)
  assert.equal(scene.main.queue('queue:route:all').length, 0)
})

test('a queue counts what is on its way of all servers that any plan in use has', () => {
  const scene = new Scene(one)
  const plan = scene.main.plan
  const [giver, taker] = [new Ledger(scene.memory, plan, 0), new Ledger(scene.memory, plan, 1)]
  giver.join()
  taker.join()
  const queue = taker.queue('queue:pool:shop')
  queue.follow(scene.next(other))
  giver.slots('pool:shop').take()
  giver.slots('server:shop/a:80').take()
  giver.slots('server:shop/a:80').hand(1)
  assert.equal(queue.underWay, 1)
})

test('where the room is used up, a plan is refused and nothing has changed', () => {
  const layout = new LedgerLayout(THREADS, { slots: 16, queues: 8, cells: 0, numbers: 4000 })
  const plan = layout.plan(limitsOf(one))
  const many = { ...one, routes: Array.from({ length: 9 }, (_, i) => `r${i}`) }
  assert.throws(() => layout.plan(limitsOf(many)), { name: 'RangeError', message: /no room left for queues/ })
  assert.deepEqual(layout.plan(limitsOf(one)).at, plan.at)
  assert.throws(() => layout.plan(limitsOf(one, 3)), { name: 'RangeError', message: /2 threads cannot serve 3/ })
})

test('what is still in use is not wiped', () => {
  const scene = new Scene(one)
  const plan = scene.main.plan
  new Ledger(scene.memory, plan, 0).slots('server:shop/a:80').take()
  scene.next(other)
  assert.throws(() => scene.release(plan), /still in use/)
})

/** Every cell and number that a plan places, with its size and name. */
function placesOf(plan: LedgerPlan, queueSize: number): [number, number, string][] {
  const placed: [number, number, string][] = []
  for (const key in plan.slots) placed.push([plan.at[key]!, 16, key])
  for (const key in plan.queues) placed.push([plan.at[key]!, queueSize, key])
  const numbers: [number, number, string][] = []
  for (const key in plan.counters) numbers.push([plan.counters[key]!, 1, key])
  for (const key in plan.gauges) numbers.push([plan.gauges[key]!, 1, key])
  for (const key in plan.histograms) numbers.push([plan.histograms[key]!, BUCKETS + 1, key])
  return [...placed, ...numbers.map(([at, size, key]): [number, number, string] => [at + plan.cells, size, key])]
}

function assertApart(plan: LedgerPlan): void {
  const sorted = placesOf(plan, 16 + Math.ceil((plan.rows * 8) / 16) * 16).sort(([a], [b]) => a - b)
  for (const [i, [at, , key]] of sorted.entries()) {
    const before = sorted[i - 1]
    if (before !== undefined) assert.ok(before[0] + before[1] <= at, `${before[2]} and ${key} share a cell`)
  }
}

const names = fc.subarray(['a', 'b', 'c', 'd'])
const shapes: fc.Arbitrary<Shape> = fc.record({
  listeners: fc.subarray(['web', 'api', 'intern']),
  routes: names,
  pools: fc.dictionary(
    fc.constantFrom('shop', 'blog', 'search'),
    fc.uniqueArray(fc.constantFrom('s1', 's2', 's3', 's4', 's5')),
    { noNullPrototype: true },
  ),
})

test('whatever configurations follow each other, places are stable and apart, and permits come back to their cell', () => {
  const steps = fc.array(fc.record({ shape: shapes, pick: fc.nat(), takes: fc.nat(20), end: fc.boolean() }), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(shapes, steps, (begin, rest) => {
      const all = limitsOf({
        listeners: ['web', 'api', 'intern'],
        routes: ['a', 'b', 'c', 'd'],
        pools: {
          shop: ['s1', 's2', 's3', 's4', 's5'],
          blog: ['s1', 's2', 's3', 's4', 's5'],
          search: ['s1', 's2', 's3', 's4', 's5'],
        },
      })
      const layout = new LedgerLayout(THREADS, capacityFor(all))
      const first = layout.plan(limitsOf(begin))
      const memory = createMemory(first)
      const live = [{ plan: first, own: limitsOf(begin), ledger: new Ledger(memory, first, 0), taken: [] as string[] }]
      /** Permits in use, by key. */
      const used = new Map<string, number>()
      for (const { shape, pick, takes, end } of rest) {
        const plan = layout.plan(limitsOf(shape))
        const ledger = new Ledger(memory, plan, 0)
        ledger.prepare()
        for (const { plan: older, own } of live) {
          for (const key in older.slots) if (belongs(own, key)) assert.equal(plan.at[key], older.at[key], key)
          for (const { name } of own.routes) {
            const queue = `queue:route:${name}`
            assert.equal(plan.at[queue], older.at[queue], queue)
            const counter = `route:${name}:requests`
            assert.equal(plan.counters[counter], older.counters[counter], counter)
          }
        }
        assertApart(plan)
        live.push({ plan, own: limitsOf(shape), ledger, taken: [] })
        // Some permits are taken by whichever generation is at work, old or new.
        for (let i = 0; i < takes; i++) {
          const by = live[(pick + i) % live.length]!
          const keys = Object.keys(by.plan.slots).filter((key) => belongs(by.own, key))
          const key = keys[(pick + i) % keys.length]
          if (key === undefined || !by.ledger.slots(key).take()) continue
          by.taken.push(key)
          used.set(key, (used.get(key) ?? 0) + 1)
        }
        for (const key in plan.slots) assert.equal(ledger.slots(key).used, used.get(key) ?? 0, key)
        if (!end || live.length < 2) continue
        // One of the older generations ends: its permits come back, then it is released.
        const [gone] = live.splice(pick % (live.length - 1), 1)
        for (const key of gone!.taken) {
          gone!.ledger.slots(key).give()
          used.set(key, used.get(key)! - 1)
        }
        ledger.wipe(layout.release(gone!.plan))
      }
    }),
    { numRuns: 60 },
  )
})

function belongs({ listeners, routes, pools }: Limits, key: string): boolean {
  const [kind = '', rest = ''] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
  if (kind === 'listener') return listeners.some(({ name }) => name === rest)
  if (kind === 'route') return routes.some(({ name }) => name === rest)
  if (kind === 'server')
    return pools.some(({ name, servers }) => servers.some((server) => `${name}/${server.name}` === rest))
  return pools.some(({ name }) => name === rest)
}
