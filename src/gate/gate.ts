/**
 * A gate admits as many as its source has room for and queues a bounded number of others: exact over all threads, first
 * come first served (queue-state.ts says how exactly), no waiter forgotten, nothing leaked.
 *
 * The rules that make it so:
 * - New arrivals queue while the queue is not empty, even if something looks free.
 * - A waiter that has joined looks again: what was freed between its first look and its joining was offered to no one.
 * - What is freed goes to the oldest waiter that can use it; it is set free only when there is none, and then the queue
 *   is looked at once more. Joining writes, then looks; freeing writes, then looks. One of the two sees the other.
 * - Waiters are notified when the gate's own work is done, in a loop: `granted` may dispose, admit and leave at will.
 */
import type { Cause } from '../base/cause.ts'
import { older, type QueueState, slackOf } from '../ledger/queue-state.ts'
import { type Keeper, Permit } from './permit.ts'
import type { Source } from './source.ts'
import { Standing, type Waiter } from './waiter.ts'
import { WaiterList } from './waiter-list.ts'

export { Permit } from './permit.ts'
export type { Source } from './source.ts'
export { QueuedWaiter, type Waiter } from './waiter.ts'

/** The causes with which a gate refuses. */
export interface RefusalCauses {
  /** Nothing is free and there is no queue. */
  readonly full: Cause
  /** Nothing is free and the queue is full. */
  readonly queueFull: Cause
}

/** How many waiters a search looks at, so that it does not go through the whole queue. */
const SCAN = 64
/** How often something is tried when other threads disturb it. */
const TRIES = 3

/** One per scarce thing and thread. Each thread has its own; source and queue are shared. */
export class Gate<S, W extends Waiter<S> = Waiter<S>> implements Keeper<S> {
  readonly queue: QueueState
  readonly #source: Source<S, W>
  readonly #refusals: RefusalCauses
  readonly #unconstrained = new WaiterList<S>()
  readonly #constrained = new WaiterList<S>()
  readonly #served = new WaiterList<S>()
  #notifying = false

  constructor(source: Source<S, W>, queue: QueueState, refusals: RefusalCauses) {
    this.#source = source
    this.queue = queue
    this.#refusals = refusals
  }

  /**
   * A permit at once, the cause of refusal, or null: `w` has joined the queue and `granted` will be called. `extra`: places
   * in the queue beyond its bound, for waiters for which something is about to be set free.
   */
  admit(w: W, extra = 0): Permit<S> | Cause | null {
    const { queue } = this
    if (queue.length === 0 || (w.arrival !== 0 && queue.first(w.arrival))) {
      const s = this.#pick(w)
      if (s !== null) {
        if (w.arrival === 0) w.arrival = queue.latest
        return new Permit(this, s)
      }
    }
    return this.#join(w, extra)
  }

  /** The client is gone. A slot on its way to this thread is passed on when it arrives. */
  leave(w: W): void {
    if (isServed(w)) this.#fetch(w)[Symbol.dispose]()
    else if (w.standing !== Standing.nowhere) this.#out(w)
  }

  /** The deadline: a last look. Something free, or on its way to this thread, wins over the timeout. Null: left. */
  expire(w: W): Permit<S> | null {
    if (isServed(w)) return this.#fetch(w)
    if (w.standing === Standing.nowhere) return null
    const source = this.#source
    let own: S | null = null
    for (;;) {
      const s = source.collect()
      if (s === null) {
        own = this.#pick(w)
        break
      }
      if (!source.over(s)) {
        own = source.for(s, w)
        if (own !== null) break
      }
      this.#pass(s)
      if (isServed(w)) break
    }
    let permit: Permit<S> | null = null
    if (isServed(w)) permit = this.#fetch(w)
    else {
      this.#out(w)
      if (own !== null) permit = new Permit(this, own)
    }
    this.#notify(null)
    return permit
  }

