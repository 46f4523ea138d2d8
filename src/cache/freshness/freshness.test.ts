import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { byTheRfc, forced } from '../../../test/kit/cache-settings.ts'
import { responseHead } from '../../../test/kit/heads.ts'
import { httpDate } from '../../base/clock.ts'
import { CacheControl, DELTA_MAX } from '../../wire/http/cache-control.ts'
import { controlOf } from './control.ts'
import {
  ageOf,
  expire,
  Freshness,
  FreshnessFlag,
  freshnessOf,
  freshnessSlots,
  readFreshness,
  writeFreshness,
} from './freshness.ts'
import type { CacheSettings } from './settings.ts'

const now = Date.UTC(2026, 10, 21, 12)

interface Case {
  readonly status?: number
  readonly settings?: Partial<CacheSettings>
  readonly asked?: number
  readonly authorized?: boolean
}

/** Life of a response that comes now. */
function life(lines: readonly string[], of: Case = {}): Freshness {
  const head = responseHead(of.status ?? 200, ...lines)
  const settings = { ...byTheRfc, ...of.settings }
  const control = new CacheControl()
  controlOf(control, head, settings)
  const into = new Freshness()
  const received = { asked: of.asked ?? now, answered: now, age: ageOf(head), authorized: of.authorized ?? false }
  freshnessOf(into, head, control, received, settings)
  return into
}

const ttl = (lines: readonly string[], of: Case = {}): number => life(lines, of).ttl / 1000
const age = (lines: readonly string[], of: Case = {}): number => (now - life(lines, of).born) / 1000
const at = (seconds: number): string => httpDate(now + seconds * 1000)

it('takes s-maxage before max-age before Expires (RFC 9111 §4.2.1)', () => {
  const lines = [`Date: ${at(0)}`, `Expires: ${at(30)}`]
  assert.equal(ttl(lines), 30)
  assert.equal(ttl([...lines, 'Cache-Control: max-age=20']), 20)
  assert.equal(ttl([...lines, 'Cache-Control: max-age=20, s-maxage=10']), 10)
  assert.equal(ttl([...lines, 'Cache-Control: s-maxage=100, max-age=0']), 100)
  assert.equal(ttl([...lines, 'Cache-Control: max-age=x']), 0)
  assert.equal(ttl([...lines, 'Cache-Control: public']), 30)
})

it('measures Expires from Date, or from receipt without one (§4.2.1)', () => {
  assert.equal(ttl([`Date: ${at(-100)}`, `Expires: ${at(30)}`]), 130)
  assert.equal(ttl([`Date: ${at(100)}`, `Expires: ${at(130)}`]), 30)
  assert.equal(ttl([`Expires: ${at(30)}`]), 30)
  assert.equal(ttl([`Date: nonsense`, `Expires: ${at(30)}`]), 30)
})

it('takes an Expires that is no date, past, or said in two ways for expired (§5.3)', () => {
  for (const text of ['0', '-1', '', at(-1), at(60).replace('GMT', 'UTC'), at(60).replace(/ (?=\d\d:)/, '  ')]) {
    assert.equal(ttl([`Expires: ${text}`, `Last-Modified: ${at(-100_000)}`]), 0, text)
  }
  assert.equal(ttl([`Expires: ${at(60)}`, `Expires: ${at(600)}`]), 0)
  assert.equal(ttl([`Expires: ${at(60)}`, `Expires: ${at(60)}`]), 60)
})

it('guesses from Last-Modified where nothing is said, for statuses that allow it (§4.2.2)', () => {
  const old = [`Last-Modified: ${at(-1000)}`]
  for (const status of [200, 203, 204, 301, 404, 405, 410, 414, 501])
    assert.equal(ttl(old, { status }), 100, `${status}`)
  for (const status of [201, 202, 302, 307, 400, 403, 500, 502, 503, 504, 599]) assert.equal(ttl(old, { status }), 0)
  assert.equal(ttl([...old, 'Cache-Control: public'], { status: 599 }), 100)
  assert.equal(ttl(['Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT']), 86_400)
  assert.equal(ttl([`Last-Modified: ${at(1000)}`]), 0)
  assert.equal(ttl(['Last-Modified: once']), 0)
  assert.equal(ttl(old, { settings: { heuristic: null } }), 0)
  assert.equal(ttl([...old, 'Cache-Control: max-age=5']), 5)
  assert.ok(life(old).has(FreshnessFlag.heuristic))
  assert.ok(!life([...old, 'Cache-Control: max-age=5']).has(FreshnessFlag.heuristic))
})

