/** Which idle connection makes way, over several threads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemory, planLedger } from '../../ledger/layout.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { momentOf, type Spare } from '../../ledger/spare.ts'
import { IdleClient, IdleClients } from './idle-clients.ts'

/** The idle connections of each of `n` threads, with what they share; and the main thread's ledger. */
function threads(n: number): { all: IdleClients[]; spares: Spare[]; main: Ledger } {
  const listeners = [{ name: 'web', maxConnections: 100, whenFull: null }]
  const plan = planLedger({ threads: n, listeners, routes: [], pools: [] })
  const memory = createMemory(plan)
  const main = new Ledger(memory, plan, -1)
  const ledgers = Array.from({ length: n }, (_, k) => new Ledger(memory, plan, k))
  for (const ledger of ledgers) ledger.join()
  const spares = ledgers.map((ledger) => ledger.spare('web'))
  return { all: spares.map((spare) => new IdleClients(spare)), spares, main }
}

/** A connection that is idle since `at`; its name is added to `closed` when it is dropped. */
function idle(all: IdleClients, name: string, at: number, closed: string[]): IdleClient {
  const client: IdleClient = new IdleClient(
    {
      drop: () => {
        closed.push(name)
        client.end()
      },
    },
    all,
    60_000,
  )
  client.begin()
  client.list(at)
  return client
}

test('connections are closed in the order in which they became idle, and one that sends a request is passed over', () => {
  const { all } = threads(1)
  const closed: string[] = []
  const [here] = all as [IdleClients]
  const [, b, , d] = ['a', 'b', 'c', 'd', 'e'].map((name, k) => idle(here, name, k, closed)) as IdleClient[]
  assert.equal(here.total, 5)
  b?.end()
  d?.end()
  d?.begin()
  assert.equal(here.total, 4)
  assert.ok(here.closeOldest() && here.closeOldest() && here.closeOldest())
  assert.deepEqual(closed, ['a', 'c', 'e'])
  assert.equal(here.closeOldest(), false, 'one that has been idle for a moment only is not closed')
  d?.list(10)
  assert.equal(here.close(5), 1)
  assert.deepEqual(closed, ['a', 'c', 'e', 'd'])
  assert.equal(here.total, 0)
})

test('the one that has been idle much longer than ours is asked for on its thread; where they are alike ours goes', () => {
  const { all, spares } = threads(3)
  const closed: string[] = []
  const [first, second, third] = all as [IdleClients, IdleClients, IdleClients]
  idle(first, 'ours', 10_000, closed)
  idle(second, 'alike', 9_500, closed)
  assert.equal(first.close(1), 1)
  assert.deepEqual(closed, ['ours'])
  idle(first, 'ours too', 20_000, closed)
  idle(third, 'old', 2_000, closed)
  assert.equal(first.close(1), 1)
  assert.equal(first.pending, 1)
  second.heed()
  assert.deepEqual(closed, ['ours'])
  third.heed()
  assert.deepEqual(closed, ['ours', 'old'])
  assert.equal(first.pending, 0)
  assert.equal(spares[0]?.longest(0), 1)
  assert.equal(spares[0]?.longest(momentOf(9_000)), -1)
})

test('a thread that has none left asks on, and one that has died is asked for nothing', () => {
  const { all, spares, main } = threads(3)
  const closed: string[] = []
  const [first, second, third] = all as [IdleClients, IdleClients, IdleClients]
  const busy = idle(second, 'busy', 1, closed)
  idle(third, 'there', 2, closed)
  first.close(1)
  busy.end()
  second.heed()
  assert.equal(first.pending, 1)
  third.heed()
  assert.deepEqual(closed, ['there'])

  idle(third, 'dead', 3, closed)
  main.reclaim(2)
  assert.equal(spares[0]?.longest(0), -1)
  assert.equal(first.close(1), 0)
  assert.equal(first.total, 0)
})

test('when a connection is looked at depends on whether it has spoken, and never goes beyond keepAlive', () => {
  const { all } = threads(1)
  const [here] = all as [IdleClients]
  const patience = (keepAlive: number, spoken: boolean): (number | boolean)[] => {
    const client = new IdleClient({ drop: () => {} }, here, keepAlive)
    if (spoken) client.begin()
    const first = client.patience
    const over = client.over
    client.list(0)
    const then = client.patience
    client.end()
    return over ? [first, over] : [first, then]
  }
  assert.deepEqual(patience(60_000, false), [1000, 59_000])
  assert.deepEqual(patience(60_000, true), [100, 59_900])
  assert.deepEqual(patience(500, false), [500, true])
  assert.deepEqual(patience(50, true), [50, true])
  assert.deepEqual(patience(0, false), [1000, 0])
  assert.deepEqual(patience(0, true), [100, 0])
})
