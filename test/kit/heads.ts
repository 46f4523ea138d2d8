/** Heads of requests and responses from a few lines of text, for tests of what is decided by them. */
import assert from 'node:assert/strict'
import type { StoredText } from '../../src/cache/object/stored-object.ts'
import { RequestHead, ResponseHead } from '../../src/wire/http/head.ts'
import { parseRequest } from '../../src/wire/http1/request.ts'
import { parseResponse } from '../../src/wire/http1/response.ts'

const limits = { line: 10_000, head: 100_000, fields: 1000 }

/** The head of `start` (such as `GET /a HTTP/1.1`) and these field lines; with `Host: a.example` unless they have a Host. */
export function requestHead(start: string, ...lines: readonly string[]): RequestHead {
  const head = new RequestHead()
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: a.example']
  const bytes = Buffer.from(`${[start, ...host, ...lines].join('\r\n')}\r\n\r\n`, 'latin1')
  assert.equal(parseRequest(head, bytes, 0, bytes.length, limits), bytes.length, head.detail)
  return head
}

/** GET / with these field lines. */
export function get(...lines: readonly string[]): RequestHead {
  return requestHead('GET / HTTP/1.1', ...lines)
}

/** The head of a response to GET with this status and these field lines. */
export function responseHead(status: number, ...lines: readonly string[]): ResponseHead {
  const head = new ResponseHead()
  const bytes = Buffer.from(`${[`HTTP/1.1 ${status} Reason`, ...lines].join('\r\n')}\r\n\r\n`, 'latin1')
  assert.equal(parseResponse(head, bytes, 0, bytes.length, limits, 'GET'), bytes.length, head.detail)
  return head
}

/** The head of a stored 200 with these field lines, and nothing to validate it by. */
export function storedHead(...lines: readonly string[]): StoredText {
  const fields = lines.map((line) => `${line}\r\n`).join('')
  return { status: 200, reason: 'OK', etag: '', lastModified: '', date: 0, tags: '', fields }
}
