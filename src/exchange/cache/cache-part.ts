/**
 * The cache's part in one exchange: what is asked for, what is at hand, what it reports, and the state that it is in. Its
 * flow is in caching.ts and in the files named for the states.
 */
import type { Cause } from '../../base/cause.ts'
import { Freshness } from '../../cache/freshness/freshness.ts'
import { AbandonReason, type StoredText } from '../../cache/object/stored-object.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import type { ExchangeGate } from '../routing/route.ts'
import { CacheReport, type CacheResult } from './cache-report.ts'
import type { CachedExchange } from './cached-exchange.ts'
import { Lookup } from './lookup.ts'
import { StaleCopy } from './stale-copy.ts'

/** A client waits until it is known whether a part can be had of the response. */
export interface PartWaiter {
  /** It gets what there is. */
  serve(): void
}

export type CacheState =
  /** Nothing is cached on this route. */
  | { readonly is: 'off' }
  /** The response of the server is none of the cache's business. */
  | { readonly is: 'passing' }
  /** It waits for the fetch of another, `since` then (ms, monotonic). */
  | { readonly is: 'following'; readonly fetch: PinnedObject; readonly since: number }
  /**
   * It asks a server. `draft`: for all who follow; null: for itself alone. `late`: it waited in vain for the fetch of
   * another, whose response may be there when its own turn comes.
   */
  | { readonly is: 'fetching'; readonly draft: Draft | null; readonly late: boolean }
  /** Its HEAD tells about the stored response to GET. */
  | { readonly is: 'freshening' }
  /** Its response is not stored, but shows whether the server has failed. */
  | { readonly is: 'watching' }
  /** Its method changes what is stored. */
  | { readonly is: 'changing' }
  /** The server has answered, and it is being decided what becomes of that. */
  | { readonly is: 'answered'; readonly draft: Draft | null }
  /** The response is being stored, by this exchange or another; it is served from there when `part` or the first bytes allow. */
  | { readonly is: 'awaiting'; readonly pinned: PinnedObject; readonly part: PartWaiter | null }
  /** A stored response goes to the client. */
  | { readonly is: 'serving' }

export const OFF: CacheState = { is: 'off' }
export const PASSING: CacheState = { is: 'passing' }
export const SERVING: CacheState = { is: 'serving' }
const ASKING: ReadonlySet<CacheState['is']> = new Set(['following', 'fetching', 'freshening', 'watching', 'changing'])

/** The cache refuses the request; a step can return it. */
export interface CacheRefusal {
  readonly at: 'failed'
  readonly cause: Cause
  readonly detail: string
}

/** What follows a look into the store. null: the request is served or waits; undefined: a server has to be asked. */
export type LookResult = CacheRefusal | null | undefined

export function refused(cause: Cause): CacheRefusal {
  return { at: 'failed', cause, detail: '' }
}

export abstract class CachePart {
  readonly x: CachedExchange<CachePart>
  readonly lookup = new Lookup()
  readonly report = new CacheReport()
  /** Of the stored response at hand, fresh or stale. */
  readonly freshness = new Freshness()
  #state: CacheState = OFF
  #stale: StaleCopy | null = null

  constructor(x: CachedExchange<CachePart>) {
    this.x = x
  }

  /** Looks into the store. */
  abstract find(): LookResult
  /** The stored response for the request, with its freshness in `freshness`; null without one. Sets key and pass in `lookup`. */
  abstract current(now: number): PinnedObject | null
  /** Makes the client's request one of the cache's own. */
  abstract prepare(): void
  /** Asks the server whether the stale copy is still right, if it can be asked. */
  abstract validate(): void
  /** Has the server asked for all of it, whatever is stored. */
  abstract askForWhole(): void
  /** The stored response under the key, as it is now, is the stale copy. */
  abstract recall(): void
  /** Serves a stored response, and owns it from now on. Always null. */
  abstract serve(
    pinned: PinnedObject,
    result: CacheResult,
    now: number,
    detail?: string | null,
    own?: string,
    text?: StoredText,
  ): null
  /** Serves the stale copy. `cause`: what would have refused or failed the request; null: none that has a name. */
  abstract serveStale(stale: StaleCopy, why: string, cause?: Cause | null, detail?: string): null
  /** The same because this gate is full. */
  abstract serveStaleInstead(gate: ExchangeGate): null
  /** The gate in whose queue a fetch would have to wait although the stale copy may be served instead; null: there is none. */
  abstract fullGate(): ExchangeGate | null
  /** Whether the stale copy may be served because of this. */
  abstract usable(stale: StaleCopy, cause: Cause): boolean

  get state(): CacheState {
    return this.#state
  }

  /** The next state; it takes over what the one before holds, or that was taken out of it. */
  enter(state: CacheState): void {
    this.#state = state
  }

  /** The next state; what the one before holds is let go. */
  settle(state: CacheState): void {
    const former = this.#state
    this.#state = state
    this.dropStale()
    switch (former.is) {
      case 'following':
        return former.fetch.release()
      case 'fetching':
      case 'answered':
        return former.draft?.abandon(AbandonReason.failed)
      case 'awaiting':
        return former.pinned.release()
    }
  }

  /** Whether a server, or the fetch of another, is being asked for the cache. */
  get asking(): boolean {
    return ASKING.has(this.#state.is)
  }

  get stale(): StaleCopy | null {
    return this.#stale
  }

  /** Keeps a stale response at hand; its freshness is that in `freshness`. */
  keepStale(pinned: PinnedObject): StaleCopy {
    this.#stale = new StaleCopy(pinned, this.freshness, this.lookup)
    return this.#stale
  }

  /** Gives the stale copy to the caller, who has to release it. */
  takeStale(): PinnedObject | null {
    const stale = this.#stale
    this.#stale = null
    return stale === null ? null : stale.pinned
  }

  /** The stale copy is of no use any more. */
  dropStale(): void {
    this.takeStale()?.release()
  }

  get draft(): Draft | null {
    const state = this.#state
    return state.is === 'fetching' || state.is === 'answered' ? state.draft : null
  }

  /** Gives the draft to the caller, who has to finish or abandon it. */
  takeDraft(): Draft | null {
    const { draft } = this
    if (draft !== null) this.holdDraft(null)
    return draft
  }

  /** Has this draft in the place of its former one. */
  holdDraft(draft: Draft | null): void {
    const state = this.#state
    if (state.is !== 'fetching' && state.is !== 'answered') throw new Error(`a draft while ${state.is}`)
    this.#state = state.is === 'fetching' ? { is: 'fetching', draft, late: state.late } : { is: 'answered', draft }
  }

  /** Runs what another thread or a later turn has called for; an exception ends this exchange. */
  guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.x.context.defect(error)
      this.x.over(true)
    }
  }

  reset(): void {
    if (this.#state === OFF) return
    this.settle(OFF)
    this.report.reset()
  }
}
