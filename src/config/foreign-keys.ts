/** Keys that other proxies have and this one does not, or has under another form: what there is instead. */
import type { Path } from './places.ts'
import type { Rule } from './rules.ts'

/** What to say of such a key. */
export interface Foreign {
  readonly rule: Rule
  /** null: that there is no such setting. */
  readonly says: string | null
  readonly fix: string
}

const endTls =
  'leave it out and terminate TLS in front of Headgate, with nginx, Caddy, stunnel or a cloud load balancer; name its address in trustedProxies, so that its X-Forwarded-Proto is believed'
const plainServers =
  'leave it out and let the server answer plain HTTP on a private network, or put a tunnel such as stunnel between'

/** By key, in lower case without separators. `says` is what this version does not have. */
const notYet: readonly (readonly [keys: RegExp, says: string, fix: string])[] = [
  [
    /^(https?2|h2c?|h3|http3|quic|grpc)$/,
    'this version does not speak HTTP/2 or HTTP/3',
    'remove it; clients and servers are spoken to in HTTP/1.1',
  ],
  [
    /^((set|add|remove|request|response|proxy)?(set)?headers?|headersup|headersdown)$/,
    'this version does not set or remove fields of requests and responses',
    'remove it; let the servers, or what stands before Headgate, do it',
  ],
  [
    /^(rewrites?|redirects?|rules|respond|return|replace|strip(path)?(prefix)?)$/,
    'this version does not rewrite, redirect or answer by itself',
    'remove it; let the servers do it',
  ],
  [
    /^(rate|ratelimits?|limitreq|limitrate|throttle)$/,
    'this version has no limits of rates',
    'remove it; maxConnections and queue bound what is under way at once',
  ],
  [
    /^(circuit)?breakers?$|^(outlier|outlierdetection|passivehealth|maxfails|failtimeout)$/,
    'this version has no circuit breakers',
    'remove it; health takes a failing server out, retries go to another one',
  ],
  [/^(slowstart|minconn|fullconn)$/, 'this version has no limits that grow by themselves', 'remove it'],
  [
    /^(metrics|prometheus|statsd|stats|tracing|otel|opentelemetry|dashboard)$/,
    'this version has no metrics and no dashboard',
    'remove it; headgate ctl status, the admin API and the access log have the numbers',
  ],
  [
    /^(basic|jwt|forward)?auth$|^(allow|deny|acl|acls|iplist|whitelist|blacklist)$/,
    'this version does not ask who a client is, or turn addresses away',
    'remove it; let the servers do it, or what stands before Headgate',
  ],
  [
    /^(send|accept)?proxy(protocol)?(v2)?$/,
    'this version does not speak the PROXY protocol',
    'remove it; X-Forwarded-For and Forwarded are believed from trustedProxies',
  ],
  [/^(root|static|files?|fileserver|index|tryfiles)$/, 'Headgate serves no files', 'remove it; let a server do it'],
  [/^(methods?|query|match)$/, 'routes go by host and path alone', 'remove it'],
  [
    /^(include|includes|imports?|extends)$/,
    'a configuration is one file',
    "write headgate.config.ts, which can import others; in YAML, blocks under a key such as 'x-shared' can be used by their anchors",
  ],
  [
    /^(user|group|daemon|pid|pidfile|chroot)$/,
    'a process is started by the service manager, not by its configuration',
    'remove it, and set it there, such as User= in systemd',
  ],
]

/** What there is instead of `key` in the object at `parent`; null when nothing is known of it. */
export function foreignKey(key: string, parent: Path): Foreign | null {
  const plain = key.toLowerCase().replace(/[-_\s.]/g, '')
  const place = parent.length === 0 ? 'top' : String(parent[0])
  const inServer = place === 'pools' && parent[2] === 'servers'
  const inPool = place === 'pools' && parent.length === 2
  if (/^(tls|ssl|https|certs?|certificates?|sslcertificate|crt|acme|alpn|sni|verify)$/.test(plain)) {
    const says =
      place === 'pools' ? 'this version does not speak TLS to servers' : 'this version does not terminate TLS'
    return { rule: 'tls-unsupported', says, fix: place === 'pools' ? plainServers : endTls }
  }
  if (inServer && /^(name|id)$/.test(plain)) return unknown('remove it; a server goes by its address')
  if (inPool && /^(name|id)$/.test(plain)) return unknown('remove it; a pool goes by its key under pools')
  if (place === 'listeners' && parent.length === 2 && /^(name|id)$/.test(plain))
    return unknown('remove it; a listener goes by its key under listeners')
  if (inServer && plain === 'port') return unknown("write it into the address: address: '10.0.0.1:8080'")
  if (inPool && /^(iphash|hash|consistenthash)$/.test(plain)) return unknown("write balance: { hash: 'address' }")
  if (inPool && /^(leastconn|leastconnections)$/.test(plain)) return unknown("write balance: 'least'")
  if (place === 'routes' && parent.length === 2 && /^(timeouts?|health|sticky|balance|servers|retries)$/.test(plain))
    return unknown(`write it at the pool: pools.<name>.${plain === 'timeout' ? 'timeouts' : plain}`)
  // Below a cache these words have a meaning of their own, and settings that are found by their name.
  if (parent.includes('cache')) return null
  for (const [keys, says, fix] of notYet) if (keys.test(plain)) return { rule: 'unknown-key', says, fix }
  return null
}

function unknown(fix: string): Foreign {
  return { rule: 'unknown-key', says: null, fix }
}
