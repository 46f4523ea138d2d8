import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemory, planLedger } from '../../ledger/layout.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { Limits } from '../../ledger/limits.ts'
import { EffectiveLimits } from './effective-limits.ts'

const server = 'server:shop/a:80'

function configOf(maxConnections: number, queue = 20): Limits {
  const servers = [{ name: 'a:80', maxConnections }]
  return {
    threads: 1,
    listeners: [],
    routes: [{ name: 'all', maxConnections: 9, queue: { max: 3 } }],
    pools: [{ name: 'shop', maxConnections: 100, queue: { max: queue }, streams: { max: 5 }, servers }],
  }
}

function scene(): { ledger: Ledger; limits: EffectiveLimits } {
  const plan = planLedger(configOf(40))
  const ledger = new Ledger(createMemory(plan), plan, -1)
  return { ledger, limits: new EffectiveLimits(ledger) }
}

test('a limit that no voice speaks about is the configured one', () => {
  const { ledger } = scene()
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [40, 'configured'])
})

test('a voice that falls silent gives back what the others say', () => {
  const { ledger, limits } = scene()
  limits.say(server, 'operator', 60)
  limits.say(server, 'breaker', 0)
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [0, 'breaker'])
  limits.say(server, 'breaker', null)
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [60, 'operator'])
  limits.say(server, 'operator', null)
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [40, 'configured'])
})

test('the length of a queue is a limit like any other', () => {
  const { ledger, limits } = scene()
  assert.deepEqual(limits.say('queue:pool:shop', 'operator', 2), { value: 2, voice: 'operator' })
  assert.deepEqual([ledger.queue('queue:pool:shop').bound, ledger.queue('queue:pool:shop').voice], [2, 'operator'])
})

test('a shutdown lets no request reach a server any more, whatever an operator has said', () => {
  const { ledger, limits } = scene()
  limits.say(server, 'operator', 60)
  limits.shutDown()
  assert.deepEqual([ledger.slots(server).limit, ledger.slots('route:all').limit], [0, 0])
  assert.equal(ledger.slots(server).voice, 'shutdown')
})

test('another configuration changes what is configured, and what others have said stays', () => {
  const { ledger, limits } = scene()
  limits.say(server, 'breaker', 30)
  limits.say('queue:pool:shop', 'operator', 7)
  limits.configure(configOf(25, 50), ledger)
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [25, 'configured'])
  assert.deepEqual([ledger.queue('queue:pool:shop').bound, ledger.queue('queue:pool:shop').voice], [7, 'operator'])
  limits.configure(configOf(35), ledger)
  assert.deepEqual([ledger.slots(server).limit, ledger.slots(server).voice], [30, 'breaker'])
})

test('no voice may speak about what the ledger does not have', () => {
  assert.throws(() => scene().limits.say('server:shop/b:80', 'operator', 1), RangeError)
})
