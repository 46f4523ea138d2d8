/**
 * Taking back an answer that has begun, as long as the kernel has nothing of it. Heads wait for the end of the turn (see
 * Transport.write), so a fault in what the same read brought is seen in time, and another answer can follow, such as 502.
 */
import { wall } from '../base/clock.ts'
import type { Caching } from './cache/caching.ts'
import type { Exchange } from './exchange.ts'

/** True: no answer has begun any more. False: some of it has left for the client. */
export function takeBack(x: Exchange): boolean {
  const { download, delivery } = x
  const stored = delivery.begun
  if (!(stored ? delivery.takeBack() : download.takeBack())) return false
  x.status = x.streamAt = 0
  x.firstByteAt = -1
  if (stored) recall(x.caching)
  return true
}

/** What was stored broke off: what it was to replace stands in the store still, and is at hand again. */
export function recall(c: Caching): void {
  if (c.routeCache === null) return
  c.dropStale()
  c.staleCopy = c.current(c.routeCache, wall())
}
