/** What the clients of a worker want to go from the cache, carried out for all threads. */

import type { WorkerCommand, WorkerMessage } from '../messages.ts'
import type { CacheOrders } from './cache-orders.ts'

/** What the worker is told when it is in effect. `cache`: null where nothing is stored. */
export async function carryOut(
  cache: CacheOrders | null,
  report: Extract<WorkerMessage, { is: 'purge' | 'changed' }>,
): Promise<WorkerCommand> {
  const { ask } = report
  if (report.is === 'changed') {
    await cache?.changed(report.trees)
    return { do: 'changed', ask }
  }
  const purged = (await cache?.purgeTargets(report.targets)) ?? ({ done: true, says: 'nothing is stored' } as const)
  return { do: 'purged', ask, purged }
}
