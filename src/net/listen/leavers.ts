/**
 * Connections that were turned away and are being seen off: read for a while after their answer, so that it is not lost
 * to a RST (RFC 9112 §9.6).
 */
import { monotonic } from '../../base/clock.ts'
import { Timer, type Wheel } from '../../base/wheel.ts'
import type { Transport } from '../transport/transport.ts'
import type { TransportOwner } from '../transport/transport-owner.ts'

/** How long each of them is still read from, in ms. */
const LINGER = 1000
/** How many of them at once; then the one that has had the longest time to read goes. Each costs a descriptor. */
const LINGERING = 4096

export class Leavers {
  readonly #wheel: Wheel
  readonly #all = new Set<Leaver>()
  readonly #onEmpty: () => void

  /** `onEmpty` is called when the last of them is gone. */
  constructor(wheel: Wheel, onEmpty: () => void) {
    this.#wheel = wheel
    this.#onEmpty = onEmpty
  }

  get size(): number {
    return this.#all.size
  }

  /** Sends the answer and closes. */
  seeOff(transport: Transport, text: string): void {
    this.#all.add(new Leaver(transport, this.#wheel, this))
    transport.write(text)
    transport.end()
    this.keep(LINGERING)
  }

  /** Lets go of the eldest until there are no more than `most`. */
  keep(most: number): void {
    while (this.#all.size > most) this.#all.values().next().value?.timeout()
  }

  /** One is gone. */
  left(one: Leaver): void {
    this.#all.delete(one)
    if (this.#all.size === 0) this.#onEmpty()
  }
}

class Leaver implements TransportOwner {
  readonly #transport: Transport
  readonly #wheel: Wheel
  readonly #all: Leavers
  readonly #timer: Timer<Leaver>

  constructor(transport: Transport, wheel: Wheel, all: Leavers) {
    this.#transport = transport
    this.#wheel = wheel
    this.#all = all
    this.#timer = new Timer(this as Leaver, onTimer)
    transport.setOwner(this)
    transport.resume()
    wheel.arm(this.#timer, monotonic() + LINGER)
  }

  timeout(): void {
    this.closed()
    this.#transport.destroy()
  }

  connected(): void {}
  received(): void {}
  drained(): void {}
  ended(): void {
    if (this.#transport.settled()) this.timeout()
  }
  closed(): void {
    this.#wheel.disarm(this.#timer)
    this.#all.left(this)
  }
}

function onTimer(leaver: Leaver): void {
  leaver.timeout()
}
