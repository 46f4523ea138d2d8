/** The value of Cache-Status (RFC 9211) for one exchange. */
import type { Freshness } from '../../cache/freshness/freshness.ts'
import { ageAt } from '../../cache/freshness/reuse.ts'
import { cacheStatus } from '../../wire/http/cache-status.ts'
import type { CachePart } from './cache-part.ts'

/** Whole seconds until a response with this freshness is stale; negative once it is. */
export function secondsLeft(freshness: Freshness, now: number): number {
  return Math.floor((freshness.ttl - ageAt(freshness, now)) / 1000)
}

/**
 * The value of Cache-Status; '' where the route does not send it.
 * @param fwdStatus the server's status where the client gets another one; 0: left out
 * @param stored whether the server's response is being stored; null: not known yet
 */
export function statusOf(c: CachePart, now: number, fwdStatus: number, stored: boolean | null = false): string {
  const { lookup, report } = c
  const { result } = report
  if (!lookup.routeCache.settings.status) return ''
  // A stale response is a hit as long as no server was asked (RFC 9211 §2.1).
  const hit = result === 'hit' || (result === 'stale' && !c.x.asked)
  const hasTtl = hit || stored !== false || result === 'stale' || result === 'revalidated'
  return cacheStatus(c.x.listener.generation.config.name, {
    hit,
    fwd: hit ? null : report.forwarded,
    fwdStatus: fwdStatus > 0 ? fwdStatus : report.failedWith,
    ttl: hasTtl ? secondsLeft(c.freshness, now) : null,
    stored: stored === true || (result === 'revalidated' && report.detail === null),
    collapsed: result === 'collapsed' ? true : null,
    key: null,
    detail: report.detail,
  })
}
