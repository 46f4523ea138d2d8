/** A thread's part of a queue: an intrusive list in order of arrival; leaving from the middle costs nothing. */
import { older } from '../ledger/queue-state.ts'
import type { Waiter } from './waiter.ts'

export class WaiterList<S> {
  first: Waiter<S> | null = null
  last: Waiter<S> | null = null

  /** After all that arrived before it. A new arrival goes to the end at once; one that comes again looks from the front. */
  insert(w: Waiter<S>): void {
    let next = this.last === null || !older(w.arrival, this.last.arrival) ? null : this.first
    while (next !== null && !older(w.arrival, next.arrival)) next = next.next
    this.#before(w, next)
  }

  /** At the end. */
  push(w: Waiter<S>): void {
    this.#before(w, null)
  }

  remove(w: Waiter<S>): void {
    if (w.prev === null) this.first = w.next
    else w.prev.next = w.next
    if (w.next === null) this.last = w.prev
    else w.next.prev = w.prev
    w.next = null
    w.prev = null
  }

  #before(w: Waiter<S>, next: Waiter<S> | null): void {
    const prev = next === null ? this.last : next.prev
    w.next = next
    w.prev = prev
    if (prev === null) this.first = w
    else prev.next = w
    if (next === null) this.last = w
    else next.prev = w
  }
}
