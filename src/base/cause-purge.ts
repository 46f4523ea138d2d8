/** Rows of the table of causes, see cause.ts: why a PURGE request is not carried out. */
import type { CauseRow } from './cause-row.ts'

const refused = { by: 'self', proxyStatus: null, letter: 'F', retry: 'never', shed: true } as const

export const purgeCauses = {
  purge_full: {
    ...refused,
    status: 503,
    sentence: 'Too many purges are being carried out at the moment. Please try again shortly.',
    advice:
      'PURGE requests come faster than the store can be searched; what this one named stays stored. Tag what changes together, and purge by tag.',
  },
  purge_saturated: {
    ...refused,
    status: 409,
    sentence:
      'The servers are too busy at the moment to produce again what is to be removed. Please try again shortly.',
    advice:
      'What PURGE named may never be used stale (s-maxage, must-revalidate or proxy-revalidate, or no grace at all), so it would be fetched again at once, while the servers are at their limits; it stays stored. Purge it through the admin API with force to insist, or have the server send max-age instead of s-maxage.',
  },
} as const satisfies Record<string, CauseRow>
