/** Rows of the table of causes, see cause.ts: why an order by the method PURGE is not carried out. */
import type { CauseRow } from './cause-row.ts'

const refused = { by: 'self', proxyStatus: null, letter: 'F', retry: 'never', shed: true } as const

export const purgeCauses = {
  purge_full: {
    ...refused,
    status: 503,
    sentence: 'Too many orders to remove something from the cache are being carried out. Please try again shortly.',
    advice:
      'PURGE came faster than the store can be gone through; what it named stays stored. Give tags, and purge by tag what changes together.',
  },
  purge_saturated: {
    ...refused,
    status: 409,
    sentence: 'The servers are too busy at the moment to make again what is to be removed. Please try again shortly.',
    advice:
      'What PURGE named may never be used stale (s-maxage, must-revalidate or proxy-revalidate, or no grace at all), so that it would be asked for again at once, while the servers are at their limits; it stays stored. Order it through the admin API with force to insist, or have the server say max-age instead of s-maxage.',
  },
} as const satisfies Record<string, CauseRow>
