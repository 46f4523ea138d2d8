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
    // Nobody is believed until named: a forged X-Forwarded-For must not reach a log or a rule.
    trustedProxies: [],
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
    // Nobody waits unless it is asked for: at the limit the next request is refused.
    queue: { max: 0, timeout: '2s' },
    // A ceiling against leaks of tunnels. Age makes no stream by itself: a slow download is still a request.
    streams: { max: 10_000, after: 0 },
    timeouts: {
      // In a data centre a connection takes under 1 ms; one lost SYN, sent again after 1 s, is ridden out.
      connect: '2s',
      // As nginx proxy_read_timeout and Varnish first_byte_timeout.
      firstByte: '60s',
      betweenBytes: '30s',
      // Long enough for a chat that pings every half hour; short enough to lose the dead.
      tunnelIdle: '1h',
      // No bound: exports and uploads of any length are somebody's daily work.
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
    connect: false,
    // Other upgrades (h2c above all) would let a client speak past every rule.
    upgrade: ['websocket'],
  },
  accessLog: {
    to: 'stdout',
    format: 'json',
    // About 10,000 lines: rides out a disk that stalls for a second under full load.
    buffer: '4MiB',
  },
  // The name of the cause helps whoever gets the answer; numbers and names of the inside stay inside.
  proxyStatus: 'cause',
  // Long enough that those who obey do not make the next burst.
  retryAfter: '5s',
  // What Kubernetes gives before it kills; systemd gives 90 s.
  drain: '30s',
} as const
