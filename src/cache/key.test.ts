import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { byTheRfc } from '../../test/kit/cache-settings.ts'
import { requestHead } from '../../test/kit/heads.ts'
import { cacheKey, isCacheMethod, targetKey } from './key.ts'
import type { KeySettings } from './settings.ts'

function key(target: string, of: Partial<KeySettings> = {}, ...lines: readonly string[]): string {
  return cacheKey('', 'http', requestHead(`GET ${target} HTTP/1.1`, ...lines), { ...byTheRfc.key, ...of })
}

it('is made of scheme, host, port and target', () => {
  assert.notEqual(key('/a'), key('/b'))
  assert.notEqual(key('/a'), key('/a?'))
  assert.notEqual(key('/a?x=1'), key('/a?x=2'))
  assert.notEqual(key('/a'), key('/A'))
  assert.notEqual(key('/', {}, 'Host: a'), key('/', {}, 'Host: b'))
  assert.notEqual(key('/', {}, 'Host: a:8080'), key('/', {}, 'Host: a'))
  const head = requestHead('GET / HTTP/1.1')
  assert.notEqual(cacheKey('', 'http', head, byTheRfc.key), cacheKey('', 'https', head, byTheRfc.key))
})

it('takes hosts in any case, and the port of the scheme for none', () => {
  assert.equal(key('/', {}, 'Host: A.Example'), key('/', {}, 'Host: a.example.'))
  assert.equal(key('/', {}, 'Host: a:80'), key('/', {}, 'Host: a'))
  assert.equal(key('/', {}, 'Host: a:0080'), key('/', {}, 'Host: a'))
  assert.notEqual(key('/', {}, 'Host: a:443'), key('/', {}, 'Host: a'))
  assert.equal(key('/', {}, 'Host: [::1]:80'), key('/', {}, 'Host: [::1]'))
  assert.equal(key('http://a.example/x', {}, 'Host: b'), key('/x', {}, 'Host: a.example'))
})

it('is the same for GET and HEAD, and no other method has one', () => {
  const head = requestHead('HEAD /a HTTP/1.1')
  assert.equal(cacheKey('', 'http', head, byTheRfc.key), key('/a'))
  assert.deepEqual(['GET', 'HEAD', 'get', 'POST', 'QUERY'].filter(isCacheMethod), ['GET', 'HEAD'])
})

const query = (take: KeySettings['query']['take'], ...names: string[]): Partial<KeySettings> => ({
  query: { take, names, sort: false },
})
const sorted: Partial<KeySettings> = { query: { take: 'all', names: [], sort: true } }

it('leaves out the parts of the query that do not count', () => {
  assert.equal(key('/a?x=1', query('none')), key('/a'))
  assert.equal(key('/a?x=1&utm=2&y', query('without', 'utm')), key('/a?x=1&y'))
  assert.equal(key('/a?utm_a=2&utm_b&x', query('without', 'utm_*')), key('/a?x'))
  assert.equal(key('/a?utm=2', query('without', 'utm')), key('/a'))
  assert.equal(key('/a?x=1&y=2&xx=3', query('only', 'x')), key('/a?x=1'))
  assert.equal(key('/a?x=1&y=2&xx=3', query('only', 'x*')), key('/a?x=1&xx=3'))
  assert.notEqual(key('/a?UTM=2', query('without', 'utm')), key('/a'))
})

it('sorts the query by name where its order does not matter', () => {
  assert.equal(key('/a?b=1&a=2&&', sorted), key('/a?a=2&b=1', sorted))
  assert.notEqual(key('/a?a=2&a=1', sorted), key('/a?a=1&a=2', sorted))
  assert.equal(key('/a?a=2&b=0&a=1', sorted), key('/a?b=0&a=2&a=1', sorted))
  assert.notEqual(key('/a?b=1&a=2'), key('/a?a=2&b=1'))
})

it('leaves host and path out where they do not count, and never meets keys that have them', () => {
  assert.equal(key('/a', { host: false }, 'Host: a'), key('/a', { host: false }, 'Host: b'))
  assert.equal(key('/a?x', { path: false }), key('/b?x', { path: false }))
  assert.notEqual(key('/a?x', { path: false }), key('/a?y', { path: false }))
  assert.equal(key('/a?x', { path: false, ...query('none') }), key('/b', { path: false }))
  const head = requestHead('GET / HTTP/1.1')
  assert.notEqual(cacheKey('one', 'http', head, byTheRfc.key), cacheKey('two', 'http', head, byTheRfc.key))
})

it('has the chosen fields and cookies, missing ones other than empty ones', () => {
  const headers = ['x-a']
  assert.equal(key('/', { headers }, 'X-A: 1', 'X-B: 1'), key('/', { headers }, 'x-a:  1'))
  assert.notEqual(key('/', { headers }, 'X-A: 1'), key('/', { headers }, 'X-A: 2'))
  assert.notEqual(key('/', { headers }, 'X-A:'), key('/', { headers }))
  const cookies = ['lang']
  assert.equal(key('/', { cookies }, 'Cookie: id=5; lang=de'), key('/', { cookies }, 'Cookie: lang=de;x=y'))
  assert.notEqual(key('/', { cookies }, 'Cookie: lang=de,1'), key('/', { cookies }, 'Cookie: lang=de,2'))
  assert.notEqual(key('/', { cookies }, 'Cookie: lang='), key('/', { cookies }))
  assert.equal(key('/', { cookies }, 'Cookie: Lang=de; xlang=de'), key('/', { cookies }))
  assert.equal(
    key('/', { cookies: ['l*'] }, 'Cookie: l1=a; x=y; l2=b'),
    key('/', { cookies: ['l*'] }, 'Cookie: l2=b; l1=a'),
  )
  assert.notEqual(key('/', { cookies: ['l*'] }, 'Cookie: l1=a'), key('/', { cookies: ['l*'] }, 'Cookie: l1=a; l2=b'))
  assert.equal(key('/', { cookies }, 'Cookie: a=b', 'Cookie: lang=de'), key('/', { cookies }, 'Cookie: lang=de'))
})

it('begins with the key of its target, whatever else is chosen', () => {
  const settings: KeySettings = { ...byTheRfc.key, headers: ['x-a'], cookies: ['c'] }
  const head = requestHead('GET /a?b HTTP/1.1', 'X-A: 1', 'Cookie: c=d')
  assert.equal(
    cacheKey('', 'http', head, settings),
    `${targetKey('', 'http', head, '/a?b', settings)}\nh x-a:1\nc c;c=d`,
  )
})

it('never takes two requests with other values for one', () => {
  const text = fc.stringMatching(/^[!$&-;=?-Z_a-z~]{0,8}$/)
  const settings = { headers: ['x-a', 'x-b'], cookies: ['c'] }
  fc.assert(
    fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), (one, other) => {
      const of = ([path, a, b]: readonly string[]): string => key(`/${path}`, settings, `X-A: ${a}`, `X-B: ${b}`)
      assert.equal(of(one) === of(other), one.join('\n') === other.join('\n'))
    }),
    { numRuns: 200 },
  )
})
