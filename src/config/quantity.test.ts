import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { duration, durationPattern, LONGEST, readDuration, readSize, size, sizePattern } from './quantity.ts'
import { Refusal } from './refusal.ts'

function refusal(read: unknown): Refusal {
  assert.ok(read instanceof Refusal, `${String(read)} was taken`)
  return read
}

test('durations are read as people write them', () => {
  const cases: [unknown, number][] = [
    ['500ms', 500],
    ['2s', 2000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1m0.5s', 60_500],
    ['24d', 24 * 86_400_000],
    [0, 0],
    ['0', 0],
    ['0s', 0],
  ]
  for (const [written, ms] of cases) assert.equal(readDuration(written), ms, String(written))
})

test('a bare number is no duration, as its unit would be a guess', () => {
  const { rule, fix } = refusal(readDuration(2000))
  assert.equal(rule, 'bad-duration')
  assert.equal(fix, "write '2000ms' or '2000s'")
  assert.equal(refusal(readDuration('2000')).fix, "write '2000ms' or '2000s'")
})

test('a duration in a wrong form is refused with the right one', () => {
  const cases: [unknown, RegExp][] = [
    ['2 s', /write '2s'/],
    ['2sec', /write '2s'/],
    ['3 minutes', /write '3m'/],
    ['5M', /write '5m' for minutes/],
    ['1 hour', /write '1h'/],
    ['2 months', /largest unit is d/],
    ['10us', /finest unit is ms/],
    ['5x', /units are ms, s, m, h and d/],
    ['soon', /numbers with units/],
    ['30m1h', /largest first/],
    ['1s1s', /largest first/],
    ['-2s', /numbers with units/],
    ['', /numbers with units/],
    [true, /text such as '2s'/],
    [null, /text such as '2s'/],
    [{}, /text such as '2s'/],
  ]
  for (const [written, fix] of cases) assert.match(refusal(readDuration(written)).fix, fix, String(written))
})

test('a duration that would round to "never" or overrun a timer is out of range', () => {
  assert.equal(refusal(readDuration('0.1ms')).rule, 'out-of-range')
  assert.equal(refusal(readDuration('25d')).rule, 'out-of-range')
  assert.equal(refusal(readDuration(0, { zero: null })).rule, 'out-of-range')
  assert.equal(refusal(readDuration('0s', { zero: null })).rule, 'out-of-range')
})

test('every duration is read back from its text', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: LONGEST }), (ms) => readDuration(duration(ms)) === ms))
})

test('durations are shown as short as they can be', () => {
  const shown = [0, 1, 999, 1000, 1500, 60_000, 90_000, 5_400_000, 86_400_000, 90_061_001].map(duration)
  assert.deepEqual(shown, ['0', '1ms', '999ms', '1s', '1.5s', '1m', '1m30s', '1h30m', '1d', '1d1h1m1.001s'])
})

test('sizes are read in powers of 1000 and of 1024', () => {
  const cases: [unknown, number][] = [
    [0, 0],
    [8192, 8192],
    ['512', 512],
    ['512B', 512],
    ['64KB', 64_000],
    ['64kB', 64_000],
    ['64KiB', 65_536],
    ['1.5MB', 1_500_000],
    ['1GiB', 1024 ** 3],
    ['2TB', 2e12],
  ]
  for (const [written, bytes] of cases) assert.equal(readSize(written), bytes, String(written))
})

test('a size with a lone letter or in the wrong case is refused, and both readings are offered', () => {
  for (const written of ['10m', '10M', '10mb', '10 MB', '10Mib']) {
    const { rule, fix } = refusal(readSize(written))
    assert.equal(rule, 'bad-size')
    assert.equal(fix, "write '10MiB' (powers of 1024) or '10MB' (powers of 1000)")
  }
  assert.match(refusal(readSize('much')).fix, /the units are B, KB/)
  assert.equal(refusal(readSize(-1)).rule, 'out-of-range')
  assert.equal(refusal(readSize(1.5)).rule, 'out-of-range')
  assert.equal(refusal(readSize('99999999TB')).rule, 'out-of-range')
  assert.equal(refusal(readSize([])).rule, 'wrong-type')
})

test('every size is read back from its text', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => readSize(size(bytes)) === bytes))
  fc.assert(
    fc.property(fc.nat(1000), fc.constantFrom(1000, 1024, 1000 ** 2, 1024 ** 2, 1024 ** 3), (many, unit) => {
      return readSize(size(many * unit)) === many * unit
    }),
  )
})

test('the patterns for editors take every text that the readers take', () => {
  const durations = new RegExp(durationPattern)
  const sizes = new RegExp(sizePattern)
  fc.assert(fc.property(fc.integer({ min: 0, max: LONGEST }), (ms) => durations.test(duration(ms))))
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => sizes.test(size(bytes))))
  for (const good of ['0s', '1.5s', '1h30m', '500ms', '$' + '{WAIT:-2s}']) assert.match(good, durations)
  for (const bad of ['2', '2 s', 's', '']) assert.doesNotMatch(bad, durations)
  for (const bad of ['10m', '10 MB', 'MB']) assert.doesNotMatch(bad, sizes)
})
