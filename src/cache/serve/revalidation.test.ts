import assert from 'node:assert/strict'
import { it } from 'node:test'
import { get, responseHead } from '../../../test/kit/heads.ts'
import { Edits } from '../../wire/http/edits.ts'
import { requestToServer } from '../../wire/http1/forward.ts'
import { validatorsOf } from '../object/validators.ts'
import { askWhetherChanged, removeConditions, removeDirectives } from './revalidation.ts'

const modified = 'Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT'

function asking(...stored: readonly string[]): Edits {
  const edits = new Edits()
  askWhetherChanged(edits, validatorsOf(responseHead(200, ...stored), Date.UTC(2026, 10, 21)))
  return edits
}

function lines(...stored: readonly string[]): string {
  return asking(...stored).text()
}

it('asks with all validators of the stored response (RFC 9111 §4.3.1)', () => {
  const since = 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n'
  assert.equal(lines('ETag: W/"a"', modified), `If-None-Match: W/"a"\r\n${since}`)
  assert.equal(lines('ETag: "a"'), 'If-None-Match: "a"\r\n')
  assert.equal(lines(modified), since)
  assert.equal(lines(), '')
})

it('asks with nothing that is no validator', () => {
  assert.equal(lines('ETag: a', 'Last-Modified: yesterday'), '')
})

it('takes the conditions of the client out of what is passed on, and nothing else', () => {
  const head = get(
    'X-A: 1',
    'If-None-Match: "c"',
    'If-Modified-Since: x',
    'X-B: 2',
    'Range: bytes=0-1',
    'If-Range: "c"',
    'If-Match: "m"',
  )
  const edits = new Edits()
  removeConditions(edits)
  askWhetherChanged(edits, validatorsOf(responseHead(200, 'ETag: "s"'), Date.UTC(2026, 10, 21)))
  const hop = {
    name: 'gate',
    peer: '10.0.0.1',
    proto: 'http',
    trusted: false,
    xForwarded: false,
    forwarded: false,
  } as const
  assert.equal(
    requestToServer(head, hop, edits),
    'GET / HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nX-B: 2\r\nIf-Match: "m"\r\nVia: 1.1 gate\r\nIf-None-Match: "s"\r\n\r\n',
  )
})

it('takes what a client says to caches out of a request of its own, and nothing else', () => {
  const hop = {
    name: 'gate',
    peer: '10.0.0.1',
    proto: 'http',
    trusted: false,
    xForwarded: false,
    forwarded: false,
  } as const
  const sent = (counted: readonly string[]): string => {
    const own = ['Cache-Control: no-cache, no-store', 'Pragma: no-cache']
    const head = get('X-A: 1', ...own, 'CDN-Cache-Control: x', 'Cookie: a=b')
    const edits = new Edits()
    removeDirectives(edits, counted)
    return requestToServer(head, hop, edits)
  }
  assert.equal(
    sent([]),
    'GET / HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nCDN-Cache-Control: x\r\nCookie: a=b\r\nVia: 1.1 gate\r\n\r\n',
  )
  const kept = sent(['x-a', 'cache-control'])
  assert.match(kept, /\r\nCache-Control: no-cache, no-store\r\n/)
  assert.doesNotMatch(kept, /pragma/i)
})
