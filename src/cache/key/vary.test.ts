import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get, requestHead, responseHead } from '../../../test/kit/heads.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { varyNames as namesAs, readVary as readAs, variantOf } from './vary.ts'

const key = { host: true }
const readVary = (head: ResponseHead): ReturnType<typeof readAs> => readAs(head, key)
const varyNames = (head: ResponseHead): ReturnType<typeof namesAs> => namesAs(head, key)

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

it('keeps the order of a coding that is named twice, and what is no weight', () => {
  const names = ['accept-encoding']
  assert.equal(same(names, ['Accept-Encoding: gzip, gzip;q=0'], ['Accept-Encoding: gzip;q=0, gzip']), false)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=1.5'], ['Accept-Encoding: gzip']), false)
  assert.equal(same(names, ['Accept-Encoding: gzip;q=0.5000'], ['Accept-Encoding: gzip;q=0.5']), false)
  assert.equal(same(names, ['Accept-Encoding: g zip'], ['Accept-Encoding: gzip']), false)
  assert.equal(same(names, ['Accept-Encoding: "a, b"'], ['Accept-Encoding: b", "a']), false)
})

it('takes order, case and space of languages for nothing, but not their weights (RFC 9110 §12.5.4)', () => {
  const names = ['accept-language']
  assert.equal(same(names, ['Accept-Language: en-GB,de;q=0.5'], ['Accept-Language: EN-gb, de ; q=0.500']), true)
  assert.equal(same(names, ['Accept-Language: en;q=1.0', 'Accept-Language: de'], ['Accept-Language: en,,de']), true)
  assert.equal(same(names, ['Accept-Language: en, de'], ['Accept-Language: de, en']), true)
  assert.equal(same(names, ['Accept-Language: en, de;q=0.5'], ['Accept-Language: de, en;q=0.5']), false)
  assert.equal(same(names, ['Accept-Language: \u00c9'], ['Accept-Language: \u00e9']), false)
})

it('takes space around the commas of lists for nothing, but not in a field that has one value (RFC 9111 §4.1)', () => {
  for (const name of ['Accept', 'Accept-Charset', 'Cache-Control', 'Prefer', 'Sec-CH-UA', 'X-A']) {
    const names = [name.toLowerCase()]
    assert.equal(same(names, [`${name}: 1,2`], [`${name}:  1 ,\t2 `]), true, name)
    assert.equal(same(names, [`${name}: 1,2`], [`${name}: 1`, `${name}: 2`]), true, name)
    assert.equal(same(names, [`${name}: 1 2`], [`${name}: 12`]), false, name)
    assert.equal(same(names, [`${name}: "1, 2"`], [`${name}: "1,2"`]), false, name)
  }
  for (const name of ['Cookie', 'User-Agent', 'Referer']) {
    assert.equal(same([name.toLowerCase()], [`${name}: a,b`], [`${name}: a, b`]), false, name)
    assert.equal(same([name.toLowerCase()], [`${name}: a, b`], [`${name}: a , b`]), false, name)
  }
})

it('keeps the lines of a field apart that is no list (RFC 9110 §5.3)', () => {
  const [one, two] = [['Cookie: a=1, b=2'], ['Cookie: a=1', 'Cookie: b=2']]
  assert.equal(same(['cookie'], one, two), false)
  assert.equal(same(['cookie'], two, [...two].reverse()), false)
  assert.equal(same(['cookie'], two, [...two, 'Cookie:']), false)
  assert.equal(same(['cookie'], two, ['X-A: 1', ...two]), true)
})

it('takes for Host what the server is told, which an absolute target decides (RFC 9112 §3.2.2)', () => {
  const absolute = requestHead('GET http://a.example/p HTTP/1.1', 'Host: a.example')
  assert.equal(variantOf(['host'], absolute), variantOf(['host'], get('Host: a.example')))
  assert.equal(same(['host'], ['Host: a.example'], ['Host: b.example']), false)
})

it('takes what is no field name for the star (RFC 9110 §12.5.5)', () => {
  for (const vary of [
    'Accept-Encoding Cookie',
    'Cookie;x',
    '"*"',
    'Cookie: x',
    'a, b c',
    'Caf\u00e9',
    '\u00a0',
    '(a)',
  ]) {
    assert.equal(readVary(responseHead(200, `Vary: ${vary}`)), 'vary-any', vary)
    assert.equal(varyNames(responseHead(200, `Vary: ${vary}`)), null, vary)
  }
  assert.deepEqual(readVary(responseHead(200, "Vary: X!#$%&'*+.^_`|~0-9a")), ["x!#$%&'*+.^_`|~0-9a"])
})

it('matches nothing by fields that the server is told by Headgate and not by the client', () => {
  for (const name of [
    'X-Forwarded-For',
    'x-real-ip',
    'proxy',
    'Forwarded',
    'Via',
    'Connection',
    'TE',
    'Upgrade',
    'Expect',
    'Trailer',
    'Content-Length',
    'Transfer-Encoding',
    'Proxy-Authorization',
    'Cache-Control',
    'pragma',
  ]) {
    assert.equal(readVary(responseHead(200, `Vary: Accept, ${name}`)), 'vary-own', name)
    assert.equal(varyNames(responseHead(200, `Vary: ${name}`)), null, name)
  }
  assert.deepEqual(readVary(responseHead(200, 'Vary: Host, Authorization')), ['authorization', 'host'])
})

it('leaves aside what the key holds already: the scheme always, the host where it is part of it', () => {
  const said = responseHead(200, 'Vary: X-Forwarded-Proto, Accept, X-Forwarded-Host, X-Forwarded-Port')
  assert.deepEqual(readAs(said, { host: true }), ['accept'])
  assert.equal(readAs(said, { host: false }), 'vary-own')
  assert.deepEqual(readAs(responseHead(200, 'Vary: X-Forwarded-Proto'), { host: false }), [])
})

it('takes a list of names that is out of all bounds for the star', () => {
  const names = (n: number, length = 4): string =>
    Array.from({ length: n }, (_, i) => `x${i}`.padEnd(length, '-')).join(', ')
  assert.equal(readVary(responseHead(200, `Vary: ${names(64)}, x0--`)).length, 64)
  assert.equal(readVary(responseHead(200, `Vary: ${names(65)}`)), 'vary-any')
  assert.equal(readVary(responseHead(200, `Vary: ${names(4, 1024)}`)).length, 4)
  assert.equal(readVary(responseHead(200, `Vary: ${names(4, 1024)}, y`)), 'vary-any')
  assert.equal(readVary(responseHead(200, `Vary: ${names(3000)}`)), 'vary-any')
})

it('reads a field that is nearly all space in no more time than it has characters', () => {
  for (const name of ['Accept', 'Accept-Encoding', 'Accept-Language']) {
    const value = `a${' '.repeat(60_000)}b;q=0.${'10'.repeat(4000)}`
    const before = performance.now()
    for (let i = 0; i < 20; i++) variantOf([name.toLowerCase()], get(`${name}: ${value}`))
    assert.ok(performance.now() - before < 1000, name)
  }
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
