/**
 * A response on its way from a server into the store. It has taken the connection and the slot of the exchange that
 * asked, and goes on whatever becomes of that: a client that leaves or reads slowly does not stop it. Without a draft
 * the rest of a response is read to its end and dropped, so that the connection can serve again.
 *
 * A body that turns out to be longer than the store takes still has a client: from there on it passes through memory, a
 * read at a time, at the speed of that client.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import { REASON } from '../cache/stored.ts'
import type { PoolConfig } from '../config/model.ts'
import type { Permit } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Idle } from '../net/idle.ts'
import type { Origin, OriginUser } from '../net/origin.ts'
import type { Server } from '../pool/server.ts'
import type { Draft } from '../store/draft.ts'

/** What the exchange hands over. */
export interface Taken {
  readonly origin: Origin
  readonly idle: Idle
  readonly slot: Permit<Server> | null
  /** A place on the route that nobody else gives back. */
  readonly place: Permit<Slots> | null
  readonly timeouts: PoolConfig['timeouts']
  /** When all of it has to be over, ms (monotonic); 0: no bound. */
  readonly deadline: number
}

/** Bytes of a response nobody wants that are read for the sake of its connection. */
const WORTH_READING = 256 * 1024

export class Fill implements OriginUser {
  readonly #taken: Taken
  readonly #wheel: Wheel
  readonly #timer: Timer<Fill>
  #draft: Draft | null
  /** Bytes of the body that came. */
  read = 0
  #over = false
  #whole = false
  /** The rest of the body, as it was read; null: nobody wants it. */
  #rest: Buffer[] | null = null
  /** Why it broke off; null: it did not, or nobody wanted the rest. */
  failure: { readonly cause: Cause; readonly detail: string } | null = null
  /** Told on this thread, without the detour over the store, when there is more or it is over. */
  onMore: (() => void) | null = null
  /** The body grew past what the store takes. True: the rest of it is wanted, and taken by `take`. */
  onRefused: (() => boolean) | null = null
  /** It is over. `whole`: the store has all of it. */
  onEnd: ((whole: boolean) => void) | null = null

  constructor(taken: Taken, wheel: Wheel, draft: Draft | null) {
    this.#taken = taken
    this.#wheel = wheel
    this.#draft = draft
    this.#timer = new Timer(this as Fill, onTimer)
    taken.origin.use(this)
    this.#await()
  }

  #await(): void {
    const { timeouts, deadline } = this.#taken
    const at = timeouts.betweenBytes > 0 ? lately() + timeouts.betweenBytes : Infinity
    const until = deadline > 0 && deadline < at ? deadline : at
    if (until < Infinity) this.#wheel.arm(this.#timer, until)
  }

  originConnected(): void {}
  originInterim(): void {}
  originHead(): void {}
  originDrained(): void {}
  originClosed(): void {}
  originLeft(): void {}

  originData(buf: Buffer, from: number, to: number): void {
    this.read += to - from
    if (this.#rest !== null) {
      // The bytes lie in the buffer of this read, and their client may take its time.
      this.#rest.push(Buffer.from(buf.subarray(from, to)))
      return
    }
    if (this.#draft === null) {
      if (this.read > WORTH_READING) this.#end(false)
      return
    }
    if (this.#draft.append(buf, from, to)) return
    this.#draft.abandon(REASON.notStored)
    this.#draft = null
    if (this.onRefused?.() !== true) return this.#end(false)
    this.#rest = [Buffer.from(buf.subarray(from, to))]
  }

  /** What has come of the rest since it was asked for last, in the order of the body. */
  take(): readonly Buffer[] {
    const taken = this.#rest ?? []
    if (taken.length > 0) this.#rest = []
    return taken
  }

  /** Reads on: the client has got what there was. */
  readOn(): void {
    if (this.#over) return
    this.#taken.origin.stream.resume()
    this.#await()
  }

  /** Nobody wants the rest any more. */
  drop(): void {
    this.onMore = null
    this.#end(false)
  }

  /** There is no more to come. */
  get over(): boolean {
    return this.#over
  }

  /** It is over, and nothing is missing. */
  get whole(): boolean {
    return this.#whole
  }

  originRead(): void {
    if (this.#over) return
    if (this.#rest === null) this.#await()
    else {
      // It is the client's turn now; the delivery watches over that.
      this.#taken.origin.stream.pause()
      this.#wheel.disarm(this.#timer)
      if (this.#taken.deadline > 0) this.#wheel.arm(this.#timer, this.#taken.deadline)
    }
    this.onMore?.()
  }

  originEnd(): void {
    this.#draft?.finish()
    this.#draft = null
    this.#end(true)
  }

  /** The response is not whole, and must not pass for it (RFC 9111 §3.3). */
  originFailed(cause: Cause, detail: string, _unsent: boolean): void {
    this.failure = { cause, detail }
    this.#draft?.abandon(REASON.failed)
    this.#draft = null
    this.#end(false)
  }

  timeout(): void {
    this.originFailed('between_bytes_timeout', '', false)
  }

  #end(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#whole = whole
    const { origin, idle, slot, place } = this.#taken
    this.#wheel.disarm(this.#timer)
    if (whole) idle.keep(origin, true)
    else origin.drop()
    slot?.[Symbol.dispose]()
    place?.[Symbol.dispose]()
    this.onEnd?.(whole)
    const told = this.onMore
    this.onMore = null
    told?.()
  }
}

function onTimer(fill: Fill): void {
  fill.timeout()
}
