/** What is sent on of a response, as text: the lines that pass, framed for a connection. */

import { BodyKind, type ResponseHead } from '../../src/wire/http/head.ts'
import { interimLines, responseLines } from '../../src/wire/http1/forward.ts'
import { type Framing, interimText, responseText, tunnelText } from '../../src/wire/http1/response-text.ts'

const framings: Readonly<Record<BodyKind, Framing>> = {
  [BodyKind.none]: 'none',
  [BodyKind.length]: 'length',
  [BodyKind.chunked]: 'chunked',
  [BodyKind.close]: 'close',
}

export interface Sending {
  readonly bodyKind: BodyKind
  readonly connection?: '' | 'close'
  /** Lines that Headgate adds. */
  readonly extra?: string
}

export function responseSent(head: ResponseHead, { bodyKind, connection = '', extra = '' }: Sending): string {
  const lines = responseLines(head, bodyKind === BodyKind.chunked) + extra
  const { status, reason, contentLength } = head
  if (status === 101) return tunnelText(status, reason, lines, head.upgrade)
  return responseText(status, reason, lines, framings[bodyKind], contentLength, connection)
}

export function interimSent(head: ResponseHead): string {
  return interimText(head.status, head.reason, interimLines(head))
}
