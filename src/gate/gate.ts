/**
 * A gate lets in as many as its source has room for and lines up a bounded number of others: exact over all threads,
 * first come first served (line.ts says how exactly), nobody forgotten, nothing leaked.
 *
 * The rules that make it so:
 * - Who comes while anyone waits joins the line, even if something looks free.
 * - Who has joined looks again: what was freed between its first look and its joining was offered to nobody.
 * - What is freed goes to the one that waited longest and can use it; it is set free only when there is none, and then
 *   whoever frees it looks at the line once more. Joining writes, then looks; freeing writes, then looks. One of the two
 *   sees the other.
 * - Waiters are told when the gate's own work is done, in a loop: `granted` may dispose, admit and leave as it likes.
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

/** What a gate says to those it turns away. */
export interface RefusalCauses {
  /** Nothing is free and there is no line. */
  readonly full: Cause
  /** Nothing is free and the line is full. */
  readonly queueFull: Cause
}

/** How many waiters are looked at before a search is given up that could go on through the whole line. */
const SCAN = 64
/** How often something is tried when other threads disturb it. */
const TRIES = 3

/** One per scarce thing and thread. Not for use by several threads; the source and the line are. */
export class Gate<S, W extends Waiter<S> = Waiter<S>> implements Keeper<S> {
  readonly queue: QueueState
  readonly #source: Source<S, W>
  readonly #refusals: RefusalCauses
  readonly #unconstrained = new WaiterList<S>()
  readonly #constrained = new WaiterList<S>()
  readonly #served = new WaiterList<S>()
  #telling = false

  constructor(source: Source<S, W>, line: QueueState, refusals: RefusalCauses) {
    this.#source = source
    this.queue = line
    this.#refusals = refusals
  }

