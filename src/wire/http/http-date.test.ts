import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { httpDate } from '../../base/clock.ts'
import { parseHttpDate } from './http-date.ts'

const now = Date.UTC(2026, 10, 21)
const then = Date.UTC(1994, 10, 6, 8, 49, 37)

it('reads the three forms of RFC 9110 §5.6.7', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', now), then)
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now), then)
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', now), then)
  assert.equal(parseHttpDate('Wed Nov 16 08:49:37 1994', now), then + 10 * 86_400_000)
})

it('reads names in any case (RFC 9111 §4.2)', () => {
  assert.equal(parseHttpDate('SUN, 06 NOV 1994 08:49:37 gmt', now), then)
  assert.equal(parseHttpDate('sUNDAY, 06-nOV-94 08:49:37 Gmt', now), then)
  assert.equal(parseHttpDate('sun nov  6 08:49:37 1994', now), then)
})

it('takes a year of two digits for the nearest that is not more than 50 years ahead', () => {
  assert.equal(parseHttpDate('Thursday, 18-Aug-50 02:01:18 GMT', now), Date.UTC(2050, 7, 18, 2, 1, 18))
  assert.equal(parseHttpDate('Friday, 20-Nov-76 00:00:00 GMT', now), Date.UTC(2076, 10, 20))
  assert.equal(parseHttpDate('Monday, 22-Nov-76 00:00:00 GMT', now), Date.UTC(1976, 10, 22))
  assert.equal(parseHttpDate('Monday, 01-Jan-01 00:00:00 GMT', Date.UTC(2099, 0, 1)), Date.UTC(2101, 0, 1))
})

it('takes nothing else for a date', () => {
  for (const text of [
    '',
    '0',
    '-1',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 PST',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun 06 Nov 1994 08:49:37 GMT',
    'Sun, 06  Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 08:49 GMT',
    'Sun, 06 Nov 1994 08.49.37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 29 Feb 2023 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Son, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nob 1994 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  ]) {
    assert.ok(Number.isNaN(parseHttpDate(text, now)), text)
  }
})

it('takes a leap second, and a year before 100 for what it is', () => {
  assert.equal(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', now), Date.UTC(2017, 0, 1))
  assert.equal(new Date(parseHttpDate('Mon, 01 Jan 0050 00:00:00 GMT', now)).getUTCFullYear(), 50)
})

it('reads what it writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 250_000_000_000 }), (seconds) => {
      assert.equal(parseHttpDate(httpDate(seconds * 1000), now), seconds * 1000)
    }),
    { numRuns: 300 },
  )
  assert.equal(httpDate(then), 'Sun, 06 Nov 1994 08:49:37 GMT')
})

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom('Sun', 'Sunday', ', ', ' ', '-', '06', 'Nov', '94', '1994', '08:49:37', 'GMT', '\u00ff')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (text) => {
        assert.equal(typeof parseHttpDate(text, now), 'number')
      },
    ),
    { numRuns: 500 },
  )
})
