import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Field, fieldIdOf, fieldNames } from './fields.ts'

function idOf(name: string): number {
  const bytes = Buffer.from(`x${name}: v\r\n`, 'latin1')
  return fieldIdOf(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1, 1 + name.length)
}

it('finds every known field in any case', () => {
  for (const [id, name] of fieldNames.entries()) {
    if (id === Field.other) continue
    assert.equal(idOf(name), id, name)
    assert.equal(idOf(name.toUpperCase()), id, name)
  }
  assert.equal(idOf('X-Forwarded-For'), Field.xForwardedFor)
  assert.equal(idOf('HTTP2-Settings'), Field.http2Settings)
})

it('takes no other name for a known one', () => {
  for (const name of fieldNames.slice(1)) {
    for (let i = 0; i < name.length; i++) {
      for (const letter of ['~', 'x', '_', '0', 'M', '\r', '\x0d', '\x12', ':']) {
        const near = name.slice(0, i) + letter + name.slice(i + 1)
        if (near.toLowerCase() !== name && !fieldNames.includes(near.toLowerCase())) assert.equal(idOf(near), 0, near)
      }
    }
    assert.equal(idOf(`${name}s`), 0)
    assert.equal(fieldNames.includes(name.slice(1)) ? 0 : idOf(name.slice(1)), 0)
  }
  assert.equal(idOf(''), 0)
  assert.equal(idOf('a'), 0)
})

it('has names as they are registered', () => {
  assert.deepEqual(
    [Field.te, Field.wwwAuthenticate, Field.xForwardedFor, Field.http2Settings, Field.etag].map((id) => fieldNames[id]),
    ['te', 'www-authenticate', 'x-forwarded-for', 'http2-settings', 'etag'],
  )
})
