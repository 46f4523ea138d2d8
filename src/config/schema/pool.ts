/** The written form of a pool and its servers. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { Refusal, show } from '../refusal.ts'
import { queue } from './listener.ts'
import {
  duration,
  factor,
  flag,
  limit,
  never,
  oneOrMore,
  reads,
  serverAddress,
  size,
  text,
  token,
  via,
  whole,
  word,
} from './scalars.ts'

const d = defaults.pool

const mediaType = text({
  pattern: /^[!#$&^_.+a-z0-9-]+\/[!#$&^_.+a-z0-9-]+$/i,
  expected: "a media type such as 'text/event-stream'",
  isNot: 'is not a media type',
  fix: () => "write type and subtype: 'text/event-stream'",
  canonical: (written) => written.toLowerCase(),
})

export const server = z.strictObject({
  address: serverAddress().describe(
    "Where the server listens: `'10.0.0.1:8080'`, `'http://app:3000'`, `'[fd00::1]:80'`, `'unix:/run/app.sock'`; port 80 when none is written. A name is looked up through DNS.",
  ),
  maxConnections: limit()
    .optional()
    .describe(
      'Requests at this server at once, from before connect to the last byte of the response, over all threads. Unset: no limit. HAProxy: maxconn of a server. nginx: max_conns. Varnish: .max_connections.',
    ),
  weight: whole(0, 1000)
    .prefault(defaults.server.weight)
    .describe(
      'Share of the requests relative to the other servers. 0: only for clients whose sticky cookie names it. HAProxy, nginx: weight.',
    ),
  backup: flag()
    .prefault(defaults.server.backup)
    .describe('Gets requests only when no other server of the pool is usable. HAProxy, nginx: backup.'),
})

const hashOn = z.union([
  word(['address', 'path']).transform((on) => ({ on, name: '' })),
  z
    .strictObject({
      header: token('the name of a field', (written) => written.toLowerCase()).describe('Field whose value is hashed.'),
    })
    .transform(({ header }) => ({ on: 'header' as const, name: header })),
  z
    .strictObject({ cookie: token('the name of a cookie').describe('Cookie whose value is hashed.') })
    .transform(({ cookie }) => ({ on: 'cookie' as const, name: cookie })),
])

const balance = z.union([
  word(['round-robin', 'least', 'two-choices', 'first']).transform((policy) => ({ policy })),
  z
    .strictObject({
      hash: hashOn.describe(
        "What chooses the server: `'address'` of the client, `'path'` with query, `{ header: 'x-user' }` or `{ cookie: 'session' }`; the address where it is missing. HAProxy: balance source, uri, hdr().",
      ),
      bound: factor(1.01, 100)
        .prefault(0)
        .describe(
          'A server takes at most this times the average before the next on the ring does, such as 1.25. 0: unbounded. HAProxy: hash-balance-factor.',
        ),
    })
    .transform(({ hash, bound }) => ({ policy: 'hash' as const, ...hash, bound })),
])

const sticky = z.union([
  never(),
  token('the name of a cookie').transform((cookie) => ({ cookie, ...d.sticky })),
  z.strictObject({
    cookie: token('the name of a cookie').describe('Name of the cookie.'),
    maxAge: duration('as long as the browser is open')
      .prefault(d.sticky.maxAge)
      .describe('How long the browser keeps it. 0: as long as it is open.'),
    secure: flag().prefault(d.sticky.secure).describe('Whether it is sent over HTTPS only.'),
  }),
])

const expected = "a status such as 200, or a range such as '200-399'"
const statuses = reads<number | string, readonly [number, number]>(
  (written) => {
    const found = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(written))
    const range = found === null ? null : ([Number(found[1]), Number(found[2] ?? found[1])] as const)
    if (range !== null && range[0] <= range[1]) return range
    return new Refusal('bad-value', `${show(written)} is not a status`, expected, `write ${expected}`)
  },
  {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$' },
    ],
  },
)

const health = z
  .strictObject({
    http: text({
      pattern: /^\/[\x21-\x7e]*$/,
      json: '^/',
      expected: "a path such as '/healthz'",
      isNot: 'is not a path',
      fix: (written) => `write '/${written.replace(/^\/+/, '').replace(/[^\x21-\x7e]/g, '')}'`,
    })
      .optional()
      .describe('Path that is asked for with GET. HAProxy: option httpchk. Varnish: .url.'),
    tcp: flag().optional().describe('`true`: a server is healthy when it takes a connection. HAProxy: check.'),
    interval: duration(null)
      .prefault(d.health.interval)
      .describe('From one check to the next. HAProxy: inter. Varnish: .interval.'),
    timeout: duration(null)
      .prefault(d.health.timeout)
      .describe(
        'How long one check may take. A check that gets no answer in time counts against the server only where it got nothing done since the check before: one that answers requests meanwhile is busy, not dead. HAProxy: timeout check. Varnish: .timeout.',
      ),
    rise: whole(1, 1000)
      .prefault(d.health.rise)
      .describe('Good checks in a row that bring a server back. HAProxy: rise.'),
    fall: whole(1, 1000).prefault(d.health.fall).describe('Bad checks in a row that take a server out. HAProxy: fall.'),
    expect: statuses
      .prefault(d.health.expect)
      .describe(
        "Statuses that count as healthy, such as 200 or `'200-399'`. HAProxy: http-check expect. Varnish: .expected_response.",
      ),
    host: reads<string, string>(
      (written) =>
        typeof written === 'string' && /^[\x21-\x7e]*$/.test(written)
          ? written
          : new Refusal('wrong-type', `${show(written)} is not a host`, 'a host', 'write the host as text'),
      { type: 'string' },
    )
      .prefault(d.health.host)
      .describe('Host field of the check. Empty: the address of the server.'),
  })
  .superRefine((written, context) => {
    if ((written.http === undefined) !== (written.tcp !== true)) return
    const both = written.http !== undefined
    const says = both ? 'a check is either http or tcp, not both' : 'it is not said how to check'
    const fix = both ? 'remove tcp' : "write http: '/healthz', or tcp: true"
    const params = { rule: both ? 'bad-value' : 'missing', says, expected: "http: '/path' or tcp: true", fix }
    context.addIssue({ code: 'custom', message: says, params })
  })

export const pool = z.strictObject({
  servers: z
    .array(
      z.union([
        serverAddress().transform((named) => ({ address: named, ...defaults.server, maxConnections: undefined })),
        server,
      ]),
    )
    .describe('The servers, each an address or an object. HAProxy, nginx: server. Varnish: backend.'),
  balance: balance
    .prefault(d.balance)
    .describe(
      "The order in which servers are asked: `'round-robin'` in turn by weight, `'least'` the one with the fewest requests, `'two-choices'` the emptier of two drawn at random, `'first'` in the order written, or `{ hash, bound }`. Full and failing servers are passed over. HAProxy: balance. Varnish: directors.",
    ),
  via: via()
    .prefault(d.via)
    .describe(
      "Whether requests to these servers say in Via that they came through here: `true` by the `name` of this proxy, or by another name, such as `'edge'`. nginx with its defaults (gzip_proxied off) compresses nothing for a request with Via: with `false` it does. A request that comes round in a circle is then known by CDN-Loop (RFC 8586).",
    ),
  sticky: sticky
    .optional()
    .describe(
      'Name of a cookie that brings a client back to the same server, or `{ cookie, maxAge, secure }`; `false` for none. A client whose server is down, in maintenance, gone or fails it gets a new one from the server that answers; one whose server is full keeps it. Answers that the cache stores carry none. HAProxy: cookie insert. Varnish: shard director by cookie.',
    ),
  maxConnections: limit()
    .optional()
    .describe(
      'Requests in the whole pool at once, in addition to the limits of its servers. Unset: no limit of its own. HAProxy has no such limit.',
    ),
  queue: queue(
    d.queue,
    'Requests that may wait while every server is at its limit. 0: none, the next one is refused at once. HAProxy: maxqueue (0 is without bound there). Varnish: backend_wait_limit.',
    'How long a request may wait, counted from its arrival. HAProxy: timeout queue. Varnish: backend_wait_timeout.',
  )
    .prefault({})
    .describe(
      'The queue of requests that wait for a server: first come, first served, exactly with fewer than 8 and on one thread. In a longer one over several threads, a request may be overtaken by an eighth of the others, 8 at most.',
    ),
  streams: z
    .strictObject({
      max: limit()
        .prefault(d.streams.max)
        .describe("Streams at once over all threads, or `'unlimited'`; beyond it 503."),
      types: z
        .union([flag().transform((on) => (on ? [...d.streams.types] : [])), oneOrMore(mediaType, 0)])
        .prefault([...d.streams.types])
        .describe(
          'Media types of responses that never end: one without Content-Length becomes a stream as soon as its head is there, gives its slot back, and is not cached. While `max` is used up it keeps its slot, until there is room. `false`: none; then each holds a slot for as long as it is open, as servers need that keep a worker busy with every connection.',
        ),
      after: duration('never by age')
        .prefault(d.streams.after)
        .describe(
          'Age at which any other response that still flows becomes a stream and gives its slot back. 0: never by age. With an age a server may have to work on more requests at once than its maxConnections: as many more as there are clients that read slowly, up to `max`. Worth it where answers without an end have no type of their own.',
        ),
    })
    .prefault({})
    .describe(
      'A budget of their own for what lives long: upgraded connections (WebSocket), tunnels, event streams, and responses older than `after`. They hold no slot of a server.',
    ),
  timeouts: z
    .strictObject({
      connect: duration()
        .prefault(d.timeouts.connect)
        .describe(
          'To establish a connection; then another server is tried. HAProxy: timeout connect. nginx: proxy_connect_timeout. Varnish: .connect_timeout.',
        ),
      firstByte: duration()
        .prefault(d.timeouts.firstByte)
        .describe(
          'From the request sent to the first byte of the response; then 504. HAProxy: timeout server. nginx: proxy_read_timeout. Varnish: .first_byte_timeout.',
        ),
      betweenBytes: duration()
        .prefault(d.timeouts.betweenBytes)
        .describe(
          'Between two pieces of a response, or of a request the server does not take. HAProxy: timeout server. nginx: proxy_read_timeout. Varnish: .between_bytes_timeout.',
        ),
      tunnelIdle: duration()
        .prefault(d.timeouts.tunnelIdle)
        .describe(
          'How long both sides of an upgraded connection may be silent. HAProxy: timeout tunnel. Varnish: pipe_timeout.',
        ),
      tunnelFin: duration('as long as tunnelIdle')
        .prefault(d.timeouts.tunnelFin)
        .describe(
          'The same once one of the two sides has closed its half. What the other still sends flows on, and each byte of it starts the time anew. HAProxy: timeout client-fin, timeout server-fin.',
        ),
      total: duration()
        .prefault(d.timeouts.total)
        .describe(
          'From the first byte of the request to the last of the response, waiting and all attempts included; then 504. Streams are exempt. Varnish: last_byte_timeout.',
        ),
    })
    .prefault({})
    .describe('How long a server may take. 0: for ever.'),
  idle: z
    .strictObject({
      max: whole(0, 100_000)
        .prefault(d.idle.max)
        .describe('Idle connections kept for reuse, per server and thread. HAProxy: pool-max-conn. nginx: keepalive.'),
      timeout: duration('until the server closes it')
        .prefault(d.idle.timeout)
        .describe(
          'How long one is kept. Keep it below the server’s own keep-alive timeout, so that the server never closes under a request. HAProxy: pool-purge-delay. nginx: keepalive_timeout in upstream. Varnish: backend_idle_timeout.',
        ),
    })
    .prefault({})
    .describe('Idle connections to the servers.'),
  retries: whole(0, 100)
    .prefault(d.retries)
    .describe(
      'Further servers tried when a connection cannot be established, or closes before the first byte of an answer where that is safe: the method is idempotent, or nothing was sent. Each is tried once, so this also bounds how many servers a request can bring down that makes them crash. Timeouts of an answer are not retried. Besides, a request that met an idle connection just being closed may go to the same server once more. HAProxy: retries with redispatch. nginx: proxy_next_upstream error, proxy_next_upstream_tries.',
    ),
  limits: z
    .strictObject({
      line: size(64).prefault(d.limits.line).describe('Longest status line; beyond it 502.'),
      head: size(256)
        .prefault(d.limits.head)
        .describe(
          'Status line and header fields of a response together; beyond it 502. nginx: proxy_buffer_size. Varnish: http_resp_size.',
        ),
      fields: whole(1, 10_000)
        .prefault(d.limits.fields)
        .describe('Number of header fields of a response; beyond it 502. Varnish: http_max_hdr.'),
    })
    .prefault({})
    .describe('How much a server may send as a head.'),
  health: z
    .union([never(), health])
    .optional()
    .describe(
      'Regular checks that find out which servers are up. Unset or `false`: every server counts as up. HAProxy: check. Varnish: .probe.',
    ),
})
