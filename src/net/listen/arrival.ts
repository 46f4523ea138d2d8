/**
 * An accepted connection that has no place yet: it gets one at once, waits for one, or is turned away.
 *
 * While it waits it is read from as far as a request takes, so that a client that leaves is noticed and its place in the
 * queue goes to another. Beyond that the kernel holds the sender back.
 */
import type { Cause } from '../../base/cause.ts'
import { monotonic } from '../../base/clock.ts'
import { Timer, type Wheel } from '../../base/wheel.ts'
import type { ListenerConfig } from '../../config/model.ts'
import { type Gate, type Permit, QueuedWaiter } from '../../gate/gate.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { Endpoint, Transport } from '../transport/transport.ts'
import type { TransportOwner } from '../transport/transport-owner.ts'

/** How long a connection waits for the place of an idle one where no queue is configured, in ms. Usually it takes one. */
const ROOM = 1000
/** Bytes after which a waiting client is not read from any more; one read may bring more. */
const KEPT = 16 * 1024
const empty = Buffer.alloc(0)

/** The listener that it came to. */
export interface ArrivalListener {
  readonly gate: Gate<Slots>
  readonly wheel: Wheel
  readonly config: ListenerConfig
  /** Places in the queue beyond its bound. */
  readonly places: number
  /** It has its place. */
  admit(arrival: Arrival, seat: Permit<Slots>): void
  waits(arrival: Arrival): void
  waitsNoMore(arrival: Arrival): void
  /** Answers and closes; `waited` ms in the queue. */
  turnAway(arrival: Arrival, cause: Cause, waited: number): void
}

export class Arrival extends QueuedWaiter<Slots> implements TransportOwner {
  readonly transport: Transport
  readonly peer: Endpoint
  readonly #listener: ArrivalListener
  readonly #since = monotonic()
  readonly #timer: Timer<Arrival>
  #kept: Buffer = empty

  constructor(listener: ArrivalListener, transport: Transport) {
    super()
    this.#listener = listener
    this.transport = transport
    this.peer = transport.peer
    this.#timer = new Timer(this as Arrival, onTimer)
    transport.setOwner(this)
  }

  /** Takes a place, or waits for one. */
  enter(): void {
    const listener = this.#listener
    const place = listener.gate.admit(this, listener.places)
    if (typeof place === 'string') return this.turnAway(place)
    if (place !== null) return this.#admit(place)
    const timeout = listener.config.whenFull?.timeout ?? ROOM
    if (timeout > 0) listener.wheel.arm(this.#timer, this.#since + timeout)
    listener.waits(this)
  }

  override granted(place: Permit<Slots>): void {
    this.#out()
    if (this.transport.paused) this.transport.resume()
    this.#admit(place)
  }

  #admit(place: Permit<Slots>): void {
    if (!this.transport.open) return place[Symbol.dispose]()
    this.#listener.admit(this, place)
    const kept = this.#kept
    this.#kept = empty
    if (kept.length > 0) this.transport.received(kept, kept.length)
  }

  timeout(): void {
    const { gate, config } = this.#listener
    const place = gate.expire(this)
    if (place !== null) return this.granted(place)
    this.#out()
    this.turnAway(config.whenFull === null ? 'listener_full' : 'listener_wait_timeout')
  }

  /** Ends its waiting. */
  giveUp(cause: Cause): void {
    this.#listener.gate.leave(this)
    this.#out()
    this.turnAway(cause)
  }

  #out(): void {
    this.#listener.wheel.disarm(this.#timer)
    this.#listener.waitsNoMore(this)
  }

  /** Says why there is no place, and closes. */
  turnAway(cause: Cause): void {
    this.#kept = empty
    this.#listener.turnAway(this, cause, monotonic() - this.#since)
  }

  received(buf: Buffer, n: number): void {
    this.#kept = Buffer.concat([this.#kept, buf.subarray(0, n)])
    if (this.#kept.length >= KEPT) this.transport.pause()
  }

  /** A client that closes its sending side while it waits is taken to have left. */
  ended(): void {
    this.closed()
    this.transport.destroy()
  }

  connected(): void {}
  drained(): void {}
  closed(): void {
    this.#kept = empty
    this.#out()
    this.#listener.gate.leave(this)
  }
}

function onTimer(arrival: Arrival): void {
  arrival.timeout()
}
