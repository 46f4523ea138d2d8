import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limitInForce, type Said, voices } from './voice.ts'

test('the configured limit holds while nobody else has a say', () => {
  assert.deepEqual(limitInForce({ configured: 40 }), { value: 40, voice: 'configured' })
})

test('the operator takes the place of the configuration, higher or lower', () => {
  assert.deepEqual(limitInForce({ configured: 40, operator: 80 }), { value: 80, voice: 'operator' })
  assert.deepEqual(limitInForce({ configured: 40, operator: 10 }), { value: 10, voice: 'operator' })
})

test('every other voice can lower a limit and none can raise it', () => {
  assert.deepEqual(limitInForce({ configured: 40, breaker: 0 }), { value: 0, voice: 'breaker' })
  assert.deepEqual(limitInForce({ configured: 40, operator: 30, adaptive: 50 }), { value: 30, voice: 'operator' })
  const numbers = fc.record(
    Object.fromEntries(voices.map((voice) => [voice, fc.nat(1000)])) as Record<
      (typeof voices)[number],
      fc.Arbitrary<number>
    >,
    { requiredKeys: ['configured'] },
  )
  fc.assert(
    fc.property(numbers, (said) => {
      const { value, voice } = limitInForce(said as Said)
      assert.equal(said[voice], value)
      assert.ok(value <= (said.operator ?? said.configured))
      for (const other of voices) {
        if (other !== 'configured' && other !== 'operator') assert.ok(value <= (said[other] ?? Infinity))
      }
    }),
  )
})
