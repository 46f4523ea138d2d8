import assert from 'node:assert/strict'
import { it } from 'node:test'
import { requestHead, responseHead } from '../../../test/kit/heads.ts'
import { type Invalid, invalidatedBy } from './invalidate.ts'

function paths(start: string, status: number, ...lines: readonly string[]): readonly string[] {
  return invalidatedBy('http', requestHead(`${start} HTTP/1.1`), responseHead(status, ...lines)).paths
}

/** Of a request with these fields, answered with this status. */
function changed(start: string, status: number, ...fields: readonly string[]): Invalid {
  const { paths: all, trees } = invalidatedBy(
    'http',
    requestHead(`${start} HTTP/1.1`, 'Host: a.example', ...fields),
    responseHead(status),
  )
  return { paths: all.toSorted(), trees }
}

it('invalidates the target of an unsafe or unknown method that succeeded (RFC 9111 §4.4)', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'FOO', 'get']) {
    for (const status of [200, 201, 204, 302, 304]) assert.equal(paths(`${method} /a?b`, status)[0], '/a?b', method)
  }
})

it('invalidates nothing by a safe method, an error, or a tunnel', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])
    assert.deepEqual(changed(`${method} /a`, 207, 'Destination: /b'), { paths: [], trees: [] }, method)
  for (const status of [103, 400, 404, 409, 500, 503]) assert.deepEqual(paths('POST /a', status), [], `${status}`)
  assert.deepEqual(paths('CONNECT a.example:80', 200), [])
})

it('invalidates what Location and Content-Location name, resolved against the target', () => {
  assert.deepEqual(paths('POST /a/b?c', 200, 'Location: d?e#f', 'Content-Location: /g'), ['/a/b?c', '/a/d?e', '/g'])
  assert.deepEqual(paths('POST /a', 200, 'Location: http://A.Example:80/x/../y'), ['/a', '/y', '/x/../y'])
  assert.deepEqual(paths('POST /a', 200, 'Location: /a', 'Content-Location: ?q'), ['/a', '/a?q'])
  assert.deepEqual(paths('POST //x/a', 200, 'Location: b'), ['//x/a', '//x/b'])
})

it('invalidates what is named as it is written, and as browsers write it (RFC 3986 §5.2)', () => {
  const named = (location: string, start = 'POST /x/y?z'): readonly string[] =>
    paths(start, 303, `Location: ${location}`).slice(1)
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
    assert.deepEqual(paths('POST /a', 200, `Location: ${uri}`), ['/a'], uri)
  }
  assert.deepEqual(paths('POST //b.example/a', 200, 'Location: http://b.example/x'), ['//b.example/a'])
})

it('knows the target of a request without Host', () => {
  const request = requestHead('POST /a HTTP/1.1')
  request.authority = ''
  assert.deepEqual(invalidatedBy('http', request, responseHead(200, 'Location: /b')).paths, ['/a', '/b'])
})

it('invalidates all below what is deleted, moved or overwritten, and both ends of a move (RFC 4918 §9.6, §9.8, §9.9)', () => {
  const to = 'Destination: http://a.example/c/d%20e/'
  for (const status of [200, 201, 204, 207, 303]) {
    assert.deepEqual(changed('DELETE /a/b/', status), { paths: ['/a', '/a/', '/a/b/'], trees: ['/a/b/'] })
    assert.deepEqual(changed('MOVE /a/b', status, to), {
      paths: ['/a', '/a/', '/a/b', '/c', '/c/', '/c/d%20e/'],
      trees: ['/a/b', '/c/d%20e/'],
    })
    assert.deepEqual(changed('COPY /a/b', status, to, 'Depth: 0'), {
      paths: ['/a/b', '/c', '/c/', '/c/d%20e/'],
      trees: ['/c/d%20e/'],
    })
  }
  assert.deepEqual(changed('COPY /a', 201, 'Destination: /b?x').trees, ['/b?x'])
  for (const status of [301, 302, 307, 308]) assert.deepEqual(changed('MOVE /a/b', status, to).trees, [], `${status}`)
  for (const status of [400, 403, 412, 423, 502, 507])
    assert.deepEqual(changed('MOVE /a/b', status, to), { paths: [], trees: [] }, `${status}`)
})

it('takes a Destination of this host only, with whichever scheme its client sees', () => {
  for (const uri of ['https://a.example/c', 'http://A.Example:80/c', '/c', '//a.example/c'])
    assert.deepEqual(changed('COPY /a', 201, `Destination: ${uri}`).trees, ['/c'], uri)
  for (const uri of [
    'http://b.example/c',
    'http://a.example:81/c',
    'ftp://a.example/c',
    '//b.example/c',
    'http://[/',
    'mailto:x',
  ])
    assert.deepEqual(changed('COPY /a', 201, `Destination: ${uri}`), { paths: ['/a'], trees: [] }, uri)
  assert.deepEqual(changed('PUT /a/b', 201, 'Destination: /c').trees, [])
})

it('invalidates the listing of the collection whose members change', () => {
  const all = ['/a', '/a/', '/a/b']
  for (const method of ['PUT', 'PATCH', 'MKCOL', 'PROPPATCH', 'LOCK', 'UNLOCK'])
    assert.deepEqual(changed(`${method} /a/b`, 200), { paths: all, trees: [] }, method)
  assert.deepEqual(changed('MKCOL /a/b/', 201).paths, ['/a', '/a/', '/a/b/'])
  assert.deepEqual(changed('PUT /b?c/d', 201).paths, ['/', '/b?c/d'])
  assert.deepEqual(changed('POST /a/b', 200).paths, ['/a/b'])
  assert.deepEqual(changed('POST /a/b', 201).paths, all)
  assert.deepEqual(changed('ORDERPATCH /a/b', 200), { paths: ['/a/b'], trees: [] })
  assert.deepEqual(paths('POST /a/', 201, 'Location: /a/b/c').toSorted(), ['/', '/a/', '/a/b', '/a/b/', '/a/b/c'])
})

it('invalidates members that the content of a request names, or whose readers change', () => {
  for (const method of ['BIND', 'UNBIND', 'ACL', 'MERGE', 'UPDATE'])
    assert.deepEqual(changed(`${method} /a/b`, 200), { paths: ['/a/b'], trees: ['/a/b'] }, method)
  assert.deepEqual(changed('REBIND /a/b', 200).trees, ['/'])
})
