import assert from 'node:assert/strict'
import { it } from 'node:test'
import { clientOf } from './forwarded.ts'
import { RequestHead } from './head.ts'
import { parseRequest } from './request.ts'

const trusted = (address: string) => address.startsWith('10.') || address === '2001:db8::10'

function client(peer: string, fields: string): string {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')
  assert.ok(parseRequest(head, bytes, 0, bytes.length, { line: 100, head: 1000, fields: 20 }) > 0)
  return clientOf(head, peer, trusted)
}

it('believes nobody that is not trusted', () => {
  assert.equal(client('192.0.2.1', 'X-Forwarded-For: 198.51.100.1\r\n'), '192.0.2.1')
  assert.equal(client('192.0.2.1', 'Forwarded: for=198.51.100.1\r\n'), '192.0.2.1')
})

it('takes the right-most address that is not trusted', () => {
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: 203.0.113.9, 198.51.100.1,10.0.0.2\r\n'), '198.51.100.1')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 10.0.0.2\r\n'), '198.51.100.1')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: 2001:db8::7\r\n'), '2001:db8::7')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: [2001:db8::7]:8080, 2001:db8::10\r\n'), '2001:db8::7')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: 198.51.100.1:4711\r\n'), '198.51.100.1')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: ::ffff:198.51.100.1\r\n'), '198.51.100.1')
})

it('takes the left-most where all are trusted, and the peer where nothing is said', () => {
  assert.equal(client('10.0.0.1', 'X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n'), '10.0.0.3')
  assert.equal(client('10.0.0.1', ''), '10.0.0.1')
  assert.equal(client('10.0.0.1', 'X-Forwarded-For:\r\n'), '10.0.0.1')
})

it('stops at what is no address', () => {
  for (const odd of ['unknown', '_hidden', '1.2.3', '1.2.3.4:x', '[::1', '[::1]x', 'a:1', '198.51.100.256', '"x"']) {
    assert.equal(client('10.0.0.1', `X-Forwarded-For: 203.0.113.9, ${odd}, 10.0.0.2\r\n`), '10.0.0.2', odd)
  }
})

it('reads Forwarded where there is no X-Forwarded-For (RFC 7239)', () => {
  assert.equal(client('10.0.0.1', 'Forwarded: for=198.51.100.1;proto=https, for=10.0.0.2\r\n'), '198.51.100.1')
  assert.equal(client('10.0.0.1', 'Forwarded: proto=http; FOR="[2001:db8::7]:80"\r\n'), '2001:db8::7')
  assert.equal(client('10.0.0.1', 'Forwarded: for="198.51.100.1:80";by="a, b;for=10.9.9.9"\r\n'), '198.51.100.1')
  assert.equal(client('10.0.0.1', 'Forwarded: for=198.51.100.1, proto=http\r\n'), '10.0.0.1')
  assert.equal(client('10.0.0.1', 'Forwarded: for=unknown\r\n'), '10.0.0.1')
  assert.equal(client('10.0.0.1', 'Forwarded: for=203.0.113.9\r\nX-Forwarded-For: 198.51.100.1\r\n'), '198.51.100.1')
})
