import assert from 'node:assert/strict'
import { it } from 'node:test'
import { requestHead } from '../../../test/kit/heads.ts'
import { NO_EDITS } from '../http/edits.ts'
import { RequestHead } from '../http/head.ts'
import { type Hop, requestToServer } from './forward.ts'
import { parseRequest } from './request.ts'

const hop: Hop = { name: 'gate', peer: '192.0.2.1', proto: 'http', trusted: false, xForwarded: true, forwarded: true }

it('gives a request without Host one, and tells nobody that the client had asked for that (RFC 9112 §3.2)', () => {
  const head = new RequestHead()
  const bytes = Buffer.from('GET /a HTTP/1.0\r\n\r\n')
  assert.ok(parseRequest(head, bytes, 0, bytes.length, { line: 100, head: 100, fields: 5 }) > 0)
  const sent = requestToServer(head, hop, NO_EDITS, 'shop:8080')
  assert.match(sent, /^GET \/a HTTP\/1\.1\r\nHost: shop:8080\r\n/)
  assert.doesNotMatch(sent, /^X-Forwarded-Host|host=/im)
  assert.equal(head.authority, '')
})

it('leaves a Host that is there', () => {
  const sent = requestToServer(requestHead('GET / HTTP/1.0', 'Host: a:81'), hop, NO_EDITS, 'shop')
  assert.match(sent, /\r\nHost: a:81\r\n/)
  assert.match(sent, /\r\nX-Forwarded-Host: a:81\r\n/)
})
