import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResponse } from '../http1/response.ts'
import { ResponseHead } from './head.ts'
import { isEndless, isOfType } from './media-type.ts'

const types = ['text/event-stream', 'multipart/x-mixed-replace']

function head(text: string, method = 'GET'): ResponseHead {
  const bytes = Buffer.from(`${text}\r\n\r\n`, 'latin1')
  const read = new ResponseHead()
  assert.ok(parseResponse(read, bytes, 0, bytes.length, { line: 8192, head: 8192, fields: 100 }, method) > 0)
  return read
}

const typed = (value: string): ResponseHead => head(`HTTP/1.1 200 OK\r\nContent-Type: ${value}`)

test('a media type is found in any case, with or without parameters, and only as a whole', () => {
  for (const value of [
    'text/event-stream',
    'Text/Event-Stream',
    'text/event-stream; charset=utf-8',
    'text/event-stream;charset=utf-8',
    'text/event-stream ;x=y',
    'multipart/x-mixed-replace; boundary=--x',
  ])
    assert.ok(isOfType(typed(value), types), value)
  for (const value of ['text/event-streams', 'text/event', 'text/html', 'x; text/event-stream', '', ';'])
    assert.ok(!isOfType(typed(value), types), value)
  assert.ok(!isOfType(head('HTTP/1.1 200 OK'), types))
  assert.ok(!isOfType(typed('text/event-stream'), []))
})

test('what says where it ends, has no body, or is no success is not endless', () => {
  const fields = 'Content-Type: text/event-stream\r\n'
  assert.ok(isEndless(head(`HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked`), types))
  assert.ok(isEndless(head(`HTTP/1.0 200 OK\r\n${fields}X: y`), types))
  assert.ok(!isEndless(head(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 12`), types))
  assert.ok(!isEndless(head(`HTTP/1.1 204 No Content\r\n${fields}X: y`), types))
  assert.ok(!isEndless(head(`HTTP/1.1 500 No\r\n${fields}Transfer-Encoding: chunked`), types))
  assert.ok(!isEndless(head(`HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked`, 'HEAD'), types))
})
