/** What came of refreshing what is stale, route by route: for the log of the control plane. Of one thread. */
import { type Cause, rowOf } from '../../base/cause.ts'
import { isOf, isStored, reasons, type StoreDecision } from '../../cache/object/reasons.ts'
import { partsOf } from '../../cache/purge/removals.ts'

/** Why an answer was stored or not. */
export interface Note {
  /** ms since the epoch. */
  readonly at: number
  readonly reason: StoreDecision
  /** Status of the server's answer where that is the reason; else 0. */
  readonly status: number
}

/** Of one route. Moments in ms since the epoch. */
export interface RouteRefreshes {
  readonly route: string
  /** When the last answer came that was stored, or said that what is stored is right, by a refresh or not; 0: never. */
  readonly came: number
  /** Refreshes that failed, since the start. */
  readonly failed: number
  /** The last of them. `url`: null where the key of the route leaves out host or path. */
  readonly last: (Note & { readonly url: string | null }) | null
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class RefreshResults {
  readonly #routes = new Map<string, Mutable<RouteRefreshes>>()

  /** Something was noted of an answer for this key. */
  noted(key: string, note: Note): void {
    if (isOf(isStored, note.reason)) this.#of(key).came = note.at
  }

  /** A refresh for this key has failed, for what was noted. */
  failed(key: string, note: Note): void {
    if (!staysStale(note.reason)) return
    const { scheme, host, url } = partsOf(key)
    const of = this.#of(key)
    of.failed++
    of.last = { ...note, url: host === null || url === null ? null : `${scheme}://${host}${url}` }
  }

  /** Of each route that there is something to tell of. */
  get all(): RouteRefreshes[] {
    return [...this.#routes.values()].map((of) => ({ ...of }))
  }

  /** Of the route whose name a key begins with. */
  #of(key: string): Mutable<RouteRefreshes> {
    const route = key.slice(0, Math.max(0, key.indexOf('\n')))
    let of = this.#routes.get(route)
    if (of === undefined) {
      of = { route, came: 0, failed: 0, last: null }
      this.#routes.set(route, of)
    }
    return of
  }
}

/** What several threads tell, as one. */
export function added(all: readonly (readonly RouteRefreshes[])[]): RouteRefreshes[] {
  const routes = new Map<string, RouteRefreshes>()
  for (const one of all.flat()) {
    const { route, came, failed, last } = routes.get(one.route) ?? { ...one, came: 0, failed: 0, last: null }
    const later = last === null || (one.last !== null && one.last.at >= last.at) ? one.last : last
    routes.set(route, { route, came: Math.max(came, one.came), failed: failed + one.failed, last: later })
  }
  return [...routes.values()]
}

/** Whether what is stale stays for such a reason; for others it has gone, as it is not to be stored any more. */
function staysStale(reason: StoreDecision): boolean {
  if (isOf(reasons, reason)) return reason === 'server-error' || reason === 'incomplete' || reason === 'no-room'
  return !rowOf(reason satisfies Cause).shed
}
