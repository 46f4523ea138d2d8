import assert from 'node:assert/strict'
import { it } from 'node:test'
import { responseHead } from '../../../test/kit/heads.ts'
import {
  hasStrong,
  isStrongDate,
  modifiedOf,
  sameStrongly,
  sameWeakly,
  type Validators,
  validatorsOf,
} from './validators.ts'

const now = Date.UTC(2026, 10, 21, 12)

function of(...lines: readonly string[]): Validators {
  return validatorsOf(responseHead(200, ...lines), now)
}

const modified = 'Last-Modified: Sat, 21 Nov 2026 11:59:59 GMT'

it('keeps entity tags that are some, and dates as they were written', () => {
  assert.deepEqual(of('ETag: W/"a"', modified), { etag: 'W/"a"', lastModified: modified.slice(15), date: now })
  assert.deepEqual(of('ETag: a', 'Last-Modified: x'), { etag: '', lastModified: 'x', date: now })
  assert.equal(of('Date: Sat, 21 Nov 2026 11:00:00 GMT').date, now - 3_600_000)
  assert.equal(modifiedOf(of(modified)), now - 1000)
  assert.ok(Number.isNaN(modifiedOf(of())))
})

it('takes Last-Modified for strong when its second was over (RFC 9110 §8.8.2.2)', () => {
  assert.equal(isStrongDate(of(modified)), true)
  assert.equal(isStrongDate(of(modified, 'Date: Sat, 21 Nov 2026 11:59:59 GMT')), false)
  assert.equal(isStrongDate(of()), false)
})

it('compares tags where both have one, else dates', () => {
  assert.equal(sameStrongly(of('ETag: "a"', modified), of('ETag: "b"', modified)), false)
  assert.equal(sameStrongly(of('ETag: "a"'), of('ETag: "a"')), true)
  assert.equal(sameStrongly(of('ETag: W/"a"'), of('ETag: W/"a"')), false)
  assert.equal(sameStrongly(of('ETag: "a"', modified), of(modified)), true)
  assert.equal(sameStrongly(of(), of()), false)
  assert.equal(sameWeakly(of('ETag: W/"a"'), of('ETag: "a"')), true)
  assert.equal(sameWeakly(of(modified), of(modified)), true)
  assert.equal(sameWeakly(of(), of()), false)
})

it('knows whether there is a strong one', () => {
  assert.equal(hasStrong(of('ETag: "a"')), true)
  assert.equal(hasStrong(of('ETag: W/"a"', modified)), false)
  assert.equal(hasStrong(of(modified)), true)
  assert.equal(hasStrong(of()), false)
})
