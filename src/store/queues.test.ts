import assert from 'node:assert/strict'
import test from 'node:test'
import { audit } from '../../test/races/audit.ts'
import { createStoreMemory, type StoreMemory } from './memory.ts'
import { Store } from './store.ts'
import { planStore } from './store-plan.ts'

const BODY = Buffer.alloc(600, 'b')

function small(): { memory: StoreMemory; store: Store } {
  const memory = createStoreMemory(planStore({ bytes: 1 << 20, threads: 1 }))
  return { memory, store: new Store(memory, 0, () => {}) }
}

function put(store: Store, key: string): void {
  const draft = store.lead(key)
  assert.ok(draft !== null, `no room for ${key}`)
  assert.ok(draft.head('200') && draft.append(BODY, 0, BODY.length))
  draft.finish()
}

function ask(store: Store, key: string): boolean {
  const hold = store.find(key)
  hold?.release()
  return hold !== null
}

test('a scan of objects that nobody asks for twice leaves those that are asked for alone', () => {
  const { memory, store } = small()
  const wanted = Array.from({ length: 300 }, (_, i) => `wanted ${i}`)
  for (const key of wanted) put(store, key)
  for (let i = 0; i < 3; i++) for (const key of wanted) assert.ok(ask(store, key))
  for (let i = 0; i < 20_000; i++) put(store, `scan ${i}`)
  const left = wanted.filter((key) => ask(store, key))
  assert.equal(left.length, wanted.length)
  assert.ok(store.usage().evicted > 18_000)
  audit(memory)
})

test('what comes back soon after it was evicted outlives what comes for the first time', () => {
  const { store } = small()
  for (let i = 0; i < 3000; i++) put(store, `first ${i}`)
  const evicted = 'first 2900'
  for (let i = 0; ask(store, evicted) && i < 5000; i++) put(store, `second ${i}`)
  assert.equal(ask(store, evicted), true, 'found, so it was asked for and is kept')
})

test('an object that is pinned is not evicted, and goes like any other when it is not pinned any more', () => {
  const { memory, store } = small()
  put(store, 'pinned')
  const hold = store.find('pinned')
  for (let i = 0; i < 5000; i++) put(store, `other ${i}`)
  assert.equal(hold?.current, true)
  assert.deepEqual(Buffer.concat(hold!.pieces(0, 600)), BODY)
  hold!.release()
  for (let i = 0; i < 20_000; i++) put(store, `another ${i}`)
  assert.equal(ask(store, 'pinned'), false)
  audit(memory)
})
