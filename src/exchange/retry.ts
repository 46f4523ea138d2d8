/**
 * What follows when an attempt at a server fails before its response: another attempt, where that is safe, or failure.
 *
 * It is safe where the server cannot have acted on the request: no connection was made, or the kernel took no byte of it.
 * And it is safe for an idempotent method while no byte of a response has come (RFC 9110 §9.2.2). Never after an interim
 * response, and never after a time-out of the response: a server that is slow for one is slow for all, and asking again
 * would double its work.
 *
 * - A reused connection that is lost says little of its server, which may just have closed an idle one (RFC 9112 §9.3.1).
 *   The request is sent once more there, on a fresh connection.
 * - Everything else goes to a server that this request has not tried, as long as there is one and the pool's `retries`
 *   are not used up. A request that fells every server it comes to is stopped by that number.
 */
import { type Cause, rowOf } from '../base/cause.ts'
import type { Exchange } from './exchange.ts'
import { attemptOver, codeOf } from './server-tally.ts'

/** `unsent`: the server cannot have got a byte of the request. */
export function attemptFailed(x: Exchange, cause: Cause, detail: string, unsent: boolean): void {
  if (x.isOver) return
  const { route, server, origin } = x
  const answered = origin !== null && origin.bytesIn > 0
  const code = codeOf(origin)
  x.dropOrigin()
  if (route === null || server === null) return x.fail(cause, detail)
  const { retry } = rowOf(cause)
  const unreached = retry === 'unsent' && x.connectTook < 0
  const lost = retry === 'idempotent' && !answered && x.upload.repeatable && (unsent || x.head.idempotent)
  if (lost && x.reused && !x.resent) return x.sendAgain(route, server)
  attemptOver(x, cause, code) // that a reused connection was closed meanwhile says nothing against the server
  const { pool } = route.pool
  if ((unreached || lost) && x.retries < pool.config.retries && x.tryAnother(route, server)) return
  x.fail(cause, detail)
}
