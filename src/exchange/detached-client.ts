/** The client of a request without a client: a stored response is fetched again, or the client has left meanwhile. */
import { lately } from '../base/clock.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { Responder } from '../net/responder.ts'
import type { Hop } from '../wire/http1/forward.ts'

/** Takes nothing: what it is given is a mistake of the exchange, which serves the store alone. */
const nowhere: Responder = {
  bytes: 0,
  begun: false,
  open: false,
  ready: true,
  trailers: false,
  plain: false,
  interim: () => true,
  head() {},
  tunnel() {},
  text() {},
  data() {},
  borrowed() {},
  last: (_, keeper) => keeper[Symbol.dispose](),
  flush: () => true,
  end: () => true,
  takeBack: () => false,
  endTunnel() {},
  answer() {},
  prepared() {},
  finish() {},
  abort() {},
}

export class DetachedClient implements ClientRequest {
  readonly responder = nowhere
  readonly hop: Hop
  readonly port = 0
  readonly startedAt = lately()
  readonly bytesIn = 0
  readonly bodyLeft = false
  readonly body = { received: 0, trailers: '' }
  readonly source = { error: null, owns: (): boolean => false }
  readonly halfClosed = false

  /** In the place of `client`: what it asked for is asked for in its name. */
  constructor(client: ClientRequest) {
    this.hop = client.hop
  }

  serve(): void {}
  readBody(): void {}
  awaitBody(): void {}
  tunnel(): void {}
  pauseBody(): void {}
  resumeBody(): void {}
}
