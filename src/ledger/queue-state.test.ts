import assert from 'node:assert/strict'
import test from 'node:test'
import { assertEmpty, lay } from '../../test/races/yard.ts'
import { Ledger } from './ledger.ts'
import { older, type QueueState, SLACK, slackOf } from './queue-state.ts'

function three(line: number): { readonly lines: QueueState[]; readonly ledgers: Ledger[]; readonly empty: () => void } {
  const { memory, plan } = lay({ threads: 3, line })
  const ledgers = [0, 1, 2].map((me) => new Ledger(memory, plan, me))
  for (const ledger of ledgers) ledger.join()
  const lines = ledgers.map((ledger) => ledger.queue('queue:pool:shop'))
  return { lines, ledgers, empty: () => assertEmpty(memory, plan) }
}

test('a line is bounded over all threads together', () => {
  const { lines, empty } = three(2)
  const [a, b] = [lines[0]!, lines[1]!]
  assert.deepEqual([a.join(), b.join(), a.join()], [true, true, false])
  assert.deepEqual([a.length, a.joined, b.joined], [2, 1, 1])
  b.leave()
  assert.equal(a.join(), true)
  a.leave()
  a.leave()
  empty()
})

test('arrival numbers rise over all threads', () => {
  const { lines } = three(2)
  assert.deepEqual([lines[0]!.latest, lines[0]!.arrive(), lines[1]!.arrive(), lines[0]!.arrive()], [-1, 1, 2, 3])
  assert.equal(lines[2]!.latest, 3)
})

test('arrival numbers are compared by their distance, so that they may wrap round', () => {
  assert.equal(older(1, 2), true)
  assert.equal(older(2, 1), false)
  assert.equal(older(2, 2), false)
  assert.equal(older(0x7fffffff, -0x80000000), true)
  assert.equal(older(-0x80000000, 0x7fffffff), false)
})

test('what is freed goes to the thread whose oldest waiter came first', () => {
  const { lines } = three(9)
  const [a, b, c] = [lines[0]!, lines[1]!, lines[2]!]
  assert.equal(a.oldestElsewhere(1, 0, SLACK), -1)
  b.join()
  b.publish(30, 0, 0)
  c.join()
  c.publish(20, 0, 0)
  assert.equal(a.oldestElsewhere(1, 0, SLACK), 2)
  assert.deepEqual([a.first(19), a.first(20), a.first(25)], [true, false, false])
})

test('what a thread may prefer its own by grows with the queue, from nothing to SLACK', () => {
  assert.deepEqual([0, 1, 7, 8, 15, 16, 63, 64, 1000].map(slackOf), [0, 0, 0, 1, 1, 2, 7, SLACK, SLACK])
})

test("one's own waiter goes first when it is at most SLACK places younger", () => {
  const { lines } = three(9)
  const [a, b] = [lines[0]!, lines[1]!]
  b.join()
  b.publish(20, 0, 0)
  assert.equal(a.oldestElsewhere(1, 20 + SLACK, SLACK), -1)
  assert.equal(a.oldestElsewhere(1, 21 + SLACK, SLACK), 1)
})

test('a waiter is passed over for what it avoids, and the next of its thread is seen', () => {
  const { lines } = three(9)
  const [a, b] = [lines[0]!, lines[1]!]
  b.join()
  b.publish(0, 10, 0b01)
  assert.deepEqual([a.oldestElsewhere(0b01, 0, SLACK), a.oldestElsewhere(0b10, 0, SLACK)], [-1, 1])
  b.join()
  b.publish(50, 10, 0b01)
  assert.deepEqual(
    [a.oldestElsewhere(0b01, 0, SLACK), a.oldestElsewhere(0b01, 40, SLACK), a.oldestElsewhere(0b10, 40, SLACK)],
    [1, -1, 1],
  )
})

test('of a thread the older of its two foremost waiters counts', () => {
  const { lines } = three(9)
  const [a, b, c] = [lines[0]!, lines[1]!, lines[2]!]
  b.join()
  b.join()
  b.publish(10, 40, 0b10)
  c.join()
  c.publish(20, 0, 0)
  assert.equal(a.oldestElsewhere(0b01, 0, 0), 1)
  b.publish(40, 10, 0b10)
  assert.deepEqual([a.oldestElsewhere(0b01, 0, 0), a.oldestElsewhere(0b10, 0, 0)], [1, 2])
})

test('no more is sent to a thread than it has waiters', () => {
  const { lines, ledgers } = three(9)
  const [a, b] = [lines[0]!, lines[1]!]
  const slots = ledgers[0]!.slots('server:shop/s0')
  slots.enforce({ value: 5, voice: 'operator' })
  slots.take()
  b.join()
  b.publish(10, 0, 0)
  assert.equal(a.oldestElsewhere(1, 0, SLACK), 1)
  slots.hand(1)
  assert.equal(a.oldestElsewhere(1, 0, SLACK), -1)
  b.join()
  assert.equal(a.oldestElsewhere(1, 0, SLACK), 1)
})

test('a call is answered once, and reaches only those who wait', () => {
  const { lines, ledgers } = three(9)
  for (const [k, line] of lines.entries()) {
    ledgers[k]!.takeRing()
    line.takeCall()
  }
  lines[1]!.join()
  lines[0]!.callOthers()
  assert.deepEqual(
    ledgers.map((ledger) => ledger.takeRing()),
    [false, true, false],
  )
  assert.deepEqual([lines[1]!.takeCall(), lines[1]!.takeCall(), lines[2]!.takeCall()], [true, false, false])
})
