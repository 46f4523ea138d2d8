import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BodyKind } from '../http/head.ts'
import { BodyDecoder, chunkHead, lastChunk } from './framing.ts'

const limits = { line: 100, head: 200, fields: 10 }

class Collected {
  content = ''
  buffers = new Set<Uint8Array>()
  bodyData(buf: Uint8Array, from: number, to: number): void {
    assert.ok(to > from)
    this.content += Buffer.from(buf.subarray(from, to)).toString('latin1')
    this.buffers.add(buf)
  }
}

it('gives ranges of the buffer it was given, and stops at the end of the body', () => {
  const decoder = new BodyDecoder()
  const sink = new Collected()
  decoder.reset(BodyKind.length, 5, 'response', limits, 0)
  const bytes = Buffer.from('..helloHTTP')
  assert.equal(decoder.decode(bytes, 2, 4, sink), 4)
  assert.equal(decoder.done, false)
  assert.equal(decoder.decode(bytes, 4, bytes.length, sink), 7)
  assert.equal(decoder.done, true)
  assert.equal(sink.content, 'hello')
  assert.deepEqual([...sink.buffers], [bytes])
  assert.equal(decoder.decode(bytes, 7, bytes.length, sink), 7)
})

it('is done at once where there is no content', () => {
  const decoder = new BodyDecoder()
  for (const kind of [BodyKind.none, BodyKind.length]) {
    decoder.reset(kind, 0, 'request', limits, 0)
    assert.equal(decoder.done, true)
    assert.equal(decoder.closed(), true)
    assert.equal(decoder.decode(Buffer.from('GET'), 0, 3, new Collected()), 0)
  }
})

it('says at reset that a stated length is too large', () => {
  const decoder = new BodyDecoder()
  decoder.reset(BodyKind.length, 6, 'request', limits, 5)
  assert.equal(decoder.error, 'body_too_large')
  assert.equal(decoder.done, false)
  assert.equal(decoder.decode(Buffer.from('hello!'), 0, 6, new Collected()), -1)
})

it('ends a close-delimited body when the peer closes, and only that kind', () => {
  const decoder = new BodyDecoder()
  const bytes = Buffer.from('hello')
  decoder.reset(BodyKind.close, 0, 'response', limits, 0)
  assert.equal(decoder.decode(bytes, 0, 5, new Collected()), 5)
  assert.equal(decoder.done, false)
  assert.equal(decoder.closed(), true)
  assert.equal(decoder.done, true)
  decoder.reset(BodyKind.length, 6, 'response', limits, 0)
  decoder.decode(bytes, 0, 5, new Collected())
  assert.equal(decoder.closed(), false)
  decoder.reset(BodyKind.chunked, 0, 'response', limits, 0)
  assert.equal(decoder.closed(), false)
})

it('bounds a close-delimited body too', () => {
  const decoder = new BodyDecoder()
  decoder.reset(BodyKind.close, 0, 'response', limits, 4)
  assert.equal(decoder.decode(Buffer.from('hello'), 0, 5, new Collected()), -1)
  assert.equal(decoder.error, 'response_bad')
  assert.equal(decoder.closed(), false)
})

it('stays in error', () => {
  const decoder = new BodyDecoder()
  decoder.reset(BodyKind.chunked, 0, 'request', limits, 0)
  assert.equal(decoder.decode(Buffer.from('x'), 0, 1, new Collected()), -1)
  assert.equal(decoder.decode(Buffer.from('0\r\n\r\n'), 0, 5, new Collected()), -1)
  assert.equal(decoder.error, 'chunk_bad')
  decoder.reset(BodyKind.chunked, 0, 'request', limits, 0)
  assert.equal(decoder.decode(Buffer.from('0\r\n\r\n'), 0, 5, new Collected()), 5)
})

it('bounds the extensions of a body by its content, so that they cannot be the larger part', () => {
  const decoder = new BodyDecoder()
  decoder.reset(BodyKind.chunked, 0, 'request', limits, 0)
  const sink = new Collected()
  const chunk = Buffer.from(`1;${'a'.repeat(1000)}\r\nx\r\n`)
  let chunks = 0
  while (decoder.decode(chunk, 0, chunk.length, sink) > 0) chunks++
  assert.equal(chunks, 16)
  assert.equal(decoder.detail, 'too many chunk extensions')
  decoder.reset(BodyKind.chunked, 0, 'request', limits, 0)
  const fair = Buffer.from(`3e8;${'a'.repeat(900)}\r\n${'x'.repeat(1000)}\r\n`)
  for (let i = 0; i < 100; i++) assert.equal(decoder.decode(fair, 0, fair.length, sink), fair.length)
})

it('does not stop at a chunk of 2^32 bytes', () => {
  const decoder = new BodyDecoder()
  decoder.reset(BodyKind.chunked, 0, 'response', limits, 0)
  const sink = { bodyData() {} }
  const size = Buffer.from(chunkHead(2 ** 32 + 1))
  const piece = Buffer.alloc(2 ** 20)
  decoder.decode(size, 0, size.length, sink)
  for (let i = 0; i < 4096; i++) decoder.decode(piece, 0, piece.length, sink)
  const end = Buffer.from('x\r\n0\r\n\r\n')
  assert.equal(decoder.decode(end, 0, end.length, sink), end.length)
  assert.equal(decoder.done, true)
  assert.equal(decoder.received, 2 ** 32 + 1)
})

it('writes what it reads', () => {
  const decoder = new BodyDecoder()
  const sink = new Collected()
  decoder.reset(BodyKind.chunked, 0, 'request', limits, 0)
  const bytes = Buffer.from(`${chunkHead(26)}${'ab'.repeat(13)}\r\n${lastChunk('X-A: b\r\n')}`)
  assert.equal(decoder.decode(bytes, 0, bytes.length, sink), bytes.length)
  assert.equal(sink.content, 'ab'.repeat(13))
  assert.equal(decoder.trailers, 'X-A: b\r\n')
  assert.equal(lastChunk(''), '0\r\n\r\n')
})
