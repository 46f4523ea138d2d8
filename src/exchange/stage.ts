/** What is true at each stage of a request's life. A step can read only what its stage carries. */
import type { Cause } from '../base/cause.ts'
import type { Attempt } from './attempt.ts'
import type { RouteCache } from './cache/route-cache.ts'
import type { Route } from './routing/route.ts'

interface Stages {
  received: object
  /** `cache`: the route's, as this request has to do with it; null: nothing is cached. */
  routed: { readonly route: Route; readonly cache: RouteCache | null }
  missed: { readonly route: Route }
  admitted: { readonly route: Route }
  seated: { readonly attempt: Attempt }
  connected: { readonly attempt: Attempt }
  failed: { readonly cause: Cause; readonly detail: string }
}

export type Stage<N extends keyof Stages = keyof Stages> = { [K in N]: { readonly at: K } & Readonly<Stages[K]> }[N]

/** A step of an exchange `X` gives the next stage, or null when it waits or all is over. */
export type Steps<X> = { readonly [K in keyof Stages]: (x: X, stage: Stage<K>) => Stage | null }
