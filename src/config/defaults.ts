/**
 * What holds where nothing is written: all defaults in one table, as one would write them, each with its reason.
 * The schema, the reference and the JSON Schema take them from here.
 */
export const defaults = {
  listener: {
    // HAProxy derives its maxconn from the file-descriptor limit, nginx has 512 a worker. A finite number keeps a flood
    // from taking every descriptor, which would also shut out the connections to the servers.
    maxConnections: 10_000,
    // At once is what HAProxy users set up with a deny rule, and what a load balancer before us can act on.
    whenFull: 'refuse',
    // 'wait' without numbers: room for a burst, and no longer than a browser shows patience for a connection.
    wait: { max: 1000, timeout: '5s' },
    // No peer is trusted until named: a forged X-Forwarded-For must not reach a log or a rule.
    trustedProxies: [],
    // RFC 9110 §7.6.3 leaves it to a gateway whether responses say so; clients have no use for it.
    via: false,
    // What practically every application reads; RFC 7239 on demand.
    forwarded: ['x-forwarded'],
    timeouts: {
      // A head is a few packets; slower is a slowloris or a line that is as good as dead.
      header: '10s',
      // Between two reads, not for the whole upload.
      body: '30s',
      send: '30s',
      // As nginx (75 s) and browsers have it; the connection costs one descriptor and no slot of a server.
      keepAlive: '60s',
    },
    // 8 KiB and 32 KiB hold what nginx and HAProxy take in their default buffers (8 and 16 KiB) with room for large cookies.
    limits: { line: '8KiB', head: '32KiB', fields: 100, body: 0 },
  },
  pool: {
    balance: 'round-robin',
    // RFC 9110 §7.6.3 demands it of requests.
    via: true,
    // No request waits unless a queue is configured: at the limit the next request is refused.
    queue: { max: 0, timeout: '2s' },
    streams: {
      // A ceiling against leaks of tunnels.
      max: 10_000,
      // What never ends would starve all others of slots. Nothing else ends as seldom and says so by its type.
      types: ['text/event-stream', 'multipart/x-mixed-replace'],
      // Age makes no stream: how long a download takes is up to its client, and a client that reads slowly enough could have a
      // server work on more requests at once than its maxConnections.
      after: 0,
    },
    timeouts: {
      // In a data centre a connection takes under 1 ms; one lost SYN, sent again after 1 s, is ridden out.
      connect: '2s',
      // As nginx proxy_read_timeout and Varnish first_byte_timeout.
      firstByte: '60s',
      betweenBytes: '30s',
      // Long enough for a chat that pings every half hour; short enough to lose the dead.
      tunnelIdle: '1h',
      // What HAProxy's documentation writes for client-fin: the rest of an answer flows on, a dead end does not stay.
      tunnelFin: '30s',
      // No bound: exports and uploads of any length are normal work for some sites.
      total: 0,
    },
    // Under the 5 s after which many application servers close an idle connection (Node, Apache, uvicorn): the side
    // that closes first cannot be surprised by a request under way.
    idle: { max: 256, timeout: '4s' },
    // Two further servers: one may be down, a second may have been lost with it.
    retries: 2,
    // Servers are trusted further than clients.
    limits: { line: '8KiB', head: '64KiB', fields: 200 },
    // HAProxy's inter 2s rise 2 fall 3: out after six seconds, back after four.
    health: { interval: '2s', timeout: '1s', rise: 2, fall: 3, expect: '200-399', host: '' },
    sticky: { maxAge: 0, secure: false },
  },
  server: { weight: 1, backup: false },
  route: {
    path: '/',
    queue: { max: 0, timeout: '2s' },
    // What may be shared is for the operator to say, not for a proxy to guess.
    cache: false,
    connect: false,
    // Other upgrades (h2c above all) would let a client speak past every rule.
    upgrade: ['websocket'],
  },
  cache: {
    // As Varnish's usual -s: room for some ten thousand pages, and a size that small machines have.
    size: '256MiB',
    // A page, a script, an image. Downloads and films would push thousands of those out.
    maxObject: '8MiB',
  },
  // Off as in nginx and Caddy: many servers compress already. When on: what is text, and longer than a packet.
  compress: {
    on: false,
    types: [
      'text/*',
      'application/javascript',
      'application/json',
      'application/ld+json',
      'application/manifest+json',
      'application/xml',
      'application/rss+xml',
      'application/atom+xml',
      'application/wasm',
      'image/svg+xml',
    ],
    encodings: ['zstd', 'br', 'gzip'],
    min: '1KiB',
  },
  routeCache: {
    // As it came, with nothing guessed: an answer for another address is worse than one fetched twice.
    key: { host: true, path: true, query: true, sort: false, headers: [], cookies: [] },
    // What says nothing is not given to anybody unasked. Varnish's 120 s surprise everybody once.
    defaultTtl: 0,
    // RFC 9111 §4.2.2: a guess from Last-Modified, with the share that it names and that browsers and Squid have. What
    // says nothing at all is still not fresh.
    heuristic: { on: true, share: 0.1, max: '1d' },
    // What RFC 9111 was written for ends at a year; a longer life is a slip of the pen.
    maxTtl: '365d',
    // RFC 9111 §4.2.4: nothing stale while the servers can answer, unless they or the operator allow it. Varnish has 10 s.
    grace: '0s',
    // A page of an hour ago is better than none: only while servers are full or down.
    graceUnderPressure: '1h',
    // A 304 costs the server less than a page. Eviction decides about the room, so keeping is cheap. Varnish keeps
    // nothing; nginx and Squid keep until there is no room.
    keep: '1d',
    bypass: { cookies: [], headers: [], paths: [] },
    // A cookie is mostly for one visitor. As Varnish's built-in rules.
    setCookie: 'never-store',
    // RFC 9111 §5.2.1 advises it, and a reload is how visitors mend what is broken.
    requestDirectives: 'obey',
    // The one name of RFC 9213 that is meant for every cache of its kind.
    targeted: ['cdn-cache-control'],
    surrogateControl: false,
    // No client may remove anything until named.
    purge: [],
    // Varnish's uncacheable_ttl.
    hitForMiss: '2m',
    // As many as a busy page sees in a few seconds, waiting as long as nginx lets them (5 s), then each for itself.
    coalesce: { on: true, max: 10_000, timeout: '5s', otherwise: 'fetch' },
    // When a page is slow, it helps to know whether it was a hit. The key is not told.
    status: true,
  },
  // This machine only, as Caddy has it (2019 there); another port, so that both can run side by side.
  admin: { bind: '127.0.0.1:9191' },
  accessLog: {
    to: 'stdout',
    format: 'json',
    requests: 'all',
    // About 10,000 lines: rides out a disk that stalls for a second under full load.
    buffer: '4MiB',
  },
  // The name of the cause helps the client; numbers and names of the inside stay inside.
  proxyStatus: 'cause',
  // Long enough that clients that obey do not make the next burst.
  retryAfter: '5s',
  // What Kubernetes gives before it kills; systemd gives 90 s.
  drain: '30s',
} as const
