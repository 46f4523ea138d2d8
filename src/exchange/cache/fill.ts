/**
 * A response on its way from a server into the store. It has taken the connection and the slot of the exchange that
 * asked, and goes on whatever becomes of that: a client that leaves or reads slowly does not stop it. Without a draft
 * the rest of a response is read to its end and dropped, so that the connection can serve again.
 *
 * A body that turns out not to fit goes on for those who read it already, at the speed of the slowest of them: what has no
 * room for the moment waits here, a read of it at most, and nothing more is read until it has.
 */
import type { Cause } from '../../base/cause.ts'
import { lately } from '../../base/clock.ts'
import { Timer, type Wheel } from '../../base/wheel.ts'
import { AbandonReason } from '../../cache/object/stored-object.ts'
import type { OriginUser } from '../../net/origin-connection.ts'
import type { Draft } from '../../store/draft.ts'
import type { Window } from '../../store/window.ts'
import type { Attempt } from '../attempt.ts'
import type { Generation } from '../generation.ts'
import type { OccupantOf, Occupants } from '../occupants.ts'

/** What the exchange hands over. */
export interface Taken {
  readonly attempt: Attempt
  /** When all of it has to be over, ms (monotonic); 0: no bound. */
  readonly deadline: number
  readonly occupants: Occupants
  /** What is noted of it should it last for long. */
  readonly of: OccupantOf
  /** It lasts at least as long as this. */
  readonly generation: Generation
}

/** Bytes of an unwanted response that are read so that its connection can be kept. */
const WORTH_READING = 256 * 1024
/** For how long, in ms. */
const WORTH_WAITING = 1000

export class Fill implements OriginUser {
  readonly #attempt: Attempt
  readonly #taken: Taken
  readonly #wheel: Wheel
  readonly #timer: Timer<Fill>
  #draft: Draft | null
  /** Where the body goes that did not fit. */
  #window: Window | null = null
  /** What has no room there yet. */
  readonly #behind: Buffer[] = []
  /** Bytes of the body that came. */
  read = 0
  /** The body has grown past what the store takes. */
  refused = false
  #until = Infinity
  /** When all of it has to be over, ms (monotonic); 0: no bound. */
  readonly #deadline: number
  #over = false
  /** Why it broke off; null: it did not, or the rest was not wanted. */
  failure: { readonly cause: Cause; readonly detail: string } | null = null
  /** Told on this thread, without the detour over the store, when there is more or it is over. */
  onMore: (() => void) | null = null
  /** The body grew past what the store takes, and is not stored. */
  onRefused: (() => void) | null = null
  /** The server is done. `whole`: nothing is missing. */
  onEnd: ((whole: boolean) => void) | null = null

  constructor(taken: Taken, wheel: Wheel, draft: Draft | null) {
    this.#taken = taken
    taken.generation.enter()
    this.#attempt = taken.attempt
    this.#wheel = wheel
    this.#draft = draft
    this.#timer = new Timer(this as Fill, onTimer)
    const { deadline } = taken
    const drop = lately() + WORTH_WAITING
    this.#deadline = draft !== null ? deadline : deadline > 0 ? Math.min(deadline, drop) : drop
    taken.attempt.origin?.use(this)
    this.#await()
  }

