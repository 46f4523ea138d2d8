/** The body of a request to the admin API: JSON, and no more of it than an order needs. */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

/** Bytes; a thousand tags fit. */
export const LONGEST_BODY = 64 * 1024

/** Reads and parses it. Throws a Problem when it is too long, no JSON, or never came to its end. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  // A form of another site cannot send this type without asking first, which this API never allows.
  if (type !== 'application/json')
    throw new Problem(
      'not-json',
      type === '' ? 'the body has no type' : 'the body is of another type',
      'send Content-Type: application/json',
      'Content-Type',
    )
  if (Number(request.headers['content-length'] ?? 0) > LONGEST_BODY) throw tooLarge()
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > LONGEST_BODY) throw tooLarge()
      pieces.push(piece)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem('too-slow', 'the body did not come to its end', 'send it whole', 'body')
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))) as unknown
  } catch (error) {
    throw new Problem('bad-request', `the body is not JSON: ${(error as Error).message}`, 'send JSON', 'body')
  }
}

function tooLarge(): Problem {
  return new Problem('too-large', `the body is longer than ${LONGEST_BODY} bytes`, 'send several requests', 'body')
}
