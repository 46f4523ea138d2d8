import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RemovalSubject } from './removal-subject.ts'
import { partsOf, type Removal, Removals } from './removals.ts'
import { treePath } from './trees.ts'

const target = 'shop\nhttp\nshop.test\n/shoes'
const subject = (different: Partial<RemovalSubject> = {}): RemovalSubject => ({
  target,
  scheme: 'http',
  host: 'shop.test',
  url: '/shoes',
  status: 200,
  age: 10,
  header: (name) => (name === 'content-type' ? 'text/html' : null),
  tags: 'shoes red',
  ...different,
})
const removal = (number: number, what: Removal['what'], soft = false): Removal => ({
  number,
  at: number * 1000,
  soft,
  what,
})
const told = (...removals: Removal[]): Removals => {
  const bans = new Removals()
  bans.apply({ removals, last: removals.at(-1)?.number ?? 0, forgotten: 0 })
  return bans
}
const now = 10_000

test('an object is compared with the removals that came after it, and with no others', () => {
  const bans = told(removal(1, { kind: 'tags', tags: ['red'] }), removal(2, { kind: 'tags', tags: ['blue'] }))
  assert.equal(bans.judge(0, subject(), now), 'remove')
  assert.equal(bans.judge(1, subject(), now), 'keep')
  assert.equal(bans.judge(1, subject({ tags: 'blue' }), now), 'remove')
  assert.equal(bans.judge(2, subject({ tags: 'blue' }), now), 'keep')
})

test('each kind of removal finds what it means', () => {
  const judge = (what: Removal['what'], of: Partial<RemovalSubject> = {}): unknown =>
    told(removal(1, what)).judge(0, subject(of), now)
  assert.equal(judge({ kind: 'ban', expression: 'req.url ~ "^/sh" && obj.status == 200' }), 'remove')
  assert.equal(judge({ kind: 'ban', expression: 'obj.http.content-type == text/css' }), 'keep')
  assert.equal(judge({ kind: 'targets', targets: ['other', target] }), 'remove')
  assert.equal(judge({ kind: 'targets', targets: [target] }, { target: `${target}?x` }), 'keep')
})

test('a beginning is compared part by part: a path alone is meant at every host and scheme', () => {
  const judge = (scheme: 'http' | 'https' | null, host: string | null, path: string, of = subject()): unknown =>
    told(removal(1, { kind: 'prefix', scheme, host, path })).judge(0, of, now)
  assert.equal(judge('http', 'shop.test', '/sh'), 'remove')
  assert.equal(judge(null, null, '/sh'), 'remove')
  assert.equal(judge(null, null, '/other'), 'keep')
  assert.equal(judge('https', 'shop.test', '/sh'), 'keep')
  assert.equal(judge('http', 'other.test', '/sh'), 'keep')
  assert.equal(judge('http', 'shop.tes', '/sh'), 'keep')
})

test('where keys leave out the host or the path, a removal means whatever it could mean', () => {
  const anywhere = (what: Removal['what']): unknown => told(removal(1, what)).judge(0, subject({ host: null }), now)
  assert.equal(anywhere({ kind: 'prefix', scheme: 'http', host: 'other.test', path: '/sh' }), 'remove')
  assert.equal(anywhere({ kind: 'prefix', scheme: 'http', host: 'other.test', path: '/other' }), 'keep')
  assert.equal(anywhere({ kind: 'ban', expression: 'req.http.host == other.test' }), 'remove')
  const pathless = told(removal(1, { kind: 'prefix', scheme: null, host: null, path: '/other' }))
  assert.equal(pathless.judge(0, subject({ url: null }), now), 'remove')
  assert.deepEqual(partsOf('shop\nhttp\n*\n*?a=1\nh x:1').url, null)
  assert.deepEqual(partsOf('shop\nhttp\n*\n/a\nh x:1'), {
    space: 'shop',
    scheme: 'http',
    host: null,
    url: '/a',
    target: 'shop\nhttp\n*\n/a',
  })
})

test('ages in a ban are those of the moment when it was given', () => {
  const bans = told(removal(1, { kind: 'ban', expression: 'obj.age > 5s' }))
  assert.equal(bans.judge(0, subject({ age: 14.1 }), 10_000), 'remove')
  assert.equal(bans.judge(0, subject({ age: 13.9 }), 10_000), 'keep')
})

test('a soft removal makes stale from its moment on, and the latest one counts; a hard one goes before it', () => {
  const tags = (...names: string[]): Removal['what'] => ({ kind: 'tags', tags: names })
  const bans = told(removal(1, tags('red'), true), removal(2, tags('shoes'), true), removal(3, tags('blue')))
  assert.equal(bans.judge(0, subject(), now), 2000)
  assert.equal(bans.judge(2, subject(), now), 'keep')
  assert.equal(bans.judge(0, subject({ tags: 'red blue' }), now), 'remove')
  const both = told(removal(1, tags('red')), removal(2, tags('red'), true))
  assert.equal(both.judge(0, subject(), now), 'remove')
  assert.equal(both.judge(1, subject(), now), 2000)
})

test('what was not compared with removals that are forgotten meanwhile is not trusted', () => {
  const bans = new Removals()
  bans.apply({ removals: [removal(5, { kind: 'tags', tags: ['blue'] })], last: 5, forgotten: 4 })
  assert.equal(bans.judge(3, subject(), now), 'remove')
  assert.equal(bans.judge(4, subject(), now), 'keep')
  bans.apply({ removals: [], last: 5, forgotten: 5 })
  assert.equal(bans.judge(4, subject(), now), 'remove')
  assert.equal(bans.judge(5, subject({ tags: 'blue' }), now), 'keep')
  assert.equal(bans.last, 5)
})

test('a removal for a tree means a resource and all below it, in every spelling and with every query, at one host and scheme', () => {
  const judge = (path: string, of: Partial<RemovalSubject>): unknown =>
    told(removal(1, { kind: 'tree', scheme: 'http', host: 'shop.test', path: treePath(path) })).judge(
      0,
      subject(of),
      now,
    )
  for (const url of ['/a/b', '/a/b/', '/a/b?c', '/a/b/c/d?e', '/a//b/c', '/a/%62/c', '/x/../a/b/c', '/a/b/%2e%2e/b/c'])
    assert.equal(judge('/a/b/', { url }), 'remove', url)
  for (const url of ['/a', '/a/', '/a/bc', '/a/c/b', '/', '/A/b', '/x/a/b', '/a/b/../c', '/a?/a/b'])
    assert.equal(judge('/a/b', { url }), 'keep', url)
  assert.equal(judge('/a', { url: '/a/b', host: 'other.test' }), 'keep')
  assert.equal(judge('/a', { url: '/a/b', scheme: 'https' }), 'keep')
  assert.equal(judge('/a', { url: '/a/b', host: null }), 'remove')
  assert.equal(judge('/a', { url: null }), 'remove')
  assert.equal(judge('/a', { url: null, host: null }), 'remove')
  for (const url of ['/', '/x', '/x/y']) assert.equal(judge('/', { url }), 'remove', url)
})

test('trees are forgotten as other removals are, and so is what was not held against them', () => {
  const bans = told(removal(1, { kind: 'tree', scheme: 'http', host: 'shop.test', path: '/a' }))
  bans.apply({ removals: [], last: 2, forgotten: 1 })
  assert.equal(bans.judge(0, subject({ url: '/b' }), now), 'remove')
  assert.equal(bans.judge(1, subject({ url: '/a' }), now), 'keep')
})
