/** One limit as a gate's source: a listener's client connections, a route's requests. */
import type { Slots } from '../ledger/slots.ts'
import type { Source } from './source.ts'
import type { Waiter } from './waiter.ts'

export class SingleSource implements Source<Slots, Waiter<Slots>> {
  readonly #slots: Slots
  contended = false

  constructor(slots: Slots) {
    this.#slots = slots
  }

  pick(): Slots | null {
    return this.#slots.take() ? this.#slots : null
  }

  for(s: Slots): Slots {
    return s
  }

  over(): boolean {
    return this.#slots.over
  }

  free(): boolean {
    return this.#slots.open
  }

  excluded(): number {
    return 0
  }

  bit(): number {
    return 0
  }

  unservable(): null {
    return null
  }

  give(): void {
    this.#slots.give()
  }

  hand(_s: Slots, thread: number): boolean {
    return this.#slots.hand(thread)
  }

  collect(): Slots | null {
    return this.#slots.collect() ? this.#slots : null
  }
}