  /** The bell rang: takes over what other threads left here. Costs next to nothing when no thread called this queue. */
  collect(): void {
    if (!this.queue.takeCall()) return
    for (let s = this.#source.collect(); s !== null; s = this.#source.collect()) this.#pass(s)
    this.#look()
    this.#notify(null)
  }

  /** A limit was raised or a server is usable again: lets in all that fit, here and (by calling them) on other threads. */
  admitWaiting(): void {
    this.#look()
    this.queue.callOthers()
    this.#notify(null)
  }

  /**
   * Takes out of the queue one waiter of this thread that waits in vain now (Source.unservable), for the caller to fail;
   * null: there is none among the first. To be called when a server went out of service.
   */
  takeUnservable(): W | null {
    const w = this.#firstUnservable(this.#unconstrained.first) ?? this.#firstUnservable(this.#constrained.first)
    if (w !== null) this.#out(w)
    return w
  }

  /** The source has other things than before: waiters that take anything and those that exclude something are told apart anew. */
  sortAgain(): void {
    for (const [from, to, standing] of [
      [this.#unconstrained, this.#constrained, Standing.constrained],
      [this.#constrained, this.#unconstrained, Standing.unconstrained],
    ] as const) {
      for (let w = from.first, next = w; w !== null; w = next) {
        next = w.next
        if ((this.#source.excluded(w as W) === 0) !== (standing === Standing.unconstrained)) continue
        from.remove(w)
        to.insert(w)
        w.standing = standing
      }
    }
    this.#publish()
    // What another thread left here may be of a kind that was not known here until now.
    for (let s = this.#source.collect(); s !== null; s = this.#source.collect()) this.#pass(s)
    this.#look()
    this.#notify(null)
  }

  /** A permit's thing comes back. For Permit. */
  release(s: S): void {
    this.#pass(s)
    this.#notify(null)
  }

  #join(w: W, extra: number): Permit<S> | Cause | null {
    const { queue } = this
    const unservable = this.#source.unservable(w)
    if (unservable !== null) return unservable
    if (!queue.join(extra)) return queue.bound === 0 ? this.#refusals.full : this.#refusals.queueFull
    if (w.arrival === 0) w.arrival = queue.arrive()
    if (this.#source.excluded(w) === 0) {
      w.standing = Standing.unconstrained
      this.#unconstrained.insert(w)
    } else {
      w.standing = Standing.constrained
      this.#constrained.insert(w)
    }
    this.#publish()
    this.#look()
    this.#notify(w)
    return isServed(w) ? this.#fetch(w) : null
  }

  #pick(w: W): S | null {
    const source = this.#source
    for (let tries = 1; ; tries++) {
      const s = source.pick(w)
      if (!source.contended) return s
      source.contended = false
      if (this.queue.length !== 0) this.queue.callOthers()
      if (s !== null || tries === TRIES) return s
    }
  }

  /** Lets in our waiters, the oldest first, for as long as something is free. */
  #look(): void {
    let constrained = this.#constrained.first
    for (let scanned = 0; ; ) {
      const unconstrained = this.#unconstrained.first
      const w =
        constrained !== null && (unconstrained === null || older(constrained.arrival, unconstrained.arrival))
          ? constrained
          : unconstrained
      if (w === null) return
      const s = this.#pick(w as W)
      if (s !== null) {
        this.#offer(s, w as W, 0)
        constrained = this.#constrained.first
        scanned = 0
      } else if (w === unconstrained) {
        return // it would have taken anything
      } else {
        constrained = ++scanned < SCAN ? w.next : null
      }
    }
  }

  /** Something of ours is no longer needed: to the next waiter, or free. */
  #pass(s: S): void {
    const { queue } = this
    const { length } = queue
    if (length !== 0 && !this.#source.over(s) && this.#offer(s, this.#fitting(s), slackOf(length))) return
    this.#source.give(s)
    if (queue.length !== 0) this.#freed()
  }

  /** Offers it to the oldest waiter that can use it: `mine`, or one on another thread. False: there is none. */
  #offer(s: S, mine: W | null, slack: number): boolean {
    const source = this.#source
    const arrival = mine === null ? 0 : mine.arrival
    // What other threads could not hand on was found for `mine`: they would set it free again, for us to find it again.
    while (!source.over(s)) {
      const thread = this.queue.oldestElsewhere(source.bit(s), arrival, slack)
      if (thread < 0) break
      if (source.hand(s, thread)) {
        this.queue.call(thread)
        return true
      }
    }
    if (mine === null) return false
    this.#out(mine)
    mine.permit = new Permit(this, source.for(s, mine) ?? s)
    mine.standing = Standing.served
    this.#served.push(mine)
    return true
  }

  /** Something was set free while others wait: a waiter that joined meanwhile did not see it, and must not be forgotten. */
  #freed(): void {
    if (!this.#source.free()) return
    this.#look()
    this.queue.callOthers()
  }

  /** Our oldest waiter that can use it. */
  #fitting(s: S): W | null {
    const unconstrained = this.#unconstrained.first
    let w = this.#constrained.first
    for (let scanned = 0; w !== null && scanned < SCAN; scanned++, w = w.next) {
      if (unconstrained !== null && older(unconstrained.arrival, w.arrival)) break
      if (this.#source.for(s, w as W) !== null) return w as W
    }
    return unconstrained !== null && this.#source.for(s, unconstrained as W) !== null ? (unconstrained as W) : null
  }

  #firstUnservable(first: Waiter<S> | null): W | null {
    let w = first
    for (let scanned = 0; w !== null && scanned < SCAN; scanned++, w = w.next) {
      if (this.#source.unservable(w as W) !== null) return w as W
    }
    return null
  }

  /** Out of the queue. */
  #out(w: W): void {
    const list = w.standing === Standing.unconstrained ? this.#unconstrained : this.#constrained
    list.remove(w)
    w.standing = Standing.nowhere
    this.queue.leave()
    this.#publish()
  }

  #publish(): void {
    const constrained = this.#constrained.first
    const excluded = constrained === null ? 0 : this.#source.excluded(constrained as W)
    this.queue.publish(this.#unconstrained.first?.arrival ?? 0, constrained?.arrival ?? 0, excluded)
  }

  /** The permit of a waiter that was served, for the caller to notify it now. */
  #fetch(w: Waiter<S>): Permit<S> {
    const permit = w.permit as Permit<S>
    this.#served.remove(w)
    w.standing = Standing.nowhere
    w.permit = null
    return permit
  }

  /** Notifies those that were served, except one whose admission is still under way. A loop, however deep they react. */
  #notify(except: W | null): void {
    if (this.#notifying) return
    this.#notifying = true
    for (;;) {
      const first = this.#served.first
      const w = first === except && first !== null ? first.next : first
      if (w === null) break
      const permit = this.#fetch(w)
      try {
        w.granted(permit)
      } catch (bug) {
        // Neither the other waiters nor the limit may suffer for it.
        permit[Symbol.dispose]()
        queueMicrotask(() => {
          throw bug
        })
      }
    }
    this.#notifying = false
  }
}

/** Its waiting is over, and it was not yet notified. */
function isServed(w: Waiter<unknown>): boolean {
  return w.standing === Standing.served
}
