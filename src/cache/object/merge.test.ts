import assert from 'node:assert/strict'
import { it } from 'node:test'
import { byTheRfc } from '../../../test/kit/cache-settings.ts'
import { responseHead } from '../../../test/kit/heads.ts'
import { httpDate } from '../../base/clock.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { controlOf } from '../freshness/control.ts'
import { ageOf, Freshness, freshnessOf } from '../freshness/freshness.ts'
import { RequestDirectives, reusabilityOf } from '../freshness/reuse.ts'
import type { CacheSettings } from '../freshness/settings.ts'
import { headSays, selectedBy, type Updated, updated } from './merge.ts'
import { readStored } from './stored-head.ts'
import { type Validators, validatorsOf } from './validators.ts'

const now = Date.UTC(2026, 10, 21, 12)
const date = `Date: ${httpDate(now)}`
const modified = `Last-Modified: ${httpDate(now - 60_000)}`

function of(...lines: readonly string[]): Validators {
  return validatorsOf(responseHead(200, ...lines), now)
}

it('selects all stored responses with the same strong validator (RFC 9111 §4.3.4)', () => {
  const stored = [of('ETag: "a"'), of('ETag: "b"'), of('ETag: "a"'), of('ETag: W/"a"')]
  assert.deepEqual(selectedBy(stored, of('ETag: "a"')), [0, 2])
  assert.deepEqual(selectedBy(stored, of('ETag: "c"')), [])
  assert.deepEqual(selectedBy([of(modified), of('Last-Modified: x'), of(modified)], of(modified)), [0, 2])
})

it('selects the latest one with the same weak validator (§4.3.4)', () => {
  const late = httpDate(now + 5000)
  const stored = [of('ETag: W/"a"', date), of('ETag: "a"', `Date: ${late}`), of('ETag: W/"b"', `Date: ${late}`)]
  assert.deepEqual(selectedBy(stored, of('ETag: W/"a"')), [1])
  assert.deepEqual(selectedBy(stored, of('ETag: W/"c"')), [])
  const same = `Last-Modified: ${httpDate(now)}` // not a second before Date: weak
  assert.deepEqual(selectedBy([of(same), of(same, `Date: ${late}`)], of(same, date)), [1])
})

it('takes a 304 without validators for the only response it can be about', () => {
  assert.deepEqual(selectedBy([of()], of()), [0])
  assert.deepEqual(selectedBy([of('ETag: "a"')], of()), [0])
  assert.deepEqual(selectedBy([of('ETag: "a"'), of('ETag: "b"')], of()), [])
  assert.deepEqual(selectedBy([], of('ETag: "a"')), [])
})

/** What is made of a stored head with these lines by a 304 with those. */
function update(fields: string, lines: readonly string[], settings: Partial<CacheSettings> = {}): Updated {
  const stored = { status: 200, reason: 'OK', fields }
  return updated(stored, responseHead(304, ...lines), { ...byTheRfc, ...settings }, now)
}

function fieldsOf(...of: Parameters<typeof update>): string {
  return update(...of).fields
}

it('puts newer fields in place of all stored ones of their name (§3.2)', () => {
  assert.equal(
    fieldsOf('X-A: 1\r\nX-B: 2\r\nx-a: 3\r\nCache-Control: max-age=1\r\n', [date, 'x-A: 4', 'X-C: 5', 'X-C: 6']),
    `X-B: 2\r\nCache-Control: max-age=1\r\n${date}\r\nx-A: 4\r\nX-C: 5\r\nX-C: 6\r\n`,
  )
})

it('updates fields of the content as any others, but not its coding, length and range (§3.2)', () => {
  assert.equal(
    fieldsOf(`${date}\r\nContent-Type: a\r\nContent-Encoding: br\r\nContent-Foo: a\r\n`, [
      date,
      'Content-Type: b',
      'Content-Encoding: gzip',
      'Content-Foo: b',
      'Content-Length: 99',
      'Content-Range: bytes 0-1/2',
    ]),
    `Content-Encoding: br\r\n${date}\r\nContent-Type: b\r\nContent-Foo: b\r\n`,
  )
  assert.equal(fieldsOf(`${date}\r\n`, [date, 'Content-Encoding: gzip']), `${date}\r\n`)
})

it('takes nothing over that would not be stored (§3.1)', () => {
  const lines = [date, 'Connection: X-Hop', 'X-Hop: 1', 'Keep-Alive: x', 'Age: 5', 'Proxy-Authenticate: x']
  assert.equal(fieldsOf('X-A: 1\r\n', lines), `X-A: 1\r\n${date}\r\n`)
  assert.equal(
    fieldsOf('X-A: 1\r\n', [date, 'Cache-Control: private="X-A"', 'X-A: 2']),
    `${date}\r\nCache-Control: private="X-A"\r\n`,
  )
})

