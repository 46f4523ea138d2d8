/**
 * Taking back an answer that has begun, as long as the kernel has nothing of it. Heads wait for the end of the turn (see
 * Transport.write), so a fault in the bytes of the same read is seen in time, and another answer can follow, such as 502.
 */
import type { Deadlines } from './deadlines.ts'
import type { Ending } from './ending.ts'

/** A response on its way: from the server, or from the store. */
interface Begun {
  readonly begun: boolean
  takeBack(): boolean
}

export interface BegunExchange {
  readonly download: Begun
  readonly delivery: Begun
  readonly deadlines: Deadlines
  readonly ending: Ending
  readonly caching: { recall(): void }
}

/** True: no answer has begun any more. False: some of it has left for the client. */
export function takeBack({ download, delivery, deadlines, ending, caching }: BegunExchange): boolean {
  const stored = delivery.begun
  if (!(stored ? delivery : download).takeBack()) return false
  ending.takeBack()
  deadlines.becomeStreamAt(0)
  if (stored) caching.recall()
  return true
}
