/**
 * The life of a request, from its head to its record.
 *
 *   received ─▶ routed ─▶ missed ─▶ admitted ─▶ seated ─▶ connected ─▶ (upload, download) ─▶ over
 *                                       ▲         │           │
 *                                       └─ retry ─┴───────────┘            any step ─▶ failed ─▶ over
 *
 * A step returns the next stage, or null when it waits for something; the code that brings that something calls `go` with
 * the stage that follows. With a free slot and an idle connection nothing waits before the request has been written: no
 * promise, no closure, no timer of its own.
 *
 * Each part of an exchange is a value of its own with one owner, this object: the attempt at a server, the way through
 * the gates (admission), retries, deadlines, the ending. `over` gives back what is left of them, whatever happened.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import type { Permit } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ClientRequest } from '../net/client-request.ts'
import type { Responder, WholeAnswer } from '../net/responder.ts'
import type { Server } from '../pool/server.ts'
import { Edits, type FieldLine } from '../wire/http/edits.ts'
import { RequestHead } from '../wire/http/head.ts'
import { OutgoingFields } from '../wire/http/outgoing-fields.ts'
import { Admission } from './admission.ts'
import { Attempt } from './attempt.ts'
import type { CachePart } from './cache/cache-part.ts'
import type { CachedExchange } from './cache/cached-exchange.ts'
import { Caching } from './cache/caching.ts'
import { Delivery } from './cache/delivery.ts'
import type { ExchangeContext } from './context.ts'
import { Deadlines } from './deadlines.ts'
import { DetachedClient } from './detached-client.ts'
import { Download, type DownloadOwner } from './download.ts'
import { Ending } from './ending.ts'
import { finish } from './finish.ts'
import type { ListenerScope } from './generation.ts'
import { atLeaving } from './hook-points.ts'
import { PoolWaiter } from './pool-waiter.ts'
import { Retries } from './retry.ts'
import { RouteWaiter } from './route-waiter.ts'
import type { Route } from './routing/route.ts'
import type { Stage } from './stage.ts'
import { step } from './steps.ts'
import { Streaming } from './streaming.ts'
import { Upload, type UploadOwner } from './upload.ts'

const RECEIVED: Stage<'received'> = { at: 'received' }

/** Exchanges for reuse. */
export interface ExchangePool {
  take(): Exchange
  release(x: Exchange): void
}

export class Exchange implements UploadOwner, DownloadOwner, CachedExchange<CachePart> {
  readonly context: ExchangeContext
  readonly upload: Upload
  readonly download: Download
  /** The cache's part, and what it serves. */
  readonly caching: Caching
  readonly delivery: Delivery
  readonly admission = new Admission()
  readonly retries = new Retries()
  readonly deadlines: Deadlines
  readonly streaming: Streaming
  readonly ending = new Ending()
  readonly routeWaiter: RouteWaiter
  readonly poolWaiter: PoolWaiter
  /** What is changed about the head on its way to a server. */
  readonly edits = new Edits()
  /** The fields of the head that goes to the client. */
  readonly fields = new OutgoingFields()
  readonly #spare: ExchangePool
  head = new RequestHead()
  client!: ClientRequest
  /** The listener it came to, in the generation that it belongs to from its head to its end. */
  listener!: ListenerScope
  /** No client waits for it: it fetches for the store. */
  background = false
  /** Counts the requests this object has served: a late callback sees by it whether it is still about the same one. */
  serial = 0
  route: Route | null = null
  /** The attempt that it owns; null: there is none, or the cache has taken it over. */
  attempt: Attempt | null = null
  lastAttempt: Attempt | null = null
  /** When the request head was complete, ms (monotonic). */
  headAt = -1
  #over = true

  constructor(context: ExchangeContext, spare: ExchangePool) {
    this.context = context
    this.#spare = spare
    this.upload = new Upload(this)
    this.download = new Download(this)
    this.caching = new Caching(this)
    this.delivery = new Delivery(this)
    this.deadlines = new Deadlines(this, context.wheel)
    this.streaming = new Streaming(this)
    this.routeWaiter = new RouteWaiter(this)
    this.poolWaiter = new PoolWaiter(this)
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
    this.#begin(listener, client, head)
    this.serial++
    this.admission.arrived(listener.slots.used)
    this.context.counters.began()
    client.serve(this.upload, head)
    this.go(cause === null ? RECEIVED : { at: 'failed', cause, detail })
    return former
  }

