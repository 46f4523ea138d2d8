/** What a client's connection and its listener know of each other. */
import type { Cause } from '../../base/cause.ts'
import type { Wheel } from '../../base/wheel.ts'
import type { ListenerConfig } from '../../config/model.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import type { Hop } from '../../wire/http1/forward.ts'
import type { ClientRequest } from '../client-request.ts'
import type { IdleClients } from './idle-clients.ts'

/** Serves the requests of a listener's clients. */
export interface ClientConnectionUser {
  /** A head was read. Returns the object that the next head is read into: an implementation that keeps `head` returns another. */
  request(client: ClientRequest, head: RequestHead): RequestHead
  /** The bytes are no request that is taken here, or it did not come in time. Returns the same. */
  malformed(client: ClientRequest, head: RequestHead, cause: Cause, detail: string): RequestHead
}

/** A connection that has its place, as its listener sees it. */
export interface ListenerClient {
  /** Ends it after the request under way. */
  stop(): void
  /** Ends it now, with an answer where one can still be given. */
  abort(cause: Cause, detail: string): void
}

/** What a connection needs to know of its listener. */
export interface ClientConnectionContext {
  /** The configuration now; another one may take its place between requests. */
  readonly config: ListenerConfig
  readonly wheel: Wheel
  readonly user: ClientConnectionUser
  readonly idle: IdleClients
  /** A new connection waits and no place is on its way to it: a connection ends with the response under way. */
  readonly crowded: boolean
  /** What a request from this peer has come through, by the configuration now. */
  hopFrom(peer: string, scheme: Hop['proto']): Hop
  /** The connection is over. */
  left(client: ListenerClient): void
}
