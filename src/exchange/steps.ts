/** The steps of a request's life, in their order. Each says in its return type what can follow. */
import { Field } from '../wire/http/fields.ts'
import { BodyKind } from '../wire/http/head.ts'
import { forwardsLeft, isInCdnLoop, isLoop } from '../wire/http1/forward.ts'
import { mayUpgrade } from '../wire/http1/upgrade.ts'
import { answerFailure } from './answer/failure.ts'
import { lastHopAnswer } from './answer/last-hop.ts'
import type { Exchange } from './exchange.ts'
import { atAsking, atReceived } from './hook-points.ts'
import { keyOf, preferred } from './routing/affinity.ts'
import type { Stage, Steps } from './stage.ts'
import { takeBack } from './take-back.ts'

const steps: Steps<Exchange> = {
  /** The head is here: is it for us, and where does it belong? */
  received(x): Stage<'routed' | 'failed'> | null {
    let { head } = x
    const { config, routes, generation, hooks } = x.listener
    const { name } = generation.config
    if (isLoop(head, name)) return failed('loop', 'our own name stands in Via')
    if (isInCdnLoop(head, name)) return failed('loop', 'our own name stands in CDN-Loop')
    if (config.limits.body > 0 && head.bodyKind === BodyKind.length && head.contentLength > config.limits.body) {
      return failed('body_too_large', `Content-Length is ${head.contentLength}`)
    }
    if (hooks.received !== null) {
      const next = atReceived(x, hooks.received)
      if (next !== undefined) return next
      head = x.head
    }
    if (forwardsLeft(head) === 0) return x.answer(lastHopAnswer(head))
    const route = routes.match(head.host, head.path)
    if (route === null) return failed('no_route', `${head.host}${head.path}`)
    const { cache } = route
    const strays = cache !== null && routes.strays(route, head.host, head.path)
    return { at: 'routed', route, cache: strays ? cache.bypassing : cache }
  },

  /** Its route is known: perhaps the cache can answer it. */
  routed(x, { route, cache }): Stage | null {
    const { head } = x
    const { config } = route
    x.routed(route)
    if (head.isConnect && !config.connect) return failed('method_refused', head.target)
    if (head.upgrade !== null && !mayUpgrade(config.upgrade, head.upgrade)) x.edits.remove(Field.upgrade)
    if (cache !== null) {
      const next = x.caching.look(cache, route)
      if (next !== undefined) return next
    }
    return { at: 'missed', route }
  },

  /** A server has to be asked: takes a permit of the route, if it has a limit, and one among the streams if it will be one. */
  missed(x, { route }): Stage<'admitted' | 'failed'> | null {
    const { head, admission } = x
    const { upstream, config, gate } = route
    const { pool } = upstream
    // A line of its own: the field is a list (RFC 9110 §5.3), and what the request brings of it passes as it is.
    if (upstream.loopLine !== null) x.edits.add(upstream.loopLine)
    const { asking } = x.listener.hooks
    if (asking !== null) {
      const next = atAsking(x, asking)
      if (next !== undefined) return next
    }
    if ((x.edits.upgrade(head) !== null || head.isConnect) && !admission.takeStream(upstream.streams))
      return failed('streams_full', '')
    x.poolWaiter.aim(keyOf(pool.config.balance, x))
    x.retries.tie(preferred(pool.sticky, head))
    if (gate === null) return { at: 'admitted', route }
    admission.comeTo('route')
    const permit = gate.admit(x.routeWaiter)
    if (typeof permit === 'string') return failed(permit, '')
    if (permit === null) {
      const { length, bound } = gate.queue
      if (!x.background && !x.caching.canServeStale(length, bound)) return x.enqueue(config.queue.timeout, length)
      gate.leave(x.routeWaiter)
      return x.background ? failed('route_full', '') : x.caching.serveStaleInstead('route')
    }
    admission.holdRoutePermit(permit)
    return { at: 'admitted', route }
  },

  /** It may go to the pool: takes a permit for one of its servers, or waits for one. */
  admitted(x, { route }): Stage<'seated' | 'failed'> | null {
    if (x.caching.serveIfArrived()) return null
    const { pool } = route.upstream
    x.admission.comeTo('pool')
    const permit = pool.admit(x.poolWaiter)
    if (typeof permit === 'string') return failed(permit, '')
    if (permit === null) {
      const { length, bound } = pool.gate.queue
      if (!x.background && !x.caching.canServeStale(length, bound)) return x.enqueue(pool.config.queue.timeout, length)
      pool.gate.leave(x.poolWaiter)
      // A fetch that no client waits for is not worth a place in the queue: the next request for it tries again.
      return x.background ? failed('pool_full', '') : x.caching.serveStaleInstead('pool')
    }
    return x.seat(route, permit)
  },

  /** It has a permit: needs a connection. */
  seated(x, { attempt }): Stage<'connected'> | null {
    if (x.caching.serveIfArrived()) return null
    attempt.begin()
    x.ending.enter('C')
    x.download.expect(attempt)
    if (!x.retries.resent && attempt.reuse(x.download)) return { at: 'connected', attempt }
    const { descriptors } = x.context
    if (!descriptors.allowServer) {
      x.attemptFailed(attempt, 'local_resources', 'no file descriptor is left for a connection to the server', true)
      return null
    }
    x.deadlines.expect('connect_timeout', attempt.route.upstream.config.timeouts.connect)
    attempt.connect(x.download)
    return null
  },

  /** It has a connection: sends the request. What follows are the bytes of both directions; see upload and download. */
  connected(x, { attempt }): null {
    x.ending.enter('H')
    x.upload.start(attempt)
    return null
  },

  /** It ends badly, here or anywhere above. */
  failed(x, { cause, detail }): null {
    x.attempt?.fail(cause)
    if (x.background) {
      x.caching.failed(cause)
      x.over(false)
      return null
    }
    if ((!x.responder.begun || takeBack(x)) && x.caching.rescue(cause, detail)) return null
    x.ending.fail(cause)
    const answered = answerFailure(x, cause, detail)
    // A client that has got a part of an answer must not take it for the whole.
    if (answered) x.over(false)
    else x.over(x.responder.begun)
    return null
  },
}

/** Goes one step. */
export function step(x: Exchange, stage: Stage): Stage | null {
  switch (stage.at) {
    case 'received':
      return steps.received(x, stage)
    case 'routed':
      return steps.routed(x, stage)
    case 'missed':
      return steps.missed(x, stage)
    case 'admitted':
      return steps.admitted(x, stage)
    case 'seated':
      return steps.seated(x, stage)
    case 'connected':
      return steps.connected(x, stage)
    case 'failed':
      return steps.failed(x, stage)
  }
}

function failed(cause: Stage<'failed'>['cause'], detail: string): Stage<'failed'> {
  return { at: 'failed', cause, detail }
}
