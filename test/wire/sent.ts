/** What is sent on of a response, as text: the lines that pass, framed for a connection. */

import { Edits, fieldLine } from '../../src/wire/http/edits.ts'
import { BodyKind, type ResponseHead } from '../../src/wire/http/head.ts'
import { eachField, OutgoingFields } from '../../src/wire/http/outgoing-fields.ts'
import { passInterim, passResponse } from '../../src/wire/http1/forward.ts'
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
  const fields = passResponse(new OutgoingFields(), head, bodyKind === BodyKind.chunked)
  addTo(fields.edits, extra)
  const lines = fields.text()
  const { status, reason, contentLength } = head
  if (status === 101) return tunnelText(status, reason, lines, head.upgrade)
  return responseText(status, reason, lines, framings[bodyKind], contentLength, connection)
}

export function interimSent(head: ResponseHead): string {
  return interimText(head.status, head.reason, passInterim(new OutgoingFields(), head).text())
}

/** Edits that add these lines. */
export function editsOf(lines: string): Edits {
  const edits = new Edits()
  addTo(edits, lines)
  return edits
}

function addTo(edits: Edits, lines: string): void {
  eachField(lines, (name, value) => edits.add(fieldLine(name, value)))
}
