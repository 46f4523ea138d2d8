/**
 * The times within which an exchange has to get on. One timer stands for the nearest of four: what is awaited just now,
 * the end of all waiting, the age from which a response counts as a stream, and that from which its slot counts as held
 * for long.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import { followedTooLong } from './cache/coalesce.ts'
import type { Exchange } from './exchange.ts'
import type { OccupantOf } from './occupants.ts'

/** How soon, in ms, a stream that keeps its slot looks again whether the budget of streams has room. */
const ROOM = 250

/** Sets the timer by what the exchange says it waits for. */
export function armTimer(x: Exchange): void {
  let at = x.until
  if (x.deadline > 0 && x.deadline < at) at = x.deadline
  if (x.streamAt > 0 && x.streamAt < at) at = x.streamAt
  const { longAt } = x.tenure
  if (longAt > 0 && longAt < at) at = longAt
  if (at < Infinity) x.context.wheel.arm(x.timer, at)
  else x.context.wheel.disarm(x.timer)
}

/** The timer has fired. */
export function timeout(x: Exchange): void {
  if (x.isOver) return
  const now = lately()
  if (now >= x.until) return late(x, x.awaited)
  if (x.deadline > 0 && now >= x.deadline) return late(x, 'total_timeout')
  if (x.streamAt > 0 && now >= x.streamAt) {
    x.streamAt = 0
    becomeStream(x)
  }
  if (x.tenure.longAt > 0 && now >= x.tenure.longAt) lasts(x, now)
  armTimer(x)
}

function late(x: Exchange, cause: Cause): void {
  if (cause === 'coalesce_timeout') return followedTooLong(x.caching)
  if (x.queueFrom >= 0) {
    // A slot that became free in the same moment wins over the timeout.
    if (x.atRoute) {
      const place = x.route?.gate?.expire(x.routeWaiter) ?? null
      if (place !== null) return x.routeAdmitted(place)
    } else {
      const slot = x.route?.pool.pool.gate.expire(x) ?? null
      if (slot !== null) return x.granted(slot)
    }
  }
  if (x.phase === 'C') return x.attemptFailed(cause, 'no connection in time', true)
  x.fail(cause, cause === 'tunnel_fin_timeout' ? whoClosed(x) : '')
}

/** A tunnel may be silent for long; for a shorter time when one side has closed its half. */
export function expectTunnel(x: Exchange): void {
  if (x.isOver) return
  const { tunnelIdle, tunnelFin } = x.poolConfig.timeouts
  const half = x.client.halfClosed || x.origin?.halfClosed === true
  if (half && tunnelFin > 0 && (tunnelIdle === 0 || tunnelFin < tunnelIdle)) x.expect('tunnel_fin_timeout', tunnelFin)
  else x.expect('tunnel_idle', tunnelIdle)
}

function whoClosed(x: Exchange): string {
  const client = x.client.halfClosed
  const server = x.origin?.halfClosed === true
  return `${client && server ? 'both sides' : client ? 'the client' : 'the server'} had closed`
}

/**
 * A response that never ends, or has outlived its age as a request, moves to the budget of streams. While that has no room
 * it keeps its slot, and tries again.
 */
export function becomeStream(x: Exchange): void {
  const { route } = x
  const of = occupantOf(x)
  if (route === null || of === null || x.streamPermit !== null) return
  const { occupants } = x.context
  if (!route.pool.streams.take()) {
    x.streamAt = lately() + ROOM
    return x.tenure.keep(occupants, of)
  }
  x.streamPermit = route.pool.streams
  x.deadline = 0
  x.releaseServerPermit()
  x.releaseRoutePermit()
  x.tenure.becomeStream(occupants, of)
}

/** It has held its slot for long. */
function lasts(x: Exchange, now: number): void {
  const of = occupantOf(x)
  if (of === null || x.serverPermit === null) x.tenure.longAt = 0
  else x.tenure.lasts(x.download.begun ? 'answer' : 'waiting', x.context.occupants, of, now)
}

/** null: it has not come to a server. */
export function occupantOf({ route, server, head }: Exchange): OccupantOf | null {
  return route === null || server === null ? null : { route, server, method: head.method, path: head.path }
}
