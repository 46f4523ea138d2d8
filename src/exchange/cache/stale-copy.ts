/** A stored response that is stale, at hand for the case that the servers are full or fail. */
import type { Freshness } from '../../cache/freshness/freshness.ts'
import {
  canBecomeShareable,
  type RequestDirectives,
  usableOnError,
  usableWhenSaturated,
} from '../../cache/freshness/reuse.ts'
import type { RouteCacheConfig } from '../../config/model.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { sinceFailure } from './refresh-backoff.ts'

/** For how long, in ms, after a failure of the server a stale copy is served without asking it again. */
const AFTER_FAILURE = 1000

/** The request that it may be served to. */
interface Asking {
  readonly directives: RequestDirectives
  readonly routeCache: { readonly settings: RouteCacheConfig }
}

export class StaleCopy {
  readonly pinned: PinnedObject
  readonly freshness: Freshness
  readonly #asking: Asking

  constructor(pinned: PinnedObject, freshness: Freshness, asking: Asking) {
    this.pinned = pinned
    this.freshness = freshness
    this.#asking = asking
  }

  /** Whether newer versions of it can ever be shared; if not, no request waits for another's fetch of it. */
  get shareable(): boolean {
    return canBecomeShareable(this.freshness)
  }

  /** Whether it may be served because the server failed. `now`: ms since the epoch. */
  usableOnError(now: number): boolean {
    const { directives, routeCache } = this.#asking
    return usableOnError(this.freshness, directives, routeCache.settings, now)
  }

  /** Whether it may be served under this pressure, 0 (none) to 1 (no request may wait any more). */
  usableUnder(pressure: number, now: number): boolean {
    const { directives, routeCache } = this.#asking
    return usableWhenSaturated(this.freshness, directives, routeCache.settings, pressure, now)
  }

  /** Whether its server failed a moment ago, so that not each visitor has to wait until it fails again. */
  failedLately(now: number): boolean {
    const since = sinceFailure(this.pinned, now)
    return since >= 0 && since < AFTER_FAILURE && this.usableOnError(now)
  }

  release(): void {
    this.pinned.release()
  }
}
