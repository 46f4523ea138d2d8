import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieValue, Sticky } from './sticky.ts'

const names = ['10.0.0.1:80', '10.0.0.2:80', 'unix:/run/app']
const config = { cookie: 'srv', maxAge: 0, secure: false }
const valueIn = (line: string): string => line.slice('Set-Cookie: srv='.length, line.indexOf(';'))

test('a client that brings back its cookie is found, whatever else the field holds', () => {
  const sticky = new Sticky(config, 'shop', names)
  for (const [index] of names.entries()) {
    const value = valueIn(sticky.line(index).text)
    assert.equal(sticky.find(`srv=${value}`), index)
    assert.equal(sticky.find(`a=b; srv=${value}; c="d"`), index)
    assert.equal(sticky.find(`a=b;srv="${value}" ;c`), index)
    assert.equal(sticky.find(`srv=stale; srv=${value}`), index)
  }
})

test('names that only resemble the cookie, and values nobody gave, are not taken for it', () => {
  const sticky = new Sticky(config, 'shop', names)
  const value = valueIn(sticky.line(1).text)
  for (const field of [
    '',
    ';',
    '; ;',
    'srv',
    'srv=',
    `xsrv=${value}`,
    `srv2=${value}`,
    `a=srv=${value}`,
    `SRV=${value}`,
    'srv=ffffff0',
  ])
    assert.equal(sticky.find(field), -1, field)
})

test('the value is short, tells nothing of the address, and differs from pool to pool', () => {
  const shop = new Sticky(config, 'shop', names)
  const blog = new Sticky(config, 'blog', names)
  for (const [index] of names.entries()) {
    assert.match(valueIn(shop.line(index).text), /^[0-9a-f]{6}$/)
    assert.notEqual(valueIn(shop.line(index).text), valueIn(blog.line(index).text))
  }
})

test('values do not depend on the order of the servers and are never shared by two', () => {
  const many = Array.from({ length: 3000 }, (_, i) => `10.1.${i >> 8}.${i & 255}:80`)
  const one = new Sticky(config, 'shop', many)
  const other = new Sticky(config, 'shop', [...many].reverse())
  const seen = new Set(many.map((_, index) => one.line(index).text))
  assert.equal(seen.size, many.length)
  for (const [index] of many.entries()) assert.equal(one.line(index).text, other.line(many.length - 1 - index).text)
})

test('the cookie is for the whole site, out of reach of scripts, and lives as long as configured', () => {
  assert.match(
    new Sticky(config, 'shop', names).line(0).text,
    /^Set-Cookie: srv=[0-9a-f]{6}; Path=\/; HttpOnly; SameSite=Lax\r\n$/,
  )
  assert.match(
    new Sticky({ cookie: 'srv', maxAge: 3_600_000, secure: true }, 'shop', names).line(0).text,
    /^Set-Cookie: srv=[0-9a-f]{6}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure\r\n$/,
  )
})

test('a cookie is read by name from a Cookie field', () => {
  const field = 'a=1; session="x y"; empty=; b=2'
  assert.equal(cookieValue(field, 'a'), '1')
  assert.equal(cookieValue(field, 'session'), 'x y')
  assert.equal(cookieValue(field, 'empty'), '')
  assert.equal(cookieValue(field, 'b'), '2')
  assert.equal(cookieValue(field, 'c'), null)
})
