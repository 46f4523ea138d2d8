import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { headgate } from './headgate.ts'
import { nginx } from './nginx.ts'
import type { Peer } from './peer.ts'
import { varnish } from './varnish.ts'

/** Everybody that is compared, Headgate first. */
export const everybody: readonly Peer[] = [headgate, haproxy, nginx, varnish, caddy]
