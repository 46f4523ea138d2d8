import assert from 'node:assert/strict'
import test from 'node:test'
import { lay, limitsOf } from '../../test/races/yard.ts'
import { createMemory, planLedger } from './layout.ts'
import { Ledger } from './ledger.ts'

test('limits and bounds of queues of the configuration stand in the memory from the start', () => {
  const { main } = lay({ listener: 7, listenerLine: 3, pool: 5, servers: [2, 4], line: 9 })
  assert.equal(main.slots('listener:web').limit, 7)
  assert.equal(main.slots('pool:shop').limit, 5)
  assert.equal(main.slots('server:shop/s0').limit, 2)
  assert.equal(main.slots('server:shop/s1').limit, 4)
  assert.equal(main.slots('streams:shop').limit, 1)
  assert.equal(main.queue('queue:listener:web').bound, 3)
  assert.equal(main.queue('queue:pool:shop').bound, 9)
  assert.equal(main.cell('admin:shop/s1').value, 0)
})

test('a plan is plain data: a copy of it serves another thread', () => {
  const { plan, memory, main } = lay({ threads: 2 })
  const copy = structuredClone(plan)
  assert.deepEqual(copy, plan)
  new Ledger(memory, copy, 1).slots('server:shop/s0').take()
  assert.equal(main.slots('server:shop/s0').used, 1)
})

test('a listener without a queue has one bounded by zero', () => {
  const limits = limitsOf({ listener: 1 })
  const plan = planLedger({ ...limits, listeners: [{ ...limits.listeners[0]!, whenFull: null }] })
  assert.equal(new Ledger(createMemory(plan), plan, -1).queue('queue:listener:web').bound, 0)
})

test('slots of different names never share a cache line', () => {
  const { plan } = lay({ servers: [1, 1, 1] })
  const lines = Object.keys(plan.slots).map((key) => Math.floor(plan.at[key]! / 16))
  assert.equal(new Set(lines).size, lines.length)
})

test('names beyond the standard ones get cells, counters, gauges and histograms of their own', () => {
  const plan = planLedger(limitsOf({}), { cells: ['a', 'b'], counters: ['c'], gauges: ['g'], histograms: ['h'] })
  const ledger = new Ledger(createMemory(plan), plan, 0)
  ledger.cell('a').value = 5
  ledger.counter('c').add(2)
  ledger.gauge('g').add(3)
  ledger.histogram('h').record(1)
  assert.equal(ledger.cell('b').value, 0)
  assert.equal(ledger.counter('c').total(), 2)
  assert.equal(ledger.gauge('g').total(), 3)
  assert.equal(ledger.histogram('h').snapshot().count, 1)
})

test('a name that was not planned is an error that says it', () => {
  const { main } = lay({})
  assert.throws(() => main.slots('server:shop/s9'), { name: 'RangeError', message: /server:shop\/s9/ })
  assert.throws(() => main.queue('queue:pool:none'), RangeError)
  assert.throws(() => main.cell('none'), RangeError)
  assert.throws(() => main.counter('none'), RangeError)
  assert.throws(() => main.gauge('none'), RangeError)
  assert.throws(() => main.histogram('none'), RangeError)
  assert.throws(() => new Ledger(new SharedArrayBuffer(8), main.plan, 1), RangeError)
})

test('a cell is swapped only by who knew its value', () => {
  const cell = lay({}).main.cell('health:shop/s0')
  assert.equal(cell.swap(0, 1), true)
  assert.equal(cell.swap(0, 2), false)
  assert.equal(cell.value, 1)
})
