import assert from 'node:assert/strict'
import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from 'node:net'
import { it } from 'node:test'
import fc from 'fast-check'
import { isIPv4, isIPv6 } from './host.ts'

const group = fc.oneof(
  fc.integer({ min: 0, max: 0x1ffff }).map((n) => n.toString(16)),
  fc.constantFrom('', '0', 'g', '00001'),
)
const near6 = fc.oneof(
  fc.ipV6(),
  fc.array(group, { maxLength: 10 }).map((groups) => groups.join(':')),
  fc.tuple(fc.array(group, { maxLength: 7 }), fc.ipV4()).map(([groups, last]) => [...groups, last].join(':')),
  fc.constantFrom(
    '::',
    ':',
    '',
    ':::',
    '::1',
    '1::',
    '::1.2.3.4',
    '1.2.3.4',
    '1.2.3.4::',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
  ),
)

it('knows IPv6 addresses as Node does', () => {
  fc.assert(
    fc.property(near6, (text) => assert.equal(isIPv6(text), nodeIsIPv6(text), text)),
    { seed: 6, numRuns: 5000 },
  )
})

it('knows IPv4 addresses as Node does', () => {
  const part = fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom('', '01', '1a', '-1', ' 1'))
  const near4 = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), near4), (text) => assert.equal(isIPv4(text), nodeIsIPv4(text), text)),
    { seed: 4, numRuns: 3000 },
  )
})
