/**
 * The HTTP/1 connections to one server, of one thread. Those that are idle are kept for the next request. Last in, first out: the one used last is the least likely to have
 * been closed by the server meanwhile, and the rest can grow old and go.
 */
import { lately } from '../../base/clock.ts'
import type { Wheel } from '../../base/wheel.ts'
import type { HeadLimits } from '../../wire/http/head.ts'
import type { Descriptors } from '../listen/descriptors.ts'
import type { OriginConnector, OriginUser } from '../origin-connection.ts'
import type { Transport } from '../transport/transport.ts'
import { Http1OriginConnection, type OriginContext } from './origin-connection.ts'

export class Http1Connector implements OriginConnector, OriginContext {
  readonly open: () => Transport
  readonly limits: HeadLimits
  readonly wheel: Wheel
  readonly progress: OriginContext['progress']
  readonly #descriptors: Pick<Descriptors, 'see'>
  readonly #max: number
  readonly #timeout: number
  readonly #stack: Http1OriginConnection[] = []

  /** `open`: makes a transport that is about to be connected. `max`: connections kept; `timeout`: ms each is kept. `progress`: see OriginContext. */
  constructor(
    open: () => Transport,
    limits: HeadLimits,
    wheel: Wheel,
    keep: { readonly max: number; readonly timeout: number },
    progress: OriginContext['progress'],
    descriptors: Pick<Descriptors, 'see'>,
  ) {
    this.#descriptors = descriptors
    this.open = open
    this.limits = limits
    this.wheel = wheel
    this.progress = progress
    this.#max = keep.max
    this.#timeout = keep.timeout
  }

  get length(): number {
    return this.#stack.length
  }

  /** The connection used last. */
  reuse(user: OriginUser): Http1OriginConnection | null {
    const origin = this.#stack.pop()
    if (origin === undefined) return null
    origin.use(user)
    return origin
  }

  connect(user: OriginUser): Http1OriginConnection {
    const origin = Http1OriginConnection.connect(this, user)
    this.#descriptors.see(origin.transport.descriptor)
    return origin
  }

  /** Keeps a connection whose response is complete, or drops it. `out`: nothing of it is waiting to be written any more. */
  keep(origin: Http1OriginConnection, out: boolean): void {
    if (!origin.reusable || this.#stack.length >= this.#max || this.#timeout === 0) return origin.drop()
    origin.becomeIdle(lately() + this.#timeout, out)
    this.#stack.push(origin)
  }

  lost(origin: Http1OriginConnection): void {
    const at = this.#stack.lastIndexOf(origin)
    if (at >= 0) this.#stack.splice(at, 1)
  }

  /** Drops all of them. */
  clear(): void {
    for (const origin of this.#stack) origin.drop()
    this.#stack.length = 0
  }
}
