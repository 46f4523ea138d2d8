import assert from 'node:assert/strict'
import test from 'node:test'
import { lay } from '../../test/races/yard.ts'
import { Ledger } from './ledger.ts'

test('each thread counts for itself and everybody reads the sum', () => {
  const { memory, plan, main } = lay({ threads: 2 })
  const counters = [0, 1].map((me) => new Ledger(memory, plan, me).counter('pool:shop:requests'))
  counters[0]!.add(1)
  counters[1]!.add(2 ** 40)
  counters[1]!.add(0.5)
  assert.equal(main.counter('pool:shop:requests').total(), 2 ** 40 + 1.5)
  assert.equal(counters[0]!.own, 1)
  assert.equal(main.counter('pool:shop:ended:queue_full').total(), 0)
})

test('every cause has a counter', () => {
  const { main } = lay({})
  main.counter('cause:queue_full').add(1)
  assert.equal(main.counter('cause:queue_full').total(), 1)
  assert.equal(main.counter('cause:internal').total(), 0)
})

test('what a dead thread counted stays, what it gauged goes', () => {
  const { memory, plan, main } = lay({ threads: 2 })
  for (const me of [0, 1]) {
    const ledger = new Ledger(memory, plan, me)
    ledger.counter('requests').add(3)
    ledger.gauge('listener:web:idle').add(3)
  }
  main.reclaim(0)
  assert.equal(main.counter('requests').total(), 6)
  assert.equal(main.gauge('listener:web:idle').total(), 3)
})
