/**
 * What follows an attempt that failed before its response: another attempt, or the end.
 *
 * A request may be sent again when no byte of a response has come, interim ones included, and either no byte of the
 * request can have reached the server or its method is idempotent (RFC 9110 §9.2.2). A timeout of an answer is no reason:
 * the server has the request, and asking others as well would multiply the load that made it slow.
 *
 * - It goes to another server while one is usable and was not tried, to at most `retries` of them.
 * - A reused connection may just have been closed for being idle (RFC 9112 §9.3.1), which says little about its server.
 *   So once in its life a request may be sent to such a server again, on a fresh connection: when no other server is
 *   left for it or has room now, and at once where its cookie ties it to that server.
 *
 * So one that brings down every server it meets meets `retries` + 1 of them at most.
 */
import { type Cause, rowOf } from '../base/cause.ts'
import type { Server } from '../pool/server.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './routing/route.ts'
import type { Stage } from './stage.ts'

/**
 * Prepares the next attempt and says with which stage it begins; null: there is none. `unsent`: nothing of the request
 * can have reached the server. `answered`: something of a response has come.
 */
export function tryAgain(
  x: Exchange,
  route: Route,
  server: Server,
  cause: Cause,
  unsent: boolean,
  answered: boolean,
): Stage<'admitted' | 'seated'> | null {
  if (answered || !mayRepeat(x, cause, unsent)) return null
  const { pool } = route.pool
  const stale = x.reused && !x.resent && server.keeps()
  if (stale && (x.prefer === server.index || !pool.hasRoomBeside(server, x))) return afresh(x, route, server)
  x.tried.push(server.index)
  const elsewhere = x.retries - (x.resent ? 1 : 0)
  if (elsewhere < route.pool.config.retries && pool.hasUntried(x)) {
    if (stale && x.staleAt < 0) x.staleAt = server.index
    // What this machine lacks is no reason to take a client away from its server.
    if (server.index === x.prefer && rowOf(cause).by === 'server') x.prefer = -1
  } else if (stale) return afresh(x, route, server)
  else if (x.resent || x.staleAt < 0 || !goBack(x, route)) return null
  x.retries++
  x.releaseServerPermit()
  return { at: 'admitted', route }
}

/** Whether it does no harm to send it once more, as far as that can be known. */
function mayRepeat(x: Exchange, cause: Cause, unsent: boolean): boolean {
  const { retry } = rowOf(cause)
  if (retry === 'never') return false
  if (x.connectTook < 0) return true // there was no connection yet
  return retry === 'idempotent' && x.upload.repeatable && (unsent || x.head.idempotent)
}

/** Once more at the same server. */
function afresh(x: Exchange, route: Route, server: Server): Stage<'seated'> {
  x.resent = true
  x.retries++
  return { at: 'seated', route, server }
}

/** Once more at the server of which only a reused connection has failed; false: it may not be asked any more. */
function goBack(x: Exchange, route: Route): boolean {
  const { pool } = route.pool
  x.resent = true
  x.tried = pool.servers.map(({ index }) => index).filter((index) => index !== x.staleAt)
  return pool.hasUntried(x)
}
