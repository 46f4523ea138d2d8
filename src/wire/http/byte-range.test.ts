import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  byteRanges,
  contentRange,
  MOST_RANGES,
  multipartLength,
  multipartTail,
  multipartType,
  partHead,
  unsatisfiedRange,
} from './byte-range.ts'

it('reads first-last, first- and suffixes (RFC 9110 §14.1.2)', () => {
  assert.deepEqual(byteRanges('bytes=0-499', 1000), [[0, 500]])
  assert.deepEqual(byteRanges('BYTES=500-', 1000), [[500, 1000]])
  assert.deepEqual(byteRanges('bytes=-200', 1000), [[800, 1000]])
  assert.deepEqual(byteRanges('bytes=-2000', 1000), [[0, 1000]])
  assert.deepEqual(byteRanges('bytes=990-5000', 1000), [[990, 1000]])
  assert.deepEqual(byteRanges('bytes=0-0, ,\t-1 ', 1000), [
    [0, 1],
    [999, 1000],
  ])
  assert.deepEqual(byteRanges('bytes=0-99999999999999999999999', 1000), [[0, 1000]])
})

it('leaves out ranges behind the end, and says when none is left (§14.1.2)', () => {
  assert.deepEqual(byteRanges('bytes=1000-, 0-1', 1000), [[0, 2]])
  assert.equal(byteRanges('bytes=1000-', 1000), 'unsatisfiable')
  assert.equal(byteRanges('bytes=-0', 1000), 'unsatisfiable')
  assert.equal(byteRanges('bytes=0-', 0), 'unsatisfiable')
  assert.equal(byteRanges('bytes=-0', 0), 'unsatisfiable')
})

it('takes the last bytes of nothing for all of it: they are satisfiable, and Content-Range has no words for them (§14.1.2)', () => {
  for (const text of ['bytes=-5', 'bytes=0-0, -5', 'bytes=-1, 3-']) assert.equal(byteRanges(text, 0), 'ignore', text)
})

it('ignores what is invalid, of another unit, or too much (§14.2)', () => {
  for (const text of [
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=5',
    'bytes=5-4',
    'bytes=a-b',
    'bytes=0-1, 5-4',
    'bytes=0 - 1',
    'bytes =0-1',
    'items=0-1',
    'bytes=+1-2',
    'bytes=0-1;x',
  ]) {
    assert.equal(byteRanges(text, 10), 'ignore', text)
  }
  const many = Array.from({ length: MOST_RANGES + 1 }, (_, i) => `${i * 2}-${i * 2}`)
  assert.equal(byteRanges(`bytes=${many.join(',')}`, 1000), 'ignore')
  assert.equal(byteRanges(`bytes=${many.slice(1).join(',')}`, 1000).length, MOST_RANGES)
})

it('joins ranges that meet, and keeps the order of others (§15.3.7.2)', () => {
  assert.deepEqual(byteRanges('bytes=500-599, 0-9', 1000), [
    [500, 600],
    [0, 10],
  ])
  assert.deepEqual(byteRanges('bytes=500-599, 0-9, 550-700', 1000), [
    [0, 10],
    [500, 701],
  ])
  assert.deepEqual(byteRanges('bytes=0-, 0-, -1000', 1000), [[0, 1000]])
  assert.deepEqual(byteRanges('bytes=0-4,5-9', 1000), [[0, 10]])
})

it('never asks for a byte twice, nor for one that is not there', () => {
  const spec = fc.oneof(
    fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => `${a}-${b}`),
    fc.nat(60).map((a) => `${a}-`),
    fc.nat(60).map((a) => `-${a}`),
    fc.string({ maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 6 }), fc.nat(50), (specs, length) => {
      const ranges = byteRanges(`bytes=${specs.join(',')}`, length)
      if (typeof ranges === 'string') return
      const seen = new Set<number>()
      for (const [from, to] of ranges) {
        assert.ok(from < to && from >= 0 && to <= length)
        for (let i = from; i < to; i++) {
          assert.ok(!seen.has(i))
          seen.add(i)
        }
      }
    }),
    { numRuns: 500 },
  )
})

it('writes Content-Range (§14.4)', () => {
  assert.equal(contentRange([0, 500], 1234), 'bytes 0-499/1234')
  assert.equal(unsatisfiedRange(1234), 'bytes */1234')
})

it('writes the texts around parts, and counts them (§14.6)', () => {
  assert.equal(multipartType('b'), 'multipart/byteranges; boundary=b')
  const body = `${partHead('b', 'text/plain', [0, 2], 9)}ab${partHead('b', 'text/plain', [5, 6], 9)}f${multipartTail('b')}`
  assert.equal(
    body,
    '\r\n--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/9\r\n\r\nab' +
      '\r\n--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-5/9\r\n\r\nf\r\n--b--\r\n',
  )
  const ranges = [[0, 2] as const, [5, 6] as const]
  assert.equal(multipartLength('b', 'text/plain', ranges, 9), body.length)
  assert.ok(!partHead('b', '', [0, 1], 9).includes('Content-Type'))
})
