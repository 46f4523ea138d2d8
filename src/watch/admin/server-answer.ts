/** The form of what the admin API says of one server's attempts, and of what has ended exchanges. */
import { z } from 'zod'
import { type StatusClass, statusClasses } from '../../base/attempt-causes.ts'

const count = () => z.int().nonnegative()

/** How often each cause has ended an exchange of a pool or at a server. */
export const endedBy = (whose: string) =>
  z.record(z.string(), count()).describe(`How often each cause has ended an exchange ${whose}.`)

export const attemptsAnswer = {
  health: z
    .enum(['up', 'down', 'unchecked'])
    .describe(
      'What checks found. `unchecked`: the pool has no `health`, or no check is over yet; the server is used as if it were up.',
    ),
  requests: count().describe('Requests sent to it, retries and fetches in the background included, since the start.'),
  statuses: z
    .strictObject(Object.fromEntries(statusClasses.map((name) => [name, count()])) as Record<StatusClass, z.ZodInt>)
    .describe('Its answers by class of their status. An answer that breaks off later is counted here too.'),
  failures: z
    .record(z.string(), count())
    .describe('Requests to it that failed, by cause, those included that another server answered then.'),
  retried: count().describe('Those after whose failure another server was tried.'),
  causes: endedBy('whose last server it was'),
}
