/** What people call a URL, and which request that is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPrefix, readUrl } from './named-url.ts'

/** Scheme, authority and path of the request, or what is wrong. */
function request(text: string): string {
  const read = readUrl(text)
  return 'says' in read ? `${read.says}; ${read.fix}` : `${read.scheme} ${read.head.authority} ${read.head.path}`
}

function prefix(text: string): unknown {
  const read = readPrefix(text)
  return 'says' in read ? read.says : [read.scheme, read.host, read.path]
}

test('a URL is the request for it: host in lower case, no default port, the path as it was written', () => {
  assert.equal(request('http://shop.test/cart?a=1'), 'http shop.test /cart?a=1')
  assert.equal(request('HTTPS://SHOP.test:443/Cart'), 'https shop.test /Cart')
  assert.equal(request('http://shop.test:8080'), 'http shop.test:8080 /')
  assert.equal(request('http://shop.test?a=1'), 'http shop.test /?a=1')
  assert.equal(request('http://shop.test/a/../b#part'), 'http shop.test /a/../b')
  assert.equal(request('http://[::1]:80/'), 'http [::1] /')
})

test('letters beyond ASCII are percent-encoded, as browsers do', () => {
  assert.equal(request('http://shop.test/\u00fc?q=\u20ac'), 'http shop.test /%C3%BC?q=%E2%82%AC')
  assert.equal(request('http://b\u00fccher.test/'), 'http xn--bcher-kva.test /')
  assert.deepEqual(prefix('/\u00fc/'), [null, null, '/%C3%BC/'])
})

test('what no request can be for is told with a remedy', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['/cart', /^is not a whole URL; write it with its host/],
    ['ftp://shop.test/', /^is not a whole URL/],
    ['http://shop.test/a b', /^has a space.*; percent-encode it: a space is %20/],
    ['http://shop.test/a\nb', /^has a space or a control/],
    ['http://shop.test/\ud800', /^has half a character/],
    ['http:///cart', /^has no valid host/],
    ['http://[::1/', /^has no valid host/],
    ['http://a b/', /^has no valid host/],
    ['http://user@shop.test/', /^names a user; leave out/],
    ['http://a\\b/', /^has no valid host/],
  ]
  for (const [text, expected] of wrong) assert.match(request(text), expected, JSON.stringify(text))
})

test('a beginning is that of a URL or, for every host, that of a path', () => {
  assert.deepEqual(prefix('http://SHOP.test:80/Images/'), ['http', 'shop.test', '/Images/'])
  assert.deepEqual(prefix('https://shop.test:80/'), ['https', 'shop.test:80', '/'])
  assert.deepEqual(prefix('/images/'), [null, null, '/images/'])
  for (const text of ['images/', 'http://shop.test', '*', 'shop.test/images/', ''])
    assert.match(String(prefix(text)), /^is not the beginning/, text)
  assert.match(String(prefix('/a b')), /^has a space/)
  assert.match(String(prefix('http://a b/')), /^has no valid host/)
})

test('whatever is written, it is a request or is told what is wrong', () => {
  const rest = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 10 }))
  fc.assert(
    fc.property(fc.constantFrom('http://', 'https://a.test/', '', '/'), rest, (start, end) => {
      for (const read of [readUrl(start + end), readPrefix(start + end)])
        if ('says' in read) assert.ok(read.says !== '' && read.fix !== '')
      const url = readUrl(start + end)
      if ('head' in url) assert.match(url.head.path, /^\/[\x21-\x7e]*$/)
    }),
    { numRuns: 1000 },
  )
})
