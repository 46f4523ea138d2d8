import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type CacheStatus, cacheStatus } from './cache-status.ts'

const nothing: CacheStatus = {
  hit: false,
  fwd: null,
  fwdStatus: 0,
  ttl: null,
  stored: false,
  collapsed: null,
  key: null,
  detail: null,
}

it('tells of a hit and its freshness (RFC 9211 §2.1, §2.4)', () => {
  assert.equal(cacheStatus('gate', { ...nothing, hit: true, ttl: 376.9 }), 'gate; hit; ttl=376')
  assert.equal(cacheStatus('the gate', { ...nothing, hit: true, ttl: -36.5 }), '"the gate"; hit; ttl=-37')
})

it('tells why a request went forward, and only then what came of it (§2.2 – §2.6)', () => {
  const told = { ...nothing, fwd: 'stale', fwdStatus: 304, ttl: 60, stored: true, collapsed: false } as const
  assert.equal(cacheStatus('gate', told), 'gate; fwd=stale; fwd-status=304; ttl=60; stored; collapsed=?0')
  assert.equal(cacheStatus('gate', { ...told, collapsed: true, hit: true }), 'gate; hit; ttl=60')
  assert.equal(cacheStatus('gate', { ...nothing, fwd: 'uri-miss', collapsed: true }), 'gate; fwd=uri-miss; collapsed')
  assert.equal(cacheStatus('gate', { ...nothing, stored: true, collapsed: true, fwdStatus: 200 }), 'gate')
})

it('writes key as a string, detail as a word or a string (§2.7, §2.8)', () => {
  assert.equal(
    cacheStatus('gate', { ...nothing, hit: true, key: 'http\na/"b"', detail: 'saturated' }),
    'gate; hit; key="http?a/\\"b\\""; detail=saturated',
  )
  assert.equal(cacheStatus('gate', { ...nothing, detail: 'two words' }), 'gate; detail="two words"')
})

it('keeps a number within what an integer can be (RFC 9651 §3.3.1)', () => {
  assert.equal(cacheStatus('gate', { ...nothing, hit: true, ttl: Infinity }), 'gate; hit; ttl=999999999999999')
})
