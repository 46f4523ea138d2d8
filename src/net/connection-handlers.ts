/** Which protocol is spoken on a connection that a listener has let in. */
import { ClientConnection } from './http1/client-connection.ts'
import type { ClientConnectionContext, ListenerClient } from './listen/client-context.ts'
import type { Transport } from './transport/transport.ts'

/** Serves a connection. `seat`: its place among the listener's, to be given back when it is over. */
export type ConnectionHandler = (
  transport: Transport,
  context: ClientConnectionContext,
  seat: Disposable,
) => ListenerClient

/** By the protocol that TLS has agreed on (RFC 7301). */
const handlers: ReadonlyMap<string, ConnectionHandler> = new Map([
  ['http/1.1', (transport, context, seat) => new ClientConnection(transport, context, seat)],
])

/** The handler for a connection whose preface, if it has one, is over. Without an agreement HTTP/1 is spoken. */
export function handlerFor({ alpn }: Transport): ConnectionHandler | null {
  return handlers.get(alpn ?? 'http/1.1') ?? null
}
