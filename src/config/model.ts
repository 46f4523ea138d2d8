/**
 * The one model of a configuration, as the rest of Headgate reads it: defaults filled in, durations in milliseconds,
 * sizes in bytes, names resolved. Plain data only, so that it can be handed to worker threads as it is.
 */

/** Stands for "no limit" where a limit is a number of things in use. The largest value of a ledger cell. */
export const UNLIMITED = 0x7fffffff

/** Where to listen or connect. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

/** A place in a configuration file, both counted from 1. `line` 0: no file (command line or a call). */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The option of the command line that it was given as: `--max-connections`. */
  readonly option?: string
}

/** A bounded queue. `max` 0: no request waits. `timeout` in ms. */
export interface QueueConfig {
  readonly max: number
  readonly timeout: number
}

export interface ListenerConfig {
  readonly name: string
  readonly bind: readonly Address[]
  /** Client connections at once over all threads, HAProxy's frontend maxconn; UNLIMITED when written so. */
  readonly maxConnections: number
  /** `null`: a surplus connection gets 503 at once. A queue: it is held unread in this line. */
  readonly whenFull: QueueConfig | null
  /** Peers (CIDR or address) whose X-Forwarded-*, Forwarded are believed and appended to; others are replaced. */
  readonly trustedProxies: readonly string[]
  /** Our name in Via of responses to these clients; '': they get none from us. */
  readonly via: string
  /** Which forwarding fields requests get: `x-forwarded` (X-Forwarded-For/-Proto/-Host), `forwarded` (RFC 7239). */
  readonly forwarded: readonly ('x-forwarded' | 'forwarded')[]
  /** All in ms; 0 never. `header`: from first byte of a head to its end. `body`: between reads of a request body. `send`: between writes to a client that does not read. `keepAlive`: idle between requests, and before the first. */
  readonly timeouts: {
    readonly header: number
    readonly body: number
    readonly send: number
    readonly keepAlive: number
  }
  /** Bytes of the request line, bytes of the whole head, number of fields, bytes of the body (0: unlimited). */
  readonly limits: { readonly line: number; readonly head: number; readonly fields: number; readonly body: number }
}

export interface ServerConfig {
  /** The address as written; unique in its pool. Names the server in logs. */
  readonly name: string
  readonly address: Address
  /** Requests at this server at once, from before connect to the last byte of the response; UNLIMITED when unset. */
  readonly maxConnections: number
  /** 1 … 1000; the share of requests relative to the other servers. 0: only by sticky cookie. */
  readonly weight: number
  /** Gets requests only when no other server of the pool is usable. */
  readonly backup: boolean
}

export type BalanceConfig =
  | { readonly policy: 'round-robin' | 'least' | 'two-choices' | 'first' }
  | {
      readonly policy: 'hash'
      /** What is hashed: client address, path with query, a header field or a cookie. Missing ones fall back to address. */
      readonly on: 'address' | 'path' | 'header' | 'cookie'
      readonly name: string // of the field or cookie; '' otherwise
      /** Bounded load: a server takes at most this times the average before the next on the ring does; 0: unbounded. */
      readonly bound: number
    }

/** Regular checks of every server of a pool. */
export interface HealthConfig {
  /** Path that is asked for with GET; null: a server only has to take a connection. */
  readonly http: string | null
  /** First and last status that count as healthy. */
  readonly expect: readonly [number, number]
  /** From one check to the next, in ms. */
  readonly interval: number
  /** For one whole check, in ms. */
  readonly timeout: number
  /** Good checks in a row that bring a server back, bad ones that take it out; 1 or more. */
  readonly rise: number
  readonly fall: number
  /** Host field of the check; '': the address of the server. */
  readonly host: string
}

export interface PoolConfig {
  readonly name: string
  readonly servers: readonly ServerConfig[]
  readonly balance: BalanceConfig
  /** Our name in Via of requests to these servers; '': they get none from us. Where it is not Config.name, CDN-Loop has that. */
  readonly via: string
  /** A cookie that ties a client to a server; null: none. */
  readonly sticky: {
    readonly cookie: string
    readonly maxAge: number /* ms; 0: session */
    readonly secure: boolean
  } | null
  /** Requests in the whole pool at once. */
  readonly maxConnections: number
  readonly queue: QueueConfig
  /**
   * Long-lived streams have a budget of their own: upgrades, tunnels, responses of one of `types` that do not say where
   * they end, and those older than `after` ms (0: never).
   */
  readonly streams: { readonly max: number; readonly types: readonly string[]; readonly after: number }
  /** In ms, 0 never. `total`: from the first byte of the request, waiting and retries included; streams are exempt once they count as streams. */
  readonly timeouts: {
    readonly connect: number
    readonly firstByte: number
    readonly betweenBytes: number
    readonly tunnelIdle: number
    readonly tunnelFin: number
    readonly total: number
  }
  /** Idle connections kept per server and thread, and for how long (ms; keep it below the server's own). */
  readonly idle: { readonly max: number; readonly timeout: number }
  /** Further servers tried after a connection failed; each server is tried once. */
  readonly retries: number
  /** Bytes of the status line, of a response head, number of fields. */
  readonly limits: { readonly line: number; readonly head: number; readonly fields: number }
  /** null: no checks, every server counts as up. */
  readonly health: HealthConfig | null
}

/** Which parameters of the query belong to the key of a stored answer. Names may end in `*`. */
export interface QueryKey {
  readonly take: 'all' | 'none' | 'only' | 'without'
  /** For `only` and `without`. */
  readonly names: readonly string[]
  /** Parameters are put in order by name; those of the same name keep theirs. */
  readonly sort: boolean
}

