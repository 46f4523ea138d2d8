/** Reads one message out of bytes that come in pieces, as a connection does, and tells what was understood. */

import { BodyKind, type Head, type HeadLimits, RequestHead, ResponseHead } from '../../src/wire/http/head.ts'
import { BodyDecoder } from '../../src/wire/http1/framing.ts'
import { parseRequest } from '../../src/wire/http1/request.ts'
import { parseResponse } from '../../src/wire/http1/response.ts'

/** How to read: as a request, or as the response to a request with this method. */
export interface Reading {
  readonly side: 'request' | 'response'
  readonly method: string
  readonly limits: HeadLimits
  readonly maxBody: number
}

export const usual: HeadLimits = { line: 8192, head: 32768, fields: 100 }

/** What was understood, by the words that the Markdown cases use. All of it has to be the same however the bytes are cut. */
export type Outcome = {
  readonly [word: string]: string | readonly string[] | undefined
  readonly error?: string
  readonly bodyError?: string
}

const kinds = ['none', 'length', 'chunked', 'close'] as const

/** Reads the first message in the pieces. Heads and decoder may have been used before. */
export class Reader {
  readonly request = new RequestHead()
  readonly response = new ResponseHead()
  readonly #decoder = new BodyDecoder()

  read(pieces: readonly Uint8Array[], how: Reading): Outcome {
    let got = Buffer.alloc(0)
    let at = 0
    for (let i = 0; i < pieces.length; i++) {
      got = Buffer.concat([got, pieces[i]!])
      at = this.#head(got, how)
      const head = how.side === 'request' ? this.request : this.response
      if (at < 0) return { error: head.error!, detail: head.detail, ...this.#named(how) }
      if (at > 0) {
        const rest = pieces.slice(i + 1)
        return { ...this.#told(how), ...this.#body(head, [got.subarray(at), ...rest], how) }
      }
    }
    return { incomplete: 'head' }
  }

  #head(got: Buffer, how: Reading): number {
    if (how.side === 'request') return parseRequest(this.request, got, 0, got.length, how.limits)
    return parseResponse(this.response, got, 0, got.length, how.limits, how.method)
  }

  #named(how: Reading): Outcome {
    return how.side === 'request' ? { method: this.request.method, target: this.request.target } : {}
  }

  #told(how: Reading): Outcome {
    const head: Head = how.side === 'request' ? this.request : this.response
    const fields: string[] = []
    for (let i = 0; i < head.count; i++) fields.push(`${head.name(i)}: ${head.value(i)}`)
    const told = {
      version: `1.${head.minor}`,
      keepAlive: String(head.keepAlive),
      body: kinds[head.bodyKind]!,
      length: String(head.contentLength),
      field: fields,
    }
    if (how.side === 'response') {
      const { status, reason, upgrade } = this.response
      return { ...told, status: String(status), reason, upgrade: upgrade ?? '-' }
    }
    const r = this.request
    return {
      ...told,
      method: r.method,
      target: r.target,
      path: r.path,
      host: r.host,
      authority: r.authority,
      upgrade: r.upgrade ?? '-',
      expectContinue: String(r.expectContinue),
      idempotent: String(r.idempotent),
      teTrailers: String(r.teTrailers),
    }
  }

  #body(head: Head, pieces: readonly Uint8Array[], how: Reading): Outcome {
    let content = ''
    const sink = {
      bodyData(buf: Uint8Array, from: number, to: number) {
        content += Buffer.from(buf.subarray(from, to)).toString('latin1')
      },
    }
    const decoder = this.#decoder
    decoder.reset(
      head.bodyKind,
      head.bodyKind === BodyKind.length ? head.contentLength : 0,
      how.side,
      how.limits,
      how.maxBody,
    )
    let rest = ''
    for (const piece of pieces) {
      const at = decoder.decode(piece, 0, piece.length, sink)
      if (at < 0) return { bodyError: decoder.error!, detail: decoder.detail }
      rest += Buffer.from(piece.subarray(at)).toString('latin1')
    }
    const done = decoder.done
    const whole = decoder.closed()
    const trailers = decoder.trailers.split('\r\n').filter((line) => line !== '')
    return {
      content,
      received: String(decoder.received),
      trailer: trailers,
      rest,
      end: done ? 'whole' : whole ? 'whole when closed' : 'cut when closed',
    }
  }
}
