/** The media type of a message. */
import { equalsLower } from '../../base/bytes.ts'
import { Field } from './fields.ts'
import { BodyKind, type Head, type RequestHead, type ResponseHead } from './head.ts'

const SPACE = 0x20
const TAB = 0x09
const SEMICOLON = 0x3b

/** Whether Content-Type is one of these types, given in lower case without parameters (RFC 9110 §8.3.1). Makes no string of it. */
export function isOfType(head: Head, types: readonly string[]): boolean {
  if (types.length === 0 || !head.has(Field.contentType)) return false
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.contentType) continue
    const { text } = head
    const from = head.spans[i * 4 + 2]!
    const end = head.spans[i * 4 + 3]!
    for (const type of types) {
      const to = from + type.length
      if (to <= end && equalsLower(text, from, to, type) && (to === end || isEndOfType(text.charCodeAt(to))))
        return true
    }
    return false // a second one is not looked at: the first is what recipients take
  }
  return false
}

function isEndOfType(code: number): boolean {
  return code === SEMICOLON || code === SPACE || code === TAB
}

/** Whether a response is of one of these types and does not say where it ends: it may flow for ever. */
export function isEndless(head: ResponseHead, types: readonly string[]): boolean {
  const { bodyKind, status } = head
  if (bodyKind !== BodyKind.chunked && bodyKind !== BodyKind.close) return false
  return status < 300 && isOfType(head, types)
}

/** Whether a request is that of an EventSource, or would take an event stream. */
export function takesEvents(request: RequestHead): boolean {
  return request.list(Field.accept)?.toLowerCase().includes('text/event-stream') === true
}
