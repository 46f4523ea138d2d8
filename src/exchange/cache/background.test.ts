import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Freshness } from '../../cache/freshness/freshness.ts'
import { RequestDirectives } from '../../cache/freshness/reuse.ts'
import { KIND, SLOT, writeFreshnessTo } from '../../cache/object/stored-object.ts'
import { Removals } from '../../cache/purge/removals.ts'
import type { Draft } from '../../store/draft.ts'
import { createStoreMemory } from '../../store/memory.ts'
import { Store } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
import { isSettled } from './background.ts'
import type { RouteCache } from './route-cache.ts'

/** Whether a fetch is settled by an object that was stored like this. */
function settledBy(kind: number, fill: (draft: Draft) => void, ask = new RequestDirectives()): boolean {
  const store = new Store(createStoreMemory(planStore({ bytes: 1 << 20, threads: 1 })), 0, () => {})
  const draft = store.lead('page')
  assert.ok(draft !== null)
  draft.kind = kind
  fill(draft)
  assert.ok(draft.head(''))
  draft.finish()
  // The rule looks at nothing else of the route.
  const settled = isSettled({ store, bans: new Removals() } as unknown as RouteCache, 'page', ask)
  assert.equal(store.remove('page'), true)
  assert.equal(store.usage().bytes, 0, 'nothing stays pinned')
  return settled
}

it('takes a mark that nobody is to wait for as the answer until its time is over, and not after that', () => {
  const until = (ms: number): boolean => settledBy(KIND.pass, (draft) => draft.setMeta(SLOT.until, Date.now() + ms))
  assert.deepEqual([until(120_000), until(60_000), until(-1), until(-120_000)], [true, true, false, false])
})

it('takes a response for it that is fresh for this request, and none that is stale', () => {
  const of = (ttl: number, ask = new RequestDirectives()): boolean =>
    settledBy(
      KIND.response,
      (draft) =>
        writeFreshnessTo(Object.assign(new Freshness(), { born: Date.now() - 10_000, ttl, grace: 60_000 }), draft),
      ask,
    )
  assert.deepEqual([of(60_000), of(5000)], [true, false])
  assert.equal(of(60_000, Object.assign(new RequestDirectives(), { noCache: true })), false)
  assert.equal(of(60_000, Object.assign(new RequestDirectives(), { maxAge: 5000 })), false)
})

it('looks again where responses differ by request, and goes on where there is nothing', () => {
  assert.equal(
    settledBy(KIND.varies, () => {}),
    true,
  )
  const store = new Store(createStoreMemory(planStore({ bytes: 1 << 20, threads: 1 })), 0, () => {})
  assert.equal(
    isSettled({ store, bans: new Removals() } as unknown as RouteCache, 'page', new RequestDirectives()),
    false,
  )
})
