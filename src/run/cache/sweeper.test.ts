/** The walk through the store on the main thread: nothing is left out, however many look at once. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createStoreMemory } from '../../store/memory.ts'
import { Store, StoreBusy } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
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

test('others who walk meet every object too, and what the sweeper counts as walked is whole', async (t) => {
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

test('those who walk at the same time go one way, and what they meet is swept', async (t) => {
  const store = filled()
  const { sweeper, seen } = sweeping(t, store, 0)
  const met = Array.from({ length: 5 }, () => new Map<string, number>())
  const walk = (at: number): Promise<void> =>
    sweeper.walk(({ key }) => void met[at]!.set(key, (met[at]!.get(key) ?? 0) + 1))
  const first = [walk(0), walk(1)]
  // Others come when these are somewhere in the middle.
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all([...first, walk(2), walk(3), walk(4)])
  for (const keys of met) {
    assert.equal(keys.size, OBJECTS)
    assert.ok([...keys.values()].every((times) => times <= 2))
  }
  assert.equal(seen.size, OBJECTS)
  assert.ok([...seen.values()].every((times) => times <= 3))
})

test('while somebody always walks, the sweeper comes to its end as often, each time with everything visited', async (t) => {
  const store = filled()
  const visited = new Set<string>()
  const wholes: number[] = []
  const sweeper = new Sweeper(store, {
    visit: ({ key }) => void visited.add(key),
    pace: () => 'hurried',
    walked: () => {
      wholes.push(visited.size)
      visited.clear()
    },
  })
  t.after(() => sweeper.stop())
  for (let k = 0; k < 4; k++) await Promise.all([sweeper.walk(() => {}), sweeper.walk(() => {})])
  assert.ok(wholes.length >= 4)
  assert.ok(wholes.slice(1).every((size) => size === OBJECTS))
})

test('a walk whose visitor fails is over, and those of others go on', async (t) => {
  const { sweeper, seen } = sweeping(t, filled(), 0)
  const met = new Set<string>()
  const bad = sweeper.walk(() => {
    throw new Error('seen enough')
  })
  const good = sweeper.walk(({ key }) => void met.add(key))
  await assert.rejects(bad, /seen enough/)
  await good
  assert.equal(met.size, OBJECTS)
  assert.equal(seen.size, OBJECTS)
})

test('what is locked for a moment is not counted as visited: the walk has to be made again', async (t) => {
  const visited = new Set<string>()
  let locked = true
  let wholes = 0
  const sweeper = new Sweeper(filled(), {
    visit: ({ key }) => {
      if (locked && key === 'key 7') throw new StoreBusy('a shard of the store is locked')
      visited.add(key)
    },
    pace: () => 'hurried',
    walked: () => wholes++,
  })
  t.after(() => sweeper.stop())
  await sweeper.walk(() => {})
  assert.equal(wholes, 0)
  assert.equal(visited.size, OBJECTS - 1)
  locked = false
  await sweeper.walk(() => {})
  // The sweeper itself may have come round as well.
  assert.ok(wholes >= 1)
  assert.equal(visited.size, OBJECTS)
})
