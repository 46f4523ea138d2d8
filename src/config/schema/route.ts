/** The written form of a route. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { Refusal, show } from '../refusal.ts'
import { compress } from './compress.ts'
import { queue } from './listener.ts'
import { routeCache } from './route-cache.ts'
import { flag, limit, namePattern, oneOrMore, reads, text, token } from './scalars.ts'

const d = defaults.route

export const route = z.strictObject({
  name: text({
    pattern: namePattern,
    json: namePattern.source,
    expected: 'a name of letters, digits, dots, dashes and underscores, at most 64',
    isNot: 'is not a name',
    fix: (written) => `write '${written.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '') || 'name'}'`,
    rule: 'bad-name',
  })
    .optional()
    .describe('Name in logs and metrics; without one it goes by its position, `routes[0]`.'),
  host: oneOrMore(host())
    .optional()
    .describe(
      "Host, or list of hosts, that the request must be for, without port: `'shop.example.com'`, or `'*.example.com'` for every host below. Unset: any. HAProxy: hdr(host). nginx: server_name.",
    ),
  path: routePath()
    .prefault(d.path)
    .describe(
      "Beginning of the path, by whole segments: `'/shop'` matches /shop and /shop/cart, not /shopping. HAProxy: path_beg. nginx: location.",
    ),
  listeners: oneOrMore(reads<string, string>(readText, { type: 'string' }))
    .optional()
    .describe('Listener, or list of listeners, the route applies to. Unset: all.'),
  to: reads<string, string>(readText, { type: 'string' }).describe(
    'Name of the pool that gets the requests. HAProxy: use_backend. nginx: proxy_pass.',
  ),
  maxConnections: limit()
    .optional()
    .describe(
      'Requests of this route at once, from admission to the last byte of the response. Unset: no limit of its own. nginx: limit_conn.',
    ),
  queue: queue(
    d.queue,
    'Requests that may wait for the route’s own limit. 0: none, at the limit the next one is refused.',
    'How long a request may wait for the route’s own limit.',
  )
    .prefault({})
    .describe('The line before the route’s maxConnections.'),
  compress: compress
    .prefault(defaults.compress.on)
    .describe(
      'Whether answers are compressed on their way to clients that take it: `true`, or `{ types, encodings, min }`. Those that a server has compressed itself pass as they are. What the cache stores is compressed once for all, see `compress` of `cache`. nginx: gzip. HAProxy: compression.',
    ),
  cache: routeCache
    .prefault(d.cache)
    .describe(
      'Whether answers are stored and given again (RFC 9111): `true`, or an object that says how. nginx: proxy_cache. Varnish does it always.',
    ),
  connect: flag()
    .prefault(d.connect)
    .describe('Whether CONNECT requests are passed on as tunnels. They get 405 otherwise.'),
  upgrade: z
    .union([
      flag().transform((all) => (all ? ['*'] : [])),
      oneOrMore(
        token('the name of a protocol', (written) => written.toLowerCase()),
        0,
      ),
    ])
    .prefault([...d.upgrade])
    .describe(
      'Protocols a connection may be upgraded to; `true` for all, `false` for none. Other upgrades are answered as plain requests, and so are those to other versions of HTTP (`h2c`) always, as they would pass by every rule.',
    ),
})

function readText(written: unknown): string | Refusal {
  if (typeof written === 'string' && written !== '') return written
  return new Refusal('wrong-type', `${show(written)} is not a name`, 'a name', 'write the name as text')
}

function host() {
  const expected = "a host such as 'shop.example.com' or '*.example.com'"
  return reads<string, string>(
    (written) => {
      if (typeof written !== 'string')
        return new Refusal('wrong-type', `${show(written)} is not a host`, expected, 'write it as text')
      const bare = written.replace(/^https?:\/\//i, '').replace(/[/].*$/, '')
      const port = /:\d+$/.exec(bare)
      if (bare !== written || port !== null) {
        const fix = `write '${bare.replace(/:\d+$/, '')}'; the path goes into path, the port into a listener`
        return new Refusal('bad-address', `${show(written)} is more than a host`, expected, fix)
      }
      const lower = written.toLowerCase().replace(/\.$/, '')
      // An address with brackets is what Host has for IPv6.
      if (/^(\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/.test(lower) && !lower.includes('..'))
        return lower
      const fix = lower.slice(1).includes('*')
        ? "a star stands for whole labels at the beginning only: '*.example.com'"
        : 'write letters, digits, dots and dashes; other letters in their xn-- form'
      return new Refusal('bad-address', `${show(written)} is not a host`, expected, fix)
    },
    { type: 'string' },
  )
}

function routePath() {
  const expected = "the beginning of a path, such as '/' or '/shop'"
  return reads<string, string>(
    (written) => {
      if (typeof written !== 'string')
        return new Refusal('wrong-type', `${show(written)} is not a path`, expected, "write a text such as '/shop'")
      if (/[*?#\s]/.test(written)) {
        const fix = `write '${written.replace(/[*?#\s].*$/, '').replace(/(?<=.)\/$/, '') || '/'}'; it matches everything below`
        return new Refusal('bad-address', `${show(written)} has signs a path cannot have here`, expected, fix)
      }
      if (!written.startsWith('/'))
        return new Refusal(
          'bad-address',
          `${show(written)} does not begin with a slash`,
          expected,
          `write '/${written}'`,
        )
      return written.length > 1 && written.endsWith('/') ? written.slice(0, -1) : written
    },
    { type: 'string', pattern: '^/[^*?#\\s]*$' },
  )
}
