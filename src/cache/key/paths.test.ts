import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Paths } from './paths.ts'

it('has what is written and all below, by whole segments, whatever the query', () => {
  const paths = new Paths(['/cart', '/shop/mine'])
  for (const target of ['/cart', '/cart/', '/cart/1', '/cart?x', '/cart/1?x', '/shop/mine'])
    assert.ok(paths.has(target), target)
  for (const target of ['/', '/carton', '/Cart', '/a/cart', '/shop', '/?/cart', '/x?/../cart'])
    assert.ok(!paths.has(target), target)
  assert.ok(new Paths(['/']).has('/a'))
  assert.ok(!new Paths([]).has('/cart'))
})

it('has them in every spelling that a server may undo (RFC 3986 §5.2.4, §6.2.2)', () => {
  const paths = new Paths(['/cart'])
  for (const target of [
    '/c%61rt',
    '/c%2561rt',
    '/%63%61%72%74?x',
    '//cart',
    '///cart//1',
    '/./cart',
    '/%2e/cart',
    '/x/../cart',
    '/x/%2E%2e/cart/1',
    '/x%2fy/../cart',
    '/x/y%2f..%2f../cart',
    '/../cart',
    '/%2fcart',
    '/%5ccart',
    '/cart;v=1',
    '/cart;v=1/x',
    '/x/..;/cart',
    '/cart%3bv=1',
    '/cart%3fx',
    '/cart%23x',
    '/cart%00x',
    '/x\\..\\cart',
    '/a//../cart',
    '/x/%252e%252e/cart',
  ])
    assert.ok(paths.has(target), target)
  for (const target of ['/c%252561rt', '/x/../carton', '/x%2e/cart', '/x;/cart', '/%zzcart', '/x/./cart'])
    assert.ok(!paths.has(target), target)
})

it('has what a server that undoes nothing takes for one of them', () => {
  const paths = new Paths(['/cart'])
  for (const target of ['/cart/../x', '/cart/..', '/cart/%2e%2e%2fx', '/cart//x', '/c%61rt/../x'])
    assert.ok(paths.has(target), target)
})

it('reads what is written in the same way', () => {
  for (const written of ['/café', '/caf%C3%A9', '/caf%c3%a9'])
    for (const target of ['/caf%C3%A9/1', '/caf\xc3\xa9']) assert.ok(new Paths([written]).has(target), written + target)
  assert.ok(new Paths(['/a;b']).has('/a;b'))
})
