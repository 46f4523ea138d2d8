/** The walk through the store on the main thread: nothing is left out, however many look at once. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createStoreMemory } from '../store/memory.ts'
import { planStore } from '../store/plan.ts'
import { Store } from '../store/store.ts'
import { Sweeper } from './sweeper.ts'

const OBJECTS = 2000

/** A store as the main thread sees it. */
function filled(): Store {
  const memory = createStoreMemory(planStore({ bytes: 4 << 20, threads: 1, shards: 2 }))
  const worker = new Store(memory, 0, () => {})
  for (let k = 0; k < OBJECTS; k++) {
    const draft = worker.lead(`key ${k}`)
    assert.ok(draft !== null)
    assert.ok(draft.head('head'))
    draft.finish()
  }
  return new Store(memory, 1, () => {})
}

/** A sweeper that hurries until it has come to the end so often, and how often it visited each object. */
function sweeping(
  t: TestContext,
  store: Store,
  ends: number,
): { sweeper: Sweeper; seen: Map<string, number>; end: EventTarget } {
  const seen = new Map<string, number>()
  const end = new EventTarget()
  let left = ends
  const sweeper = new Sweeper(store, {
    visit: ({ key }) => void seen.set(key, (seen.get(key) ?? 0) + 1),
    pace: () => (left > 0 ? 'hurried' : 'idle'),
    walked: () => {
      if (--left === 0) end.dispatchEvent(new Event('end'))
    },
  })
  t.after(() => sweeper.stop())
  return { sweeper, seen, end }
}

test('in a hurry it visits every object, once in each walk', async (t) => {
  const { sweeper, seen, end } = sweeping(t, filled(), 2)
  // Its timer lets a process end.
  const held = setInterval(() => {}, 1000)
  t.after(() => clearInterval(held))
  const ended = once(end, 'end')
  sweeper.hurry()
  await ended
  assert.equal(seen.size, OBJECTS)
  assert.ok([...seen.values()].every((times) => times >= 2))
})

test('whoever hurries it all the time does not put it off', async (t) => {
  const { sweeper, seen, end } = sweeping(t, filled(), 1)
  const often = setInterval(() => sweeper.hurry(), 1)
  t.after(() => clearInterval(often))
  await once(end, 'end')
  assert.equal(seen.size, OBJECTS)
})

test('others who walk meet every object too, one after the other, and what the sweeper counts as walked is whole', async (t) => {
  const { sweeper, seen, end } = sweeping(t, filled(), 2)
  const held = setInterval(() => {}, 1000)
  t.after(() => clearInterval(held))
  const ended = once(end, 'end')
  sweeper.hurry()
  const met = [new Set<string>(), new Set<string>()]
  await Promise.all(met.map((keys) => sweeper.walk(({ key }) => void keys.add(key))))
  assert.deepEqual(
    met.map(({ size }) => size),
    [OBJECTS, OBJECTS],
  )
  await ended
  assert.equal(seen.size, OBJECTS)
})
