/**
 * A head with edits applied, as a head of its own: for what has to decide by it, such as routing and the cache. Edits
 * that only concern what is sent need none; see forward.ts.
 */
import type { Edits } from '../http/edits.ts'
import { type Head, type HeadLimits, RequestHead, ResponseHead } from '../http/head.ts'
import { parseRequest } from './request.ts'
import { parseResponse } from './response.ts'

/** No bounds but those of memory: a received head was within its limits already, and edits are our own. */
const LIMITS: HeadLimits = { line: 1 << 20, head: 1 << 24, fields: 1 << 16 }

/**
 * The request with these edits; null where it would not be accepted.
 * @param method instead of the received one
 */
export function editedRequest(head: RequestHead, edits: Edits, method = head.method): RequestHead | null {
  const bytes = Buffer.from(
    `${method} ${targetOf(head, edits)} HTTP/1.${head.minor}\r\n${linesOf(head, edits)}\r\n`,
    'latin1',
  )
  const edited = new RequestHead()
  return parseRequest(edited, bytes, 0, bytes.length, LIMITS) > 0 ? edited : null
}

function targetOf(head: RequestHead, edits: Edits): string {
  if (edits.path === '') return head.target
  // What a target in absolute form names goes before Host (RFC 9112 §3.2.2).
  return head.target.startsWith('/') ? edits.path : `http://${head.authority}${edits.path}`
}

/**
 * The response with these edits; null where it would not be accepted.
 * @param method of its request
 */
export function editedResponse(head: ResponseHead, edits: Edits, method: string): ResponseHead | null {
  const start = `HTTP/1.${head.minor} ${head.status} ${head.reason}\r\n`
  const bytes = Buffer.from(`${start}${linesOf(head, edits)}\r\n`, 'latin1')
  const edited = new ResponseHead()
  return parseResponse(edited, bytes, 0, bytes.length, LIMITS, method) > 0 ? edited : null
}

function linesOf(head: Head, edits: Edits): string {
  const { text, spans, ids } = head
  let lines = ''
  for (let i = 0; i < head.count; i++) {
    const id = ids[i]!
    const from = spans[i * 4]!
    if (!edits.passesNamed(id, id === 0 && edits.others !== null ? head.name(i).toLowerCase() : '')) continue
    lines += text.slice(from, i + 1 < head.count ? spans[(i + 1) * 4]! : text.length - 2)
  }
  return lines + edits.text()
}
