/**
 * The written form of a configuration. Made from the schema by types.ts; do not edit it, run: npm run generate
 */
// biome-ignore-all format: it is made by a program
import type { Cause } from '../base/cause.ts'

/** A duration: '500ms', '2s', '5m', '1h30m'; 0 has the meaning that each setting says. */
export type Duration = string | 0

/** A size: '64KB' (powers of 1000), '64KiB' (powers of 1024), or a number of bytes. */
export type Size = string | number

/** A whole configuration. */
export interface WrittenConfig {
  /** Where editors find the JSON Schema of this file. Not read by Headgate. */
  readonly $schema?: string | undefined
  /** Name in Via, Proxy-Status, Cache-Status and CDN-Loop; by Via, or CDN-Loop where `via` of a pool is not `true`, a request that comes round in a circle is known again. Unset: one of its own for every process, such as `headgate-3fb36a5d`. Varnish: -i. */
  readonly name?: string | undefined
  /** Worker threads. Unset: as many as the machine has cores for this process. HAProxy: nbthread. nginx: worker_processes. */
  readonly threads?: number | undefined
  /** Where clients connect, by name. HAProxy: frontend. nginx: server with listen. */
  readonly listeners: Readonly<Record<string, WrittenListener>>
  /** Groups of servers that do the same work, by name. HAProxy: backend. nginx: upstream. Varnish: director. */
  readonly pools: Readonly<Record<string, WrittenPool>>
  /** Which requests go to which pool. The most specific route wins, whatever the order: an exact host before a wildcard before any, then the longest path; no route gives 404. Unset: everything goes to the only pool. HAProxy: use_backend. nginx: location. */
  readonly routes?: readonly WrittenRoute[] | undefined
  /** The store of all routes that cache; see `cache` of a route. Reserved only when there is such a route. */
  readonly cache?: WrittenCache | undefined
  /** The admin API: `false`, an address, or `{ bind, token }`. Unset: `headgate run` opens it at `127.0.0.1:9191`, for this machine only, and goes on without it where that port is taken; a program that calls start() has none. */
  readonly admin?: boolean | string | number | WrittenAdmin | undefined
  /** One line per request: a file, `'stdout'`, `'stderr'`, `false` for none, or `{ to, format, requests, buffer }`. A relative path starts from the folder that Headgate runs in. SIGUSR2 reopens the file. HAProxy: log, log-format. nginx: access_log. Default: `'stdout'`. */
  readonly accessLog?: false | string | {
    /** A file, `'stdout'` or `'stderr'`. Default: `'stdout'`. */
    readonly to?: string | undefined
    /** `'json'`, `'common'`, `'combined'`, or `{ template: '%{client} %{status} %{totalMs}' }`. Default: `'json'`. */
    readonly format?: 'json' | 'common' | 'combined' | {
      /** Line with fields as `%{client}`; the fields are listed below. */
      readonly template: string
    } | undefined
    /** Which requests get a line: `'all'`, or only those that were refused or failed: `'failures'`. HAProxy: option dontlog-normal. Default: `'all'`. */
    readonly requests?: 'all' | 'failures' | undefined
    /** Bytes that may wait to be written, per thread. Lines beyond are dropped and counted; no request waits for its log. Default: `'4MiB'`. */
    readonly buffer?: Size | undefined
  } | undefined
  /** What the Proxy-Status field (RFC 9209) of a refused or failed request tells the client: `'off'` nothing, `'cause'` its name, `'full'` gate, limit, value and setting too. Default: `'cause'`. */
  readonly proxyStatus?: 'off' | 'cause' | 'full' | undefined
  /** Retry-After of a request that Headgate turned away, before a spread is added; in whole seconds. Default: `'5s'`. */
  readonly retryAfter?: Duration | undefined
  /** Own error pages: HTML files by cause (`queue_full`), by status (`'503'`), or `default`; paths are relative to this file. They may contain `{{status}}`, `{{sentence}}`, `{{incident}}` and others, listed below. HAProxy: errorfile. nginx: error_page. Varnish: vcl_synth. */
  readonly errorPages?: Readonly<Partial<Record<Cause | 'default' | `${number}`, string>>> | undefined
  /** How long a stop waits for requests under way. HAProxy: hard-stop-after. nginx: worker_shutdown_timeout. Default: `'30s'`. */
  readonly drain?: Duration | undefined
  /** Rules whose warnings are known and accepted; `headgate check` leaves them out. Errors cannot be left out. */
  readonly ignore?: readonly ('listener-exceeds-pools' | 'fd-limit' | 'queue-without-limit' | 'no-queue' | 'pool-limit-above-servers' | 'route-limit-above-pool' | 'streams-above-listeners' | 'retries-exceed-servers' | 'all-weights-zero' | 'queue-timeout-beyond-patience' | 'first-byte-below-queue' | 'first-byte-below-health' | 'health-timeout-beyond-interval' | 'total-below-first-byte' | 'connect-timeout-long' | 'header-timeout-off' | 'unused-cache' | 'object-beyond-cache' | 'grace-beyond-pressure' | 'grace-beyond-default' | 'ttl-beyond-max' | 'key-too-narrow' | 'purge-everyone' | 'unreachable-route' | 'unused-pool' | 'listener-without-route' | 'path-unwritable' | 'trusted-everyone' | 'privileged-port')[] | undefined
  /** Blocks that are used elsewhere in the file; not read by themselves. */
  readonly [shared: `x-${string}`]: unknown
}

