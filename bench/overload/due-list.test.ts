import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DueList } from './due-list.ts'

test('what is due sooner is done sooner, and all is done', async () => {
  const done: number[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const list = new DueList<number>((n) => {
    done.push(n)
    if (done.length === 4) resolve()
  })
  for (const delay of [40, 10, 25, 5]) list.add(delay, delay)
  await promise
  assert.deepEqual(done, [5, 10, 25, 40])
})

test('a list that was empty for a while goes on', async () => {
  let { promise, resolve } = Promise.withResolvers<void>()
  const list = new DueList<string>(() => resolve())
  list.add('first', 3)
  await promise
  ;({ promise, resolve } = Promise.withResolvers<void>())
  list.add('second', 3)
  await promise
})
