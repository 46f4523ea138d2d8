/** Counts attempts and their outcomes, each for its server. */
import type { AttemptListener, AttemptState, Outcome } from './outcome.ts'
import type { ServerCounters } from './server-counters.ts'

function countersOf({ route, server }: AttemptState): ServerCounters {
  return route.upstream.counters[server.index]!
}

export const attemptCounters: AttemptListener = {
  attemptBegan(attempt) {
    countersOf(attempt).began()
  },

  attemptAnswered(attempt) {
    attempt.route.upstream.responses[attempt.server.index]!.add(1)
    countersOf(attempt).answered(attempt.status)
  },

  attemptEnded(outcome: Outcome) {
    const { result, cause, status, code } = outcome
    // That a reused connection was closed meanwhile says nothing against the server.
    if (cause === null || result === 'stale') return
    // Once the server has answered, the client may be what took so long.
    if (cause === 'total_timeout' && status > 0) return
    countersOf(outcome).failed(cause, code)
  },

  attemptRetried(attempt) {
    countersOf(attempt).retried()
  },
}