export interface WrittenListener {
  /** Address to listen on, or a list of them: `':8080'` for every interface (IPv4 and IPv6), `'127.0.0.1:80'`, `'[::1]:80'`, `'unix:/run/headgate.sock'`. Port 0 takes any free one. HAProxy: bind. nginx: listen. */
  readonly bind: readonly (string | number)[] | string | number
  /** Client connections open at once, idle ones included, over all threads; or `'unlimited'`. At the limit the connection that has been idle longest makes way for a new one. HAProxy: maxconn of a frontend. nginx: worker_connections (per worker there). Default: `10000`. */
  readonly maxConnections?: number | 'unlimited' | undefined
  /** What happens to a connection beyond maxConnections when no other one is idle. `'refuse'`: it gets 503 at once and is closed. `'wait'`: it is held in a line, of 1000 for up to 5s, or as `{ max, timeout }` says; HAProxy's kernel backlog does the same without bound. Default: `'refuse'`. */
  readonly whenFull?: 'refuse' | 'wait' | {
    /** Connections that may wait. What comes beyond them is refused at once. Default: `1000`. */
    readonly max?: number | undefined
    /** How long a connection may wait before it gets 503. Default: `'5s'`. */
    readonly timeout?: Duration | undefined
  } | undefined
  /** Proxies before this one whose X-Forwarded-* and Forwarded fields are believed and added to: addresses, networks `'10.0.0.0/8'`, `'loopback'` or `'private'`. Those of all others are replaced. nginx: set_real_ip_from. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Whether responses to clients say in Via that they came through here: `true` by the `name` of this proxy, or by another name, such as `'edge'`. Default: `false`. */
  readonly via?: boolean | string | undefined
  /** Which fields tell the servers of the client: `'x-forwarded'` (X-Forwarded-For, -Proto, -Host), `'forwarded'` (RFC 7239), both as a list, or `[]`. HAProxy: option forwardfor, option forwarded. */
  readonly forwarded?: readonly ('x-forwarded' | 'forwarded')[] | 'x-forwarded' | 'forwarded' | undefined
  /** How long a client may take. */
  readonly timeouts?: {
    /** From the first byte of a request to the end of its header fields; then 408. HAProxy: timeout http-request. nginx: client_header_timeout. Default: `'10s'`. */
    readonly header?: Duration | undefined
    /** Between two pieces of a request body; then 408. HAProxy: timeout client. nginx: client_body_timeout. Default: `'30s'`. */
    readonly body?: Duration | undefined
    /** How long a client may take nothing of its response before it is dropped. HAProxy: timeout client. nginx: send_timeout. Varnish: idle_send_timeout. Default: `'30s'`. */
    readonly send?: Duration | undefined
    /** How long a connection may be idle, before its first request and between two; shorter where the listener is full or file descriptors are scarce. HAProxy: timeout http-keep-alive. nginx: keepalive_timeout. Varnish: timeout_idle. Default: `'60s'`. */
    readonly keepAlive?: Duration | undefined
  } | undefined
  /** How much a client may send. */
  readonly limits?: {
    /** Longest request line; beyond it 414. nginx: large_client_header_buffers. Default: `'8KiB'`. */
    readonly line?: Size | undefined
    /** Request line and header fields together; beyond it 431. HAProxy: tune.bufsize. nginx: large_client_header_buffers. Varnish: http_req_size. Default: `'32KiB'`. */
    readonly head?: Size | undefined
    /** Number of header fields; beyond it 431. HAProxy: tune.http.maxhdr. Varnish: http_max_hdr. Default: `100`. */
    readonly fields?: number | undefined
    /** Longest request body; beyond it 413. 0: no limit. nginx: client_max_body_size. Default: `0`. */
    readonly body?: Size | undefined
  } | undefined
}

