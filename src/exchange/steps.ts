/** The steps of a request's life, in their order. Each says in its return type what can follow. */
import { lately } from '../base/clock.ts'
import { OriginConnection } from '../net/http1/origin-connection.ts'
import { Field } from '../wire/http/fields.ts'
import { BodyKind } from '../wire/http/head.ts'
import { forwardsLeft, isInCdnLoop, isLoop } from '../wire/http1/forward.ts'
import { mayUpgrade } from '../wire/http1/upgrade.ts'
import { answerFailure } from './answer/failure.ts'
import { lastHopAnswer } from './answer/last-hop.ts'
import type { Exchange } from './exchange.ts'
import { atAsking, atReceived } from './hook-points.ts'
import { keyOf, preferred } from './routing/affinity.ts'
import { attemptOver, codeOf } from './server-tally.ts'
import type { Stage, Steps } from './stage.ts'
import { takeBack } from './take-back.ts'

const steps: Steps = {
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
    const { head, client } = x
    const { pool, config } = route
    x.route = route
    x.poolConfig = pool.config
    if (pool.config.timeouts.total > 0) x.deadline = client.startedAt + pool.config.timeouts.total
    if (head.isConnect && !config.connect) return failed('method_refused', head.target)
    if (head.upgrade !== null && !mayUpgrade(config.upgrade, head.upgrade)) x.edits.remove(Field.upgrade)
    if (cache !== null) {
      const next = x.caching.look(cache)
      if (next !== undefined) return next
    }
    return { at: 'missed', route }
  },

  /** A server has to be asked: takes a place on the route, if places are limited, and one among the streams if it will be one. */
  missed(x, { route }): Stage<'admitted' | 'failed'> | null {
    const { head } = x
    const { pool, config, gate } = route
    // A line of its own: the field is a list (RFC 9110 §5.3), and what the request brings of it passes as it is.
    if (pool.loopLine !== null) x.edits.add(pool.loopLine)
    const { asking } = x.listener.hooks
    if (asking !== null) {
      const next = atAsking(x, asking)
      if (next !== undefined) return next
    }
    if (x.edits.upgrade(head) !== null || head.isConnect) {
      if (!pool.streams.take()) return failed('streams_full', '')
      x.streamPermit = pool.streams
    }
    x.key = keyOf(pool.config.balance, x)
    x.prefer = preferred(pool.pool.sticky, head)
    if (gate === null) return { at: 'admitted', route }
    x.atRoute = true
    const place = gate.admit(x.routeWaiter)
    if (typeof place === 'string') return failed(place, '')
    if (place === null) {
      const { length, bound } = gate.queue
      if (!x.background && !x.caching.canServeStale(length, bound)) return x.enqueue(config.queue.timeout, length)
      gate.leave(x.routeWaiter)
      return x.background ? failed('route_full', '') : x.caching.serveStaleInstead()
    }
    x.routePermit = place
    return { at: 'admitted', route }
  },

  /** It may go to the pool: takes a slot at one of its servers, or waits for one. */
  admitted(x, { route }): Stage<'seated' | 'failed'> | null {
    if (x.caching.serveIfArrived()) return null
    const { pool } = route.pool
    x.atRoute = false
    const slot = pool.admit(x)
    if (typeof slot === 'string') return failed(slot, '')
    if (slot === null) {
      const { length, bound } = pool.gate.queue
      if (!x.background && !x.caching.canServeStale(length, bound)) return x.enqueue(pool.config.queue.timeout, length)
      pool.gate.leave(x)
      // What nobody waits for is not worth a place in the line: the next request for it tries again.
      return x.background ? failed('pool_full', '') : x.caching.serveStaleInstead()
    }
    return x.seat(route, slot)
  },

  /** It has a slot: needs a connection. */
  seated(x, { route, server }): Stage<'connected'> | null {
    if (x.caching.serveIfArrived()) return null
    const idle = route.pool.idle[server.index]!
    x.attempt = route.pool.tallies[server.index]!
    x.attempt.began()
    x.phase = 'C'
    const kept = x.resent ? undefined : idle.take()
    const { descriptors } = x.context
    x.reused = kept !== undefined
    if (kept !== undefined) {
      kept.use(x.download)
      x.origin = kept
      x.connectTook = 0
      return { at: 'connected', route, origin: kept }
    }
    x.connectFrom = lately()
    x.connectTook = -1
    if (!descriptors.allowServer) {
      x.attemptFailed('local_resources', 'no file descriptor is left for a connection to the server', true)
      return null
    }
    x.expect('connect_timeout', route.pool.config.timeouts.connect)
    x.origin = OriginConnection.connect(idle, x.download)
    descriptors.see(x.origin.transport.socket)
    return null
  },

  /** It has a connection: sends the request. What follows are the bytes of both directions; see upload and download. */
  connected(x, { origin }): null {
    x.phase = 'H'
    x.upload.start(origin)
    return null
  },

  /** It ends badly, here or anywhere above. */
  failed(x, { cause, detail }): null {
    attemptOver(x, cause, codeOf(x.origin))
    if (x.background) {
      x.caching.failed(cause)
      x.over(false)
      return null
    }
    if ((!x.responder.begun || takeBack(x)) && x.caching.rescue(cause, detail)) return null
    x.cause = cause
    const answered = answerFailure(x, cause, detail)
    // Whoever has got a part of an answer must not take it for the whole.
    if (answered) x.over(false)
    else x.over(x.responder.begun)
    return null
  },
}

/** Goes one step. */
export function step<N extends Stage['at']>(x: Exchange, s: Stage<N>): Stage | null {
  return (steps as Steps)[s.at as N](x, s as never)
}

function failed(cause: Stage<'failed'>['cause'], detail: string): Stage<'failed'> {
  return { at: 'failed', cause, detail }
}
