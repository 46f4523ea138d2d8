/** Addresses as people write them, for listening and for connecting. */
import { isIP, isIPv6 } from 'node:net'
import type { Address } from './model.ts'
import { Refusal, show } from './refusal.ts'

const bindExpected = "an address to listen on such as ':8080', '127.0.0.1:80', '[::1]:80' or 'unix:/run/headgate.sock'"
const serverExpected = "an address such as '10.0.0.1:8080', 'app.internal:3000', '[fd00::1]:80' or 'unix:/run/app.sock'"

/** A server's address and the name it goes by: the same address written in two ways has one name. */
export interface NamedAddress {
  readonly name: string
  readonly address: Address
}

/** Reads an address to listen on. An empty host means every interface, over IPv4 and IPv6 where both exist. */
export function readBind(written: unknown): Address | Refusal {
  if (typeof written === 'number') return portOf(written, bindExpected) ?? { host: '', port: written }
  if (typeof written !== 'string')
    return new Refusal('wrong-type', `${show(written)} is not an address`, bindExpected, "write ':8080'")
  if (written.startsWith('unix:')) return readUnix(written, bindExpected)
  if (/^https:\/\//i.test(written)) {
    return new Refusal(
      'tls-unsupported',
      'this version does not end TLS',
      bindExpected,
      "listen without TLS, ':80', behind something that ends it",
    )
  }
  const text = written.replace(/^http:\/\//i, '').replace(/^\*(?=:)/, '')
  const split = splitHost(text)
  if (split === null || split.port === null) {
    const fix = /^\d+$/.test(written)
      ? `write ':${written}'`
      : "write the port after a colon: ':8080', '127.0.0.1:8080'"
    return new Refusal('bad-address', `${show(written)} is not an address to listen on`, bindExpected, fix)
  }
  return portOf(split.port, bindExpected) ?? { host: split.host, port: split.port }
}

/** Reads the address of a server; the port is 80 when none is written. */
export function readServer(written: unknown): NamedAddress | Refusal {
  if (typeof written !== 'string')
    return new Refusal('wrong-type', `${show(written)} is not an address`, serverExpected, "write '10.0.0.1:8080'")
  if (written.startsWith('unix:')) {
    const address = readUnix(written, serverExpected)
    return address instanceof Refusal ? address : { name: addressText(address), address }
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(written)
  const bare = scheme === null ? written : written.slice(scheme[0].length)
  if (scheme !== null && scheme[1]!.toLowerCase() !== 'http') {
    if (scheme[1]!.toLowerCase() !== 'https')
      return new Refusal('bad-address', `Headgate does not speak ${scheme[1]}`, serverExpected, `write '${bare}'`)
    return new Refusal(
      'tls-unsupported',
      'TLS to servers is not there yet',
      serverExpected,
      `let the server answer plain HTTP on a private network, and write '${bare}'`,
    )
  }
  const slash = bare.indexOf('/')
  if (slash >= 0 && bare !== `${bare.slice(0, slash)}/`) {
    return new Refusal(
      'bad-address',
      `the address of a server has no path, and ${show(written)} has one`,
      serverExpected,
      `write '${bare.slice(0, slash)}'; requests keep the path they came with`,
    )
  }
  const split = splitHost(slash < 0 ? bare : bare.slice(0, slash))
  if (split === null || split.host === '') {
    const fix = isIPv6(bare) ? `write '[${bare}]'` : "write host and port: '10.0.0.1:8080'"
    return new Refusal('bad-address', `${show(written)} is not the address of a server`, serverExpected, fix)
  }
  const port = split.port ?? 80
  if (port === 0) return new Refusal('out-of-range', 'a server has no port 0', serverExpected, 'write its real port')
  const refusal = portOf(port, serverExpected)
  if (refusal !== null) return refusal
  const address = { host: split.host, port }
  return { name: addressText(address), address }
}

/** An address as one writes it: `10.0.0.1:80`, `[::1]:80`, `:80`, `unix:/run/x.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) return `unix:${address.path}`
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`
}

/** Reads what counts as a trusted proxy: an address or a network; `loopback` and `private` stand for several. */
export function readNetworks(written: unknown): readonly string[] | Refusal {
  const expected = "an address '10.0.0.1', a network '10.0.0.0/8', 'loopback' or 'private'"
  if (typeof written !== 'string')
    return new Refusal(
      'wrong-type',
      `${show(written)} is not an address`,
      expected,
      "write a text such as '10.0.0.0/8'",
    )
  if (written === 'loopback') return ['127.0.0.0/8', '::1/128']
  if (written === 'private') return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
  const [address = '', prefix, ...more] = written.split('/')
  const family = isIP(address)
  const longest = family === 6 ? 128 : 32
  const good = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest)
  if (family !== 0 && good && more.length === 0) return [written]
  const fix = family === 0 ? 'write it as numbers; names are not looked up' : `write a prefix of 0 to ${longest} bits`
  return new Refusal('bad-address', `${show(written)} is not an address or a network`, expected, fix)
}

function readUnix(written: string, expected: string): Address | Refusal {
  const path = written.slice('unix:'.length)
  // sun_path has 108 bytes on Linux, its ending zero included.
  if (path.startsWith('/') && Buffer.byteLength(path) < 108 && !path.includes('\0')) return { path }
  const fix = path.startsWith('/') ? 'use a path shorter than 108 bytes' : "write the whole path: 'unix:/run/app.sock'"
  return new Refusal('bad-address', `${show(written)} is not the path of a socket`, expected, fix)
}

/** Splits `host:port`, `host`, `:port`, `[v6]:port`; null when it is none of them. */
function splitHost(text: string): { host: string; port: number | null } | null {
  const found = /^(?:\[([^\]]+)\]|([^:[\]\s/]*))(?::(\d{1,6}))?$/.exec(text)
  if (found === null) return null
  const port = found[3] === undefined ? null : Number(found[3])
  if (found[1] !== undefined) return isIPv6(found[1]) ? { host: found[1].toLowerCase(), port } : null
  const host = (found[2] ?? '').toLowerCase()
  if (host === '' || isIP(host) === 4) return { host, port }
  // Four numbers that are no address (10.0.0.256) would otherwise be looked up as a name, in vain.
  if (/^[\d.]+$/.test(host)) return null
  return /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/.test(host) ? { host, port } : null
}

function portOf(port: number, expected: string): Refusal | null {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return null
  return new Refusal('out-of-range', `${port} is not a port`, expected, 'a port is a number from 1 to 65535')
}
