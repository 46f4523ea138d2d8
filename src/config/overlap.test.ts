/** Which addresses cannot be listened at side by side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBind } from './address.ts'
import type { Address } from './model.ts'
import { overlaps } from './overlap.ts'

const both = (a: string, b: string): boolean => {
  const [one, other] = [readBind(a) as Address, readBind(b) as Address]
  assert.equal(overlaps(one, other), overlaps(other, one), 'whichever comes first')
  return overlaps(one, other)
}

test('an address overlaps itself in every spelling, and what takes all addresses of its port', () => {
  for (const [a, b] of [
    [':80', ':80'],
    [':80', '127.0.0.1:80'],
    [':80', '[::1]:80'],
    [':80', '0.0.0.0:80'],
    ['[::]:80', '0.0.0.0:80'],
    ['[::]:80', '10.0.0.1:80'],
    ['0.0.0.0:80', '10.0.0.1:80'],
    ['0.0.0.0:80', 'localhost:80'],
    ['localhost:80', '127.0.0.1:80'],
    ['localhost:80', '[::1]:80'],
    ['[::1]:80', '[0:0:0:0:0:0:0:1]:80'],
    ['[::ffff:127.0.0.1]:80', '127.0.0.1:80'],
    ['app.internal:80', 'App.internal.:80'],
    ['unix:/run/a.sock', 'unix:/run//b/../a.sock'],
  ] as const)
    assert.ok(both(a, b), `${a} and ${b}`)
})

test('other addresses, ports and paths can be listened at side by side', () => {
  for (const [a, b] of [
    [':80', ':81'],
    [':0', ':0'],
    ['127.0.0.1:80', '127.0.0.2:80'],
    ['0.0.0.0:80', '[::1]:80'],
    ['127.0.0.1:80', '[::1]:80'],
    ['localhost:80', '10.0.0.1:80'],
    [':80', 'unix:/run/80'],
    ['unix:/run/a.sock', 'unix:/run/b.sock'],
  ] as const)
    assert.ok(!both(a, b), `${a} and ${b}`)
})
