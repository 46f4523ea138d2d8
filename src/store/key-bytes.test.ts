import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Key } from './key-bytes.ts'

test('a key is its bytes, four to a word, filled up with zeros', () => {
  const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(latin1, latin1, (before, text) => {
      const key = new Key(1).set(before).set(text)
      const words = (text.length + 3) >>> 2
      const bytes = Buffer.from(key.words.buffer, 0, words * 4)
      assert.equal(key.length, text.length)
      assert.equal(bytes.toString('latin1', 0, text.length), text)
      assert.ok(bytes.subarray(text.length).every((byte) => byte === 0))
    }),
  )
})

test('keys that differ in little spread evenly over both hashes', () => {
  const key = new Key(7)
  const count = 1 << 14
  const low = new Uint32Array(1 << 10)
  const high = new Uint32Array(1 << 10)
  for (let i = 0; i < count; i++) {
    key.set(`GET http://shop.example/article/${i}`)
    low[key.low & 1023]! += 1
    high[key.high >>> 22]! += 1
  }
  // 16 are expected in each; by chance alone more than 48 or none would come once in many millions.
  for (const spread of [low, high]) assert.ok(Math.max(...spread) < 48 && Math.min(...spread) > 0)
})

test('another seed gives other hashes', () => {
  const [a, b] = [new Key(1).set('x'), new Key(2).set('x')]
  assert.ok(a.low !== b.low && a.high !== b.high)
})

test('what is too long or not latin1 is no key', () => {
  const key = new Key(0)
  assert.equal(key.set('k'.repeat(16_384)).length, 16_384)
  assert.throws(() => key.set('k'.repeat(16_385)), RangeError)
  assert.throws(() => key.set('GET /\u0100'), RangeError)
})
