import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { KeySettings } from '../freshness/settings.ts'
import { queryKey } from './query.ts'

type Query = KeySettings['query']

const all: Query = { take: 'all', names: [], sort: false }
const none: Query = { take: 'none', names: [], sort: false }
const only = (...names: string[]): Query => ({ take: 'only', names, sort: false })
const without = (...names: string[]): Query => ({ take: 'without', names, sort: false })
const sorted: Query = { take: 'all', names: [], sort: true }

it('is the query as it came, or nothing', () => {
  assert.equal(queryKey('b=1&&a=%7e', all), '?b=1&&a=%7e')
  assert.equal(queryKey('', all), '?')
  assert.equal(queryKey('b=1', none), '')
})

it('leaves out the parameters that do not count', () => {
  assert.equal(queryKey('x=1&utm=2&y', without('utm')), '?x=1&y')
  assert.equal(queryKey('utm_a=2&utm_b&x', without('utm_*')), '?x')
  assert.equal(queryKey('utm=2', without('utm')), '')
  assert.equal(queryKey('UTM=2', without('utm')), '?UTM=2')
  assert.equal(queryKey('x=1&y=2&xx=3', only('x')), '?x=1')
  assert.equal(queryKey('x=1&y=2&xx=3', only('x*')), '?x=1&xx=3')
})

it('reads names as servers do: percent-encoded, with a plus for a space', () => {
  assert.equal(queryKey('i%64=evil&x=1', only('id')), '?i%64=evil')
  assert.equal(queryKey('%69%64=evil', only('i*')), '?%69%64=evil')
  assert.equal(queryKey('my+id=1&my%20id=2&x=3', only('my id')), '?my+id=1&my%20id=2')
  assert.equal(queryKey('caf%C3%A9=1&x=2', only('café')), '?caf%C3%A9=1')
  assert.equal(queryKey('caf%C3%A9=1&x=2', only('caf%c3%a9')), '?caf%C3%A9=1')
  assert.equal(queryKey('%75tm_a=1&x=2', without('utm_*')), '?x=2')
})

it('keeps with only what some server may take for a parameter that counts', () => {
  for (const pair of ['id%00x=1', '%ff=1', 'i%d=1', '\xe9=1', 'x=1;id=2', 'id[]=1', 'id%5B0%5D=1', '[id=1', 'a%26id=1'])
    assert.equal(queryKey(`${pair}&x=1`, only('id')), `?${pair}`, pair)
  for (const pair of ['my.id=1', 'my%20id=1', '+my_id=1', 'MY_ID=1'])
    assert.equal(queryKey(`${pair}&x=1`, only('my_id')), `?${pair}`, pair)
})

it('keeps without a name what may hold other parameters too', () => {
  for (const pair of ['utm=1;id=2', 'utm%zz=1', 'utm[=1'])
    assert.equal(queryKey(pair, without('utm*')), `?${pair}`, pair)
})

it('sorts by name where the order does not matter', () => {
  assert.equal(queryKey('b=1&a=2&&', sorted), '?a=2&b=1')
  assert.equal(queryKey('a=2&a=1', sorted), '?a=2&a=1')
  assert.equal(queryKey('a=2&b=0&a=1', sorted), queryKey('b=0&a=2&a=1', sorted))
  assert.equal(queryKey('b=1&a=1&c=1', { take: 'only', names: ['a', 'b'], sort: true }), '?a=1&b=1')
})

it('keeps the order of pairs that are one parameter to some server', () => {
  for (const query of [
    'i%64=2&id=1',
    'b=1&a=1;b=2',
    'id[]=1&id[0]=2',
    'a_b=1&a.b=2',
    'ID=1&id=2',
    'b=1&%ff=2&a=3',
    'a_b=1&a[b=2',
  ]) {
    const turned = query.split('&').reverse().join('&')
    assert.notEqual(queryKey(query, sorted), queryKey(turned, sorted), query)
  }
  assert.equal(queryKey('b=1&a%5Bx%5D=2', sorted), '?a%5Bx%5D=2&b=1')
})

it('never drops or moves a pair that a form reader takes for one that counts', () => {
  const name = fc.constantFrom('id', 'i%64', '%69d', 'id%5B', 'x', 'X+', 'i')
  const pair = fc.tuple(name, fc.constantFrom('1', '2')).map(([left, right]) => `${left}=${right}`)
  const query = fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&'))
  const values = (text: string): string => new URLSearchParams(text).getAll('id').join()
  fc.assert(
    fc.property(query, query, fc.boolean(), (one, other, sort) => {
      const of = (text: string): string => queryKey(text, { take: 'only', names: ['id'], sort })
      if (of(one) === of(other)) assert.equal(values(one), values(other))
    }),
    { numRuns: 500 },
  )
})
