/** The client of a request that nobody waits for: a stored response is fetched again, or its client has left meanwhile. */
import { lately } from '../base/clock.ts'
import type { ClientContext } from '../net/client-context.ts'
import type { ClientSide } from '../net/client-side.ts'
import { Stream } from '../net/stream.ts'
import type { Hop } from '../wire/forward.ts'
import { BodyDecoder } from '../wire/framing.ts'

let nowhere: Stream | null = null

export class Nobody implements ClientSide {
  readonly stream: Stream
  readonly context: ClientContext
  readonly hop: Hop
  readonly port = 0
  readonly body = new BodyDecoder()
  readonly since = lately()
  readonly bytesIn = 0
  readonly bodyLeft = false
  readonly lasting = false
  readonly halfClosed = false

  /** In the place of `client`: what it asked for is asked for in its name. */
  constructor(client: ClientSide) {
    nowhere ??= Stream.closed()
    this.stream = nowhere
    this.context = client.context
    this.hop = client.hop
  }

  serve(): void {}
  readBody(): void {}
  awaitBody(): void {}
  tunnel(): void {}
  pauseBody(): void {}
  resumeBody(): void {}
  finish(): void {}
  drop(): void {}
}
