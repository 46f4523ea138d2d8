import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { byTheRfc } from '../../../test/kit/cache-settings.ts'
import { requestHead } from '../../../test/kit/heads.ts'
import type { Hop } from '../../wire/http/forwarded.ts'
import type { KeySettings } from '../freshness/settings.ts'
import { cacheKey, isCacheMethod, targetKey } from './key.ts'

const stranger: Hop = {
  name: 'gate',
  peer: '192.0.2.1',
  proto: 'http',
  trusted: false,
  xForwarded: true,
  forwarded: false,
}
const proxy: Hop = { ...stranger, trusted: true }

function key(target: string, of: Partial<KeySettings> = {}, ...lines: readonly string[]): string {
  return keyBy(stranger, target, of, ...lines)
}

function keyBy(hop: Hop, target: string, of: Partial<KeySettings> = {}, ...lines: readonly string[]): string {
  const head = requestHead(`GET ${target} HTTP/1.1`, ...lines)
  return cacheKey('', hop, head, head.path, { ...byTheRfc.key, ...of })
}

it('is made of scheme, host, port and target', () => {
  assert.notEqual(key('/a'), key('/b'))
  assert.notEqual(key('/a'), key('/a?'))
  assert.notEqual(key('/a?x=1'), key('/a?x=2'))
  assert.notEqual(key('/a'), key('/A'))
  assert.notEqual(key('/', {}, 'Host: a'), key('/', {}, 'Host: b'))
  assert.notEqual(key('/', {}, 'Host: a:8080'), key('/', {}, 'Host: a'))
  assert.notEqual(keyBy({ ...stranger, proto: 'https' }, '/'), key('/'))
})

it('takes hosts in any case, and the port of the scheme for none (RFC 9110 §4.2.3)', () => {
  assert.equal(key('/', {}, 'Host: A.Example'), key('/', {}, 'Host: a.example'))
  assert.equal(key('/', {}, 'Host: a:80'), key('/', {}, 'Host: A'))
  assert.notEqual(key('/', {}, 'Host: a:443'), key('/', {}, 'Host: a'))
  assert.equal(key('/', {}, 'Host: [::1]:80'), key('/', {}, 'Host: [::1]'))
  assert.equal(key('http://a.example/x', {}, 'Host: b'), key('/x', {}, 'Host: a.example'))
  const https: Hop = { ...stranger, proto: 'https' }
  assert.equal(keyBy(https, '/', {}, 'Host: a:443'), keyBy(https, '/', {}, 'Host: a'))
  assert.notEqual(keyBy(https, '/', {}, 'Host: a:80'), keyBy(https, '/', {}, 'Host: a'))
})

it('keeps apart what Host says in another way, for the server is told so', () => {
  const forms = ['a', 'a.', 'a:', 'a:0', 'a:080', 'a:0080', 'a.:', 'a.:0', '[::80]', '[::]']
  assert.equal(new Set(forms.map((host) => key('/', {}, `Host: ${host}`))).size, forms.length)
  assert.equal(key('/', {}, 'Host: a.:80'), key('/', {}, 'Host: a.'))
})

it('has the scheme and host that a trusted proxy tells the server, and of others only their own', () => {
  assert.match(keyBy(proxy, '/', {}, 'X-Forwarded-Proto: https'), /^\nhttps\na\.example\n\/$/)
  assert.equal(keyBy(proxy, '/', {}, 'X-Forwarded-Proto: http', 'X-Forwarded-Host: a.example'), key('/'))
  const told = [
    'X-Forwarded-Proto: https',
    'X-Forwarded-Proto: https, http',
    'X-Forwarded-Proto: HTTPS',
    'X-Forwarded-Host: b.example',
    'X-Forwarded-Port: 8443',
    'Forwarded: for=192.0.2.9;proto=https',
    'Forwarded: host=b.example',
  ]
  assert.equal(new Set(['X-A: 1', ...told].map((line) => keyBy(proxy, '/', {}, line))).size, told.length + 1)
  for (const line of told) {
    assert.equal(key('/', {}, line), key('/'), line)
    assert.ok(
      keyBy(proxy, '/', {}, line)
        .split('\n', 4)
        .join('\n')
        .match(/^\nhttps?\na\.example\n\/$/),
      line,
    )
  }
  const noHost = { host: false }
  assert.equal(
    keyBy(proxy, '/', noHost, 'X-Forwarded-Host: b', 'X-Forwarded-Port: 1', 'Forwarded: host=c'),
    key('/', noHost),
  )
})

it('is the same for GET and HEAD, and no other method has one', () => {
  const head = requestHead('HEAD /a HTTP/1.1')
  assert.equal(cacheKey('', stranger, head, '/a', byTheRfc.key), key('/a'))
  assert.deepEqual(['GET', 'HEAD', 'get', 'POST', 'QUERY'].filter(isCacheMethod), ['GET', 'HEAD'])
})

const none: Partial<KeySettings> = { query: { take: 'none', names: [], sort: false } }

it('leaves host and path out where they do not count, and never meets keys that have them', () => {
  assert.equal(key('/a', { host: false }, 'Host: a'), key('/a', { host: false }, 'Host: b'))
  assert.equal(key('/a?x', { path: false }), key('/b?x', { path: false }))
  assert.notEqual(key('/a?x', { path: false }), key('/a?y', { path: false }))
  assert.equal(key('/a?x', { path: false, ...none }), key('/b', { path: false }))
  const head = requestHead('GET / HTTP/1.1')
  assert.notEqual(
    cacheKey('one', stranger, head, '/', byTheRfc.key),
    cacheKey('two', stranger, head, '/', byTheRfc.key),
  )
})

it('counts no fields and no cookies, so that what is stored for a target is under one key (RFC 9111 §4.4)', () => {
  const settings = { headers: ['x-a'], cookies: ['c'] }
  assert.equal(key('/a', settings, 'X-A: 1', 'Cookie: c=d'), key('/a', settings))
})

it('begins with the key of its target, whatever else is told', () => {
  const head = requestHead('GET /a?b HTTP/1.1', 'X-Forwarded-Host: b', 'X-Forwarded-Proto: https, http')
  assert.equal(
    cacheKey('', proxy, head, '/a?b', byTheRfc.key),
    `${targetKey('', 'https', head, '/a?b', byTheRfc.key)}\nf proto:https, http\nf host:b`,
  )
})

it('never takes two requests of which the server is told otherwise for one', () => {
  const host = fc.constantFrom('a', 'b', 'a:', 'a:0', 'a.', 'a:81')
  const proto = fc.constantFrom(null, '', 'http', 'https', 'HTTPS', 'https, http', 'ws')
  const told = fc.record({ path: fc.constantFrom('/', '/a'), host, proto, beyond: fc.option(host) })
  fc.assert(
    fc.property(told, told, (one, other) => {
      const of = ({ path, host: own, proto: said, beyond }: typeof one): string => {
        const more = [
          ...(said === null ? [] : [`X-Forwarded-Proto: ${said}`]),
          ...(beyond === null ? [] : [`X-Forwarded-Host: ${beyond}`]),
        ]
        return keyBy(proxy, path, {}, `Host: ${own}`, ...more)
      }
      const seen = ({ path, host: own, proto: said, beyond }: typeof one): string =>
        [path, own, said ?? 'http', beyond ?? own].join('\n')
      assert.equal(of(one) === of(other), seen(one) === seen(other))
    }),
    { numRuns: 300 },
  )
})
