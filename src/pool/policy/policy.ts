/** What a balancing policy is. It puts servers in order of preference; it knows no health, limits or retries. */

/** What a policy may know of a server. */
export interface Member {
  /** Its index in the pool, which is what `next` answers. */
  readonly index: number
  readonly name: string
  /** 1 … 1000, as configured. */
  readonly weight: number
  /** Requests at it now, over all threads. */
  load(): number
  /** The part of the load it should carry now, in the unit of `weight`; 0: none. Only averages are made of it. */
  share(): number
}

/**
 * An order of servers, as a cursor that is used again for every request: `begin`, then `next` until a server could be
 * taken. One per pool and thread; rounds do not overlap.
 */
export interface Policy {
  /** Starts a new round. `key` is the request's hash, 0 … 2³²−1; most policies ignore it. */
  begin(key: number): void
  /** Index of the next server in the pool; -1: all were named. No server is named twice in a round. */
  next(): number
}

/** A number from 0 up to but not including 1; `Math.random` except in tests. */
export type Random = () => number
