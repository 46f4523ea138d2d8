/**
 * What follows an attempt that failed before its response: another attempt, or the end.
 *
 * A request may be sent again when no byte of a response has come, interim ones included, and either no byte of the
 * request can have reached the server or its method is idempotent (RFC 9110 §9.2.2). A late response is no reason: the
 * server has the request, and asking others as well would multiply the load that made it slow.
 *
 * - It goes to another server while one is usable and untried, to at most `retries` of them.
 * - A reused connection may just have been closed for being idle (RFC 9112 §9.3.1), which says little about its server.
 *   So once in its life a request may be sent to such a server again, on a fresh connection: when no other server is
 *   left or has room now, and at once where its cookie ties it to that server.
 *
 * So a request that brings down every server it meets meets at most `retries` + 1 of them.
 */
import { type Cause, rowOf } from '../base/cause.ts'
import type { ServerRequest } from '../pool/pool.ts'
import type { Server } from '../pool/server.ts'
import type { Upstream } from './routing/upstream.ts'

/** What counts of the attempt itself. */
export interface TriedAttempt {
  readonly server: Server
  /** Whether its connection had been used before. */
  readonly reused: boolean
  /** ms; -1: no connection was established. */
  readonly connectTook: number
  /** Something of a response has come. */
  readonly heard: boolean
}

/** An attempt that failed before its response. */
export interface FailedTry {
  readonly attempt: TriedAttempt
  readonly cause: Cause
  /** Nothing of the request can have reached the server. */
  readonly unsent: boolean
  /** The whole request is at hand, so that it can be sent again. */
  readonly repeatable: boolean
  readonly idempotent: boolean
}

/** Which servers a request has tried and may still try. */
export class Retries {
  /** Attempts beyond the first. */
  count = 0
  /** It was sent again to a server whose reused connection had failed. From then on its connections are fresh ones. */
  resent = false
  /** Index of the server that its client is tied to; -1: none, and the server that answers sets the cookie. */
  prefer = -1
  /** The last attempt went to another server than the one before. */
  redispatched = false
  #tried: number[] = []
  /** Index of the first server of which only a reused connection failed; -1: none. */
  #staleAt = -1

  reset(): void {
    if (this.#tried.length > 0) this.#tried = []
    this.count = 0
    this.resent = this.redispatched = false
    this.prefer = this.#staleAt = -1
  }

  /** Goes on where another request for the same left off: what that has used up does not come back. */
  takeOver(other: Retries): void {
    this.count = other.count
    this.resent = other.resent
    this.redispatched = other.redispatched
    this.#staleAt = other.#staleAt
    this.#tried = other.#tried
    other.#tried = []
  }

  /** The request is tied to this server; -1: to none. */
  tie(server: number): void {
    this.prefer = server
  }

  /** A server has been found. `elsewhere`: another one than before. */
  seated(prefer: number, elsewhere: boolean): void {
    this.prefer = prefer
    this.redispatched = elsewhere
  }

  /** What is asked from now on is another request, which may be sent twice as well. */
  askDifferently(): void {
    this.resent = false
  }

  hasTried(server: number): boolean {
    return this.#tried.length > 0 && this.#tried.includes(server)
  }

  /** Where the next attempt goes: to the same server under the same permit, through the pool's gate, or (null) nowhere. */
  next(failed: FailedTry, upstream: Upstream, asking: ServerRequest): 'same' | 'another' | null {
    const { server, reused, heard } = failed.attempt
    if (heard || !mayRepeat(failed)) return null
    const { pool } = upstream
    const stale = reused && !this.resent && server.keeps()
    if (stale && (this.prefer === server.index || !pool.hasRoomBeside(server, asking))) return this.#same()
    this.#tried.push(server.index)
    const elsewhere = this.count - (this.resent ? 1 : 0)
    if (elsewhere < upstream.config.retries && pool.hasUntried(asking)) {
      if (stale && this.#staleAt < 0) this.#staleAt = server.index
      // What this machine lacks is no reason to take a client away from its server.
      if (server.index === this.prefer && rowOf(failed.cause).by === 'server') this.prefer = -1
    } else if (stale) return this.#same()
    else if (this.resent || this.#staleAt < 0 || !this.#goBack(upstream, asking)) return null
    this.count++
    return 'another'
  }

  #same(): 'same' {
    this.resent = true
    this.count++
    return 'same'
  }

  /** Only the server is left of which a reused connection has failed. False: it may not be asked any more. */
  #goBack({ pool }: Upstream, asking: ServerRequest): boolean {
    this.resent = true
    this.#tried = pool.servers.map(({ index }) => index).filter((index) => index !== this.#staleAt)
    return pool.hasUntried(asking)
  }
}

/** Whether sending it once more does no harm, as far as that can be known. */
function mayRepeat({ attempt, cause, unsent, repeatable, idempotent }: FailedTry): boolean {
  const { retry } = rowOf(cause)
  if (retry === 'never') return false
  if (attempt.connectTook < 0) return true // there was no connection yet
  return retry === 'idempotent' && repeatable && (unsent || idempotent)
}
