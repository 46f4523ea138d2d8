import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { headgate } from './headgate.ts'
import { nginx, nginxLarge } from './nginx.ts'
import type { Peer } from './peer.ts'
import { varnish, varnishLogging } from './varnish.ts'

/** Everybody that is compared, Headgate first. */
export const everybody: readonly Peer[] = [headgate, haproxy, nginx, nginxLarge, varnish, varnishLogging, caddy]

/** Those of them that take part in a group of workloads. */
export function peersFor(group: string, peers: readonly Peer[]): Peer[] {
  return peers.filter(({ only }) => only?.test(group) ?? true)
}