it('sets Cache-Control and Expires aside where a targeted field counts (RFC 9213 §2.2)', () => {
  const lines = ['Cache-Control: s-maxage=5', `Expires: ${at(30)}`]
  assert.equal(ttl([...lines, 'CDN-Cache-Control: max-age=60']), 60)
  assert.equal(ttl([...lines, 'CDN-Cache-Control: none']), 0)
  assert.equal(life([...lines, 'CDN-Cache-Control: max-age=60']).has(FreshnessFlag.mustRevalidate), false)
})

it('takes what the operator says before what the server says, but not for longer than the longest', () => {
  const lines = ['Cache-Control: s-maxage=5']
  assert.equal(ttl(lines, { settings: { ttl: forced(9000) } }), 9)
  assert.equal(ttl(lines, { settings: { ttl: [...forced(0, 200, 200), ...forced(9000)] } }), 0)
  assert.equal(ttl(lines, { settings: { ttl: forced(7000, 200, 299) } }), 7)
  assert.equal(ttl(lines, { settings: { ttl: forced(7000, 201, 404) } }), 5)
  assert.equal(ttl(lines, { settings: { maxTtl: 2000 } }), 2)
  assert.ok(life(lines, { settings: { ttl: forced(9000) } }).has(FreshnessFlag.forced))
})

it('has a time for what says nothing, only where a guess is allowed', () => {
  const settings = { defaultTtl: 3000 }
  assert.equal(ttl([], { settings }), 3)
  assert.equal(ttl([], { settings, status: 500 }), 0)
  assert.equal(ttl(['Cache-Control: max-age=0'], { settings }), 0)
  assert.equal(ttl([`Last-Modified: ${at(-1000)}`], { settings }), 100)
})

it('counts times of 2^31 seconds without overflow (§1.2.2)', () => {
  assert.equal(ttl(['Cache-Control: max-age=99999999999'], { settings: { maxTtl: Infinity } }), DELTA_MAX)
})

it('takes the greater one of two estimates of the age (§4.2.3)', () => {
  assert.equal(age([]), 0)
  assert.equal(age(['Age: 30']), 30)
  assert.equal(age([`Date: ${at(-50)}`]), 50)
  assert.equal(age(['Age: 30', `Date: ${at(-50)}`]), 50)
  assert.equal(age(['Age: 60', `Date: ${at(-50)}`]), 60)
  assert.equal(age([`Date: ${at(50)}`]), 0)
  assert.equal(age(['Age: 30'], { asked: now - 2500 }), 32.5)
  assert.equal(age([], { asked: now + 1000 }), 0)
})

it('does not take the fraction of a second that Date cannot say for age', () => {
  const head = responseHead(200, `Date: ${httpDate(now)}`, 'Cache-Control: max-age=1')
  const into = new Freshness()
  const received = { asked: now + 999, answered: now + 999, age: 0, authorized: false }
  freshnessOf(into, head, new CacheControl(), received, byTheRfc)
  assert.equal(into.born, now + 999)
})

it('reads the first value of Age, and none that is no number (§5.1)', () => {
  for (const [text, seconds] of [
    ['7200', 7200],
    ['0, 7200', 0],
    ['7200, 0', 7200],
    ['99999999999', DELTA_MAX],
    ['-7200', 0],
    ['7200.0', 0],
    ['a7200', 0],
    ['7200;a=b', 0],
    ['', 0],
    [',5', 0],
  ] as const) {
    assert.equal(ageOf(responseHead(200, `Age: ${text}`)), seconds, text)
  }
  assert.equal(ageOf(responseHead(200, 'Age: 5', 'Age: 6')), 5)
  assert.equal(ageOf(responseHead(200)), 0)
})

