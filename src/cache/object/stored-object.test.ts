import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MAX_KEY } from '../../store/store-plan.ts'
import { codedKey } from '../serve/coding.ts'
import { readText, SLOT, type StoredText, textOf, variantKey } from './stored-object.ts'

it('gives each variant of each generation a key that begins with the primary one', () => {
  assert.equal(variantKey('shop\nhttp\na.test\n/p', 7, 'x-a:1\n'), 'shop\nhttp\na.test\n/p\n\nv 7\nx-a:1\n')
  assert.notEqual(variantKey('k', 7, 'x-a:1\n'), variantKey('k', 8, 'x-a:1\n'))
})

it('has a key for values of any length, which tells them apart', () => {
  const long = (last: string): string => `cookie:${'a'.repeat(20_000)}${last}\n`
  assert.equal(variantKey('k', 7, long('1')), variantKey('k', 7, long('1')))
  assert.notEqual(variantKey('k', 7, long('1')), variantKey('k', 7, long('2')))
  assert.match(variantKey('k', 7, long('1')), /^k\n\nv 7\n\(sha-256\):[0-9a-f]{64}$/)
  // The longest that is not hashed, beside the longest key of a request.
  for (const length of [1024, 1025, 100_000]) {
    const key = variantKey('k'.repeat(8192), 2 ** 48, `${'\u00ff'.repeat(length - 1)}\n`)
    assert.ok(codedKey(key, 'zstd').length < MAX_KEY, `${length}`)
    assert.match(key, /^[\0-\xff]*$/)
  }
})

it('reads the head that it wrote', () => {
  const stored: StoredText = {
    status: 200,
    reason: 'Fine: "so"',
    etag: 'W/"a"',
    lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT',
    date: 5,
    tags: 'a b',
    fields: 'A: b\r\nC: d\r\n',
  }
  const numbers = { meta: (i: number) => (i === SLOT.status ? 200 : i === SLOT.date ? 5 : -1) }
  assert.deepEqual(readText(textOf(stored), numbers), stored)
})
