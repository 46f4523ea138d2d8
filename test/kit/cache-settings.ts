/** Settings of a cache that does what the RFCs say and nothing beyond, but while its servers are saturated. */
import type { CacheSettings } from '../../src/cache/freshness/settings.ts'

const DAY = 86_400_000

export const byTheRfc: CacheSettings = {
  key: {
    host: true,
    path: true,
    query: { take: 'all', names: [], sort: false },
    headers: [],
    cookies: [],
  },
  ttl: [],
  defaultTtl: 0,
  maxTtl: 365 * DAY,
  heuristic: { share: 0.1, max: DAY },
  grace: 0,
  keep: 600_000,
  graceUnderPressure: 60_000,
  targeted: ['cdn-cache-control'],
  surrogateControl: false,
  setCookie: 'never-store',
  requestDirectives: 'obey',
}

/** A freshness that the operator forces on all statuses, in ms. */
export function forced(ttl: number, from = 100, to = 599): CacheSettings['ttl'] {
  return [{ from, to, ttl }]
}
