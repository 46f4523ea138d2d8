import assert from 'node:assert/strict'
import { it } from 'node:test'
import { interimText, responseText, tunnelText } from './response-text.ts'

it('states a known length, chunks what has none, and leaves the end to a close (RFC 9112 §6)', () => {
  const lines = 'A: b\r\n'
  assert.equal(responseText(200, 'OK', lines, 'length', 5, ''), 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n')
  assert.match(responseText(200, 'OK', lines, 'chunked', -1, ''), /\r\nTransfer-Encoding: chunked\r\n\r\n$/)
  assert.equal(
    responseText(404, 'Gone', lines, 'close', -1, 'close'),
    'HTTP/1.1 404 Gone\r\nA: b\r\nConnection: close\r\n\r\n',
  )
})

it('states the length that a GET would have had, and never one with 204 (RFC 9110 §8.6)', () => {
  assert.match(responseText(200, 'OK', '', 'none', 7, ''), /Content-Length: 7\r\n/)
  assert.doesNotMatch(responseText(304, 'Not Modified', '', 'none', -1, ''), /Content-Length|Transfer-Encoding/)
  assert.doesNotMatch(responseText(204, 'No Content', '', 'none', 0, ''), /Content-Length/)
})

it('frames nothing of interim responses and tunnels', () => {
  assert.equal(interimText(103, 'Early Hints', 'Link: x\r\n'), 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n')
  assert.equal(
    tunnelText(101, 'Switching', '', 'websocket'),
    'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  assert.equal(tunnelText(200, 'OK', '', null), 'HTTP/1.1 200 OK\r\n\r\n')
})
