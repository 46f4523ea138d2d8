import assert from 'node:assert/strict'
import { it } from 'node:test'
import { storedHead } from '../../../test/kit/heads.ts'
import { Freshness } from '../../cache/freshness/freshness.ts'
import { putResponse, readText, textOf } from '../../cache/object/stored-object.ts'
import { createStoreMemory } from '../../store/memory.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { Store } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
import { HotResponses } from './hot-responses.ts'

const head = storedHead('X: 1')
const store = new Store(createStoreMemory(planStore({ bytes: 8 << 20, threads: 1 })), 0, () => {})

function stored(key: string, length: number): PinnedObject {
  const draft = store.lead(key)!
  putResponse(draft, new Freshness(), head, length, 0)
  assert.ok(draft.head(textOf(head)) && draft.append(Buffer.alloc(length, 97), 0, length))
  draft.finish()
  return store.find(key)!
}

/** Looks for an answer as a hit does, and has it made where that is worth it: its text, null where none was ready. */
function ask(ready: HotResponses, hold: PinnedObject, age = 0, accept: string | null = null): string | null {
  const found = ready.find(hold, age, 0, accept)
  if (found !== null)
    return `${found.status} ${found.reason}\r\n${found.fields.text()}${found.length}\r\n${found.body ?? ''}`
  const form = { hold, stored: readText(hold.headText(), hold), conditions: null, settled: true }
  if (ready.worth) ready.make(form, hold, { age, cacheStatus: '', own: '' })
  return null
}

function asks(ready: HotResponses, hold: PinnedObject, times: number, age = 0): (string | null)[] {
  return Array.from({ length: times }, () => ask(ready, hold, age))
}

it('has an answer ready once something was found four times in a second, with its body if that is small', () => {
  const ready = new HotResponses()
  const small = stored('small', 10)
  const text = `200 OK\r\nX: 1\r\nAge: 0\r\n10\r\n${'a'.repeat(10)}`
  assert.deepEqual(asks(ready, small, 6), [null, null, null, null, text, text])
  const large = stored('large', 5000)
  assert.deepEqual(asks(ready, large, 4), [null, null, null, null])
  assert.equal(ask(ready, large), '200 OK\r\nX: 1\r\nAge: 0\r\n5000\r\n')
})

it('has none for what is found no more than four times a second, however long that goes on', () => {
  const ready = new HotResponses()
  const seldom = stored('seldom', 10)
  for (let age = 0; age < 100; age++) assert.deepEqual(asks(ready, seldom, 4, age), [null, null, null, null])
})

it('makes it anew when the age changes, and when the object does', () => {
  const ready = new HotResponses()
  const first = stored('page', 10)
  assert.match(asks(ready, first, 5).at(-1) ?? '', /Age: 0/)
  const next = asks(ready, first, 5, 1)
  assert.deepEqual(next.slice(0, 4), [null, null, null, null])
  assert.match(next[4] ?? '', /Age: 1/)
  const second = stored('page', 20)
  assert.equal(ask(ready, second, 1), null)
  assert.match(ask(ready, first, 1) ?? '', /\r\n10\r\n/)
})

it('keeps answers for several spellings of Accept-Encoding beside each other', () => {
  const ready = new HotResponses()
  const page = stored('page', 10)
  const spellings = ['gzip', 'gzip, br', 'gzip, deflate, br, zstd', null]
  for (let i = 0; i < 4; i++) for (const accept of spellings) ask(ready, page, 0, accept)
  for (const accept of spellings) assert.ok(ask(ready, page, 0, accept) !== null, String(accept))
})

it('gives the place of what is found often to nothing that is found once', () => {
  const ready = new HotResponses()
  const hot = stored('hot', 10)
  for (let i = 0; i < 20; i++) ask(ready, hot)
  for (let i = 0; i < 5000; i++) {
    const cold = stored(`cold ${i}`, 1)
    ask(ready, cold)
    cold.release()
    if (i % 100 === 0) assert.ok(ask(ready, hot) !== null, `after ${i}`)
  }
})