export interface WrittenPool {
  /** The servers, each an address or an object. HAProxy, nginx: server. Varnish: backend. */
  readonly servers: readonly (string | WrittenServer)[]
  /** The order in which servers are asked: `'round-robin'` in turn by weight, `'least'` the one with the fewest requests, `'two-choices'` the emptier of two drawn at random, `'first'` in the order written, or `{ hash, bound }`. Full and failing servers are passed over. HAProxy: balance. Varnish: directors. Default: `'round-robin'`. */
  readonly balance?: 'round-robin' | 'least' | 'two-choices' | 'first' | {
    /** What chooses the server: `'address'` of the client, `'path'` with query, `{ header: 'x-user' }` or `{ cookie: 'session' }`; the address where it is missing. HAProxy: balance source, uri, hdr(). */
    readonly hash: 'address' | 'path' | {
      /** Field whose value is hashed. */
      readonly header: string
    } | {
      /** Cookie whose value is hashed. */
      readonly cookie: string
    }
    /** A server takes at most this times the average before the next on the ring does, such as 1.25. 0: unbounded. HAProxy: hash-balance-factor. Default: `0`. */
    readonly bound?: number | undefined
  } | undefined
  /** Whether requests to these servers say in Via that they came through here: `true` by the `name` of this proxy, or by another name, such as `'edge'`. nginx with its defaults (gzip_proxied off) compresses nothing for a request with Via: with `false` it does. A request that comes round in a circle is then known by CDN-Loop (RFC 8586). Default: `true`. */
  readonly via?: boolean | string | undefined
  /** Name of a cookie that brings a client back to the same server, or `{ cookie, maxAge, secure }`; `false` for none. A client whose server is down, in maintenance, gone or fails it gets a new one from the server that answers; one whose server is full keeps it. Answers that the cache stores carry none. HAProxy: cookie insert. Varnish: shard director by cookie. */
  readonly sticky?: false | string | {
    /** Name of the cookie. */
    readonly cookie: string
    /** How long the browser keeps it. 0: as long as it is open. Default: `0`. */
    readonly maxAge?: Duration | undefined
    /** Whether it is sent over HTTPS only. Default: `false`. */
    readonly secure?: boolean | undefined
  } | undefined
  /** Requests in the whole pool at once, in addition to the limits of its servers. Unset: no limit of its own. HAProxy has no such limit. */
  readonly maxConnections?: number | 'unlimited' | undefined
  /** The queue of requests that wait for a server: first come, first served, exactly with fewer than 8 and on one thread. In a longer one over several threads, a request may be overtaken by an eighth of the others, 8 at most. */
  readonly queue?: {
    /** Requests that may wait while every server is at its limit. 0: none, the next one is refused at once. HAProxy: maxqueue (0 is without bound there). Varnish: backend_wait_limit. Default: `0`. */
    readonly max?: number | undefined
    /** How long a request may wait, counted from its arrival. HAProxy: timeout queue. Varnish: backend_wait_timeout. Default: `'2s'`. */
    readonly timeout?: Duration | undefined
  } | undefined
  /** A budget of their own for what lives long: upgraded connections (WebSocket), tunnels, event streams, and responses older than `after`. They hold no slot of a server. */
  readonly streams?: {
    /** Streams at once over all threads, or `'unlimited'`; beyond it 503. Default: `10000`. */
    readonly max?: number | 'unlimited' | undefined
    /** Media types of responses that never end: one without Content-Length becomes a stream as soon as its head is there, gives its slot back, and is not cached. While `max` is used up it keeps its slot, until there is room. `false`: none; then each holds a slot for as long as it is open, as servers need that keep a worker busy with every connection. */
    readonly types?: boolean | readonly string[] | string | undefined
    /** Age at which any other response that still flows becomes a stream and gives its slot back. 0: never by age. With an age a server may have to work on more requests at once than its maxConnections: as many more as there are clients that read slowly, up to `max`. Worth it where answers without an end have no type of their own. Default: `0`. */
    readonly after?: Duration | undefined
  } | undefined
  /** How long a server may take. 0: for ever. */
  readonly timeouts?: {
    /** To establish a connection; then another server is tried. HAProxy: timeout connect. nginx: proxy_connect_timeout. Varnish: .connect_timeout. Default: `'2s'`. */
    readonly connect?: Duration | undefined
    /** From the request sent to the first byte of the response; then 504. HAProxy: timeout server. nginx: proxy_read_timeout. Varnish: .first_byte_timeout. Default: `'60s'`. */
    readonly firstByte?: Duration | undefined
    /** Between two pieces of a response, or of a request the server does not take. HAProxy: timeout server. nginx: proxy_read_timeout. Varnish: .between_bytes_timeout. Default: `'30s'`. */
    readonly betweenBytes?: Duration | undefined
    /** How long both sides of an upgraded connection may be silent. HAProxy: timeout tunnel. Varnish: pipe_timeout. Default: `'1h'`. */
    readonly tunnelIdle?: Duration | undefined
    /** The same once one of the two sides has closed its half. What the other still sends flows on, and each byte of it starts the time anew. HAProxy: timeout client-fin, timeout server-fin. Default: `'30s'`. */
    readonly tunnelFin?: Duration | undefined
    /** From the first byte of the request to the last of the response, waiting and all attempts included; then 504. Streams are exempt. Varnish: last_byte_timeout. Default: `0`. */
    readonly total?: Duration | undefined
  } | undefined
  /** Idle connections to the servers. */
  readonly idle?: {
    /** Idle connections kept for reuse, per server and thread. HAProxy: pool-max-conn. nginx: keepalive. Default: `256`. */
    readonly max?: number | undefined
    /** How long one is kept. Keep it below the server’s own keep-alive timeout, so that the server never closes under a request. HAProxy: pool-purge-delay. nginx: keepalive_timeout in upstream. Varnish: backend_idle_timeout. Default: `'4s'`. */
    readonly timeout?: Duration | undefined
  } | undefined
  /** Further servers tried when a connection cannot be established, or closes before the first byte of an answer where that is safe: the method is idempotent, or nothing was sent. Each is tried once, so this also bounds how many servers a request can bring down that makes them crash. Timeouts of an answer are not retried. Besides, a request that met an idle connection just being closed may go to the same server once more. HAProxy: retries with redispatch. nginx: proxy_next_upstream error, proxy_next_upstream_tries. Default: `2`. */
  readonly retries?: number | undefined
  /** How much a server may send as a head. */
  readonly limits?: {
    /** Longest status line; beyond it 502. Default: `'8KiB'`. */
    readonly line?: Size | undefined
    /** Status line and header fields of a response together; beyond it 502. nginx: proxy_buffer_size. Varnish: http_resp_size. Default: `'64KiB'`. */
    readonly head?: Size | undefined
    /** Number of header fields of a response; beyond it 502. Varnish: http_max_hdr. Default: `200`. */
    readonly fields?: number | undefined
  } | undefined
  /** Regular checks that find out which servers are up. Unset or `false`: every server counts as up. HAProxy: check. Varnish: .probe. */
  readonly health?: false | WrittenHealth | undefined
}

