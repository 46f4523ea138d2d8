/** The written form of a listener. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { bind, duration, limit, networks, oneOrMore, size, via, whole, word } from './scalars.ts'

const d = defaults.listener

/** A queue as it is written: both numbers have defaults, so that naming one is enough. */
export const queue = (fallback: { max: number; timeout: string }, whatMax: string, whatTimeout: string) =>
  z.strictObject({
    max: whole(0, 10_000_000).prefault(fallback.max).describe(whatMax),
    timeout: duration(null).prefault(fallback.timeout).describe(whatTimeout),
  })

const waiting = queue(
  d.wait,
  'Connections that may wait. What comes beyond them is refused at once.',
  'How long a connection may wait before it gets 503.',
)

export const listener = z.strictObject({
  bind: oneOrMore(bind()).describe(
    "Address to listen on, or a list of them: `':8080'` for every interface (IPv4 and IPv6), `'127.0.0.1:80'`, `'[::1]:80'`, `'unix:/run/headgate.sock'`. Port 0 takes any free one. HAProxy: bind. nginx: listen.",
  ),
  maxConnections: limit()
    .prefault(d.maxConnections)
    .describe(
      "Client connections open at once, idle ones included, over all threads; or `'unlimited'`. At the limit the connection that has been idle longest makes way for a new one. HAProxy: maxconn of a frontend. nginx: worker_connections (per worker there).",
    ),
  whenFull: z
    .union([
      word(['refuse', 'wait']).transform((how) => (how === 'refuse' ? null : { max: d.wait.max, timeout: 5000 })),
      waiting,
    ])
    .prefault(d.whenFull)
    .describe(
      `What happens to a connection beyond maxConnections when no other one is idle. \`'refuse'\`: it gets 503 at once and is closed. \`'wait'\`: it is held in a line, of ${d.wait.max} for up to ${d.wait.timeout}, or as \`{ max, timeout }\` says; HAProxy's kernel backlog does the same without bound.`,
    ),
  trustedProxies: z
    .array(networks())
    .prefault([...d.trustedProxies])
    .describe(
      "Proxies before this one whose X-Forwarded-* and Forwarded fields are believed and added to: addresses, networks `'10.0.0.0/8'`, `'loopback'` or `'private'`. Those of all others are replaced. nginx: set_real_ip_from.",
    ),
  via: via()
    .prefault(d.via)
    .describe(
      "Whether responses to clients say in Via that they came through here: `true` by the `name` of this proxy, or by another name, such as `'edge'`.",
    ),
  forwarded: oneOrMore(word(['x-forwarded', 'forwarded']), 0)
    .prefault([...d.forwarded])
    .describe(
      "Which fields tell the servers of the client: `'x-forwarded'` (X-Forwarded-For, -Proto, -Host), `'forwarded'` (RFC 7239), both as a list, or `[]`. HAProxy: option forwardfor, option forwarded.",
    ),
  timeouts: z
    .strictObject({
      header: duration()
        .prefault(d.timeouts.header)
        .describe(
          'From the first byte of a request to the end of its header fields; then 408. HAProxy: timeout http-request. nginx: client_header_timeout.',
        ),
      body: duration()
        .prefault(d.timeouts.body)
        .describe(
          'Between two pieces of a request body; then 408. HAProxy: timeout client. nginx: client_body_timeout.',
        ),
      send: duration()
        .prefault(d.timeouts.send)
        .describe(
          'How long a client may take nothing of its response before it is dropped. HAProxy: timeout client. nginx: send_timeout. Varnish: idle_send_timeout.',
        ),
      keepAlive: duration()
        .prefault(d.timeouts.keepAlive)
        .describe(
          'How long a connection may be idle, before its first request and between two; shorter where the listener is full or file descriptors are scarce. HAProxy: timeout http-keep-alive. nginx: keepalive_timeout. Varnish: timeout_idle.',
        ),
    })
    .prefault({})
    .describe('How long a client may take.'),
  limits: z
    .strictObject({
      line: size(64)
        .prefault(d.limits.line)
        .describe('Longest request line; beyond it 414. nginx: large_client_header_buffers.'),
      head: size(256)
        .prefault(d.limits.head)
        .describe(
          'Request line and header fields together; beyond it 431. HAProxy: tune.bufsize. nginx: large_client_header_buffers. Varnish: http_req_size.',
        ),
      fields: whole(1, 10_000)
        .prefault(d.limits.fields)
        .describe('Number of header fields; beyond it 431. HAProxy: tune.http.maxhdr. Varnish: http_max_hdr.'),
      body: size()
        .prefault(d.limits.body)
        .describe('Longest request body; beyond it 413. 0: no limit. nginx: client_max_body_size.'),
    })
    .prefault({})
    .describe('How much a client may send.'),
})