it('notes what may never be used stale, or never without asking', () => {
  const flagged = (directives: string): number =>
    life([`Cache-Control: max-age=5, ${directives}`]).flags & (FreshnessFlag.mustRevalidate | FreshnessFlag.noCache)
  assert.equal(flagged('public'), 0)
  for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=5']) {
    assert.equal(flagged(directive), FreshnessFlag.mustRevalidate, directive)
  }
  assert.equal(flagged('no-cache'), FreshnessFlag.noCache)
  assert.equal(flagged('no-cache="x"'), 0)
})

it('has grace as the server says, else as the operator says (RFC 5861)', () => {
  const settings = { grace: 30_000, keep: 0, graceUnderPressure: 0 }
  const of = (directives: string, more: Case = {}): number[] => {
    const { grace, staleIfError } = life([`Cache-Control: ${directives}`], { settings, ...more })
    return [grace / 1000, staleIfError / 1000]
  }
  assert.deepEqual(of('max-age=5'), [30, 30])
  assert.deepEqual(of('max-age=5, stale-while-revalidate=10'), [10, 30])
  assert.deepEqual(of('max-age=5, stale-while-revalidate=100'), [100, 100])
  assert.deepEqual(of('max-age=5, stale-if-error=10'), [30, 10])
  assert.deepEqual(of('max-age=5, stale-while-revalidate=0, stale-if-error=0'), [0, 0])
  for (const never of ['must-revalidate', 'proxy-revalidate', 's-maxage=5', 'no-cache']) {
    assert.deepEqual(of(`max-age=5, stale-while-revalidate=10, stale-if-error=10, ${never}`), [0, 0], never)
  }
})

it('gives no grace of the operator to what was never fresh, or went to a known user', () => {
  const settings = { grace: 30_000, graceUnderPressure: 90_000, keep: 0 }
  assert.equal(life(['ETag: "a"'], { settings }).grace, 0)
  assert.equal(life(['ETag: "a"'], { settings }).keep, 0)
  assert.equal(life(['Cache-Control: max-age=0, stale-while-revalidate=9'], { settings }).grace, 9000)
  const known = life(['Cache-Control: public, max-age=5'], { settings, authorized: true })
  assert.deepEqual([known.grace, known.staleIfError, known.keep], [0, 0, 0])
  assert.ok(known.has(FreshnessFlag.authorized))
})

it('is kept beyond its grace for validation, for errors and for pressure', () => {
  const settings = { grace: 10_000, keep: 100_000, graceUnderPressure: 40_000 }
  const keep = (...lines: string[]): number => life(['Cache-Control: max-age=5', ...lines], { settings }).keep / 1000
  assert.equal(keep(), 30)
  assert.equal(keep('ETag: "a"'), 100)
  assert.equal(keep(`Last-Modified: ${at(-5)}`), 100)
  assert.equal(keep('Cache-Control: stale-if-error=500'), 490)
  assert.equal(keep('Cache-Control: must-revalidate'), 0)
  assert.equal(keep('Cache-Control: must-revalidate', 'ETag: "a"'), 100)
})

it('can be made stale from a moment on, which ends no grace', () => {
  const settings = { grace: 30_000 }
  const of = life(['Cache-Control: max-age=60', 'Age: 10'], { settings })
  expire(of, now + 5000)
  assert.equal(of.ttl, 15_000)
  assert.equal(of.grace, 30_000)
  expire(of, now + 50_000)
  assert.equal(of.ttl, 15_000)
})

it('comes back from memory as it was written', () => {
  const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(
      time,
      time,
      time,
      time,
      time,
      fc.nat(127),
      fc.nat(5),
      (born, ttl, grace, keep, staleIfError, flags, at) => {
        const of = Object.assign(new Freshness(), { born, ttl, grace, keep, staleIfError, flags })
        const memory = new Float64Array(freshnessSlots + 5).fill(-1)
        writeFreshness(of, memory, at)
        assert.equal(memory.filter((slot) => slot === -1).length, 5)
        const back = new Freshness()
        readFreshness(back, memory, at)
        assert.deepEqual(back, of)
      },
    ),
    { numRuns: 100 },
  )
})
