/**
 * Exchanges that outlive a request: tunnels, responses that never end, responses older than `streams.after`. They move
 * from the limits of requests to the pool's budget of streams. A permit that is held for long is noted, so that it can be
 * named when the pool is full.
 */
import { lately } from '../base/clock.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { RequestHead } from '../wire/http/head.ts'
import type { Admission } from './admission.ts'
import type { Attempt } from './attempt.ts'
import type { Deadlines } from './deadlines.ts'
import type { OccupantOf, Occupants } from './occupants.ts'

/** How soon, in ms, a stream that keeps its slot tries again whether the budget of streams has room. */
const ROOM = 250

/** The exchange that may become a stream. */
export interface StreamOwner {
  readonly context: { readonly occupants: Occupants }
  readonly head: RequestHead
  readonly client: ClientRequest
  readonly attempt: Attempt | null
  readonly isOver: boolean
  readonly admission: Admission
  readonly deadlines: Deadlines
  /** The head of the server's response has been passed on. */
  readonly answered: boolean
}

export class Streaming {
  readonly #x: StreamOwner

  constructor(x: StreamOwner) {
    this.#x = x
  }

  /** What is noted of an attempt that holds something for long. */
  #occupantOf({ route, server }: Attempt): OccupantOf {
    const { method, path } = this.#x.head
    return { route, server, method, path }
  }

  /** From now on it counts as a stream; what requests compete for is free again. */
  #leaveRequests(attempt: Attempt): void {
    attempt.releasePermit()
    this.#x.admission.releaseRoutePermit()
    attempt.tenure.becomeStream(this.#x.context.occupants, this.#occupantOf(attempt))
  }

  becomeTunnel(): void {
    const { attempt, deadlines } = this.#x
    if (attempt === null) return
    deadlines.limitTotal(0)
    this.#leaveRequests(attempt)
  }

  /**
   * A response that never ends, or has outlived its age as a request, moves to the budget of streams. While that has no
   * room it keeps its slot, and tries again.
   */
  becomeStream(): void {
    const { attempt, admission, deadlines, context } = this.#x
    if (attempt === null || admission.hasStream) return
    if (admission.takeStream(attempt.route.upstream.streams)) {
      deadlines.limitTotal(0)
      return this.#leaveRequests(attempt)
    }
    deadlines.becomeStreamAt(lately() + ROOM)
    attempt.tenure.keep(context.occupants, this.#occupantOf(attempt))
  }

  /** A tunnel may be silent for long; for a shorter time when one side has closed its half. */
  expectTunnel(): void {
    const { attempt, client, deadlines, isOver } = this.#x
    if (attempt === null || isOver) return
    const { tunnelIdle, tunnelFin } = attempt.route.upstream.config.timeouts
    const half = client.halfClosed || attempt.origin?.halfClosed === true
    if (half && tunnelFin > 0 && (tunnelIdle === 0 || tunnelFin < tunnelIdle))
      deadlines.expect('tunnel_fin_timeout', tunnelFin)
    else deadlines.expect('tunnel_idle', tunnelIdle)
  }

  /** Which sides of a tunnel have ended, in words. */
  get closedSides(): string {
    const client = this.#x.client.halfClosed
    const server = this.#x.attempt?.origin?.halfClosed === true
    return `${client && server ? 'both sides' : client ? 'the client' : 'the server'} had closed`
  }

  /** The permit counts as held for long. */
  heldLong(now: number): void {
    const { attempt, answered, context } = this.#x
    if (attempt === null) return
    if (!attempt.holdsPermit) return attempt.tenure.ignore()
    attempt.tenure.lasts(answered ? 'answer' : 'waiting', context.occupants, this.#occupantOf(attempt), now)
  }
}