export interface WrittenServer {
  /** Where the server listens: `'10.0.0.1:8080'`, `'http://app:3000'`, `'[fd00::1]:80'`, `'unix:/run/app.sock'`; port 80 when none is written. A name is looked up through DNS. */
  readonly address: string
  /** Requests at this server at once, from before connect to the last byte of the response, over all threads. Unset: no limit. HAProxy: maxconn of a server. nginx: max_conns. Varnish: .max_connections. */
  readonly maxConnections?: number | 'unlimited' | undefined
  /** Share of the requests relative to the other servers. 0: only for clients whose sticky cookie names it. HAProxy, nginx: weight. Default: `1`. */
  readonly weight?: number | undefined
  /** Gets requests only when no other server of the pool is usable. HAProxy, nginx: backup. Default: `false`. */
  readonly backup?: boolean | undefined
}

export interface WrittenHealth {
  /** Path that is asked for with GET. HAProxy: option httpchk. Varnish: .url. */
  readonly http?: string | undefined
  /** `true`: a server is healthy when it takes a connection. HAProxy: check. */
  readonly tcp?: boolean | undefined
  /** From one check to the next. HAProxy: inter. Varnish: .interval. Default: `'2s'`. */
  readonly interval?: Duration | undefined
  /** How long one check may take. A check that gets no answer in time counts against the server only where it got nothing done since the check before: one that answers requests meanwhile is busy, not dead. HAProxy: timeout check. Varnish: .timeout. Default: `'1s'`. */
  readonly timeout?: Duration | undefined
  /** Good checks in a row that bring a server back. HAProxy: rise. Default: `2`. */
  readonly rise?: number | undefined
  /** Bad checks in a row that take a server out. HAProxy: fall. Default: `3`. */
  readonly fall?: number | undefined
  /** Statuses that count as healthy, such as 200 or `'200-399'`. HAProxy: http-check expect. Varnish: .expected_response. Default: `'200-399'`. */
  readonly expect?: number | string | undefined
  /** Host field of the check. Empty: the address of the server. Default: `''`. */
  readonly host?: string | undefined
}