  #await(): void {
    const { betweenBytes } = this.#attempt.route.upstream.config.timeouts
    this.#arm(betweenBytes > 0 ? lately() + betweenBytes : Infinity)
  }

  /** Awaits something until then, within the deadline. */
  #arm(until: number): void {
    const { longAt } = this.#attempt.tenure
    this.#until = this.#deadline > 0 ? Math.min(this.#deadline, until) : until
    const at = longAt > 0 ? Math.min(longAt, this.#until) : this.#until
    if (at < Infinity) this.#wheel.arm(this.#timer, at)
    else this.#wheel.disarm(this.#timer)
  }

  originConnected(): void {}
  originInterim(): void {}
  originHead(): void {}
  originDrained(): void {}
  originClosed(): void {}
  originLeft(): void {}

  originData(buf: Buffer, from: number, to: number): void {
    this.read += to - from
    if (this.#window !== null) return this.#push(this.#window, buf, from, to)
    if (this.#draft === null) {
      if (this.read > WORTH_READING) this.#end(false)
      return
    }
    if (this.#draft.append(buf, from, to)) return
    const window = this.#draft.outgrow(AbandonReason.notStored)
    this.#draft = null
    this.refused = true
    this.onRefused?.()
    if (window === null) return this.#end(false)
    this.#window = window
    window.onRoom = () => this.#catchUp(window)
    this.#push(window, buf, from, to)
  }

  #push(window: Window, buf: Buffer, from: number, to: number): void {
    const written = this.#behind.length > 0 ? 0 : window.write(buf, from, to)
    // The bytes lie in the buffer of this read, and the readers may take their time.
    if (from + written < to) this.#behind.push(Buffer.from(buf.subarray(from + written, to)))
  }

  /** There is room for what waits; or there are no readers left. */
  #catchUp(window: Window): void {
    if (window.readers === 0) return this.#fail()
    while (this.#behind.length > 0) {
      const first = this.#behind[0]!
      const written = window.write(first, 0, first.length)
      if (written < first.length) {
        this.#behind[0] = first.subarray(written)
        return
      }
      this.#behind.shift()
    }
    if (this.#over) return window.finish()
    if (!this.#attempt.paused) return
    this.#attempt.resume()
    this.#await()
  }

  /** The rest is not wanted. */
  drop(): void {
    this.#end(false)
  }

  originRead(): void {
    if (this.#over) return
    if (this.#behind.length === 0) this.#await()
    else {
      // It is the readers' turn now; their own deadlines bound that.
      this.#attempt.pause()
      this.#arm(Infinity)
    }
    this.onMore?.()
  }

  originEnd(): void {
    this.#draft?.finish()
    this.#draft = null
    if (this.#behind.length === 0) this.#window?.finish()
    this.#end(true)
  }

  /** The response is not whole, and must not pass for it (RFC 9111 §3.3). */
  originFailed(cause: Cause, detail: string, _unsent: boolean): void {
    this.failure = { cause, detail }
    this.#attempt.fail(cause)
    this.#fail()
  }

  #fail(): void {
    this.#draft?.abandon(AbandonReason.failed)
    this.#draft = null
    if (this.#window?.open === true) this.#window.abandon(AbandonReason.failed)
    this.#end(false)
  }

  /**
   * Reads no more, and gives the permit back for another attempt at the same server: nothing of the response has gone out
   * to the client that asked, and it can be served better. Null: others read, or there is nothing left to read.
   */
  surrender(): Attempt | null {
    if (this.#over || !this.#attempt.holdsPermit || this.#window?.readers !== 1) return null
    const next = this.#attempt.again('abandoned')
    this.#fail()
    return next
  }

  timeout(): void {
    const now = lately()
    if (now >= this.#until) {
      // It is unwanted, or the server is not read from because a client is slow: the server has not failed.
      const unwanted = this.#draft === null && this.#window === null
      if (unwanted || this.#attempt.paused) return this.#fail()
      return this.originFailed('between_bytes_timeout', '', false)
    }
    const { occupants, of } = this.#taken
    const { tenure } = this.#attempt
    if (tenure.longAt > 0 && now >= tenure.longAt) tenure.lasts('answer', occupants, of, now)
    this.#arm(this.#until)
  }

  #end(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#wheel.disarm(this.#timer)
    if (whole) this.#attempt.complete(true, true)
    else this.#attempt.end('abandoned')
    this.#taken.generation.leave()
    this.onEnd?.(whole)
    const told = this.onMore
    this.onMore = null
    told?.()
  }
}

function onTimer(fill: Fill): void {
  fill.timeout()
}
