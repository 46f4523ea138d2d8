import assert from 'node:assert/strict'
import { it } from 'node:test'
import { OutgoingFields } from '../../wire/http/outgoing-fields.ts'
import {
  multipartFields,
  notModifiedFields,
  partialFields,
  unsatisfiableFields,
  wholeFields,
} from './response-heads.ts'

const stored = {
  status: 200,
  reason: 'Fine',
  fields: 'Date: d\r\nContent-Type: text/a\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n',
}
const out = { age: 7, cacheStatus: 'gate; hit', own: '' }
const tail = 'Age: 7\r\nCache-Status: gate; hit\r\n'

/** What each makes of a stored head, as text. */
const wholeText = (...of: Rest<typeof wholeFields>): string => wholeFields(new OutgoingFields(), ...of).text()
const notModifiedText = (...of: Rest<typeof notModifiedFields>): string =>
  notModifiedFields(new OutgoingFields(), ...of).text()
const partialText = (...of: Rest<typeof partialFields>): string => partialFields(new OutgoingFields(), ...of).text()
const multipartText = (...of: Rest<typeof multipartFields>): string =>
  multipartFields(new OutgoingFields(), ...of).text()
const unsatisfiableText = (...of: Rest<typeof unsatisfiableFields>): string =>
  unsatisfiableFields(new OutgoingFields(), ...of).text()

type Rest<F> = F extends (into: OutgoingFields, ...rest: infer R) => OutgoingFields ? R : never

it('sends a stored head with its age, behind what other caches said (RFC 9111 §4, RFC 9211 §2)', () => {
  assert.equal(wholeText(stored, out), stored.fields + tail)
  assert.equal(wholeText(stored, { ...out, cacheStatus: '', own: '' }), `${stored.fields}Age: 7\r\n`)
})

it('tells no age of what is of this very moment (RFC 9111 §5.1)', () => {
  const anew = { ...out, age: -1 }
  const whole = wholeText(stored, anew)
  for (const head of [whole, notModifiedText(stored, anew), partialText(stored, [2, 5], 10, anew)]) {
    assert.doesNotMatch(head, /^age:/im)
    assert.ok(head.endsWith(tail.replace('Age: 7\r\n', '')))
  }
})

it('sends 304 with what updates a copy, and without what describes content (RFC 9110 §15.4.5)', () => {
  assert.equal(notModifiedText(stored, out), `Date: d\r\nETag: "e"\r\nCache-Status: up; hit\r\n${tail}`)
})

it('sends one range with its place (§15.3.7.1)', () => {
  assert.equal(partialText(stored, [2, 5], 10, out), `${stored.fields}Content-Range: bytes 2-4/10\r\n${tail}`)
})

it('sends several ranges as parts, whose type is told in them (§15.3.7.2)', () => {
  assert.equal(
    multipartText(stored, 'b', out),
    'Date: d\r\nETag: "e"\r\nContent-Encoding: br\r\nCache-Status: up; hit\r\n' +
      `Content-Type: multipart/byteranges; boundary=b\r\n${tail}`,
  )
})

it('refuses ranges with the length, the date of now and what tells the representation, and says nothing of keeping it (§15.5.17, §6.6.1)', () => {
  const fields =
    'Date: d\r\nCache-Control: max-age=60\r\nContent-Type: text/a\r\nETag: "e"\r\nExpires: e\r\nVary: Accept\r\n' +
    'Content-Encoding: br\r\nLast-Modified: m\r\nvary: Cookie\r\nAccess-Control-Allow-Origin: *\r\nAccept-Ranges: bytes\r\n'
  assert.equal(
    unsatisfiableText({ ...stored, fields }, 10, out, Date.UTC(1994, 10, 6, 8, 49, 37)),
    'ETag: "e"\r\nVary: Accept\r\nLast-Modified: m\r\nvary: Cookie\r\n' +
      'Access-Control-Allow-Origin: *\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Range: bytes */10\r\n' +
      'Cache-Status: gate; hit\r\n',
  )
})

it('adds what the server said to this client alone, whatever the form', () => {
  const mine = { ...out, own: 'X-You: 1\r\n' }
  for (const text of [
    wholeText(stored, mine),
    notModifiedText(stored, mine),
    partialText(stored, [2, 5], 10, mine),
    multipartText(stored, 'b', mine),
    unsatisfiableText(stored, 10, mine, 0),
  ])
    assert.match(text, /^X-You: 1\r\n/m)
})
