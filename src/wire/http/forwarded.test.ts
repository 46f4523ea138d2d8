import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseRequest } from '../http1/request.ts'
import { clientOf, type Hop, saidBeyond, schemeOf } from './forwarded.ts'
import { RequestHead } from './head.ts'

const trusted = (address: string) => address.startsWith('10.') || address === '2001:db8::10'

function headWith(fields: string): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')
  assert.ok(parseRequest(head, bytes, 0, bytes.length, { line: 100, head: 1000, fields: 20 }) > 0)
  return head
}

function client(peer: string, fields: string): string {
  return clientOf(headWith(fields), peer, trusted)
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

const proxy: Hop = { name: 'gate', peer: '10.0.0.1', proto: 'http', trusted: true, xForwarded: true, forwarded: false }

it('takes the scheme that a trusted peer tells, X-Forwarded-Proto before Forwarded, the left-most of several', () => {
  const of = (fields: string, hop = proxy): string => schemeOf(headWith(fields), hop)
  for (const fields of [
    'X-Forwarded-Proto: https\r\n',
    'X-Forwarded-Proto: HTTPS \r\n',
    'X-Forwarded-Proto: https, http\r\n',
    'X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n',
    'X-Forwarded-Proto: https\r\nForwarded: proto=http\r\n',
    'Forwarded: for=192.0.2.1;proto=https\r\n',
    'Forwarded: For="[2001:db8::1]" ; Proto="HTTPS";by=10.0.0.1, proto=http\r\n',
  ]) {
    assert.equal(of(fields), 'https', fields)
    assert.equal(of(fields, { ...proxy, trusted: false }), 'http', fields)
  }
  for (const fields of [
    '',
    'X-Forwarded-Proto: \r\n',
    'X-Forwarded-Proto: gopher\r\n',
    'X-Forwarded-Proto: http\r\nForwarded: proto=https\r\n',
    'Forwarded: for=192.0.2.1, proto=https\r\n',
    'X-Forwarded-Ssl: on\r\n',
  ]) {
    assert.equal(of(fields), 'http', fields)
    assert.equal(of(fields, { ...proxy, proto: 'https' }), fields.includes('Proto: http\r') ? 'http' : 'https', fields)
  }
})

it('tells what a trusted peer says beyond scheme and authority, and nothing of what others say', () => {
  const of = (fields: string, hop = proxy, withHost = true): string => saidBeyond(headWith(fields), hop, withHost)
  for (const [fields, lines] of [
    ['', ''],
    ['X-Forwarded-For: 192.0.2.1\r\n', ''],
    ['X-Forwarded-Proto: https\r\n', ''],
    ['X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n', ''],
    ['X-Forwarded-Proto: https,http\r\n', '\nf proto:https,http'],
    ['X-Forwarded-Proto: gopher\r\n', '\nf proto:gopher'],
    ['X-Forwarded-Host: b\r\nX-Forwarded-Port: 1\r\n', '\nf host:b\nf port:1'],
    ['X-Forwarded-Host: A\r\n', '\nf host:A'],
    ['Forwarded: for=192.0.2.1;by="[::1]:80", For = "_x"\r\n', ''],
    ['Forwarded: for=192.0.2.1;host=b:1\r\n', '\nf forwarded:;host=b:1'],
    ['Forwarded: for=192.0.2.1;proto=https\r\n', '\nf proto\nf forwarded:;proto=https'],
    ['X-Forwarded-Proto: https\r\nForwarded: for=b;proto=https\r\n', '\nf forwarded:;proto=https'],
    ['Forwarded: for="a;host=b"\r\n', '\nf forwarded:for="a;host=b"'],
    ['Forwarded: for="a\r\n', '\nf forwarded:for="a'],
  ] as const) {
    assert.equal(of(fields), lines, fields)
    assert.equal(of(fields, { ...proxy, trusted: false }), '', fields)
  }
  const hosts = 'X-Forwarded-Host: b\r\nX-Forwarded-Port: 1\r\nForwarded: host=b\r\n'
  assert.equal(of(hosts, proxy, false), '')
  // Without fields of our own a missing one reaches the server as missing.
  const silent = { ...proxy, xForwarded: false }
  assert.equal(of('X-Forwarded-Proto: http\r\n', silent), '\nf proto:http')
  assert.equal(of('X-Forwarded-Host: a\r\n', silent), '\nf host:a')
})
