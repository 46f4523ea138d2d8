import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../../test/races/audit.ts'
import type { Draft } from './draft.ts'
import { createStoreMemory } from './memory.ts'
import { Store } from './store.ts'
import { planStore, SHARD } from './store-plan.ts'

function lead(store: Store, key: string, head: string): Draft {
  const draft = store.lead(key)
  assert.ok(draft !== null)
  assert.ok(draft.head(head))
  return draft
}

test('what was taken away while it was filled stays away when its shard is made anew, and its readers get all of it', () => {
  const memory = createStoreMemory(planStore({ bytes: 1 << 20, threads: 2, shards: 1 }))
  const stores = [0, 1, 2].map((me) => new Store(memory, me, () => {}))
  const [a, b, main] = stores as [Store, Store, Store]
  const old = lead(a, 'page', 'old')
  const reader = b.join('page', 9)
  assert.ok(reader !== null)
  const before = a.removals('page')
  assert.equal(main.remove('page'), true)
  assert.notEqual(a.removals('page'), before)
  assert.equal(a.isBusy('page'), false)
  const next = lead(a, 'page', 'new')

  // Thread 1 dies inside the lock.
  new Int32Array(memory.shards[0]!)[SHARD.lock] = 2
  main.reclaim(1)
  assert.equal(b.lead('page'), null, 'the new one is still being filled')
  next.append(Buffer.from('new body'), 0, 8)
  next.finish()
  old.append(Buffer.from('old body'), 0, 8)
  old.finish()
  const found = b.find('page')
  assert.equal(found?.headText(), 'new')
  found?.release()
  audit(memory)
  assert.equal(main.remove('page'), true)
})

test('removing a key that nobody has stored is known as well', () => {
  const memory = createStoreMemory(planStore({ bytes: 1 << 20, threads: 1, shards: 1 }))
  const store = new Store(memory, 0, () => {})
  const before = store.removals('a')
  assert.equal(store.remove('a'), false)
  assert.equal(store.removals('a'), before + 1)
})
