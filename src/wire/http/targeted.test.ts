import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CacheControl } from './cache-control.ts'
import { readSurrogateControl, readTargeted } from './targeted.ts'

function read(text: string): CacheControl | null {
  const control = new CacheControl()
  return readTargeted(control, text) ? control : null
}

it('reads directives from a dictionary (RFC 9213 §2.1)', () => {
  const control = read('max-age=60, must-revalidate, no-cache="Set-Cookie", private="x, y", s-maxage=5;p=1')
  assert.ok(control)
  assert.equal(control.targeted, true)
  assert.equal(control.maxAge, 60)
  assert.equal(control.sMaxAge, 5)
  assert.equal(control.mustRevalidate, true)
  assert.deepEqual(control.noCacheFields, ['set-cookie'])
  assert.deepEqual(control.privateFields, ['x', 'y'])
  assert.equal(read('no-store, no-cache, private')?.noStore, true)
  assert.equal(read('no-store, no-cache, private')?.noCache, true)
  assert.equal(read('no-store, no-cache, private')?.isPrivate, true)
  assert.equal(read('none')?.present, true)
})

it('counts as not there when it is empty or no dictionary', () => {
  for (const text of ['', ' ', 'max-age=60, &&&&', 'Max-Age=60', 'max-age =60', 'max-age=60,', 'no-store, "x"']) {
    assert.equal(read(text), null, text)
  }
})

it('leaves out values of another type', () => {
  for (const value of ['"60"', 'sixty', '60.0', '?1', '(60)', '@60']) {
    assert.equal(read(`max-age=${value}`)?.maxAge, -1, value)
  }
  assert.equal(read('no-store=5')?.noStore, false)
  assert.equal(read('no-store=?0')?.noStore, false)
  assert.equal(read('private=token')?.isPrivate, false)
  assert.equal(read('public="x"')?.isPublic, false)
})

it('takes a negative time for none left, and the last one of two', () => {
  assert.equal(read('max-age=-5')?.maxAge, 0)
  assert.equal(read('max-age=1, max-age=60')?.maxAge, 60)
})

function surrogate(text: string): CacheControl | null {
  const control = new CacheControl()
  return readSurrogateControl(control, text) ? control : null
}

it('reads Surrogate-Control with its time beyond freshness', () => {
  assert.equal(surrogate('max-age=60')?.maxAge, 60)
  assert.equal(surrogate('max-age=60')?.staleWhileRevalidate, -1)
  const control = surrogate('content="ESI/1.0", MAX-AGE=60+120')
  assert.ok(control)
  assert.deepEqual([control.maxAge, control.staleWhileRevalidate, control.staleIfError], [60, 120, 120])
  assert.equal(surrogate('no-store')?.noStore, true)
  assert.equal(surrogate('max-age=x+y')?.maxAge, 0)
  assert.equal(surrogate('max-age=5+y')?.staleIfError, 0)
})

it('takes a time with space before it for none, as Cache-Control does (RFC 9111 §4.2.1)', () => {
  for (const text of ['max-age= 100', 'max-age=\t100', 'max-age=100 +50', 'max-age=\u00a0100', 'max-age="100"']) {
    assert.equal(surrogate(text)?.maxAge, 0, text)
  }
  assert.equal(surrogate('max-age=100 +50')?.staleIfError, 0)
  assert.equal(surrogate('max-age=100+ 50')?.staleWhileRevalidate, 0)
  assert.equal(surrogate(' max-age=100\t, content="ESI/1.0"')?.maxAge, 100)
})

it('leaves aside what is for another surrogate, or for none', () => {
  assert.equal(surrogate('max-age=60;other'), null)
  assert.equal(surrogate('content="ESI/1.0"'), null)
  assert.equal(surrogate('no-store-remote'), null)
  assert.equal(surrogate(''), null)
})
