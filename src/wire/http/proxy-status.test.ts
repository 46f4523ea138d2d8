import assert from 'node:assert/strict'
import { it } from 'node:test'
import { proxyStatus } from './proxy-status.ts'

const nothing = { error: null, details: null, receivedStatus: 0, nextHop: null }

it('names the intermediary as a token where its name is one, else as a string', () => {
  assert.equal(proxyStatus('headgate', nothing), 'headgate')
  assert.equal(proxyStatus('gate/1:80', nothing), 'gate/1:80')
  assert.equal(proxyStatus('1gate', nothing), '"1gate"')
  assert.equal(proxyStatus('the gate', nothing), '"the gate"')
  assert.equal(proxyStatus('', nothing), '""')
})

it('tells error, server, status and details in this order (RFC 9209 §2.1)', () => {
  const told = { error: 'connection_timeout', nextHop: '10.0.0.1:80', receivedStatus: 503, details: 'pool_full 500' }
  assert.equal(
    proxyStatus('gate', told),
    'gate; error=connection_timeout; next-hop="10.0.0.1:80"; received-status=503; details="pool_full 500"',
  )
})

it('escapes text, and lets nothing but printable ASCII through (RFC 9651 §3.3.3)', () => {
  assert.equal(
    proxyStatus('gate', { ...nothing, details: 'a "b" \\ c\r\nX: é' }),
    'gate; details="a \\"b\\" \\\\ c??X: ?"',
  )
})