  /**
   * A permit at once, the cause of refusal, or null: `w` has joined the line and `granted` will be called. `extra`: places
   * in the line beyond its bound, for those to whom something is about to be set free.
   */
  admit(w: W, extra = 0): Permit<S> | Cause | null {
    const line = this.queue
    if (line.length === 0 || (w.arrival !== 0 && line.first(w.arrival))) {
      const s = this.#pick(w)
      if (s !== null) {
        if (w.arrival === 0) w.arrival = line.latest
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
    this.#tell(null)
    return permit
  }

  /** The bell rang: takes over what other threads left here. Costs next to nothing when nobody called this line. */
  collect(): void {
    if (!this.queue.answer()) return
    for (let s = this.#source.collect(); s !== null; s = this.#source.collect()) this.#pass(s)
    this.#look()
    this.#tell(null)
  }

  /** A limit was raised or a server is usable again: lets in all that fit, here and (by calling them) on other threads. */
  admitWaiting(): void {
    this.#look()
    this.queue.callOthers()
    this.#tell(null)
  }

  /**
   * Takes out of the line one waiter of this thread that waits in vain now (Source.hopeless), for the caller to fail;
   * null: there is none among the first. To be asked when a server went out of service.
   */
  takeUnservable(): W | null {
    const w = this.#hopeless(this.#unconstrained.first) ?? this.#hopeless(this.#constrained.first)
    if (w !== null) this.#out(w)
    return w
  }

  /** The source has other things than before: what takes anything and what avoids something is told apart anew. */
  sortAgain(): void {
    for (const [from, to, standing] of [
      [this.#unconstrained, this.#constrained, Standing.choosy],
      [this.#constrained, this.#unconstrained, Standing.plain],
    ] as const) {
      for (let w = from.first, next = w; w !== null; w = next) {
        next = w.next
        if ((this.#source.excluded(w as W) === 0) !== (standing === Standing.plain)) continue
        from.remove(w)
        to.insert(w)
        w.standing = standing
      }
    }
    this.#publish()
    // What another thread left here may be of a kind that was not known here until now.
    for (let s = this.#source.collect(); s !== null; s = this.#source.collect()) this.#pass(s)
    this.#look()
    this.#tell(null)
  }

  /** A permit's thing comes back. For Permit. */
  release(s: S): void {
    this.#pass(s)
    this.#tell(null)
  }

  #join(w: W, extra: number): Permit<S> | Cause | null {
    const line = this.queue
    const hopeless = this.#source.unservable(w)
    if (hopeless !== null) return hopeless
    if (!line.join(extra)) return line.bound === 0 ? this.#refusals.full : this.#refusals.queueFull
    if (w.arrival === 0) w.arrival = line.arrive()
    if (this.#source.excluded(w) === 0) {
      w.standing = Standing.plain
      this.#unconstrained.insert(w)
    } else {
      w.standing = Standing.choosy
      this.#constrained.insert(w)
    }
    this.#publish()
    this.#look()
    this.#tell(w)
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
    let choosy = this.#constrained.first
    for (let scanned = 0; ; ) {
      const plain = this.#unconstrained.first
      const w = choosy !== null && (plain === null || older(choosy.arrival, plain.arrival)) ? choosy : plain
      if (w === null) return
      const s = this.#pick(w as W)
      if (s !== null) {
        this.#offer(s, w as W, 0)
        choosy = this.#constrained.first
        scanned = 0
      } else if (w === plain) {
        return // it would have taken anything
      } else {
        choosy = ++scanned < SCAN ? w.next : null
      }
    }
  }

  /** Something of ours is no longer needed: to the next in line, or free. */
  #pass(s: S): void {
    const line = this.queue
    const { length } = line
    if (length !== 0 && !this.#source.over(s) && this.#offer(s, this.#fitting(s), slackOf(length))) return
    this.#source.give(s)
    if (line.length !== 0) this.#freed()
  }

  /** To whoever waited longest and can use it: `mine`, or someone on another thread. False: there is none. */
  #offer(s: S, mine: W | null, slack: number): boolean {
    const source = this.#source
    const arrival = mine === null ? 0 : mine.arrival
    // What is not for everybody was found for `mine`: others would set it free again, for us to find it again.
    while (!source.over(s)) {
      const thread = this.queue.elder(source.bit(s), arrival, slack)
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

  /** Something was set free while somebody waits: whoever joined meanwhile did not see it, and cannot be forgotten. */
  #freed(): void {
    if (!this.#source.free()) return
    this.#look()
    this.queue.callOthers()
  }

  /** Our oldest waiter that can use it. */
  #fitting(s: S): W | null {
    const plain = this.#unconstrained.first
    let w = this.#constrained.first
    for (let scanned = 0; w !== null && scanned < SCAN; scanned++, w = w.next) {
      if (plain !== null && older(plain.arrival, w.arrival)) break
      if (this.#source.for(s, w as W) !== null) return w as W
    }
    return plain !== null && this.#source.for(s, plain as W) !== null ? (plain as W) : null
  }

  #hopeless(first: Waiter<S> | null): W | null {
    let w = first
    for (let scanned = 0; w !== null && scanned < SCAN; scanned++, w = w.next) {
      if (this.#source.unservable(w as W) !== null) return w as W
    }
    return null
  }

  /** Out of the line. */
  #out(w: W): void {
    const queue = w.standing === Standing.plain ? this.#unconstrained : this.#constrained
    queue.remove(w)
    w.standing = Standing.nowhere
    this.queue.leave()
    this.#publish()
  }

  #publish(): void {
    const choosy = this.#constrained.first
    const avoids = choosy === null ? 0 : this.#source.excluded(choosy as W)
    this.queue.publish(this.#unconstrained.first?.arrival ?? 0, choosy?.arrival ?? 0, avoids)
  }

  /** The permit of one that was served, for someone to tell it now. */
  #fetch(w: Waiter<S>): Permit<S> {
    const permit = w.permit as Permit<S>
    this.#served.remove(w)
    w.standing = Standing.nowhere
    w.permit = null
    return permit
  }

  /** Tells those that were served, except one whose admission is still under way. A loop, however deep they answer. */
  #tell(except: W | null): void {
    if (this.#telling) return
    this.#telling = true
    for (;;) {
      const first = this.#served.first
      const w = first === except && first !== null ? first.next : first
      if (w === null) break
      const permit = this.#fetch(w)
      try {
        w.granted(permit)
      } catch (bug) {
        // The others are not to suffer for it, and neither is the limit.
        permit[Symbol.dispose]()
        queueMicrotask(() => {
          throw bug
        })
      }
    }
    this.#telling = false
  }
}

/** Its waiting is over, and it was not yet told. */
function isServed(w: Waiter<unknown>): boolean {
  return w.standing === Standing.served
}
