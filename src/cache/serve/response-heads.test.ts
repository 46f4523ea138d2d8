import assert from 'node:assert/strict'
import { it } from 'node:test'
import { multipartLines, notModifiedLines, partialLines, unsatisfiableLines, wholeLines } from './response-heads.ts'

const stored = {
  status: 200,
  reason: 'Fine',
  fields: 'Date: d\r\nContent-Type: text/a\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n',
}
const out = { age: 7, cacheStatus: 'gate; hit', extra: 'Via: 1.1 gate\r\n' }
const tail = 'Age: 7\r\nCache-Status: gate; hit\r\nVia: 1.1 gate\r\n'

it('sends a stored head with its age, behind what other caches said (RFC 9111 §4, RFC 9211 §2)', () => {
  assert.equal(wholeLines(stored, out), stored.fields + tail)
  assert.equal(wholeLines(stored, { ...out, cacheStatus: '', extra: '' }), `${stored.fields}Age: 7\r\n`)
})

it('tells no age of what is of this very moment (RFC 9111 §5.1)', () => {
  const anew = { ...out, age: -1 }
  const whole = wholeLines(stored, anew)
  for (const head of [whole, notModifiedLines(stored, anew), partialLines(stored, [2, 5], 10, anew)]) {
    assert.doesNotMatch(head, /^age:/im)
    assert.ok(head.endsWith(tail.replace('Age: 7\r\n', '')))
  }
})

it('sends 304 with what updates a copy, and without what describes content (RFC 9110 §15.4.5)', () => {
  assert.equal(notModifiedLines(stored, out), `Date: d\r\nETag: "e"\r\nCache-Status: up; hit\r\n${tail}`)
})

it('sends one range with its place (§15.3.7.1)', () => {
  assert.equal(partialLines(stored, [2, 5], 10, out), `${stored.fields}Content-Range: bytes 2-4/10\r\n${tail}`)
})

it('sends several ranges as parts, whose type is told in them (§15.3.7.2)', () => {
  assert.equal(
    multipartLines(stored, 'b', out),
    'Date: d\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n' +
      `Content-Type: multipart/byteranges; boundary=b\r\n${tail}`,
  )
})

it('refuses ranges with the length, the date of now and what tells the representation, and says nothing of keeping it (§15.5.17, §6.6.1)', () => {
  const fields =
    'Date: d\r\nCache-Control: max-age=60\r\nContent-Type: text/a\r\nETag: "e"\r\nExpires: e\r\nVary: Accept\r\n' +
    'Content-Encoding: br\r\nLast-Modified: m\r\nvary: Cookie\r\nAccess-Control-Allow-Origin: *\r\nAccept-Ranges: bytes\r\n'
  assert.equal(
    unsatisfiableLines({ ...stored, fields }, 10, out, Date.UTC(1994, 10, 6, 8, 49, 37)),
    'ETag: "e"\r\nVary: Accept\r\nLast-Modified: m\r\nvary: Cookie\r\n' +
      'Access-Control-Allow-Origin: *\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Range: bytes */10\r\n' +
      'Cache-Status: gate; hit\r\nVia: 1.1 gate\r\n',
  )
})
