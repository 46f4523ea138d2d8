/** A Headgate before one scripted server, as plain as can be: what it adds to a request is its Via and nothing else. */
import { headgate, type Running } from './headgate.ts'

/** What differs from the plain one: settings of the listener, of the pool, of the route. */
export interface Plain {
  readonly listener?: Record<string, unknown>
  readonly pool?: Record<string, unknown>
  readonly route?: Record<string, unknown>
}

/** Starts it; its name is `gate`, its only listener `web`, its pool `shop`. */
export function front(origin: { readonly address: string }, { listener, pool, route }: Plain = {}): Promise<Running> {
  return headgate({
    name: 'gate',
    listeners: { web: { forwarded: [], ...listener } },
    pools: { shop: { servers: [origin.address], ...pool } },
    routes: [{ to: 'shop', ...route }],
  })
}

/** The end of every head that the plain one sends to a server. */
export const VIA = 'Via: 1.1 gate\r\n\r\n'

/** A whole response of 200 with Content-Length. */
export function ok(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}
