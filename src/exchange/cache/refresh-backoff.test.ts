import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SLOT } from '../../cache/object/stored-object.ts'
import { createStoreMemory } from '../../store/memory.ts'
import { Store } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
import { backOff, mayTry, sinceFailure } from './refresh-backoff.ts'

/** Makes a copy in a store of its own, and does this with it. */
function withCopy(use: (copy: NonNullable<ReturnType<Store['find']>>) => void): void {
  const store = new Store(createStoreMemory(planStore({ bytes: 1 << 20, threads: 1 })), 0, () => {})
  const draft = store.lead('page')
  assert.ok(draft !== null)
  assert.ok(draft.head(''))
  draft.finish()
  using copy = store.find('page')
  assert.ok(copy !== null)
  use(copy)
}

it('has the server asked again after a second, then after twice as long each time, up to a minute', () => {
  withCopy((copy) => {
    const pauses = Array.from({ length: 20 }, (_, k) => {
      backOff(copy, k * 1e6)
      return copy.meta(SLOT.retry) - k * 1e6
    })
    assert.deepEqual(pauses.slice(0, 8), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    assert.ok(pauses.slice(8).every((pause) => pause === 60_000))
  })
})

it('knows how long ago that was, however often it has failed', () => {
  withCopy((copy) => {
    assert.equal(sinceFailure(copy, 5000), -1)
    for (let k = 1; k <= 20; k++) {
      backOff(copy, k * 1e6)
      assert.equal(sinceFailure(copy, k * 1e6), 0)
      assert.equal(sinceFailure(copy, k * 1e6 + 1234), 1234)
      assert.equal(sinceFailure(copy, k * 1e6 - 50), -1, 'a clock that was set back')
    }
  })
})

it('has nothing to do where nothing is stored', () => {
  assert.doesNotThrow(() => backOff(null, 0))
})

it('lets nobody try before the pause is over, unless the clock was set back', () => {
  withCopy((copy) => {
    assert.equal(mayTry(copy, 5000), true)
    backOff(copy, 1e9)
    assert.deepEqual([mayTry(copy, 1e9), mayTry(copy, 1e9 + 999), mayTry(copy, 1e9 + 1000)], [false, false, true])
    assert.equal(mayTry(copy, 1e9 - 3_600_000), true)
  })
})
