/** What is measured: the table of workloads. Those of one group run side by side, so that they can be compared too. */
import type { Request } from './load/lua.ts'
import type { CacheRoom } from './peers/peer.ts'

export interface Workload {
  readonly name: string
  readonly says: string
  readonly threads: number
  readonly servers: number
  readonly routes: number
  readonly log: boolean
  readonly connections: number
  readonly request: Request
  /** Room for what may be cached; null: nothing is. */
  readonly cache: Pick<CacheRoom, 'size' | 'objects'> | null
}

export interface Group {
  readonly name: string
  readonly kind: 'http' | 'hits' | 'million' | 'websocket' | 'idle' | 'start'
  readonly workloads: readonly Workload[]
}

/** 64 connections ask for 120 bytes, one thread, one server, no log: all others say what is different. */
const usual = {
  threads: 1,
  servers: 1,
  routes: 0,
  log: false,
  connections: 64,
  request: { paths: ['/'] },
  cache: null,
} satisfies Partial<Workload>

/** What a browser sends beside Host; about 500 bytes. */
const browser = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.7,de;q=0.3',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  Referer: 'https://shop.example/catalogue/shoes?page=3',
  Cookie: 'session=9f86d081884c7d659a2feaa0c55ad015; theme=dark; consent=all; basket=3f2a9c',
  'Cache-Control': 'max-age=0',
}

export const groups: readonly Group[] = [
  one('small', '120 bytes, keep-alive, 64 connections', {}),
  one('fields', 'the same with 8 request fields and 12 response fields', {
    request: { paths: ['/fields'], fields: browser },
  }),
  one('small-1000', '120 bytes over 1000 connections', { connections: 1000 }),
  one('body-10k', 'response of 10 KB', { request: { paths: ['/10k'] } }),
  one('body-100k', 'response of 100 KB', { request: { paths: ['/100k'] } }),
  one('body-1m', 'response of 1 MB', { request: { paths: ['/1m'] } }),
  one('post-1k', 'POST of 1 KB', { request: { method: 'POST', paths: ['/post'], body: 1024 } }),
  one('post-100k', 'POST of 100 KB', { request: { method: 'POST', paths: ['/post'], body: 102_400 } }),
  one('connect', 'a new connection for every request', {
    request: { paths: ['/'], fields: { Connection: 'close' } },
  }),
  one('websocket', 'WebSocket echo of 100 bytes, 64 connections', {}, 'websocket'),
  several('servers', [1, 10, 1000], (servers) => ({ says: `${count(servers, 'server')} in turn`, servers })),
  several('routes', [1, 100, 1000], (routes) => ({
    says: `${count(routes, 'route')}, asked for in turn`,
    routes,
    request: { paths: spread(routes).map((i) => `/r${i}/`) },
  })),
  several('threads', [1, 2], (threads) => ({ says: count(threads, 'thread'), threads })),
  several('log', ['off', 'json'], (log) => ({
    says: log === 'off' ? 'access log off' : 'access log on: each proxy’s usual format, Headgate’s JSON',
    log: log !== 'off',
  })),
  hits('hit-120', 'cache hit: one object of 120 bytes', { request: { paths: ['/hit/120'] } }),
  hits('hit-log', 'cache hit: the same with the access log on, in each proxy’s usual format', {
    request: { paths: ['/hit/120'] },
    log: true,
  }),
  hits('hit-10k', 'cache hit: one object of 10 KB', { request: { paths: ['/hit/10k'] } }),
  hits('hit-100k', 'cache hit: one object of 100 KB', { request: { paths: ['/hit/100k'] } }),
  hits('hit-uniform', 'cache hits: 100,000 objects of 1 KB, all asked for alike', many(0)),
  hits('hit-zipf', 'cache hits: 100,000 objects of 1 KB, few asked for often (Zipf 0.99)', many(0.99)),
  one(
    'hit-million',
    'a million stored objects of 120 bytes, and hits while others are stored and must go',
    // What HAProxy can have at most, and just enough for nginx, which takes 4 KB for each.
    {
      request: { paths: ['/hit/120'], keys: { count: 1_000_000, skew: 0 } },
      cache: { size: 4095, objects: 1_500_000 },
    },
    'million',
  ),
  one('idle', 'memory for idle keep-alive connections', {}, 'idle'),
  one('start', 'time from start to the first answer', {}, 'start'),
]

/** In a quick run: one of each kind. What one server and one route cost, `small` shows. */
export const quick: ReadonlySet<string> = new Set(
  `small small-1000 body-1m post-100k connect websocket servers-1000 routes-1000 hit-120 idle start`.split(' '),
)

/** The groups with the workloads of the given names, or names of groups. Throws RangeError for an unknown name. */
export function choose(names: readonly string[]): Group[] {
  for (const name of names) {
    if (!groups.some((group) => group.name === name || group.workloads.some((one) => one.name === name)))
      throw new RangeError(`there is no workload ${name}`)
  }
  const chosen = ({ name, workloads }: Group): Workload[] =>
    workloads.filter((one) => names.includes(name) || names.includes(one.name))
  return groups.map((group) => ({ ...group, workloads: chosen(group) })).filter(({ workloads }) => workloads.length > 0)
}

function one(name: string, says: string, different: Partial<Workload>, kind: Group['kind'] = 'http'): Group {
  return { name, kind, workloads: [{ ...usual, name, says, ...different }] }
}

/** Answers come from the cache; `one` object there, if not said otherwise. */
function hits(name: string, says: string, different: Partial<Workload>): Group {
  return one(name, says, { cache: { size: 256, objects: 1000 }, ...different }, 'hits')
}

function many(skew: number): Partial<Workload> {
  return { request: { paths: ['/hit/1k/'], keys: { count: 100_000, skew } }, cache: { size: 512, objects: 100_000 } }
}

function several<V extends number | string>(
  name: string,
  values: readonly V[],
  of: (value: V) => Partial<Workload> & { says: string },
): Group {
  return {
    name,
    kind: 'http',
    workloads: values.map((value) => ({ ...usual, name: `${name}-${value}`, ...of(value) })),
  }
}

/** At most 50 of `n` numbers, evenly spread, the first and the last among them. */
function spread(n: number): number[] {
  const some = Math.min(n, 50)
  return Array.from({ length: some }, (_, i) => (some === 1 ? 0 : Math.round((i * (n - 1)) / (some - 1))))
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
