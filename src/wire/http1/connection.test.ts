import assert from 'node:assert/strict'
import { it } from 'node:test'
import { get } from '../../../test/kit/heads.ts'
import { takesFields } from './connection.ts'

it('sees that Connection takes away a field that is there (RFC 9110 §7.6.1)', () => {
  assert.ok(takesFields(get('Connection: X-Device', 'X-Device: phone')))
  assert.ok(takesFields(get('x-device: phone', 'Connection: keep-alive', 'Connection: close, x-DEVICE ')))
})

it('sees nothing taken where the field is not there, or never goes on, or always does', () => {
  for (const lines of [
    [],
    ['Connection: keep-alive', 'X-Device: phone'],
    ['Connection: X-Device'],
    ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'],
    ['Connection: TE, Keep-Alive', 'TE: trailers', 'Keep-Alive: timeout=5'],
    ['Connection: Cookie, Authorization', 'Cookie: a=b', 'Authorization: Basic eA=='],
  ])
    assert.ok(!takesFields(get(...lines)), lines.join())
})
