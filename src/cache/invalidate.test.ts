import assert from 'node:assert/strict'
import { it } from 'node:test'
import { requestHead, responseHead } from '../../test/kit/heads.ts'
import { invalidatedBy } from './invalidate.ts'

function paths(start: string, status: number, ...lines: readonly string[]): readonly string[] {
  return invalidatedBy('http', requestHead(`${start} HTTP/1.1`), responseHead(status, ...lines))
}

it('invalidates the target of an unsafe or unknown method that succeeded (RFC 9111 §4.4)', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'FOO', 'get']) {
    for (const status of [200, 201, 204, 302, 304]) assert.deepEqual(paths(`${method} /a?b`, status), ['/a?b'], method)
  }
})

it('invalidates nothing by a safe method, an error, or a tunnel', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) assert.deepEqual(paths(`${method} /a`, 200), [], method)
  for (const status of [103, 400, 404, 409, 500, 503]) assert.deepEqual(paths('POST /a', status), [], `${status}`)
  assert.deepEqual(paths('CONNECT a.example:80', 200), [])
})

it('invalidates what Location and Content-Location name, resolved against the target', () => {
  assert.deepEqual(paths('POST /a/b?c', 201, 'Location: d?e#f', 'Content-Location: /g'), ['/a/b?c', '/a/d?e', '/g'])
  assert.deepEqual(paths('POST /a', 201, 'Location: http://A.Example:80/x/../y'), ['/a', '/y', '/x/../y'])
  assert.deepEqual(paths('POST /a', 201, 'Location: /a', 'Content-Location: ?q'), ['/a', '/a?q'])
  assert.deepEqual(paths('POST //x/a', 201, 'Location: b'), ['//x/a', '//x/b'])
})

it('invalidates what is named as it is written, and as browsers write it (RFC 3986 §5.2)', () => {
  const named = (location: string, start = 'POST /x/y?z'): readonly string[] =>
    paths(start, 201, `Location: ${location}`).slice(1)
  assert.deepEqual(named('/a{b}'), ['/a%7Bb%7D', '/a{b}'])
  assert.deepEqual(named('http://a.example/a/./b#c'), ['/a/b', '/a/./b'])
  assert.deepEqual(named("?x='1'"), ['/x/y?x=%271%27', "/x/y?x='1'"])
  assert.deepEqual(named('../{b}/.'), ['/%7Bb%7D/', '/x/../{b}/.', '/{b}/'])
  assert.deepEqual(named('../../..'), ['/', '/x/../../..'])
  assert.deepEqual(named('//A.example?q^'), ['/?q^'])
  assert.deepEqual(named('//a.example/{a'), ['/%7Ba', '/{a'])
  assert.deepEqual(named('http:/{a'), ['/%7Ba'])
  assert.deepEqual(named('#f'), [])
  assert.deepEqual(named('/\u00c3\u00a9'), ['/%C3%A9', '/\u00c3\u00a9'])
  assert.deepEqual(named('b{', 'POST //x/a'), ['//x/b%7B', '//x/b{'])
})

it('invalidates nothing at another origin', () => {
  for (const uri of [
    'http://b.example/x',
    'https://a.example/x',
    'http://a.example:81/x',
    '//b.example/x',
    'http://[/',
    'mailto:x',
  ]) {
    assert.deepEqual(paths('POST /a', 201, `Location: ${uri}`), ['/a'], uri)
  }
  assert.deepEqual(paths('POST //b.example/a', 201, 'Location: http://b.example/x'), ['//b.example/a'])
})

it('knows the target of a request without Host', () => {
  const request = requestHead('POST /a HTTP/1.1')
  request.authority = ''
  assert.deepEqual(invalidatedBy('http', request, responseHead(201, 'Location: /b')), ['/a', '/b'])
})
