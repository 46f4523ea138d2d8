import assert from 'node:assert/strict'
import { test } from 'node:test'
import { incidentId } from './incident-id.ts'

const now = Date.UTC(2026, 10, 20, 12, 0, 0)

test('incidentId gives 14 characters that cannot be misread', () => {
  for (let i = 0; i < 3000; i++) assert.match(incidentId(now + i * 977), /^[0-9A-HJKMNP-TV-Z]{14}$/)
})

test('incidentId sorts by time, a second apart', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => incidentId(now + i * 1000))
  assert.deepEqual(ids.toSorted(), ids)
})

test('incidentId does not repeat itself, also when its batch of randomness is renewed', () => {
  const ids = new Set(Array.from({ length: 20_000 }, () => incidentId(now)))
  assert.equal(ids.size, 20_000)
})

test('incidentId does not let the next id be told from the last', () => {
  const tails = Array.from({ length: 2000 }, () => incidentId(now).slice(6))
  for (let at = 0; at < 8; at++) assert.equal(new Set(tails.map((t) => t.charAt(at))).size, 32)
})