/** Which answers are worth it to be compressed, and how. */
export interface CompressConfig {
  /** In lower case, `text/*` for all below. */
  readonly types: readonly string[]
  /** In the order of preference. */
  readonly encodings: readonly ('zstd' | 'br' | 'gzip')[]
  /** Bytes. */
  readonly min: number
}

/** How a route caches. Times in ms. */
export interface RouteCacheConfig {
  readonly key: {
    readonly host: boolean
    readonly path: boolean
    readonly query: QueryKey
    /** Lower case. */
    readonly headers: readonly string[]
    /** May end in `*`. */
    readonly cookies: readonly string[]
  }
  /** Freshness by status, both ends included; the first range that fits counts. 0: not stored. Empty: the server decides. */
  readonly ttl: readonly { readonly from: number; readonly to: number; readonly ttl: number }[]
  /** For answers that say nothing; 0: they are never fresh, and stored only if they can be validated. */
  readonly defaultTtl: number
  /** Freshness from Last-Modified: a share (0 … 1] of its age, at most `max`; null: none. Comes before defaultTtl. */
  readonly heuristic: { readonly share: number; readonly max: number } | null
  /** Upper bound of freshness. */
  readonly maxTtl: number
  readonly grace: number
  /** How far grace may grow with pressure; never below `grace`. */
  readonly graceUnderPressure: number
  readonly keep: number
  /** Requests with one of these pass the cache by. Cookies may end in `*`, fields are lower case, paths match whole segments. */
  readonly bypass: {
    readonly cookies: readonly string[]
    readonly headers: readonly string[]
    readonly paths: readonly string[]
  }
  /** Answers with Set-Cookie: never stored, or only where the server says public or s-maxage. */
  readonly setCookie: 'never-store' | 'when-public'
  /** Whether Cache-Control of requests counts; `ignore`: only no-store and only-if-cached do. */
  readonly requestDirectives: 'obey' | 'ignore'
  /** Target fields of RFC 9213 in lower case, the first that is there counts. */
  readonly targeted: readonly string[]
  readonly surrogateControl: boolean
  /** Peers (CIDR or address) that may use PURGE; empty: none. */
  readonly purge: readonly string[]
  /** How long after an answer that may not be shared no request waits for another's fetch, in ms. */
  readonly hitForMiss: number
  /** Waiting for another request's fetch of the same; null: each fetches. */
  readonly coalesce: { readonly max: number; readonly timeout: number; readonly otherwise: 'fetch' | 'refuse' } | null
  /** Compression of stored answers; null: none. */
  readonly compress: CompressConfig | null
  /** Whether clients get Cache-Status. */
  readonly status: boolean
}

export interface RouteConfig {
  /** `routes[0]` … unless named. */
  readonly name: string
  /** Lower-case hosts without port, `*.example.com` for all below; empty: any host. */
  readonly hosts: readonly string[]
  /** Path prefix by whole segments: `/shop` matches `/shop` and `/shop/…`. '/': all. */
  readonly path: string
  /** Listeners it applies to; empty: all. */
  readonly listeners: readonly string[]
  /** Name of the pool. */
  readonly to: string
  readonly maxConnections: number
  readonly queue: QueueConfig
  /** Compression of answers on their way from a server to a client; null: none. */
  readonly compress: CompressConfig | null
  /** null: nothing is stored, nothing is looked up. */
  readonly cache: RouteCacheConfig | null
  /** Whether CONNECT is passed on (as a tunnel). */
  readonly connect: boolean
  /** Upgrade protocols passed on, lower case; `*` all. */
  readonly upgrade: readonly string[]
}

export interface AccessLogConfig {
  /** A file path, or `stdout` / `stderr`. */
  readonly to: string
  readonly format: 'json' | 'common' | 'combined' | { readonly template: string }
  /** `failures`: only what was refused or failed gets a line. */
  readonly requests: 'all' | 'failures'
  /** Bytes waiting to be written per thread beyond which lines are dropped and counted. */
  readonly buffer: number
}

/** The store of all caching routes, in bytes. Reserved only when a route caches. */
export interface CacheConfig {
  readonly size: number
  /** Longest body that is stored. */
  readonly maxObject: number
}

/** Where the admin API listens, and what it asks for. */
export interface AdminConfig {
  readonly bind: Address
  /** Compared in constant time, never shown; null: callers on this machine need none. */
  readonly token: string | null
  /** Whether a start without it is a failure; else it is a warning. */
  readonly required: boolean
}

export interface Config {
  /** Our name in Via, Proxy-Status, Cache-Status and loop detection: an HTTP token, made unique per process when unset. */
  readonly name: string
  /** Worker threads. */
  readonly threads: number
  readonly listeners: readonly ListenerConfig[]
  readonly pools: readonly PoolConfig[]
  readonly routes: readonly RouteConfig[]
  readonly cache: CacheConfig
  /** null: there is none. */
  readonly admin: AdminConfig | null
  readonly accessLog: AccessLogConfig | null
  /** What clients are told: `off` nothing, `cause` (the cause's name only), `full` (gate, limit, value and setting too). */
  readonly proxyStatus: 'off' | 'cause' | 'full'
  /** Seconds named in Retry-After, before jitter, when Headgate sheds (in ms here). */
  readonly retryAfter: number
  /** Own error pages: text of the template by cause name, status ('503'), or 'default'; HTML only. */
  readonly errorPages: Readonly<Record<string, string>>
  /** How long a stop waits for requests under way, in ms. */
  readonly drain: number
  /** Where each setting was written, by its path (`pools.shop.queue.max`, `pools.shop.servers[0].maxConnections`). */
  readonly places: Readonly<Record<string, Place>>
}
