/**
 * What Node's HTTP makes nothing of: a head that cannot be read, that is too long or does not come, and the same of a body
 * under way. By itself Node answers with a bare status; here it is told like everything else that goes wrong.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { LONGEST_BODY } from './body.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'
import { reply, replyLast } from './reply.ts'

/** Bytes of a request's head. */
export const LONGEST_HEAD = 16 * 1024

/** What Node says of such an error; `code`: HPE_… where its parser found it. */
type Found = Error & { readonly code?: string; readonly reason?: string }

interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Answers on the connections of this server whatever does not become a request. */
export function answerUnread(server: Server): void {
  /** The last request of each connection: answers leave in the order of the requests. */
  const last = new WeakMap<Duplex, Asked>()
  const told = new WeakSet<Duplex>()
  const note = (request: IncomingMessage, response: ServerResponse): void =>
    void last.set(request.socket, { request, response })
  server.on('request', note)
  server.on('checkExpectation', note)
  server.on('clientError', (found: Found, socket: Duplex) => {
    // What comes behind it is in the same state.
    if (told.has(socket)) return
    told.add(socket)
    const { request, response } = last.get(socket) ?? {}
    if (request === undefined || response === undefined || response.writableFinished) {
      replyLast(socket, problemOf(found, 'head'))
    } else if (request.complete) {
      // It was understood, and its answer comes first.
      response.once('close', () => replyLast(socket, problemOf(found, 'head')))
    } else if (!response.headersSent && socket.writable) {
      const problem = problemOf(found, 'body')
      response.setHeader('Connection', 'close')
      reply(response, problem.status, PROBLEM_TYPE, problem)
    } else if (!response.headersSent) socket.destroy()
  })
  // No request is made of it either, and the connection would be left to us.
  server.on('connect', (_, socket: Duplex) => {
    const fix = 'ask for a path such as /v1/status'
    replyLast(socket, new Problem('bad-request', 'there are no tunnels here', fix, 'method'))
  })
}

/** `part`: of the request that it was found in. */
function problemOf({ code = '', reason, message }: Found, part: 'head' | 'body'): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW': {
      const detail = `the head is longer than ${LONGEST_HEAD} bytes`
      return new Problem('head-too-large', detail, 'send fewer or shorter fields, or a shorter target', part)
    }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('too-large', 'the chunks have extensions that are too long', 'leave them out', part)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('too-slow', `the ${part} did not come to its end`, 'send it whole', part)
  }
  const says = reason ?? message
  const fix =
    part === 'head'
      ? 'speak HTTP/1.1, without TLS, to this port'
      : `send JSON of at most ${LONGEST_BODY} bytes with its Content-Length`
  return new Problem('bad-request', `the ${part} is not HTTP/1.1: ${says}`, fix, part)
}
