import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Life } from '../cache/life.ts'
import { putResponse, readText, type StoredText, textOf } from '../cache/stored.ts'
import type { Hold } from '../store/hold.ts'
import { createStoreMemory } from '../store/memory.ts'
import { planStore } from '../store/plan.ts'
import { Store } from '../store/store.ts'
import { Ready } from './ready.ts'

const head: StoredText = {
  status: 200,
  reason: 'OK',
  etag: '',
  lastModified: '',
  date: 0,
  tags: '',
  fields: 'X: 1\r\n',
}
const store = new Store(createStoreMemory(planStore({ bytes: 8 << 20, threads: 1 })), 0, () => {})

function stored(key: string, length: number): Hold {
  const draft = store.lead(key)!
  putResponse(draft, new Life(), head, length, 0)
  assert.ok(draft.head(textOf(head)) && draft.append(Buffer.alloc(length, 97), 0, length))
  draft.finish()
  return store.find(key)!
}

/** Looks for an answer as a hit does, and has it made where that is worth it: its text, null where none was ready. */
function ask(ready: Ready, hold: Hold, age = 0, accept: string | null = null): string | null {
  const found = ready.find(hold, age, 0, accept)
  if (found !== null) return found.text
  const form = { hold, stored: readText(hold.headText(), hold), conditions: null, settled: true }
  if (ready.worth) ready.make(form, hold, { age, cacheStatus: '', connection: '', extra: '' })
  return null
}

it('has an answer ready from the third time on that something is found, with its body if that is small', () => {
  const ready = new Ready()
  const small = stored('small', 10)
  const text = `HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 10\r\nAge: 0\r\n\r\n${'a'.repeat(10)}`
  assert.deepEqual(
    [ask(ready, small), ask(ready, small), ask(ready, small), ask(ready, small)],
    [null, null, text, text],
  )
  const large = stored('large', 5000)
  assert.deepEqual([ask(ready, large), ask(ready, large)], [null, null])
  assert.equal(ask(ready, large), 'HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 5000\r\nAge: 0\r\n\r\n')
})

it('makes it anew when the age changes, and when the object does', () => {
  const ready = new Ready()
  const first = stored('page', 10)
  for (let i = 0; i < 3; i++) ask(ready, first)
  assert.equal(ask(ready, first, 1), null)
  assert.match(ask(ready, first, 1) ?? '', /Age: 1/)
  const second = stored('page', 20)
  assert.equal(ask(ready, second, 1), null)
  assert.match(ask(ready, first, 1) ?? '', /Content-Length: 10/)
})

it('keeps answers for several spellings of Accept-Encoding beside each other', () => {
  const ready = new Ready()
  const page = stored('page', 10)
  const spellings = ['gzip', 'gzip, br', 'gzip, deflate, br, zstd', null]
  for (let i = 0; i < 2; i++) for (const accept of spellings) ask(ready, page, 0, accept)
  for (const accept of spellings) assert.ok(ask(ready, page, 0, accept) !== null, String(accept))
})

it('gives the place of what is found often to nothing that is found once', () => {
  const ready = new Ready()
  const hot = stored('hot', 10)
  for (let i = 0; i < 20; i++) ask(ready, hot)
  for (let i = 0; i < 5000; i++) {
    const cold = stored(`cold ${i}`, 1)
    ask(ready, cold)
    cold.release()
    if (i % 100 === 0) assert.ok(ask(ready, hot) !== null, `after ${i}`)
  }
})
