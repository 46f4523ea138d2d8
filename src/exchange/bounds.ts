/**
 * The times within which an exchange has to get on. One timer stands for the nearest of three: what is awaited just now,
 * the end of all waiting, and the age from which a response counts as a stream.
 */
import type { Cause } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import type { Exchange } from './exchange.ts'
import { followedTooLong } from './following.ts'

/** Sets the timer by what the exchange says it waits for. */
export function arm(x: Exchange): void {
  let at = x.until
  if (x.deadline > 0 && x.deadline < at) at = x.deadline
  if (x.streamAt > 0 && x.streamAt < at) at = x.streamAt
  if (at < Infinity) x.world.wheel.arm(x.timer, at)
  else x.world.wheel.disarm(x.timer)
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
  arm(x)
}

function late(x: Exchange, cause: Cause): void {
  if (cause === 'fetch_line_timeout') return followedTooLong(x.caching)
  if (x.queueFrom >= 0) {
    // A slot that became free in the same moment wins over the timeout.
    if (x.atRoute) {
      const place = x.route?.gate?.expire(x.turn) ?? null
      if (place !== null) return x.placed(place)
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
  const { tunnelIdle, tunnelFin } = x.settings.timeouts
  const half = x.client.halfClosed || x.origin?.halfClosed === true
  if (half && tunnelFin > 0 && (tunnelIdle === 0 || tunnelFin < tunnelIdle)) x.expect('tunnel_fin_timeout', tunnelFin)
  else x.expect('tunnel_idle', tunnelIdle)
}

function whoClosed(x: Exchange): string {
  const client = x.client.halfClosed
  const server = x.origin?.halfClosed === true
  return `${client && server ? 'both sides' : client ? 'the client' : 'the server'} had closed`
}

/** A response that has outlived its age as a request moves to the budget of streams, if that has room. */
function becomeStream(x: Exchange): void {
  const { route } = x
  if (route === null || x.stream !== null || !route.pool.streams.take()) return
  x.stream = route.pool.streams
  x.deadline = 0
  x.releaseSlot()
  x.releasePlace()
}
