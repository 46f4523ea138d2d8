/** What is true at each stage of a request's life. A step can read only what its stage carries. */
import type { Cause } from '../base/cause.ts'
import type { OriginConnection } from '../net/http1/origin-connection.ts'
import type { Server } from '../pool/server.ts'
import type { RouteCache } from './cache/route-cache.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './routing/route.ts'

interface Stages {
  received: object
  /** `cache`: the route's, as this request has to do with it; null: nothing is cached. */
  routed: { readonly route: Route; readonly cache: RouteCache | null }
  missed: { readonly route: Route }
  admitted: { readonly route: Route }
  seated: { readonly route: Route; readonly server: Server }
  connected: { readonly route: Route; readonly origin: OriginConnection }
  failed: { readonly cause: Cause; readonly detail: string }
}

export type Stage<N extends keyof Stages = keyof Stages> = { [K in N]: { readonly at: K } & Readonly<Stages[K]> }[N]

/** A step gives the next stage, or null when it waits or all is over. */
export type Steps = { readonly [K in keyof Stages]: (x: Exchange, stage: Stage<K>) => Stage | null }