export interface WrittenRoute {
  /** Name in logs and metrics; without one it goes by its position, `routes[0]`. */
  readonly name?: string | undefined
  /** Host, or list of hosts, that the request must be for, without port: `'shop.example.com'`, or `'*.example.com'` for every host below. Unset: any. HAProxy: hdr(host). nginx: server_name. */
  readonly host?: readonly string[] | string | undefined
  /** Beginning of the path, by whole segments: `'/shop'` matches /shop and /shop/cart, not /shopping. HAProxy: path_beg. nginx: location. Default: `'/'`. */
  readonly path?: string | undefined
  /** Listener, or list of listeners, the route applies to. Unset: all. */
  readonly listeners?: readonly string[] | string | undefined
  /** Name of the pool that gets the requests. HAProxy: use_backend. nginx: proxy_pass. */
  readonly to: string
  /** Requests of this route at once, from admission to the last byte of the response. Unset: no limit of its own. nginx: limit_conn. */
  readonly maxConnections?: number | 'unlimited' | undefined
  /** The line before the route’s maxConnections. */
  readonly queue?: {
    /** Requests that may wait for the route’s own limit. 0: none, at the limit the next one is refused. Default: `0`. */
    readonly max?: number | undefined
    /** How long a request may wait for the route’s own limit. Default: `'2s'`. */
    readonly timeout?: Duration | undefined
  } | undefined
  /** Whether answers are compressed on their way to clients that take it: `true`, or `{ types, encodings, min }`. Those that a server has compressed itself pass as they are. What the cache stores is compressed once for all, see `compress` of `cache`. nginx: gzip. HAProxy: compression. Default: `false`. */
  readonly compress?: boolean | {
    /** Media types that are worth it. `text/*` does not mean `text/event-stream`, which has to be named. nginx: gzip_types. */
    readonly types?: readonly string[] | string | undefined
    /** Encodings in the order of preference: of those that the client likes best, the first one is used. */
    readonly encodings?: readonly ('zstd' | 'br' | 'gzip')[] | 'zstd' | 'br' | 'gzip' | undefined
    /** Shorter answers stay as they are. nginx: gzip_min_length. Default: `'1KiB'`. */
    readonly min?: Size | undefined
  } | undefined
  /** Whether answers are stored and given again (RFC 9111): `true`, or an object that says how. nginx: proxy_cache. Varnish does it always. Default: `false`. */
  readonly cache?: boolean | WrittenRouteCache | undefined
  /** Whether CONNECT requests are passed on as tunnels. They get 405 otherwise. Default: `false`. */
  readonly connect?: boolean | undefined
  /** Protocols a connection may be upgraded to; `true` for all, `false` for none. Other upgrades are answered as plain requests, and so are those to other versions of HTTP (`h2c`) always, as they would pass by every rule. */
  readonly upgrade?: boolean | readonly string[] | string | undefined
}

