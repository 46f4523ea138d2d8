/** How an attempt at a server ended, and the interface of those that want to know: counters, later health, breaker, retry budget. */
import type { Cause } from '../base/cause.ts'
import type { Server } from '../pool/server.ts'
import type { Route } from './routing/route.ts'

/**
 * - `complete`: the whole response was read, or a tunnel was closed by both sides.
 * - `failed`: `cause` says why, whichever side is to blame.
 * - `stale`: a reused connection had been closed by the server, and the request was sent again.
 * - `abandoned`: the rest of the response was not wanted any more.
 */
export type AttemptResult = 'complete' | 'failed' | 'stale' | 'abandoned'

/** What is known of an attempt. Times in ms (monotonic), -1 where it did not come that far. */
export interface AttemptState {
  readonly route: Route
  readonly server: Server
  /** Whether its connection had been used before. */
  readonly reused: boolean
  /** From the start of the connection to its establishment; 0 on a reused one. */
  readonly connectTook: number
  /** When the request had been sent. */
  readonly sentAt: number
  /** When the head of the final response came. */
  readonly firstByteAt: number
  /** Status of the final response; 0: none came. */
  readonly status: number
  /** Bytes from the server and to the server, heads and framing included. */
  readonly bytesIn: number
  readonly bytesOut: number
}

/** The end of an attempt. */
export interface Outcome extends AttemptState {
  readonly result: AttemptResult
  /** null unless it failed. */
  readonly cause: Cause | null
  /** Error code of the system with which its connection ended; undefined: there was none. */
  readonly code: string | undefined
  /** When the permit was had, and when the attempt ended. */
  readonly startedAt: number
  readonly endedAt: number
}

/** Is told of every attempt, also when no log is written, and of fetches in the background. Must not throw. */
export interface AttemptListener {
  /** A connection for it is being taken or made. */
  attemptBegan(attempt: AttemptState): void
  /** The head of a final response has come. */
  attemptAnswered(attempt: AttemptState): void
  /** It is over. Comes exactly once. */
  attemptEnded(outcome: Outcome): void
  /** It failed, and another server is tried now. */
  attemptRetried(outcome: AttemptState): void
}
