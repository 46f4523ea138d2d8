/**
 * One try of a request at one server: the server's permit, the connection, the times and what was sent and received.
 *
 * It is made when the permit is had and has one owner at a time: the exchange, or the fill that reads the rest of the
 * response into the cache. It ends exactly once; what it still holds is given back then, and its outcome is delivered.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import type { Permit } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { OriginConnection, OriginUser } from '../net/origin-connection.ts'
import type { Server } from '../pool/server.ts'
import type { AttemptListener, AttemptResult, Outcome } from './outcome.ts'
import type { Route } from './routing/route.ts'
import { Tenure } from './tenure.ts'

export class Attempt implements Outcome {
  readonly route: Route
  readonly server: Server
  readonly startedAt: number
  readonly tenure = new Tenure()
  reused = false
  connectFrom = -1
  connectTook = -1
  sentAt = -1
  firstByteAt = -1
  endedAt = -1
  status = 0
  bytesIn = 0
  bytesOut = 0
  result: AttemptResult = 'abandoned'
  cause: Cause | null = null
  code: string | undefined = undefined
  /** The connection; null before there is one and after it was given back. */
  origin: OriginConnection | null = null
  readonly #listener: AttemptListener
  #permit: Permit<Server> | null
  /** A route's permit that ends together with this attempt. */
  #routePermit: Permit<Slots> | null = null
  #begun = false

  constructor(route: Route, permit: Permit<Server>, listener: AttemptListener) {
    this.route = route
    this.server = permit.of
    this.startedAt = lately()
    this.#listener = listener
    this.#permit = permit
    this.tenure.begin(this.startedAt)
  }

  /** Whether its server still counts it as a request. */
  get holdsPermit(): boolean {
    return this.#permit !== null
  }

  get ended(): boolean {
    return this.endedAt >= 0
  }

  /** Whether a byte of a response has come, interim ones included. */
  get heard(): boolean {
    return this.origin !== null && this.origin.bytesIn > 0
  }

  /** Takes an idle connection. False: there is none. */
  reuse(user: OriginUser): boolean {
    this.origin = this.#connector.reuse(user)
    if (this.origin === null) return false
    this.reused = true
    this.connectTook = 0
    return true
  }

  /** Starts to connect; the user is told how that ends. */
  connect(user: OriginUser): void {
    this.origin = this.#connector.connect(user)
  }

  get #connector() {
    return this.route.upstream.connectors[this.server.index]!
  }

  /** A connection is about to be taken or made. */
  begin(): void {
    this.#begun = true
    this.connectFrom = lately()
    this.#listener.attemptBegan(this)
  }

  connected(): void {
    this.connectTook = lately() - this.connectFrom
  }

  /** All of the request, or all that was given so far, has been handed to the connection. */
  sent(): void {
    this.sentAt = lately()
  }

  /** The head of the final response has come. */
  answered(status: number): void {
    this.status = status
    this.firstByteAt = lately()
    this.tenure.answered()
    this.#listener.attemptAnswered(this)
  }

  /** Its server's slot is free for another request, although the attempt may go on, as a stream. */
  releasePermit(): void {
    const permit = this.#permit
    this.#permit = null
    this.tenure.end()
    permit?.[Symbol.dispose]()
  }

  /** Has this permit end together with the attempt. */
  carry(permit: Permit<Slots> | null): void {
    if (permit !== null) this.#routePermit = permit
  }

  /** Its server reads no further for the moment. */
  pause(): void {
    this.origin?.pause()
  }

  resume(): void {
    this.origin?.resume()
  }

  get paused(): boolean {
    return this.origin?.paused === true
  }

  /**
   * The response is complete. `reuse`: all of the request was sent, so that another one may follow on the connection.
   * `out`: all of the response has left for the client.
   */
  complete(reuse: boolean, out: boolean): void {
    const { origin } = this
    if (origin !== null && reuse) {
      this.#read(origin)
      this.origin = null
      this.#connector.keep(origin, out)
    }
    this.end('complete')
  }

  /** It has failed; `end` follows, and reports this. The first cause counts. */
  fail(cause: Cause): void {
    if (this.cause === null && !this.ended) this.cause = cause
  }

  /** Ends it and gives back the permits. Only the first call counts. */
  end(result: AttemptResult): void {
    this.conclude(result)
    this.releasePermits()
  }

  /** Drops the connection and delivers the outcome, once. `releasePermits` is to follow. */
  conclude(result: AttemptResult): void {
    if (this.ended) return
    this.endedAt = lately()
    this.result = this.cause === null ? result : 'failed'
    const { origin } = this
    if (origin !== null) {
      this.#read(origin)
      this.origin = null
      origin.drop()
    }
    if (this.#begun) this.#listener.attemptEnded(this)
  }

  /** Gives back what it was let in with; that may start the next request at once. */
  releasePermits(): void {
    const routePermit = this.#routePermit
    this.#routePermit = null
    this.releasePermit()
    routePermit?.[Symbol.dispose]()
  }

  /** Another try at the same server, which gets the permits of this one. */
  passPermit(): Attempt {
    const permit = this.#permit
    if (permit === null) throw new Error('another try at a server without its permit')
    const next = new Attempt(this.route, permit, this.#listener)
    next.tenure.takeFrom(this.tenure)
    next.carry(this.#routePermit)
    this.#permit = this.#routePermit = null
    return next
  }

  /** Ends it, with another try at the same server to follow. */
  again(result: AttemptResult): Attempt {
    const next = this.passPermit()
    this.end(result)
    return next
  }

  #read(origin: OriginConnection): void {
    this.bytesIn = origin.bytesIn
    this.bytesOut = origin.bytesOut
    this.code = origin.errorCode
  }
}
