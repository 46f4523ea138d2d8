import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get, responseHead } from '../../../test/kit/heads.ts'
import { addDirectives, CacheControl, DELTA_MAX, readCacheControl } from './cache-control.ts'

/** What the text says beyond nothing at all. */
function read(...texts: readonly string[]): Partial<CacheControl> {
  const control = new CacheControl()
  for (const text of texts) addDirectives(control, `<${text}>`, 1, text.length + 1)
  const silent = Object.entries(new CacheControl())
  return Object.fromEntries(
    Object.entries(control).filter(([name, value], i) => name !== 'present' && value !== silent[i]?.[1]),
  )
}

it('reads the directives of responses (RFC 9111 §5.2.2, RFC 5861, RFC 8246)', () => {
  assert.deepEqual(read('public, max-age=60, s-maxage=120, immutable'), {
    isPublic: true,
    maxAge: 60,
    sMaxAge: 120,
    immutable: true,
  })
  assert.deepEqual(read('no-store,no-cache,private,must-revalidate,proxy-revalidate,must-understand,no-transform'), {
    noStore: true,
    noCache: true,
    isPrivate: true,
    mustRevalidate: true,
    proxyRevalidate: true,
    mustUnderstand: true,
    noTransform: true,
  })
  assert.deepEqual(read('stale-while-revalidate=5, stale-if-error=6'), { staleWhileRevalidate: 5, staleIfError: 6 })
})

it('reads the directives of requests (RFC 9111 §5.2.1)', () => {
  assert.deepEqual(read('max-age=0, min-fresh=5, max-stale=7, only-if-cached'), {
    maxAge: 0,
    minFresh: 5,
    maxStale: 7,
    onlyIfCached: true,
  })
  assert.deepEqual(read('max-stale'), { maxStale: DELTA_MAX })
  assert.deepEqual(read('max-stale, max-stale=3'), { maxStale: 3 })
  assert.deepEqual(read('max-stale=3, max-stale'), { maxStale: 3 })
})

it('compares names in any case, and takes token and quoted string (§5.2)', () => {
  assert.deepEqual(read('MaX-AgE=60, NO-STORE'), { maxAge: 60, noStore: true })
  assert.deepEqual(read('max-age="60"'), { maxAge: 60 })
  assert.deepEqual(read('max-age="\\60"'), { maxAge: 60 })
  assert.deepEqual(read('\t max-age=0060 ,, ,public\t,'), { maxAge: 60, isPublic: true })
})

it('passes over unknown directives and what is quoted in them (§5.2.3)', () => {
  assert.deepEqual(read('max-age=1, ext="max-age=100, no-store", other=b, third'), { maxAge: 1 })
  assert.deepEqual(read('a="b\\", no-store", public'), { isPublic: true })
  assert.deepEqual(read('max-agee=5, xmax-age=5, no_store'), {})
})

it('caps times at 2^31 (§1.2.2)', () => {
  for (const text of ['2147483647', '2147483648', '2147483649', '99999999999999999999999999999999']) {
    assert.deepEqual(read(`max-age=${text}`), { maxAge: Math.min(Number(text), DELTA_MAX) }, text)
  }
})

it('takes a freshness that is no number for none left (§4.2.1)', () => {
  for (const value of ['', '-1', '1.5', 'a1', '1a', "'60'", '"60', '+1', '0x10', '60;x', '60 s', '""']) {
    assert.ok(read(`max-age=${value}`).maxAge === 0 || read(`max-age=${value}`).noStore, value)
  }
  const unclear = { maxAge: 0, maxAgeUnclear: true }
  assert.deepEqual(read('max-age'), unclear)
  assert.deepEqual(read('max-age =60'), unclear)
  assert.deepEqual(read('max-age= 60'), unclear)
  assert.deepEqual(read('s-maxage=a, max-age=60'), { sMaxAge: 0, sMaxAgeUnclear: true, maxAge: 60 })
  assert.deepEqual(read('stale-while-revalidate=x'), { staleWhileRevalidate: 0 })
})

