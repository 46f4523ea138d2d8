import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get, responseHead } from '../../test/kit/heads.ts'
import { variantOf, varyNames } from './vary.ts'

function same(names: readonly string[], a: readonly string[], b: readonly string[]): boolean {
  return variantOf(names, get(...a)) === variantOf(names, get(...b))
}

it('reads the names of all Vary fields in lower case, sorted, each once (RFC 9111 §4.1)', () => {
  assert.deepEqual(varyNames(responseHead(200, 'Vary: X-B, accept', 'vary:  Accept ,, x-a')), ['accept', 'x-a', 'x-b'])
  assert.deepEqual(varyNames(responseHead(200)), [])
  assert.deepEqual(varyNames(responseHead(200, 'Vary:')), [])
})

it('knows the star, wherever it stands', () => {
  assert.equal(varyNames(responseHead(200, 'Vary: *')), null)
  assert.equal(varyNames(responseHead(200, 'Vary: a', 'Vary: b, *')), null)
})

it('matches the same values, and no other ones', () => {
  assert.equal(same(['foo'], ['Foo: 1'], ['foo:\t1 ']), true)
  assert.equal(same(['foo'], ['Foo: 1'], ['Foo: 2']), false)
  assert.equal(same(['foo'], ['Foo: a'], ['Foo: A']), false)
  assert.equal(same(['foo'], ['Foo: 1', 'Bar: 1'], ['Foo: 1', 'Bar: 2']), true)
  assert.equal(same(['bar', 'foo'], ['Foo: 1', 'Bar: 1'], ['Foo: 1', 'Bar: 2']), false)
  assert.equal(same([], ['Foo: 1'], ['Foo: 2']), true)
})

it('tells a missing field from an empty one (§4.1)', () => {
  assert.equal(same(['foo'], [], ['Foo:']), false)
  assert.equal(same(['foo'], [], ['Bar: 1']), true)
})

it('takes repeated fields for one with a list (§4.1)', () => {
  assert.equal(same(['foo'], ['Foo: 1', 'Foo: 2'], ['Foo: 1, 2']), true)
  assert.equal(same(['foo'], ['Foo: 2', 'Foo: 1'], ['Foo: 1, 2']), false)
})

it('takes the order of codings, their case and a weight of 1 for nothing', () => {
  const names = ['accept-encoding']
  assert.equal(same(names, ['Accept-Encoding: gzip, br'], ['Accept-Encoding: BR;q=1.0 ,gzip']), true)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0.50'], ['Accept-Encoding: gzip; q=0.5']), true)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0'], ['Accept-Encoding: gzip;q=0.00']), true)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0'], ['Accept-Encoding: gzip']), false)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0.5'], ['Accept-Encoding: gzip;q=0.05']), false)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0.5, br'], ['Accept-Encoding: gzip, br;q=0.5']), false)
  assert.equal(same(names, ['Accept-Encoding:'], []), false)
})

it('takes case and order of languages for nothing, but not their weights (RFC 9110 §12.5.4)', () => {
  const names = ['accept-language']
  assert.equal(same(names, ['Accept-Language: en-GB,de;q=0.5'], ['Accept-Language: EN-gb, de;q=0.500']), true)
  assert.equal(same(names, ['Accept-Language: en, de'], ['Accept-Language: de, en']), true)
  assert.equal(same(names, ['Accept-Language: en, de;q=0.5'], ['Accept-Language: de, en;q=0.5']), false)
})

it('takes space around the commas of any list for nothing, but within quotes (RFC 9111 §4.1)', () => {
  assert.equal(same(['x-a'], ['X-A: 1,2'], ['X-A:  1 , 2 ']), true)
  assert.equal(same(['x-a'], ['X-A: 1 2'], ['X-A: 12']), false)
  assert.equal(same(['x-a'], ['X-A: "1, 2"'], ['X-A: "1,2"']), false)
})

it('never takes two sets of values for one', () => {
  const value = fc.option(fc.stringMatching(/^[!-~]{0,6}$/), { nil: null })
  const lines = ([a, b]: readonly (string | null)[]): string[] =>
    [a, b].flatMap((text, i) => (text === null || text === undefined ? [] : [`X-${'AB'[i]}: ${text}`]))
  fc.assert(
    fc.property(fc.tuple(value, value), fc.tuple(value, value), (one, other) => {
      const equal = one[0] === other[0] && one[1] === other[1]
      assert.equal(same(['x-a', 'x-b'], lines(one), lines(other)), equal)
    }),
    { numRuns: 300 },
  )
})