export interface WrittenRouteCache {
  /** What makes two requests the same, besides the scheme. Vary is heeded in any case, and so is what trusted proxies say of scheme, host and port. nginx: proxy_cache_key. Varnish: vcl_hash. */
  readonly key?: {
    /** Whether answers of one host are kept apart from those of another. Varnish: hash_data(req.http.host). Default: `true`. */
    readonly host?: boolean | undefined
    /** Whether the path makes a difference. `false`: the whole route has one answer. Default: `true`. */
    readonly path?: boolean | undefined
    /** `true` the query as it is, `false` none of it, or the parameters that matter: `{ only, without, sort }`. Default: `true`. */
    readonly query?: boolean | {
      /** Parameters that make a difference; all others are left out of the key, but for those that a server might read as one of these (`i%64` as `id`, `ID`, `id[]`, `x;id`). */
      readonly only?: readonly string[] | string | undefined
      /** Parameters that make none, such as `'utm_*'`, whatever of their names is percent-encoded; all others belong to the key. */
      readonly without?: readonly string[] | string | undefined
      /** Whether parameters are put in order by their names, so that `?a=1&b=2` and `?b=2&a=1` are one. Those of one name keep their order. Default: `false`. */
      readonly sort?: boolean | undefined
    } | undefined
    /** Request fields that make a difference beyond what Vary names. What a purge or an unsafe request removes, it removes for all of their values. */
    readonly headers?: readonly string[] | string | undefined
    /** Cookies that make a difference, such as a currency or a language: `'currency'`, `'ab_*'`. Removed as for `headers`. */
    readonly cookies?: readonly string[] | string | undefined
  } | undefined
  /** How long answers are fresh whatever the server says, unless it forbids storing: a duration (for statuses 200 to 399), or by status `{ '200-299': '10m', '404': '1m' }`. Unset: the server decides. Varnish: beresp.ttl. nginx: proxy_cache_valid. */
  readonly ttl?: Duration | Readonly<Record<string, Duration>> | undefined
  /** How long an answer is fresh that says nothing of it. 0: not at all; with an ETag or Last-Modified it is stored all the same, and the server is asked each time whether it is still good. Varnish: default_ttl (120 s there). Default: `0`. */
  readonly defaultTtl?: Duration | undefined
  /** Whether an answer that only says Last-Modified is fresh for a share of its age: `true`, or `{ share, max }`. Comes before defaultTtl. Default: `true`. */
  readonly heuristic?: boolean | {
    /** Part of the time since Last-Modified; a tenth is usual (RFC 9111 §4.2.2). Default: `0.1`. */
    readonly share?: number | undefined
    /** Never longer than this. Default: `'1d'`. */
    readonly max?: Duration | undefined
  } | undefined
  /** Nothing is fresh for longer, whatever the server or `ttl` says. Traffic Server: max age. Default: `'365d'`. */
  readonly maxTtl?: Duration | undefined
  /** How long after its freshness a copy may be given away at once, while one request fetches a new one. An answer’s own stale-while-revalidate comes first. s-maxage, must-revalidate, proxy-revalidate and no-cache forbid it; what was never fresh, and what was asked for with Authorization, is given so only if the server itself allows it. Varnish: default_grace. nginx: proxy_cache_use_stale updating. Default: `'0s'`. */
  readonly grace?: Duration | undefined
  /** How far grace may grow while the servers are at their limits, fail or are down, rather than let visitors wait or fail: half of the way when a request would have to wait, all of it when none may any more. Never below `grace`, and forbidden by the same words. An answer’s own stale-if-error comes first where its server fails. Default: `'1h'`. */
  readonly graceUnderPressure?: Duration | undefined
  /** How long after its grace a copy is kept to ask the server whether it is still good (If-None-Match). Varnish: default_keep. Default: `'1d'`. */
  readonly keep?: Duration | undefined
  /** Requests that neither take from the cache nor leave anything in it. nginx: proxy_cache_bypass with proxy_no_cache. Varnish: pass. */
  readonly bypass?: {
    /** Requests with one of these cookies: `'session'`, `'wordpress_logged_in_*'`, or `'*'` for any cookie. */
    readonly cookies?: readonly string[] | string | undefined
    /** Requests with one of these fields. */
    readonly headers?: readonly string[] | string | undefined
    /** Requests for these paths and all below: `'/cart'`, in every spelling that a server may take for them, such as `/c%61rt`, `//cart` and `/x/../cart`. */
    readonly paths?: readonly string[] | string | undefined
  } | undefined
  /** Answers that set cookies: `'never-store'`, or `'when-public'` stores those that say public or s-maxage, cookies included. Default: `'never-store'`. */
  readonly setCookie?: 'never-store' | 'when-public' | undefined
  /** Whether Cache-Control of requests counts (RFC 9111 §5.2.1): with `'ignore'` no reload of a browser reaches the servers, and only no-store, no-transform and only-if-cached count. Varnish and nginx ignore it. Default: `'obey'`. */
  readonly requestDirectives?: 'obey' | 'ignore' | undefined
  /** Fields that are meant for caches like this one and come before Cache-Control, the first one that is there (RFC 9213). */
  readonly targeted?: readonly string[] | string | undefined
  /** Whether Surrogate-Control is heeded before Cache-Control, and kept from clients. Servers are told so by Surrogate-Capability. Default: `false`. */
  readonly surrogateControl?: boolean | undefined
  /** Clients that may use the method PURGE: addresses, networks, `'loopback'` or `'private'`. The admin API can purge in any case. */
  readonly purge?: readonly string[] | undefined
  /** Whether requests for the same at one time share one fetch: `true`, `{ max, timeout, otherwise }`, or `false` for a fetch each. nginx: proxy_cache_lock. Varnish does it always. Default: `true`. */
  readonly coalesce?: boolean | {
    /** Requests that may wait for one answer. Default: `10000`. */
    readonly max?: number | undefined
    /** How long one may wait for the first byte. nginx: proxy_cache_lock_timeout. Default: `'5s'`. */
    readonly timeout?: Duration | undefined
    /** What becomes of those beyond `max` and `timeout`: `'fetch'` for themselves, or `'refuse'` with 503. Default: `'fetch'`. */
    readonly otherwise?: 'fetch' | 'refuse' | undefined
  } | undefined
  /** How long, after an answer that may not be shared, no request waits for the fetch of another: all go to the servers side by side. Varnish: uncacheable_ttl. Default: `'2m'`. */
  readonly hitForMiss?: Duration | undefined
  /** Whether stored answers are compressed, once for all clients that take them: `true`, or `{ types, encodings, min }`. Unset: as `compress` of the route says. Varnish: beresp.do_gzip. */
  readonly compress?: boolean | {
    /** Media types that are worth it. `text/*` does not mean `text/event-stream`, which has to be named. nginx: gzip_types. */
    readonly types?: readonly string[] | string | undefined
    /** Encodings in the order of preference: of those that the client likes best, the first one is used. */
    readonly encodings?: readonly ('zstd' | 'br' | 'gzip')[] | 'zstd' | 'br' | 'gzip' | undefined
    /** Shorter answers stay as they are. nginx: gzip_min_length. Default: `'1KiB'`. */
    readonly min?: Size | undefined
  } | undefined
  /** Whether clients are told by Cache-Status how the answer came about (RFC 9211). Default: `true`. */
  readonly status?: boolean | undefined
}

export interface WrittenCache {
  /** Memory for stored answers, of all threads and routes together; reserved at the start when a route caches, and never exceeded. nginx: max_size of proxy_cache_path. Varnish: -s default,256m. Default: `'256MiB'`. */
  readonly size?: Size | undefined
  /** Longest body that is stored, at most a quarter of `size`; longer ones pass through. Squid: maximum_object_size_in_memory. Default: `'8MiB'`. */
  readonly maxObject?: Size | undefined
}

export interface WrittenAdmin {
  /** One address to listen on: `'127.0.0.1:9191'`, `'unix:/run/headgate-admin.sock'`. Beyond loopback a token is required. Default: `'127.0.0.1:9191'`. */
  readonly bind?: string | number | undefined
  /** What callers have to show as `Authorization: Bearer …`: a text of 16 characters or more, better from the environment than in the file itself, or `{ file }`. It is never logged or shown. */
  readonly token?: string | {
    /** A file whose only line is the token; its path is relative to this file. */
    readonly file: string
  } | undefined
}
