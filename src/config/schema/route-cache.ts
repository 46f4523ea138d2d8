/** The written form of a route's cache: what is stored under which key, how long it is fresh, and which clients may remove it. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { Refusal, show } from '../refusal.ts'
import { compress } from './compress.ts'
import { duration, flag, networks, oneOrMore, reads, span, text, token, whole, word } from './scalars.ts'

const d = defaults.routeCache

const field = () => token('the name of a field', (written) => written.toLowerCase())

/** One that a key can count: the server has to get to see it. */
const keyField = () =>
  text({
    pattern: /^(?!proxy$)[!#$%&'*+.^_`|~0-9A-Z-]+$/i,
    expected: `the name of a field: letters, digits and any of !#$%&'*+-.^_\`|~`,
    isNot: 'cannot be the name of a field that a key counts',
    fix: (written) =>
      /^proxy$/i.test(written)
        ? 'remove it: the field Proxy is never passed on, as programs behind CGI take it for HTTP_PROXY (CVE-2016-5385)'
        : 'leave out spaces and other signs',
    rule: 'bad-name',
    canonical: (written) => written.toLowerCase(),
  })

/** A name, or its beginning and a star: cookies and parameters come in families. */
const nameOrBeginning = (what: string, example: string) =>
  text({
    pattern: /^[\x21\x23-\x25\x27-\x3a\x3c\x3e-\x7e]+$/,
    expected: `${what}, or its beginning and a star: '${example}'`,
    isNot: `cannot be ${what}`,
    fix: () => `leave out spaces and signs, as in '${example}'`,
    rule: 'bad-name',
  })

const names = <S extends z.ZodType>(one: S) => oneOrMore(one, 0)

const query = z.union([
  flag().transform((all) => ({ take: all ? ('all' as const) : ('none' as const), names: [], sort: false })),
  z
    .strictObject({
      only: names(nameOrBeginning('the name of a parameter', 'page'))
        .optional()
        .describe(
          'Parameters that make a difference; all others are left out of the key, but for those that a server might read as one of these (`i%64` as `id`, `ID`, `id[]`, `x;id`).',
        ),
      without: names(nameOrBeginning('the name of a parameter', 'utm_*'))
        .optional()
        .describe(
          "Parameters that make none, such as `'utm_*'`, whatever of their names is percent-encoded; all others belong to the key.",
        ),
      sort: flag()
        .prefault(d.key.sort)
        .describe(
          'Whether parameters are put in order by their names, so that `?a=1&b=2` and `?b=2&a=1` are one. Those of one name keep their order.',
        ),
    })
    .superRefine(({ only, without }, context) => {
      if (only === undefined || without === undefined) return
      const says = 'only and without stand side by side'
      const params = { rule: 'bad-value', says, expected: 'one of the two', fix: 'remove without' }
      context.addIssue({ code: 'custom', message: says, params })
    })
    .transform(({ only, without, sort }) => ({
      take: only !== undefined ? ('only' as const) : without !== undefined ? ('without' as const) : ('all' as const),
      names: only ?? without ?? [],
      sort,
    })),
])

const key = z
  .strictObject({
    host: flag()
      .prefault(d.key.host)
      .describe('Whether answers of one host are kept apart from those of another. Varnish: hash_data(req.http.host).'),
    path: flag()
      .prefault(d.key.path)
      .describe('Whether the path makes a difference. `false`: the whole route has one answer.'),
    query: query
      .prefault(d.key.query)
      .describe(
        '`true` the query as it is, `false` none of it, or the parameters that matter: `{ only, without, sort }`.',
      ),
    headers: names(keyField())
      .prefault([...d.key.headers])
      .describe(
        'Request fields that make a difference beyond what Vary names. What a purge or an unsafe request removes, it removes for all of their values.',
      ),
    cookies: names(nameOrBeginning('the name of a cookie', 'currency'))
      .prefault([...d.key.cookies])
      .describe(
        "Cookies that make a difference, such as a currency or a language: `'currency'`, `'ab_*'`. Removed as for `headers`.",
      ),
  })
  .prefault({})
  .describe(
    'What makes two requests the same, besides the scheme. Vary is heeded in any case, and so is what trusted proxies say of scheme, host and port. nginx: proxy_cache_key. Varnish: vcl_hash.',
  )

const statusExpected = "a status such as '404', or a range such as '200-299'"

/** `{ '200-299': '10m', '404': '1m' }` to ranges, the narrowest first, so that the first one that fits is meant. */
const byStatus = z
  .record(z.string(), span('not stored'))
  .meta({
    title: 'object by status',
    propertyNames: { type: 'string', pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$' },
  })
  .transform((written, context) => {
    const ranges = Object.entries(written).map(([range, ttl]) => {
      const found = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(range)
      const from = Number(found?.[1])
      const to = Number(found?.[2] ?? found?.[1])
      if (!(from <= to)) {
        const says = `${show(range)} is not a status`
        const params = { rule: 'bad-value', says, expected: statusExpected, fix: `write ${statusExpected}` }
        context.issues.push({ code: 'custom', input: written, path: [range], message: says, params })
      }
      return { from, to, ttl }
    })
    return ranges.sort((a, b) => a.to - a.from - (b.to - b.from))
  })

const ttl = z.union([span('not stored').transform((all) => [{ from: 200, to: 399, ttl: all }]), byStatus])

const share = reads<number, number>(
  (written) =>
    typeof written === 'number' && written > 0 && written <= 1
      ? written
      : new Refusal('out-of-range', `${show(written)} is not a share`, 'a number above 0, to 1', 'write 0.1'),
  { type: 'number', minimum: 0, maximum: 1 },
)

const heuristic = z.union([
  flag().transform((on) => (on ? { share: d.heuristic.share, max: 86_400_000 } : null)),
  z.strictObject({
    share: share
      .prefault(d.heuristic.share)
      .describe('Part of the time since Last-Modified; a tenth is usual (RFC 9111 §4.2.2).'),
    max: span(null).prefault(d.heuristic.max).describe('Never longer than this.'),
  }),
])

const pathBeginning = text({
  pattern: /^\/[^*?#\s]*$/,
  json: '^/[^*?#\\s]*$',
  expected: "the beginning of a path, such as '/cart'",
  isNot: 'is not the beginning of a path',
  fix: (written) => `write '/${written.replace(/^\/+/, '').replace(/[*?#\s].*$/, '')}'`,
  rule: 'bad-address',
  canonical: (written) => (written.length > 1 ? written.replace(/\/$/, '') : written),
})

const bypass = z
  .strictObject({
    cookies: names(nameOrBeginning('the name of a cookie', 'session*'))
      .prefault([...d.bypass.cookies])
      .describe("Requests with one of these cookies: `'session'`, `'wordpress_logged_in_*'`, or `'*'` for any cookie."),
    headers: names(field())
      .prefault([...d.bypass.headers])
      .describe('Requests with one of these fields.'),
    paths: names(pathBeginning)
      .prefault([...d.bypass.paths])
      .describe(
        "Requests for these paths and all below: `'/cart'`, in every spelling that a server may take for them, such as `/c%61rt`, `//cart` and `/x/../cart`.",
      ),
  })
  .prefault({})
  .describe(
    'Requests that neither take from the cache nor leave anything in it. nginx: proxy_cache_bypass with proxy_no_cache. Varnish: pass.',
  )

const coalesceObject = z.strictObject({
  max: whole(0, 1_000_000).prefault(d.coalesce.max).describe('Requests that may wait for one answer.'),
  timeout: duration(null)
    .prefault(d.coalesce.timeout)
    .describe('How long one may wait for the first byte. nginx: proxy_cache_lock_timeout.'),
  otherwise: word(['fetch', 'refuse'])
    .prefault(d.coalesce.otherwise)
    .describe("What becomes of those beyond `max` and `timeout`: `'fetch'` for themselves, or `'refuse'` with 503."),
})

const coalesce = z.union([flag().transform((on) => (on ? coalesceObject.parse({}) : null)), coalesceObject])

const routeCacheObject = z.strictObject({
  key,
  ttl: ttl
    .optional()
    .describe(
      "How long answers are fresh whatever the server says, unless it forbids storing: a duration (for statuses 200 to 399), or by status `{ '200-299': '10m', '404': '1m' }`. Unset: the server decides. Varnish: beresp.ttl. nginx: proxy_cache_valid.",
    ),
  defaultTtl: span('none')
    .prefault(d.defaultTtl)
    .describe(
      'How long an answer is fresh that says nothing of it. 0: not at all; with an ETag or Last-Modified it is stored all the same, and the server is asked each time whether it is still good. Varnish: default_ttl (120 s there).',
    ),
  heuristic: heuristic
    .prefault(d.heuristic.on)
    .describe(
      'Whether an answer that only says Last-Modified is fresh for a share of its age: `true`, or `{ share, max }`. Comes before defaultTtl.',
    ),
  maxTtl: span(null)
    .prefault(d.maxTtl)
    .describe('Nothing is fresh for longer, whatever the server or `ttl` says. Traffic Server: max age.'),
  grace: span('none')
    .prefault(d.grace)
    .describe(
      'How long after its freshness a copy may be given away at once, while one request fetches a new one. An answer’s own stale-while-revalidate comes first. s-maxage, must-revalidate, proxy-revalidate and no-cache forbid it; what was never fresh, and what was asked for with Authorization, is given so only if the server itself allows it. Varnish: default_grace. nginx: proxy_cache_use_stale updating.',
    ),
  graceUnderPressure: span('as grace')
    .prefault(d.graceUnderPressure)
    .describe(
      'How far grace may grow while the servers are at their limits, fail or are down, rather than let visitors wait or fail: half of the way when a request would have to wait, all of it when none may any more. Never below `grace`, and forbidden by the same words. An answer’s own stale-if-error comes first where its server fails.',
    ),
  keep: span('none')
    .prefault(d.keep)
    .describe(
      'How long after its grace a copy is kept to ask the server whether it is still good (If-None-Match). Varnish: default_keep.',
    ),
  bypass,
  setCookie: word(['never-store', 'when-public'])
    .prefault(d.setCookie)
    .describe(
      "Answers that set cookies: `'never-store'`, or `'when-public'` stores those that say public or s-maxage, cookies included.",
    ),
  requestDirectives: word(['obey', 'ignore'])
    .prefault(d.requestDirectives)
    .describe(
      "Whether Cache-Control of requests counts (RFC 9111 §5.2.1): with `'ignore'` no reload of a browser reaches the servers, and only no-store, no-transform and only-if-cached count. Varnish and nginx ignore it.",
    ),
  targeted: names(field())
    .prefault([...d.targeted])
    .describe(
      'Fields that are meant for caches like this one and come before Cache-Control, the first one that is there (RFC 9213).',
    ),
  surrogateControl: flag()
    .prefault(d.surrogateControl)
    .describe(
      'Whether Surrogate-Control is heeded before Cache-Control, and kept from clients. Servers are told so by Surrogate-Capability.',
    ),
  purge: z
    .array(networks())
    .prefault([...d.purge])
    .describe(
      "Clients that may use the method PURGE: addresses, networks, `'loopback'` or `'private'`. The admin API can purge in any case.",
    ),
  coalesce: coalesce
    .prefault(d.coalesce.on)
    .describe(
      'Whether requests for the same at one time share one fetch: `true`, `{ max, timeout, otherwise }`, or `false` for a fetch each. nginx: proxy_cache_lock. Varnish does it always.',
    ),
  hitForMiss: span('none')
    .prefault(d.hitForMiss)
    .describe(
      'How long, after an answer that may not be shared, no request waits for the fetch of another: all go to the servers side by side. Varnish: uncacheable_ttl.',
    ),
  compress: compress
    .optional()
    .describe(
      'Whether stored answers are compressed, once for all clients that take them: `true`, or `{ types, encodings, min }`. Unset: as `compress` of the route says. Varnish: beresp.do_gzip.',
    ),
  status: flag()
    .prefault(d.status)
    .describe('Whether clients are told by Cache-Status how the answer came about (RFC 9211).'),
})

/** What a route says of caching: null when it does none. */
export const routeCache = z.union([
  flag().transform((on) => (on ? routeCacheObject.parse({}) : null)),
  routeCacheObject,
])
