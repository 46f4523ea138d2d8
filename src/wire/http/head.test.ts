import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseRequest } from '../http1/request.ts'
import { Field } from './fields.ts'
import { RequestHead } from './head.ts'

function parsed(fields: string): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET / HTTP/1.0\r\n${fields}\r\n`, 'latin1')
  assert.equal(parseRequest(head, bytes, 0, bytes.length, { line: 100, head: 10000, fields: 1000 }), bytes.length)
  return head
}

it('gives fields by number, by name and by place', () => {
  const head = parsed('Via: 1.1 a\r\nX-A:  b \r\nETag: "c"\r\nvia: 1.1 d\r\n')
  assert.equal(head.count, 4)
  assert.equal(head.get(Field.via), '1.1 a')
  assert.equal(head.list(Field.via), '1.1 a, 1.1 d')
  assert.equal(head.list(Field.etag), '"c"')
  assert.equal(head.get(Field.etag), '"c"')
  assert.equal(head.find('x-a'), 'b')
  assert.equal(head.find('etag'), '"c"')
  assert.equal(head.name(3), 'via')
  assert.equal(head.value(1), 'b')
})

it('says that a field is not there, whether it has a bit in the mask or not', () => {
  const head = parsed('X-A: b\r\n')
  for (const id of [Field.host, Field.proxyStatus, Field.etag, Field.strictTransportSecurity]) {
    assert.equal(head.has(id), false)
    assert.equal(head.get(id), null)
    assert.equal(head.list(id), null)
  }
  assert.equal(head.find('x-b'), null)
})

it('has a bit for the number 31 too', () => {
  const head = parsed('Proxy-Status: a\r\n')
  assert.equal(head.has(Field.proxyStatus), true)
  assert.equal(head.has(Field.other), false)
})

it('takes as many fields as the limit says', () => {
  const head = parsed(`${'X-A: b\r\n'.repeat(999)}Age: 1\r\n`)
  assert.equal(head.count, 1000)
  assert.equal(head.get(Field.age), '1')
})

it('reads any Uint8Array, not only a Buffer', () => {
  const head = new RequestHead()
  const bytes = new Uint8Array(Buffer.from('..GET /a HTTP/1.1\r\nHost: b\r\n\r\n')).subarray(1)
  assert.equal(parseRequest(head, bytes, 1, bytes.length, { line: 100, head: 100, fields: 9 }), bytes.length)
  assert.equal(head.path, '/a')
  assert.equal(head.host, 'b')
})
