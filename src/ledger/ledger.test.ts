import assert from 'node:assert/strict'
import test from 'node:test'
import { assertEmpty, lay } from '../../test/races/yard.ts'
import { Ledger } from './ledger.ts'

test('all a dead thread held, was handed and waited for is taken back, and the rest stays', () => {
  const { memory, plan, main } = lay({ threads: 2, servers: [5], pool: 5, line: 5 })
  const [a, b] = [new Ledger(memory, plan, 0), new Ledger(memory, plan, 1)]
  a.join()
  b.join()
  for (const ledger of [a, a, b]) {
    ledger.slots('server:shop/s0').take()
    ledger.slots('pool:shop').take()
    ledger.queue('queue:pool:shop').join()
  }
  b.slots('server:shop/s0').hand(0)
  const [slots, pool, line] = [main.slots('server:shop/s0'), main.slots('pool:shop'), main.queue('queue:pool:shop')]
  assert.deepEqual([slots.used, pool.used, line.length], [3, 3, 3])
  main.reclaim(0)
  assert.deepEqual([slots.used, pool.used, line.length, main.alive(0), main.alive(1)], [0, 0, 1, false, true])
  main.reclaim(0)
  main.reclaim(1)
  assertEmpty(memory, plan)
})

test('what a dying thread left with a thread already dead is taken back with it', () => {
  const { memory, plan, main } = lay({ threads: 2, servers: [5] })
  const [a, b] = [new Ledger(memory, plan, 0), new Ledger(memory, plan, 1)]
  a.join()
  b.join()
  a.slots('pool:shop').take()
  a.slots('server:shop/s0').take()
  a.slots('server:shop/s0').hand(1)
  // As if b had been reclaimed between the two halves of hand, and a killed before it looked.
  new Int32Array(memory)[plan.alive + 1] = 0
  main.reclaim(0)
  assertEmpty(memory, plan)
})

test('taking back a thread calls all others to look again', () => {
  const { memory, plan, main } = lay({ threads: 2 })
  const b = new Ledger(memory, plan, 1)
  b.join()
  const line = b.queue('queue:pool:shop')
  b.takeRing()
  line.takeCall()
  main.reclaim(0)
  assert.deepEqual([b.takeRing(), line.takeCall()], [true, true])
})

test('a listener hears at once, then when the bell rings, and rings that come together only once', async () => {
  const { memory, plan, main } = lay({ threads: 1 })
  const worker = new Ledger(memory, plan, 0)
  worker.join()
  const stop = new AbortController()
  let heard = 0
  let next = Promise.withResolvers<void>()
  const done = worker.listen(() => {
    heard++
    next.resolve()
    next = Promise.withResolvers()
  }, stop.signal)
  assert.equal(heard, 1)
  const alive = setInterval(() => {}, 1000) // a bell alone does not keep the process running
  main.ring(0)
  main.ring(0)
  main.ring(0)
  await next.promise
  assert.equal(heard, 2)
  main.ringAll()
  await next.promise
  assert.equal(heard, 3)
  stop.abort()
  await done
  clearInterval(alive)
  assert.equal(heard, 3)
})

test('a ring while the listener is busy is not lost', async () => {
  const { memory, plan } = lay({ threads: 1 })
  const worker = new Ledger(memory, plan, 0)
  const stop = new AbortController()
  let heard = 0
  await worker.listen(() => {
    if (++heard < 5) worker.ring(0)
    else stop.abort()
  }, stop.signal)
  assert.equal(heard, 5)
})
