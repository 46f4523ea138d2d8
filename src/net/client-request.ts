/**
 * The client of one request as those see it who serve the request, whichever protocol it speaks. There is one without a
 * client: see exchange/detached-client.ts.
 */
import type { RequestHead } from '../wire/http/head.ts'
import type { Hop } from '../wire/http1/forward.ts'
import type { RequestHandler } from './request-handler.ts'
import type { ReadSource, Responder } from './responder.ts'

export interface ClientRequest {
  readonly responder: Responder
  /** Where the content it hands over was read. */
  readonly source: ReadSource
  readonly hop: Hop
  readonly port: number
  /** ms (monotonic) when the first byte of the request was seen. */
  readonly startedAt: number
  /** Bytes read since the request began. */
  readonly bytesIn: number
  /** There is (more of) a body to be read. */
  readonly bodyLeft: boolean
  /** Bytes of content received so far, and the trailer lines once it has ended. */
  readonly body: { readonly received: number; readonly trailers: string }
  /** The client will send nothing more. */
  readonly halfClosed: boolean

  /** Serves the request that was just handed over. */
  serve(serving: RequestHandler, head: RequestHead): void
  /** From now on the body is handed over as it comes, starting with what is here. `patient`: it may be long in coming. */
  readBody(patient: boolean): void
  /** The client was told to go on with its body: it may not be long in coming any more. */
  awaitBody(): void
  pauseBody(): void
  resumeBody(): void
  /** From now on all bytes are handed over as they are, until the connection closes. */
  tunnel(): void
}
