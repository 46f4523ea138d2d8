import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bans, type Order, type OrderSubject } from './bans.ts'

const subject = (different: Partial<OrderSubject> = {}): OrderSubject => ({
  key: 'shop\nhttp\nshop.test\n/shoes',
  scheme: 'http',
  host: 'shop.test',
  url: '/shoes',
  status: 200,
  age: 10,
  header: (name) => (name === 'content-type' ? 'text/html' : null),
  tags: 'shoes red',
  ...different,
})
const order = (number: number, what: Order['what'], soft = false): Order => ({ number, at: number * 1000, soft, what })

test('an object is compared with the orders that came after it, and with no others', () => {
  const bans = new Bans()
  bans.set([order(1, { kind: 'tags', tags: ['red'] }), order(2, { kind: 'tags', tags: ['blue'] })], 2)
  assert.equal(bans.judge(0, subject()), 'remove')
  assert.equal(bans.judge(1, subject()), 'keep')
  assert.equal(bans.judge(1, subject({ tags: 'blue' })), 'remove')
  assert.equal(bans.judge(2, subject({ tags: 'blue' })), 'keep')
})

test('each kind of order finds what it means', () => {
  const judge = (what: Order['what'], of: OrderSubject): unknown => {
    const bans = new Bans()
    bans.set([order(1, what)], 1)
    return bans.judge(0, of)
  }
  assert.equal(judge({ kind: 'ban', expression: 'req.url ~ "^/sh" && obj.status == 200' }, subject()), 'remove')
  assert.equal(judge({ kind: 'ban', expression: 'obj.http.content-type == text/css' }, subject()), 'keep')
  assert.equal(judge({ kind: 'prefix', prefix: 'http://shop.test/sh' }, subject()), 'remove')
  assert.equal(judge({ kind: 'prefix', prefix: 'http://other.test/' }, subject()), 'keep')
  const target = 'shop\nhttp\nshop.test\n/shoes'
  assert.equal(judge({ kind: 'targets', targets: [target] }, subject()), 'remove')
  assert.equal(
    judge({ kind: 'targets', targets: [target] }, subject({ key: `${target}\n\nv 1\naccept:a\n` })),
    'remove',
  )
  assert.equal(judge({ kind: 'targets', targets: [target] }, subject({ key: `${target}?x` })), 'keep')
})

test('a soft order makes stale from its moment on, and the latest one counts; a hard one goes before it', () => {
  const bans = new Bans()
  const tags = (...names: string[]): Order['what'] => ({ kind: 'tags', tags: names })
  bans.set([order(1, tags('red'), true), order(2, tags('shoes'), true), order(3, tags('blue'))], 3)
  assert.equal(bans.judge(0, subject()), 2000)
  assert.equal(bans.judge(2, subject()), 'keep')
  assert.equal(bans.judge(0, subject({ tags: 'red blue' })), 'remove')
})

test('what was not compared with orders that are forgotten meanwhile is not trusted', () => {
  const bans = new Bans()
  bans.set([order(5, { kind: 'tags', tags: ['blue'] })], 5)
  assert.equal(bans.judge(3, subject()), 'remove')
  assert.equal(bans.judge(4, subject()), 'keep')
  bans.set([], 5)
  assert.equal(bans.judge(4, subject()), 'remove')
  assert.equal(bans.judge(5, subject()), 'keep')
  assert.equal(bans.last, 5)
})
