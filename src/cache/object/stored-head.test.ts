import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { responseHead } from '../../../test/kit/heads.ts'
import { CacheControl, readCacheControl } from '../../wire/http/cache-control.ts'
import { Field } from '../../wire/http/fields.ts'
import { linesForOne, linesToKeep, readStored } from './stored-head.ts'

const now = Date.UTC(1994, 10, 6, 8, 49, 37)
const date = 'Date: Sun, 06 Nov 1994 08:00:00 GMT'

function kept(...lines: readonly string[]): string[] {
  const head = responseHead(200, ...lines)
  const control = new CacheControl()
  readCacheControl(control, head)
  return linesToKeep(head, control, now).split('\r\n').slice(0, -1)
}

it('keeps all fields, unknown and repeated ones too, in their order (RFC 9111 §3.1)', () => {
  const lines = [
    date,
    'X-a: 1',
    'Set-Cookie: a',
    'x-A: 2',
    'Set-Cookie: b',
    'ETag: "e"',
    'Via: 1.1 x',
    'X-Empty: ',
    'Cache-Status: up; hit',
  ]
  assert.deepEqual(kept(...lines), lines)
  assert.deepEqual(kept(date, 'X-A:\t b \t'), [date, 'X-A: b'])
})

it('keeps nothing that is for one hop or the proxy, and no length and age', () => {
  const lines = [
    'Connection: close, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Proxy-Authenticate: Basic',
    'Proxy-Authentication-Info: x',
    'Proxy-Authorization: x',
    'TE: trailers',
    'Trailer: X-T',
    'Upgrade: h2c',
    'Content-Length: 5',
    'Age: 5',
  ]
  assert.deepEqual(kept(date, ...lines, 'X-B: 2'), [date, 'X-B: 2'])
  assert.deepEqual(kept(date, 'Transfer-Encoding: chunked'), [date])
})

it('lets no server take an end-to-end field out by naming it in Connection', () => {
  assert.deepEqual(kept(date, 'Connection: ETag, Cache-Control', 'ETag: "a"'), [date, 'ETag: "a"'])
})

it('keeps no field whose name could be taken for another one', () => {
  assert.deepEqual(kept(date, 'Transfer_Encoding: chunked', 'Set_Cookie: a', 'X_Own: b'), [date, 'X_Own: b'])
})

it('keeps no field that no-cache or private name (§5.2.2.4, §5.2.2.7)', () => {
  const lines = [date, 'Cache-Control: max-age=5, no-cache="X-A, set-cookie", private="ETag"']
  assert.deepEqual(kept(...lines, 'X-A: 1', 'Set-Cookie: a', 'ETag: "a"', 'x-a: 2'), lines)
})

it('adds the time of receipt where there is no Date (RFC 9110 §6.6.1)', () => {
  assert.deepEqual(kept('X-A: 1'), ['X-A: 1', 'Date: Sun, 06 Nov 1994 08:49:37 GMT'])
})

it('finds nothing to change in what it has kept', () => {
  const name = fc.constantFrom(
    'X-A',
    'ETag',
    'Set-Cookie',
    'Date',
    'Connection',
    'Age',
    'TE',
    'X_b',
    'Content_Type',
    'Via',
  )
  const line = fc.tuple(name, fc.stringMatching(/^[ -~]{0,12}$/)).map(([of, value]) => `${of}: ${value}`)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const fields = linesToKeep(responseHead(200, ...lines), new CacheControl(), now)
      const again = readStored({ status: 200, reason: '', fields })
      assert.equal(linesToKeep(again, new CacheControl(), now + 5000), fields)
      for (const hop of [Field.connection, Field.age, Field.te]) assert.equal(again.has(hop), false)
    }),
    { numRuns: 200 },
  )
})

it('reads what it keeps', () => {
  const head = readStored({ status: 404, reason: 'Not Found', fields: 'ETag: "a"\r\nX-B: \u00e9\r\n' })
  assert.equal(head.status, 404)
  assert.equal(head.reason, 'Not Found')
  assert.equal(head.get(Field.etag), '"a"')
  assert.equal(head.find('x-b'), '\u00e9')
  assert.equal(readStored({ status: 200, reason: '', fields: '' }).count, 0)
  assert.throws(() => readStored({ status: 200, reason: '', fields: 'no field\r\n' }), /cannot be read/)
})

it('tells what is for the one who asked apart from what is kept, and each end-to-end line is one of the two (RFC 9111 §3.1)', () => {
  const lines = ['Set-Cookie: a', 'X-All: 1', 'set-cookie: b', 'Connection: X-Hop', 'X-Hop: 1', 'X-You: me', date]
  const head = responseHead(200, 'Cache-Control: no-cache="set-cookie, x-hop", private="X-You"', ...lines)
  const control = new CacheControl()
  readCacheControl(control, head)
  assert.equal(linesForOne(head, control), 'Set-Cookie: a\r\nset-cookie: b\r\nX-You: me\r\n')
  assert.doesNotMatch(linesToKeep(head, control, now), /^(set-cookie|x-you|x-hop):/im)
  const open = responseHead(200, ...lines)
  readCacheControl(control, open)
  assert.equal(linesForOne(open, control), '')
})
