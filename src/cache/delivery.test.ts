import assert from 'node:assert/strict'
import { it } from 'node:test'
import { multipartLength } from '../wire/byte-range.ts'
import { BodyKind } from '../wire/head.ts'
import { multipartHead, notModifiedHead, partialHead, unsatisfiableHead, wholeHead } from './delivery.ts'

const stored = {
  status: 200,
  reason: 'Fine',
  fields: 'Date: d\r\nContent-Type: text/a\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n',
}
const out = { age: 7, cacheStatus: 'gate; hit', connection: 'close', extra: 'Via: 1.1 gate\r\n' } as const
const tail = 'Age: 7\r\nCache-Status: gate; hit\r\nConnection: close\r\nVia: 1.1 gate\r\n\r\n'

it('sends a stored head with its age, behind what other caches said (RFC 9111 §4, RFC 9211 §2)', () => {
  assert.equal(
    wholeHead(stored, { bodyKind: BodyKind.length, length: 5 }, out),
    `HTTP/1.1 200 Fine\r\n${stored.fields}Content-Length: 5\r\n${tail}`,
  )
  assert.equal(
    wholeHead(stored, { bodyKind: BodyKind.none, length: 0 }, { ...out, cacheStatus: '', connection: '', extra: '' }),
    `HTTP/1.1 200 Fine\r\n${stored.fields}Content-Length: 0\r\nAge: 7\r\n\r\n`,
  )
})

it('tells no age of what is of this very moment (RFC 9111 §5.1)', () => {
  const anew = { ...out, age: -1 }
  const whole = wholeHead(stored, { bodyKind: BodyKind.length, length: 5 }, anew)
  for (const head of [whole, notModifiedHead(stored, anew), partialHead(stored, [2, 5], 10, anew)]) {
    assert.doesNotMatch(head, /^age:/im)
    assert.ok(head.endsWith(tail.replace('Age: 7\r\n', '')))
  }
})

it('frames content of a length that is not known, and states none with 204 (RFC 9110 §8.6)', () => {
  const framed = (bodyKind: BodyKind, status = 200): string =>
    wholeHead({ ...stored, status }, { bodyKind, length: -1 }, out)
  assert.match(framed(BodyKind.chunked), /\r\nTransfer-Encoding: chunked\r\n/)
  assert.doesNotMatch(framed(BodyKind.close), /Content-Length|Transfer-Encoding/)
  assert.doesNotMatch(framed(BodyKind.none), /Content-Length|Transfer-Encoding/)
  const none = wholeHead({ ...stored, status: 204 }, { bodyKind: BodyKind.none, length: 0 }, out)
  assert.doesNotMatch(none, /Content-Length/)
})

it('sends 304 with what updates a copy, and without what describes content (RFC 9110 §15.4.5)', () => {
  assert.equal(
    notModifiedHead(stored, out),
    `HTTP/1.1 304 Not Modified\r\nDate: d\r\nETag: "e"\r\nCache-Status: up; hit\r\n${tail}`,
  )
})

it('sends one range with its place and its length (§15.3.7.1)', () => {
  assert.equal(
    partialHead(stored, [2, 5], 10, out),
    `HTTP/1.1 206 Partial Content\r\n${stored.fields}Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n${tail}`,
  )
})

it('sends several ranges as parts, whose type is told in them (§15.3.7.2)', () => {
  const ranges = [[0, 1] as const, [5, 9] as const]
  assert.equal(
    multipartHead(stored, 'b', ranges, 10, out),
    'HTTP/1.1 206 Partial Content\r\nDate: d\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n' +
      `Content-Type: multipart/byteranges; boundary=b\r\nContent-Length: ${multipartLength('b', 'text/a', ranges, 10)}\r\n${tail}`,
  )
})

it('refuses ranges with the length, the date of now and what tells the representation, and says nothing of keeping it (§15.5.17, §6.6.1)', () => {
  const fields =
    'Date: d\r\nCache-Control: max-age=60\r\nContent-Type: text/a\r\nETag: "e"\r\nExpires: e\r\nVary: Accept\r\n' +
    'Content-Encoding: br\r\nLast-Modified: m\r\nvary: Cookie\r\nAccess-Control-Allow-Origin: *\r\nAccept-Ranges: bytes\r\n'
  assert.equal(
    unsatisfiableHead({ ...stored, fields }, 10, out, Date.UTC(1994, 10, 6, 8, 49, 37)),
    'HTTP/1.1 416 Range Not Satisfiable\r\nETag: "e"\r\nVary: Accept\r\nLast-Modified: m\r\nvary: Cookie\r\n' +
      'Access-Control-Allow-Origin: *\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Range: bytes */10\r\n' +
      'Content-Length: 0\r\nCache-Status: gate; hit\r\nConnection: close\r\nVia: 1.1 gate\r\n\r\n',
  )
})
