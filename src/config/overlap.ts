/** Whether two addresses can be listened at side by side, or the second is refused, or takes clients from the first. */
import { isIPv6 } from 'node:net'
import { posix } from 'node:path'
import type { Address } from './model.ts'

/** Whether only one of two can be listened at. */
export function overlaps(a: Address, b: Address): boolean {
  if ('path' in a || 'path' in b)
    return 'path' in a && 'path' in b && posix.normalize(a.path) === posix.normalize(b.path)
  // Port 0 is another one every time.
  return a.port !== 0 && a.port === b.port && hostsOverlap(a.host, b.host)
}

/** The same for hosts that have one port. '' is every interface. */
export function hostsOverlap(one: string, other: string): boolean {
  const a = spelled(one)
  const b = spelled(other)
  return a === b || covers(a, b) || covers(b, a)
}

/** Whether listening at `all` is listening at `one` too. A socket for `::` takes IPv4 as well. */
function covers(all: string, one: string): boolean {
  if (all === '::') return true
  if (all === '0.0.0.0') return !isIPv6(one)
  // Which of the two it means is for the machine's list of hosts to say.
  return all === 'localhost' && (one === '127.0.0.1' || one === '::1')
}

/** One spelling for each host: IPv6 as short as it gets, IPv4 within IPv6 as IPv4. */
function spelled(host: string): string {
  if (host === '') return '::'
  if (!isIPv6(host)) return host.toLowerCase().replace(/\.$/, '')
  const short = URL.parse(`http://[${host.replace(/%.*$/, '')}]`)?.hostname.slice(1, -1) ?? host
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short)
  if (mapped === null) return short
  const number = (Number.parseInt(mapped[1]!, 16) << 16) | Number.parseInt(mapped[2]!, 16)
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.')
}
