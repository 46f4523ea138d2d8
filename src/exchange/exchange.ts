/**
 * The life of a request, from its head to its record.
 *
 *   received ─▶ routed ─▶ admitted ─▶ seated ─▶ connected ─▶ (upload, download) ─▶ over
 *                              ▲         │           │
 *                              └─ again ─┴───────────┘            any step ─▶ failed ─▶ over
 *
 * A step returns the next stage, or null when it waits for something; whoever brings that something calls `go` with the
 * stage that follows. With a free slot and an idle connection nothing waits before the request has been written: no
 * promise, no closure, no timer of its own.
 *
 * What an exchange takes (a place on its route, a slot at a server, a stream's place, a connection) stands in fields of
 * this one object; `over` gives back what is left of it, whatever happened.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import { Timer } from '../base/wheel.ts'
import type { PoolConfig } from '../config/model.ts'
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { OriginConnection } from '../net/http1/origin-connection.ts'
import type { Responder, WholeAnswer } from '../net/responder.ts'
import type { Candidates, ServerRequest } from '../pool/pool.ts'
import type { Server } from '../pool/server.ts'
import { Edits } from '../wire/http/edits.ts'
import { RequestHead } from '../wire/http/head.ts'
import { OutgoingFields } from '../wire/http/outgoing-fields.ts'
import { Caching } from './cache/caching.ts'
import { Delivery } from './cache/delivery.ts'
import type { ExchangeContext } from './context.ts'
import { armTimer, timeout } from './deadlines.ts'
import { DetachedClient } from './detached-client.ts'
import { Download } from './download.ts'
import { finish } from './finish.ts'
import type { ListenerScope } from './generation.ts'
import { atLeaving } from './hook-points.ts'
import type { Diagnosis } from './record.ts'
import { tryAgain } from './retry.ts'
import { RouteWaiter } from './route-waiter.ts'
import type { Route } from './routing/route.ts'
import { attemptOver, codeOf, type ServerTally } from './server-tally.ts'
import type { Stage } from './stage.ts'
import { step } from './steps.ts'
import { Tenure } from './tenure.ts'
import { Upload } from './upload.ts'

const RECEIVED: Stage<'received'> = { at: 'received' }

export class Exchange extends QueuedWaiter<Server> implements ServerRequest {
  readonly context: ExchangeContext
  head = new RequestHead()
  /** What is changed about the head on its way to a server. */
  readonly edits = new Edits()
  /** The fields of the head that goes to the client just now. */
  readonly fields = new OutgoingFields()
  readonly upload: Upload
  readonly download: Download
  /** What the cache has to do with it, and what it serves. */
  readonly caching: Caching
  readonly delivery: Delivery
  readonly timer: Timer<Exchange>
  readonly routeWaiter: RouteWaiter
  client!: ClientRequest
  /** The listener it came to, in the generation that it belongs to from its head to its end. */
  listener!: ListenerScope
  /** Nobody waits for it: it fetches for the store. */
  background = false
  /** Counts the requests this object has served: who comes back later can see whether it is still the same. */
  serial = 0
  route: Route | null = null
  /** Of the route's pool, once there is a route. */
  poolConfig!: PoolConfig
  server: Server | null = null
  origin: OriginConnection | null = null
  /** Counts the attempt under way; null: there is none, or its outcome is counted. */
  attempt: ServerTally | null = null
  // What is held.
  routePermit: Permit<Slots> | null = null
  serverPermit: Permit<Server> | null = null
  streamPermit: Slots | null = null
  readonly tenure = new Tenure()
  // What the timer stands for, and the bound over all waiting (0: none).
  awaited: Cause = 'total_timeout'
  until = Infinity
  deadline = 0
  /** When the response counts as a stream (ms, monotonic); 0: never. */
  streamAt = 0
  /** Where it stands, for the second letter of the end code. */
  phase: 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' = 'R'
  // For the record: moments in ms (monotonic), -1 never.
  headAt = -1
  queueFrom = -1
  waited = 0
  connectFrom = -1
  connectTook = -1
  sentAt = -1
  firstByteAt = -1
  tried: number[] = []
  /** Index of the first server of which a reused connection failed, and nothing else was tried; -1: none. */
  staleAt = -1
  retries = 0
  /** It was sent again to a server whose reused connection had failed. From then on connections are fresh ones. */
  resent = false
  reused = false
  redispatched = false
  key = 0
  /** Index of the server that its client is tied to; -1: none, and whoever answers sets the cookie. */
  prefer = -1
  // Seen at admission.
  listenerInUse = 0
  poolInUse = 0
  serverInUse = 0
  queueLength = 0
  status = 0
  cause: Cause | null = null
  diagnosis: Diagnosis | null = null
  incident: string | null = null
  #over = true
  /** Whether the gate it came to last, in whose line it may stand, is its route's; else it is the pool's. */
  atRoute = false

  constructor(context: ExchangeContext) {
    super()
    this.context = context
    this.upload = new Upload(this)
    this.download = new Download(this)
    this.caching = new Caching(this)
    this.delivery = new Delivery(this)
    this.timer = new Timer(this as Exchange, timeout)
    this.routeWaiter = new RouteWaiter(this)
  }

  /** Takes up a request, or (with a cause) what is none; `head` stays with it, its former one is given in exchange. */
  start(
    listener: ListenerScope,
    client: ClientRequest,
    head: RequestHead,
    cause: Cause | null,
    detail: string,
  ): RequestHead {
    const former = this.head
    this.listener = listener
    listener.generation.enter()
    this.head = head
    this.client = client
    this.serial++
    this.headAt = lately()
    this.#over = false
    this.listenerInUse = listener.slots.used
    this.context.counters.began()
    client.serve(this.upload, head)
    this.go(cause === null ? RECEIVED : { at: 'failed', cause, detail })
    return former
  }

  /** The request is this one from now on, as a hook has edited it. */
  replaceHead(head: RequestHead): void {
    this.head = head
  }

  /** A request for the store alone, as the client of another exchange would make it. Its next stage is up to the caller. */
  startBackground({ listener, client }: Exchange, head: RequestHead, route: Route): void {
    this.listener = listener
    listener.generation.enter()
    this.head = head
    this.client = new DetachedClient(client)
    this.background = true
    this.headAt = lately()
    this.#over = false
    this.route = route
    this.poolConfig = route.pool.config
    const { total } = this.poolConfig.timeouts
    if (total > 0) this.deadline = this.headAt + total
  }

  /** The cache has looked in vain: a server has to be asked. */
  continueToServer(): void {
    if (this.route !== null) this.go({ at: 'missed', route: this.route })
  }

  /** No server is needed any more. */
  withdraw(): void {
    this.#leaveLine()
    this.#leftLine()
    this.dropOrigin()
    this.releaseServerPermit()
    this.clearTimeout()
  }

  /** Goes on from a stage until something has to be waited for. */
  go(stage: Stage): void {
    let next: Stage | null = stage
    while (next !== null) {
      const { at } = next
      try {
        next = step(this, next)
      } catch (error) {
        this.context.defect(error)
        if (at === 'failed') return this.over(true)
        next = { at: 'failed', cause: 'internal', detail: (error as Error)?.stack ?? String(error) }
      }
    }
  }

  get isOver(): boolean {
    return this.#over
  }

  fail(cause: Cause, detail: string): void {
    if (!this.#over) this.go({ at: 'failed', cause, detail })
  }

  /** Joins the end of the line of the gate where it is. Its timeout counts from the arrival of the request. */
  enqueue(timeout: number, length: number): null {
    this.phase = 'Q'
    this.queueFrom = lately()
    this.queueLength = length
    if (this.route !== null) this.context.counters.joined(this.route, this.atRoute)
    this.expect('queue_timeout', timeout === 0 ? 0 : Math.max(1, this.headAt + timeout - this.queueFrom))
    return null
  }

  #leftLine(): void {
    if (this.queueFrom < 0) return
    this.waited += lately() - this.queueFrom
    this.queueFrom = -1
  }

  /** Its turn has come in the route's line. */
  routeAdmitted(place: Permit<Slots>): void {
    this.#leftLine()
    this.routePermit = place
    if (this.route === null) return this.releaseRoutePermit()
    this.go({ at: 'admitted', route: this.route })
  }

  /** Its turn has come in the pool's line. */
  override granted(slot: Permit<Server>): void {
    if (this.route === null) return slot[Symbol.dispose]()
    this.go(this.seat(this.route, slot))
  }

  /** Nobody of the pool is left who could serve it. */
  refused(cause: Cause): void {
    this.#leftLine()
    this.fail(cause, '')
  }

  /** Asked only while it has a route. */
  get candidates(): Candidates {
    return this.route!.pool.pool.candidates
  }

  triedServer(index: number): boolean {
    return this.tried.length > 0 && this.tried.includes(index)
  }

  seat(route: Route, slot: Permit<Server>): Stage<'seated'> {
    this.#leftLine()
    const server = slot.of
    this.redispatched = this.server !== null && this.server !== server
    if (this.redispatched && !this.reused) route.pool.tallies[this.server!.index]!.retried()
    this.prefer = route.pool.pool.tieOf(this.prefer, server)
    this.serverPermit = slot
    this.tenure.begin(lately())
    this.server = server
    this.poolInUse = route.pool.pool.slots.used
    this.serverInUse = server.slots.used
    return { at: 'seated', route, server }
  }

  /** From now on, `cause` is what happens when nothing happens for `ms` (0: no bound but the total one). */
  expect(cause: Cause, ms: number): void {
    this.awaited = cause
    this.until = ms > 0 ? lately() + ms : Infinity
    armTimer(this)
  }

  /** Nothing but the total bound counts: somebody else watches over what is awaited. */
  clearTimeout(): void {
    this.until = Infinity
    armTimer(this)
  }

  /** The attempt at the present server failed before a response; another one may follow (see retry.ts). */
  attemptFailed(cause: Cause, detail: string, unsent: boolean): void {
    if (this.#over) return
    const { route, server, origin } = this
    const answered = origin !== null && origin.bytesIn > 0
    const code = codeOf(origin)
    this.dropOrigin()
    if (route === null || server === null) return this.fail(cause, detail)
    const next = tryAgain(this, route, server, cause, unsent, answered)
    // That a reused connection was closed meanwhile says nothing against the server.
    if (next !== null && this.reused) this.attempt = null
    else attemptOver(this, cause, code)
    if (next === null) this.fail(cause, detail)
    else this.go(next)
  }

  dropOrigin(): void {
    const { origin } = this
    this.origin = null
    origin?.drop()
  }

  releaseServerPermit(): void {
    const { serverPermit } = this
    this.serverPermit = null
    this.tenure.end()
    serverPermit?.[Symbol.dispose]()
  }

  releaseRoutePermit(): void {
    const { routePermit } = this
    this.routePermit = null
    routePermit?.[Symbol.dispose]()
  }

  releaseStreamPermit(): void {
    const { streamPermit } = this
    this.streamPermit = null
    streamPermit?.give()
  }

  get responder(): Responder {
    return this.client.responder
  }

  /** Ends with an answer of our own that is no failure. */
  answer(answer: WholeAnswer): null {
    this.status = answer.status
    atLeaving(this, answer.status, answer.fields)
    this.responder.answer(answer)
    this.over(false)
    return null
  }

  get gateKind(): 'route' | 'pool' {
    return this.atRoute ? 'route' : 'pool'
  }

  /**
   * The end: the record is made and everything is given back. `cut`: the client has to see that its response is incomplete.
   */
  over(cut: boolean): void {
    if (this.#over) return
    this.#over = true
    this.serial++
    const { responder, context, serverPermit, routePermit } = this
    context.wheel.disarm(this.timer)
    this.#leaveLine()
    this.dropOrigin()
    finish(this)
    this.serverPermit = null
    this.routePermit = null
    this.tenure.end()
    this.releaseStreamPermit()
    this.#reset()
    context.release(this)
    if (cut) responder.abort()
    else responder.finish()
    serverPermit?.[Symbol.dispose]()
    routePermit?.[Symbol.dispose]()
  }

  #leaveLine(): void {
    if (this.queueFrom < 0) return
    if (this.atRoute) this.route?.gate?.leave(this.routeWaiter)
    else this.route?.pool.pool.gate.leave(this)
  }

  #reset(): void {
    this.route = null
    this.server = this.attempt = null
    this.deadline = this.streamAt = 0
    this.phase = 'R'
    this.headAt = this.queueFrom = this.connectFrom = this.connectTook = this.sentAt = this.firstByteAt = -1
    this.waited = 0
    if (this.tried.length > 0) this.tried = []
    this.retries = 0
    this.resent = this.reused = this.redispatched = false
    this.key = 0
    this.prefer = this.staleAt = -1
    this.listenerInUse = this.poolInUse = this.serverInUse = this.queueLength = 0
    this.status = 0
    this.cause = null
    this.diagnosis = null
    this.incident = null
    this.arrival = this.routeWaiter.arrival = 0
    this.atRoute = false
    this.background = false
    this.edits.reset()
    this.upload.reset()
    this.download.reset()
    this.delivery.reset()
    this.caching.reset()
  }
}
