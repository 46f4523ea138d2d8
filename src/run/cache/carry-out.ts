/** What the clients of a worker want removed from the cache, carried out for all threads. */

import type { WorkerCommand, WorkerMessage } from '../messages.ts'
import type { CachePurger } from './cache-purger.ts'

/** The command for the worker when it is in effect. `cache`: null where nothing is stored. */
export async function carryOut(
  cache: CachePurger | null,
  message: Extract<WorkerMessage, { is: 'purge' | 'changed' }>,
): Promise<WorkerCommand> {
  const { ask } = message
  if (message.is === 'changed') {
    await cache?.changed(message.trees)
    return { do: 'changed', ask }
  }
  const purged = (await cache?.purgeTargets(message.targets)) ?? ({ done: true, says: 'nothing is stored' } as const)
  return { do: 'purged', ask, purged }
}
