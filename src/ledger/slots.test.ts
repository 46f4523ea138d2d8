import assert from 'node:assert/strict'
import test from 'node:test'
import { assertEmpty, lay } from '../../test/races/yard.ts'
import { Ledger } from './ledger.ts'

test('as many are taken as the limit says, and given back they can be taken again', () => {
  const { main, memory, plan } = lay({ servers: [2] })
  const slots = main.slots('server:shop/s0')
  assert.deepEqual([slots.take(), slots.take(), slots.take()], [true, true, false])
  assert.deepEqual([slots.used, slots.held, slots.open, slots.over], [2, 2, false, false])
  slots.give()
  assert.equal(slots.take(), true)
  slots.give()
  slots.give()
  assertEmpty(memory, plan)
})

test('a limit of zero lets nobody in', () => {
  assert.equal(
    lay({ servers: [0] })
      .main.slots('server:shop/s0')
      .take(),
    false,
  )
})

test('a lowered limit takes nothing away and lets nobody in until enough have left', () => {
  const { main } = lay({ servers: [3] })
  const slots = main.slots('server:shop/s0')
  for (let i = 0; i < 3; i++) slots.take()
  slots.enforce({ value: 1, voice: 'operator' })
  assert.deepEqual([slots.used, slots.over, slots.take()], [3, true, false])
  slots.give()
  slots.give()
  assert.deepEqual([slots.over, slots.take()], [false, false])
  slots.give()
  assert.equal(slots.take(), true)
})

test('a slot handed over stays in use until the other thread collects and gives it back', () => {
  const { memory, plan } = lay({ threads: 2, servers: [1] })
  const [a, b] = [new Ledger(memory, plan, 0), new Ledger(memory, plan, 1)]
  a.join()
  b.join()
  const [mine, theirs] = [a.slots('server:shop/s0'), b.slots('server:shop/s0')]
  a.slots('pool:shop').take()
  mine.take()
  assert.equal(mine.hand(1), true)
  assert.deepEqual([mine.used, mine.held, theirs.held, mine.collect()], [1, 0, 0, false])
  assert.equal(theirs.collect(), true)
  assert.equal(theirs.collect(), false)
  assert.deepEqual([theirs.held, b.slots('pool:shop').held, a.slots('pool:shop').held], [1, 1, 0])
  theirs.give()
  b.slots('pool:shop').give()
  assertEmpty(memory, plan)
})

test('handing to a dead thread leaves the slot where it was', () => {
  const { memory, plan } = lay({ threads: 2, servers: [1] })
  const a = new Ledger(memory, plan, 0)
  const slots = a.slots('server:shop/s0')
  slots.take()
  assert.equal(slots.hand(1), false)
  assert.deepEqual([slots.used, slots.held], [1, 1])
  slots.give()
})
