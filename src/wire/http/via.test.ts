import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseRequest } from '../http1/request.ts'
import { RequestHead } from './head.ts'
import { isInCdnLoop, isLoop } from './via.ts'

function loops(fields: string, way: typeof isLoop = isLoop): boolean {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1')
  assert.ok(parseRequest(head, bytes, 0, bytes.length, { line: 100, head: 1000, fields: 20 }) > 0)
  return way(head, 'Gate-1')
}

it('sees its own name as the receiver of any entry', () => {
  assert.equal(loops('Via: 1.1 gate-1\r\n'), true)
  assert.equal(loops('Via: 1.0 a, HTTP/1.1\t GATE-1 (x)\r\n'), true)
  assert.equal(loops('Via: 1.1 a\r\nVia: 1.1 Gate-1,1.1 b\r\n'), true)
  assert.equal(loops('Via: 1.1 a (comment, with (more) \\) and comma), 1.1 gate-1\r\n'), true)
  assert.equal(loops('Via: 1.1 a(no space), 1.1 gate-1(x)\r\n'), true)
  assert.equal(loops('Via: ,, 1.1 gate-1\r\n'), true)
})

it('does not take others for itself', () => {
  assert.equal(loops(''), false)
  assert.equal(loops('Via: 1.1 gate-10, 1.1 xgate-1\r\n'), false)
  assert.equal(loops('Via: 1.1 gate-1:80\r\n'), false)
  assert.equal(loops('Via: 1.1 a (1.1 gate-1, 1.1 gate-1)\r\n'), false)
  assert.equal(loops('Via: 1.1 a (\\), 1.1 gate-1)\r\n'), false)
  assert.equal(loops('Via: gate-1 a\r\n'), false)
  assert.equal(loops('Via: \r\n'), false)
  assert.equal(loops('X-Via: 1.1 gate-1\r\n'), false)
})

it('sees its own name in CDN-Loop, whatever stands beside it (RFC 8586)', () => {
  for (const value of ['gate-1', 'a, GATE-1', 'a.example:80; x="b, c" ,gate-1;v=1', ',, gate-1 ; x'])
    assert.equal(loops(`CDN-Loop: ${value}\r\n`, isInCdnLoop), true, value)
  assert.equal(loops('CDN-Loop: a\r\ncdn-loop: gate-1\r\n', isInCdnLoop), true)
  for (const value of ['', 'gate-10', 'gate-1:80', 'a; gate-1', 'a; x="y, gate-1, z"', 'a gate-1'])
    assert.equal(loops(`CDN-Loop: ${value}\r\n`, isInCdnLoop), false, value)
})
