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
  seeOff(stream: Transport, text: string): void {
    this.#all.add(new Leaver(stream, this.#wheel, this))
    stream.write(text)
    stream.end()
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
  readonly #stream: Transport
  readonly #wheel: Wheel
  readonly #all: Leavers
  readonly #timer: Timer<Leaver>

  constructor(stream: Transport, wheel: Wheel, all: Leavers) {
    this.#stream = stream
    this.#wheel = wheel
    this.#all = all
    this.#timer = new Timer(this as Leaver, onTimer)
    stream.owner = this
    stream.resume()
    wheel.arm(this.#timer, monotonic() + LINGER)
  }

  timeout(): void {
    this.closed()
    this.#stream.destroy()
  }

  connected(): void {}
  received(): void {}
  drained(): void {}
  ended(): void {
    if (this.#stream.settled()) this.timeout()
  }
  closed(): void {
    this.#wheel.disarm(this.#timer)
    this.#all.left(this)
  }
}

function onTimer(leaver: Leaver): void {
  leaver.timeout()
}