it('takes two different times for none left, and the same twice for one (§4.2.1)', () => {
  const unclear = { maxAge: 0, maxAgeUnclear: true }
  assert.deepEqual(read('max-age=1, max-age=1800'), unclear)
  assert.deepEqual(read('max-age=1800', 'max-age=1'), unclear)
  assert.deepEqual(read('max-age=1, max-age=2, max-age=0, max-age=5'), unclear)
  assert.deepEqual(read('s-maxage=1, s-maxage=2'), { sMaxAge: 0, sMaxAgeUnclear: true })
  assert.deepEqual(read('max-age=5', 'max-age=5'), { maxAge: 5 })
  assert.deepEqual(read('min-fresh=5, min-fresh=9, min-fresh=x'), { minFresh: 9 })
})

it('keeps the names in no-cache="…" and private="…" (§5.2.2.4, §5.2.2.7)', () => {
  assert.deepEqual(read('no-cache="Set-Cookie, X-A", private=X-B'), {
    noCacheFields: ['set-cookie', 'x-a'],
    privateFields: ['x-b'],
  })
  assert.deepEqual(read('private="a"', 'private="b"'), { privateFields: ['a', 'b'] })
})

it('takes a list of names that cannot be read for the unqualified directive', () => {
  assert.deepEqual(read('no-cache=""'), { noCache: true })
  assert.deepEqual(read('private="a b"'), { isPrivate: true })
  assert.deepEqual(read('private="a" b'), { isPrivate: true })
  assert.deepEqual(read('private='), { isPrivate: true })
})

it('lets what narrows count with junk behind it, and what widens not', () => {
  assert.deepEqual(read('no-store=1, must-revalidate="x", immutable=1'), {
    noStore: true,
    mustRevalidate: true,
    immutable: true,
  })
  assert.deepEqual(read('public=1, must-understand=1, public; x'), {})
  assert.deepEqual(read('no-store; max-age=5'), { noStore: true })
})

it('takes a line that is no list of directives for no-store', () => {
  for (const text of ['"no-cache"', '=5', '{max-age: 5}', 'max-age=5, a="b', 'a b"c', ';', 'max-age=5, @']) {
    for (const line of [text, `no-store, must-understand, ${text}`]) {
      const { noStore, unreadable } = read(line)
      assert.deepEqual([noStore, unreadable], [true, true], line)
    }
  }
})

it('reads all fields of a head, and forgets what was read before', () => {
  const control = new CacheControl()
  readCacheControl(control, responseHead(200, 'Cache-Control: no-store', 'CACHE-CONTROL: max-age=5'))
  assert.equal(control.noStore, true)
  assert.equal(control.maxAge, 5)
  readCacheControl(control, get('Cache-Control: max-stale'))
  assert.equal(control.noStore, false)
  assert.equal(control.maxAge, -1)
  assert.equal(control.present, true)
  readCacheControl(control, get('Cache-Control: ,'))
  assert.equal(control.present, false)
  readCacheControl(control, get())
  assert.deepEqual(control, new CacheControl())
})

it('never throws, and times are whole seconds up to 2^31', () => {
  const piece = fc.constantFrom(
    ...[
      'max-age',
      's-maxage',
      'no-cache',
      'private',
      'public',
      'max-stale',
      'x',
      '=',
      '"',
      '\\',
      ',',
      ' ',
      '60',
      '-',
      ';',
    ],
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const control = new CacheControl()
        addDirectives(control, text, 0, text.length)
        for (const seconds of [control.maxAge, control.sMaxAge, control.maxStale, control.minFresh]) {
          assert.ok(Number.isInteger(seconds) && seconds >= -1 && seconds <= DELTA_MAX)
        }
      },
    ),
    { numRuns: 1000 },
  )
})
