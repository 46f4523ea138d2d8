import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreNotes, together } from './store-notes.ts'

test('the newest note of a target is found, be it under its own key or with what proxies add', () => {
  const notes = new StoreNotes()
  notes.note('shop\nhttp\na.test\n/', 'private', 1)
  notes.note('shop\nhttp\na.test\n/\nmore', 'stored', 3)
  notes.note('shop\nhttp\na.test\n/x', 'no-store', 5)
  notes.note('', 'stored', 9)
  const { answer, passed } = notes.find(['other', 'shop\nhttp\na.test\n/'])
  assert.deepEqual(answer, { at: 3, reason: 'stored', status: 0 })
  assert.equal(passed, null)
  assert.deepEqual(notes.find(['none']), { answer: null, passed: null })
})

test('what passes by is counted, and hides nothing that was said of an answer', () => {
  const notes = new StoreNotes()
  notes.note('a', 'server-error', 1, 503)
  for (const at of [2, 3]) notes.note('a', 'bypass', at)
  notes.note('a\nx', 'request-no-store', 4)
  const found = notes.find(['a'])
  assert.deepEqual(found.answer, { at: 1, reason: 'server-error', status: 503 })
  assert.deepEqual(found.passed, { at: 4, reason: 'request-no-store', status: 0, count: 3 })
})

test('a thousand notes of each kind are kept, and the oldest go first', () => {
  const notes = new StoreNotes()
  notes.note('answer', 'stored', 0)
  for (let k = 0; k < 1500; k++) notes.note(`k${k}`, 'bypass', k)
  assert.ok(notes.find(['answer']).answer)
  assert.equal(notes.find(['k499']).passed, null)
  assert.ok(notes.find(['k500']).passed)
})

test('of the notes of several threads the newest counts, and passes are added up', () => {
  const one = {
    answer: { at: 1, reason: 'stored', status: 0 },
    passed: { at: 5, reason: 'bypass', status: 0, count: 2 },
  }
  const two = {
    answer: { at: 2, reason: 'private', status: 0 },
    passed: { at: 4, reason: 'for-server', status: 0, count: 1 },
  }
  assert.deepEqual(together([one, two, { answer: null, passed: null }] as Parameters<typeof together>[0]), {
    answer: two.answer,
    passed: { ...one.passed, count: 3 },
  })
  assert.deepEqual(together([]), { answer: null, passed: null })
})
