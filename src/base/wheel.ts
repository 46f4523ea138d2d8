/**
 * A timer wheel: many deadlines, most of which are moved or cancelled before they are due, on one system timer.
 *
 * Time is divided into ticks. A timer is in the list of slot `tick % slots`; `tick` is when it is next looked at, `at`
 * when it is due, and `tick` is never later than `at` requires. So moving a deadline back is one store: when its slot
 * comes round, a timer that is not due yet moves to the slot where it belongs now. The same rule serves deadlines
 * further away than one turn of the wheel.
 *
 * A timer never fires before its deadline, and at most one tick after it as long as the thread is not busy.
 */
import { monotonic } from './clock.ts'

/** What the wheel keeps in its lists; see Timer. */
export abstract class Deadline {
  /** When it is due, in the wheel's time (ms); meaningless while not armed. */
  at = 0
  /** The wheel's own: the tick at which it is looked at next; -1 while not armed. */
  tick = -1
  /** The wheel's own: neighbours in the list of a slot. */
  next: Deadline = this
  prev: Deadline = this

  get armed(): boolean {
    return this.tick >= 0
  }

  /** The wheel's own: the deadline has come. */
  abstract fire(): void
}

/** A deadline that can be set again and again without allocation. Armed on one wheel at a time. */
export class Timer<T> extends Deadline {
  readonly #owner: T
  readonly #fire: (owner: T) => void

  /** `fire` gets `owner` when the deadline has come; share one function among all timers of a kind. */
  constructor(owner: T, fire: (owner: T) => void) {
    super()
    this.#owner = owner
    this.#fire = fire
  }

  override fire(): void {
    this.#fire(this.#owner)
  }
}

/** The fixed end of a ring of deadlines. */
class Rim extends Deadline {
  override fire(): void {}
}

export interface WheelOptions {
  /** Receives what a timer's function threw; the other timers fire all the same. */
  readonly onError: (error: unknown) => void
  /** The clock, in ms; default `monotonic`. */
  readonly now?: () => number
  /** Whether an armed timer keeps the process alive; default false. */
  readonly hold?: boolean
  /** Whether the wheel turns by itself; default true. Tests that bring their own clock call `advance`. */
  readonly runs?: boolean
}

/** Length of a tick in ms. */
const TICK = 8
/** Slots of the wheel, a power of two: one turn takes 8.2 s. */
const SLOTS = 1024

function unlink(timer: Deadline): void {
  timer.prev.next = timer.next
  timer.next.prev = timer.prev
}

function append(list: Deadline, timer: Deadline): void {
  const last = list.prev
  last.next = timer
  timer.prev = last
  timer.next = list
  list.prev = timer
}

function empty(list: Deadline): boolean {
  return list.next === list
}

/** The wheel of one thread. */
export class Wheel {
  readonly #slots: Rim[] = []
  readonly #due = new Rim()
  readonly #onError: (error: unknown) => void
  readonly #now: () => number
  readonly #hold: boolean
  readonly #runs: boolean
  readonly #wake = (): void => this.#woken()
  #armed = 0
  /** The last tick that was looked at. */
  #tick = 0
  #turning = false
  #timeout: NodeJS.Timeout | null = null
  /** The tick for which #timeout is set. */
  #wakeAt = 0

  constructor(options: WheelOptions) {
    this.#onError = options.onError
    this.#now = options.now ?? monotonic
    this.#hold = options.hold ?? false
    this.#runs = options.runs ?? true
    for (let i = 0; i < SLOTS; i++) this.#slots.push(new Rim())
    this.#tick = Math.floor(this.#now() / TICK)
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#armed
  }

  /** Sets or moves a deadline, in ms of the wheel's clock (finite). One that has passed already comes at the next tick. */
  arm(timer: Deadline, at: number): void {
    timer.at = at
    const tick = Math.ceil(at / TICK)
    if (timer.tick >= 0) {
      if (tick >= timer.tick) return
      unlink(timer)
    } else if (this.#armed++ === 0) {
      // The wheel stood still; the ticks since then need no look.
      if (!this.#turning) this.#tick = Math.max(this.#tick, Math.floor(this.#now() / TICK))
      if (this.#hold) this.#timeout?.ref()
    }
    this.#place(timer, tick)
    if (this.#runs && !this.#turning && (this.#timeout === null || timer.tick < this.#wakeAt)) this.#sleep(timer.tick)
  }

  /** Cancels a deadline; does nothing when none is set. */
  disarm(timer: Deadline): void {
    if (timer.tick < 0) return
    this.#release(timer)
  }

  /** Fires all that is due at `now`, tick by tick. Called by the wheel itself unless `runs` is false. */
  advance(now: number): void {
    if (this.#turning) return
    this.#turning = true
    const until = Math.floor(now / TICK)
    while (this.#tick < until && this.#armed > 0) {
      this.#tick++
      const list = this.#slots[this.#tick % SLOTS]!
      if (!empty(list)) this.#visit(list)
    }
    if (this.#tick < until) this.#tick = until
    this.#turning = false
  }

  #visit(list: Deadline): void {
    // The list is moved away first: the functions of timers may arm and disarm any timer meanwhile, also of this list.
    const due = this.#due
    due.next = list.next
    due.prev = list.prev
    due.next.prev = due
    due.prev.next = due
    list.next = list
    list.prev = list
    while (!empty(due)) {
      const timer = due.next
      const tick = Math.ceil(timer.at / TICK)
      if (tick > this.#tick) {
        unlink(timer)
        this.#place(timer, tick)
        continue
      }
      this.#release(timer)
      try {
        timer.fire()
      } catch (error) {
        this.#report(error)
      }
    }
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch (worse) {
      // Not from here: the rest of the list would be lost.
      queueMicrotask(() => {
        throw worse
      })
    }
  }

  #place(timer: Deadline, tick: number): void {
    timer.tick = Math.max(tick, this.#tick + 1)
    append(this.#slots[timer.tick % SLOTS]!, timer)
  }

  #release(timer: Deadline): void {
    unlink(timer)
    timer.next = timer
    timer.prev = timer
    timer.tick = -1
    if (--this.#armed === 0 && this.#hold) this.#timeout?.unref()
  }

  #woken(): void {
    this.#timeout = null
    this.advance(this.#now())
    if (this.#armed > 0) this.#sleep(this.#nextTick())
  }

  /** The next tick whose slot holds anything. */
  #nextTick(): number {
    let tick = this.#tick + 1
    while (empty(this.#slots[tick % SLOTS]!)) tick++
    return tick
  }

  #sleep(tick: number): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#wakeAt = tick
    // Not longer than a turn: the timer's slot comes round once in each, and timeouts of Node have an upper limit.
    const wait = Math.min(tick * TICK - this.#now(), SLOTS * TICK)
    this.#timeout = setTimeout(this.#wake, Math.max(1, Math.ceil(wait)))
    if (!this.#hold) this.#timeout.unref()
  }
}
