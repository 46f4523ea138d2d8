/** What a gate gives out. Implemented by single.ts (one limit) and by pools (a server's slot and the pool's at once). */
import type { Cause } from '../base/cause.ts'

/**
 * Something scarce, and what can use it. `S` is what a permit stands for; one `S` in hand means that everything it needs
 * is taken (for a pool: a slot of the pool and one of the server). `W` is what asks.
 */
export interface Source<S, W> {
  /** Takes one that `w` can use, or answers null. The only place where anything is taken. */
  pick(w: W): S | null
  /**
   * Set by `pick` when it took a part and had to put it back, because another thread was quicker with the rest. A third
   * thread may have been turned away by that, so the gate tries again and calls the others. The gate clears it. A source
   * that takes one thing only never sets it.
   */
  contended: boolean
  /** What `w` is given when it gets `s`; null: it cannot use it. Usability is `over`'s matter. */
  for(s: S, w: W): S | null
  /** Whether `s` must be set free rather than handed on: a part is above its lowered limit, or it is out of service. */
  over(s: S): boolean
  /** Whether something could be taken now. May say yes too often, never no too often. */
  free(): boolean
  /** What `w` cannot use, as bits (`1 << (index & 31)` each); 0: it can use anything. While it waits it changes only with what the source has (Gate.sortAgain). */
  excluded(w: W): number
  /** The bit of `s` in the above. */
  bit(s: S): number
  /** Why waiting would be in vain (no server is usable, all were tried), or null. */
  unservable(w: W): Cause | null
  /** Sets free all parts of `s`. */
  give(s: S): void
  /** Hands all parts of `s` to another thread (Slots.hand). False: that thread is dead, `s` is ours as before. */
  hand(s: S, thread: number): boolean
  /** Takes over one that another thread handed to this one (Slots.collect), or null. */
  collect(): S | null
}