  /** The request is this one from now on, as a hook has edited it. */
  replaceHead(head: RequestHead): void {
    this.head = head
  }

  /** An exchange for the store alone, which asks as this client would. Its next stage is up to the caller. */
  detached(head: RequestHead, route: Route): Exchange {
    const x = this.#spare.take()
    x.#begin(this.listener, new DetachedClient(this.client), head)
    x.background = true
    x.#routeTo(route, x.headAt)
    return x
  }

  #begin(listener: ListenerScope, client: ClientRequest, head: RequestHead): void {
    this.listener = listener
    listener.generation.enter()
    this.head = head
    this.client = client
    this.headAt = lately()
    this.#over = false
  }

  #routeTo(route: Route, since: number): void {
    this.route = route
    const { total } = route.upstream.config.timeouts
    if (total > 0) this.deadlines.limitTotal(since + total)
  }

  /** Its route has been found. */
  routed(route: Route): void {
    this.#routeTo(route, this.client.startedAt)
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

  get responder(): Responder {
    return this.client.responder
  }

  /** The head of the server's response has been passed on. */
  get answered(): boolean {
    return this.download.begun
  }

  /** The cache has looked in vain: a server has to be asked. */
  continueToServer(): void {
    if (this.route !== null) this.go({ at: 'missed', route: this.route })
  }

  /** The pool has to be asked for another server's permit. */
  continueToPool(): void {
    if (this.route !== null) this.go({ at: 'admitted', route: this.route })
  }

  /** Joins the queue of the gate where it is. Its timeout counts from the arrival of the request. `length`: with it. */
  enqueue(timeout: number, length: number): null {
    this.ending.enter('Q')
    this.admission.enqueue(length)
    if (this.route !== null) this.context.counters.joined(this.route, this.admission.gate)
    this.deadlines.expect('queue_timeout', timeout === 0 ? 0 : Math.max(1, this.headAt + timeout - lately()))
    return null
  }

  /** Its turn has come in the route's queue. */
  routeAdmitted(permit: Permit<Slots>): void {
    this.admission.dequeue()
    if (this.route === null) return permit[Symbol.dispose]()
    this.admission.holdRoutePermit(permit)
    this.go({ at: 'admitted', route: this.route })
  }

  /** Its turn has come in the pool's queue. */
  poolAdmitted(permit: Permit<Server>): void {
    if (this.route === null) return permit[Symbol.dispose]()
    this.go(this.seat(this.route, permit))
  }

  /** No server of the pool is left that could serve it. */
  refused(cause: Cause): void {
    this.admission.dequeue()
    this.fail(cause, '')
  }

  /** It has its server's permit: an attempt begins. */
  seat(route: Route, permit: Permit<Server>): Stage<'seated'> {
    const { admission, retries, lastAttempt, context } = this
    const { pool } = route.upstream
    const server = permit.of
    admission.dequeue()
    const elsewhere = lastAttempt !== null && lastAttempt.server !== server
    if (elsewhere && !lastAttempt.reused) context.attempts.attemptRetried(lastAttempt)
    retries.seated(pool.tieOf(retries.prefer, server), elsewhere)
    admission.seated(pool.slots.used, server.slots.used)
    return this.#seated(new Attempt(route, permit, context.attempts))
  }

  #seated(attempt: Attempt): Stage<'seated'> {
    this.own(attempt)
    return { at: 'seated', attempt }
  }

  own(attempt: Attempt): void {
    this.attempt = this.lastAttempt = attempt
  }

  ask(attempt: Attempt): void {
    this.go(this.#seated(attempt))
  }

  /** There is a connection now. */
  connected(attempt: Attempt): void {
    this.go({ at: 'connected', attempt })
  }

  /** The attempt failed before a response; another one may follow (see retry.ts). */
  attemptFailed(attempt: Attempt, cause: Cause, detail: string, unsent: boolean): void {
    if (this.#over) return
    const { route, reused } = attempt
    const { repeatable } = this.upload
    const failed = { attempt, cause, unsent, repeatable, idempotent: this.head.idempotent }
    const next = this.retries.next(failed, route.upstream, this.poolWaiter)
    if (next === null) return this.fail(cause, detail)
    if (!reused) attempt.fail(cause)
    if (next === 'same') return this.go(this.#seated(attempt.again('stale')))
    attempt.end('stale')
    this.go({ at: 'admitted', route })
  }

  /** An attempt to follow the present one at the same server. */
  passPermit(): Attempt {
    if (this.attempt === null) throw new Error('there is no attempt that another one could follow')
    return this.attempt.passPermit()
  }

  /** Passes the attempt on to another owner. */
  handOverAttempt(): Attempt {
    const { attempt } = this
    if (attempt === null) throw new Error('there is no attempt to hand over')
    this.attempt = null
    return attempt
  }

  /** Goes on in the place of another exchange, which keeps its client. Its request has been sent. */
  takeOver(x: Exchange): void {
    const attempt = x.handOverAttempt()
    this.attempt = this.lastAttempt = attempt
    const routePermit = x.admission.takeRoutePermit()
    if (routePermit !== null) this.admission.holdRoutePermit(routePermit)
    this.ending.enter(x.ending.phase)
    this.upload.takeOver()
    this.retries.takeOver(x.retries)
    this.download.expect(attempt)
    attempt.origin?.use(this.download)
    this.deadlines.takeOver(x.deadlines)
  }

  /** Whether a server has been asked. */
  get asked(): boolean {
    return this.upload.begun
  }

  /** The line that makes the client come back to its server; null where that is not wanted. */
  get stickyLine(): FieldLine | null {
    const { lastAttempt } = this
    if (lastAttempt === null) return null
    return lastAttempt.route.upstream.pool.stickyField(this.retries.prefer, lastAttempt.server.index)
  }

  /** No server is needed any more. */
  withdraw(): void {
    this.#leaveGate()
    this.admission.dequeue()
    this.attempt?.end('abandoned')
    this.deadlines.clear()
  }

  late(cause: Cause): void {
    if (cause === 'coalesce_timeout') return this.caching.waitedTooLong()
    if (this.admission.queued && this.#expire()) return
    if (this.ending.phase === 'C' && this.attempt !== null)
      return this.attemptFailed(this.attempt, cause, 'no connection in time', true)
    this.fail(cause, cause === 'tunnel_fin_timeout' ? this.streaming.closedSides : '')
  }

  /** A slot that became free in the same moment wins over the timeout. True: there was one. */
  #expire(): boolean {
    const { route } = this
    if (this.admission.gate === 'route') {
      const permit = route?.gate?.expire(this.routeWaiter) ?? null
      if (permit !== null) this.routeAdmitted(permit)
      return permit !== null
    }
    const permit = route?.upstream.pool.gate.expire(this.poolWaiter) ?? null
    if (permit !== null) this.poolAdmitted(permit)
    return permit !== null
  }

  // The end.

  /** Ends with an answer of our own that is no failure. */
  answer(answer: WholeAnswer): null {
    this.ending.answer(answer.status)
    atLeaving(this, answer.status, answer.fields)
    this.responder.answer(answer)
    this.over(false)
    return null
  }

  /** The record is made and everything is given back. `cut`: the client has to see that its response is incomplete. */
  over(cut: boolean): void {
    if (this.#over) return
    this.#over = true
    this.serial++
    const { responder, attempt } = this
    this.deadlines.stop()
    this.#leaveGate()
    attempt?.conclude(cut ? 'abandoned' : 'complete')
    finish(this)
    const routePermit = this.admission.takeRoutePermit()
    this.admission.releaseStream()
    this.#reset()
    this.#spare.release(this)
    if (cut) responder.abort()
    else responder.finish()
    attempt?.releasePermits()
    routePermit?.[Symbol.dispose]()
  }

  #leaveGate(): void {
    if (!this.admission.queued) return
    if (this.admission.gate === 'route') this.route?.gate?.leave(this.routeWaiter)
    else this.route?.upstream.pool.gate.leave(this.poolWaiter)
  }

  #reset(): void {
    this.route = null
    this.attempt = this.lastAttempt = null
    this.headAt = -1
    this.background = false
    this.routeWaiter.reset()
    this.poolWaiter.reset()
    this.admission.reset()
    this.retries.reset()
    this.ending.reset()
    this.edits.reset()
    this.upload.reset()
    this.download.reset()
    this.delivery.reset()
    this.caching.reset()
  }
}
