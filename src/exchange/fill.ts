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
import type { OccupantOf, Occupants } from './occupants.ts'
import { codeOf, type ServerTally } from './server-tally.ts'
import type { Tenure } from './tenure.ts'

/** What the exchange hands over. */
export interface Taken {
  readonly origin: Origin
  readonly idle: Idle
  readonly slot: Permit<Server> | null
  /** A place on the route that nobody else gives back. */
  readonly place: Permit<Slots> | null
  /** Counts what becomes of the attempt from here on. */
  readonly attempt: ServerTally | null
  readonly timeouts: PoolConfig['timeouts']
  /** When all of it has to be over, ms (monotonic); 0: no bound. */
  readonly deadline: number
  /** For how long the slot is held, and by whom. */
  readonly tenure: Tenure
  readonly occupants: Occupants
  readonly of: OccupantOf
}

/** Bytes of a response nobody wants that are read for the sake of its connection. */
const WORTH_READING = 256 * 1024
/** For how long, in ms. */
const WORTH_WAITING = 1000

export class Fill implements OriginUser {
  readonly #taken: Taken
  readonly #wheel: Wheel
  readonly #timer: Timer<Fill>
  #draft: Draft | null
  /** Bytes of the body that came. */
  read = 0
  #until = Infinity
  /** When all of it has to be over, ms (monotonic); 0: no bound. */
  readonly #deadline: number
  #over = false
  #whole = false
  /** The rest of the body, as it was read; null: nobody wants it. */
  #rest: Buffer[] | null = null
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
    const { deadline } = taken
    const drop = lately() + WORTH_WAITING
    this.#deadline = draft !== null ? deadline : deadline > 0 ? Math.min(deadline, drop) : drop
    taken.origin.use(this)
    this.#await()
  }

  #await(): void {
    const { betweenBytes } = this.#taken.timeouts
    this.#arm(betweenBytes > 0 ? lately() + betweenBytes : Infinity)
  }

  /** Awaits something until then, within the deadline. */
  #arm(until: number): void {
    const { longAt } = this.#taken.tenure
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
      this.#arm(Infinity)
    }
    this.onMore?.()
  }

  originEnd(): void {
    this.#draft?.finish()
    this.#draft = null
    this.#end(true)
  }

  /** The response is not whole, and must not pass for it (RFC 9111 §3.3). */
  originFailed(cause: Cause, _detail: string, _unsent: boolean): void {
    this.#taken.attempt?.failed(cause, codeOf(this.#taken.origin))
    this.#incomplete()
  }

  #incomplete(): void {
    this.#draft?.abandon(REASON.failed)
    this.#draft = null
    this.#end(false)
  }

  timeout(): void {
    const now = lately()
    if (now >= this.#until) {
      // Nobody waits for it, or the server is not read from because its client takes its time: it has not failed.
      if (this.#draft === null || this.#taken.origin.stream.paused) return this.#incomplete()
      return this.originFailed('between_bytes_timeout', '', false)
    }
    const { tenure, occupants, of } = this.#taken
    if (tenure.longAt > 0 && now >= tenure.longAt) tenure.lasts('answer', occupants, of, now)
    this.#arm(this.#until)
  }

  #end(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#whole = whole
    const { origin, idle, slot, place, tenure } = this.#taken
    this.#wheel.disarm(this.#timer)
    tenure.end()
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