it('gives nobody the cookies that come with a validation', () => {
  const lines = [date, 'Set-Cookie: new', 'Cache-Control: public']
  assert.equal(fieldsOf('Set-Cookie: old\r\n', lines), `Set-Cookie: old\r\n${date}\r\nCache-Control: public\r\n`)
  assert.equal(fieldsOf('Set-Cookie: old\r\n', lines, { setCookie: 'when-public' }), `${lines.join('\r\n')}\r\n`)
  assert.equal(fieldsOf('', lines.slice(0, 2), { setCookie: 'when-public' }), `${date}\r\n`)
})

it('leaves out what the stored directives except as well as what the newer ones do, for the one who asked alone (§3.1, §3.2)', () => {
  const bob = [date, 'X-N: 2', 'X-User: bob']
  const of = (stored: string, ...lines: readonly string[]): readonly [string, string] => {
    const { fields, own } = update(`${stored}\r\nX-User: alice\r\n`, [...lines, ...bob])
    assert.match(fields, /^X-N: 2\r$/m)
    return [/^x-user.*$/im.exec(fields)?.[0] ?? '', own]
  }
  const left = ['', 'X-User: bob\r\n']
  for (const directive of ['private', 'no-cache']) {
    const named = `max-age=60, ${directive}="x-a, X-User"`
    assert.deepEqual(of(`Cache-Control: ${named}`), left)
    assert.deepEqual(of(`Cache-Control: ${named}`, 'Cache-Control: max-age=60'), left)
    assert.deepEqual(of(`Cache-Control: ${named}`, 'CDN-Cache-Control: max-age=60'), left)
    assert.deepEqual(of(`CDN-Cache-Control: ${named}`, 'Cache-Control: max-age=60'), left)
    assert.deepEqual(of('Cache-Control: max-age=60', `Cache-Control: ${named}`), left)
    // Those of Cache-Control count for nothing beside the other, and do when that cannot be read any more.
    const aside = `Cache-Control: ${named}\r\nCDN-Cache-Control: max-age=60`
    assert.deepEqual(of(aside), ['X-User: bob', ''])
    assert.deepEqual(of(aside, 'CDN-Cache-Control: ;'), left)
  }
})

it('has the time of the validation for Date where it says none', () => {
  assert.equal(fieldsOf('Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n', []), `${date}\r\n`)
})

it('makes a stored response fresh again, by the directives that it then has', () => {
  const hourAgo = httpDate(now - 3_600_000)
  const stored = `Date: ${hourAgo}\r\nCache-Control: max-age=60\r\nETag: "a"\r\n`
  const after = (...lines: string[]): string => {
    const fresh = responseHead(304, 'ETag: "a"', ...lines)
    const fields = fieldsOf(stored, ['ETag: "a"', ...lines])
    const head = readStored({ status: 200, reason: 'OK', fields })
    const control = new CacheControl()
    controlOf(control, head, byTheRfc)
    const life = new Freshness()
    freshnessOf(life, head, control, { asked: now, answered: now, age: ageOf(fresh), authorized: false }, byTheRfc)
    return reusabilityOf(life, new RequestDirectives(), now + 30_000)
  }
  assert.equal(after(), 'fresh')
  assert.equal(after(date), 'fresh')
  assert.equal(after('Age: 40'), 'stale')
  assert.equal(after(`Date: ${hourAgo}`), 'gone')
  assert.equal(after(`Date: ${hourAgo}`, 'Cache-Control: max-age=7200'), 'fresh')
  assert.equal(after('Cache-Control: no-cache'), 'stale')
  assert.equal(after('Cache-Control: max-age=10'), 'stale')
})

it('takes HEAD for an update if all that it says fits the stored response (§4.3.5)', () => {
  const stored = of('ETag: "a"', modified)
  const says = (lines: readonly string[], status = 200): string =>
    headSays(stored, 5, responseHead(status, ...lines), now)
  assert.equal(says(['ETag: "a"', modified, 'Content-Length: 5']), 'same')
  assert.equal(says([]), 'same')
  assert.equal(says(['ETag: "b"', modified]), 'changed')
  assert.equal(says(['ETag: "a"', `Last-Modified: ${httpDate(now)}`]), 'changed')
  assert.equal(says(['ETag: "a"', 'Content-Length: 6']), 'changed')
  assert.equal(says(['ETag: "b"'], 404), 'nothing')
  assert.equal(headSays(of(), 5, responseHead(200, 'ETag: "a"'), now), 'changed')
})
