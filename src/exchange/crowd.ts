/** What a request that is turned away sees of the limits before it, for its record. */
import type { Exchange } from './exchange.ts'

/** Notes how full pool, server and line are now. A request that has a slot has noted that when it got it. */
export function noteCrowd(x: Exchange): void {
  const { route, serverPermit, server } = x
  if (route === null || serverPermit !== null) return
  const { pool } = route.pool
  x.poolInUse = pool.slots.used
  x.serverInUse = server?.slots.used ?? 0
  // No server was chosen: that the fullest one is at its limit says more than a sum.
  if (server === null) for (const { slots } of pool.servers) x.serverInUse = Math.max(x.serverInUse, slots.used)
  if (x.queueLength > 0) return // of the line it stood in, when it joined it
  const line = x.atRoute ? route.gate?.queue : pool.gate.queue
  x.queueLength = line?.length ?? 0
}
