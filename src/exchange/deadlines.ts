/**
 * The times within which an exchange has to get on. One timer stands for the nearest of four: what is awaited now, the
 * end of all waiting, the age at which a response counts as a stream, and the time from which its permit counts as held
 * for long. All times in ms (monotonic).
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'

/** See streaming.ts. */
interface Streaming {
  becomeStream(): void
  heldLong(now: number): void
}

/** The exchange whose deadlines these are. */
export interface DeadlineOwner {
  /** The attempt whose permit may come to count as held for long. */
  readonly attempt: { readonly tenure: { readonly longAt: number } } | null
  readonly streaming: Streaming
  readonly isOver: boolean
  /** What was awaited did not come in time. */
  late(cause: Cause): void
}

export class Deadlines {
  readonly #owner: DeadlineOwner
  readonly #wheel: Wheel
  readonly #timer: Timer<Deadlines>
  #awaited: Cause = 'total_timeout'
  #until = Infinity
  /** The end of all waiting; 0: there is none. */
  #total = 0
  /** When the response counts as a stream; 0: never. */
  #streamAt = 0

  constructor(owner: DeadlineOwner, wheel: Wheel) {
    this.#owner = owner
    this.#wheel = wheel
    this.#timer = new Timer(this as Deadlines, onTimer)
  }

  /** `cause` is what happens if nothing happens for `ms`; 0: no bound but the total one. */
  expect(cause: Cause, ms: number): void {
    this.#awaited = cause
    this.#until = ms > 0 ? lately() + ms : Infinity
    this.arm()
  }

  /** Nothing but the total bound counts: what is awaited is watched elsewhere. */
  clear(): void {
    this.#until = Infinity
    this.arm()
  }

  /** When all has to be over; 0: no bound. */
  get total(): number {
    return this.#total
  }

  /** Bounds the whole exchange; 0: no bound. In effect with the next `expect`, `clear` or `arm`. */
  limitTotal(at: number): void {
    this.#total = at
  }

  /** Has the response count as a stream from then on; 0: never. In effect as for `limitTotal`. */
  becomeStreamAt(at: number): void {
    this.#streamAt = at
  }

  /** Goes on with what another waits for. */
  takeOver(other: Deadlines): void {
    this.#total = other.#total
    this.expect(other.#awaited, other.#until === Infinity ? 0 : Math.max(1, other.#until - lately()))
  }

  /** Sets the timer to the nearest of the times. */
  arm(): void {
    let at = this.#until
    if (this.#total > 0 && this.#total < at) at = this.#total
    if (this.#streamAt > 0 && this.#streamAt < at) at = this.#streamAt
    const longAt = this.#longAt
    if (longAt > 0 && longAt < at) at = longAt
    if (at < Infinity) this.#wheel.arm(this.#timer, at)
    else this.#wheel.disarm(this.#timer)
  }

  get #longAt(): number {
    const { attempt } = this.#owner
    return attempt === null ? 0 : attempt.tenure.longAt
  }

  /** The exchange is over. */
  stop(): void {
    this.#wheel.disarm(this.#timer)
    this.#total = this.#streamAt = 0
  }

  timeout(): void {
    const owner = this.#owner
    if (owner.isOver) return
    const now = lately()
    if (now >= this.#until) return owner.late(this.#awaited)
    if (this.#total > 0 && now >= this.#total) return owner.late('total_timeout')
    if (this.#streamAt > 0 && now >= this.#streamAt) {
      this.#streamAt = 0
      owner.streaming.becomeStream()
    }
    const longAt = this.#longAt
    if (longAt > 0 && now >= longAt) owner.streaming.heldLong(now)
    this.arm()
  }
}

function onTimer(deadlines: Deadlines): void {
  deadlines.timeout()
}
