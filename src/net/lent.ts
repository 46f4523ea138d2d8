/** What a write reads from until it is out: a copy of ours, or the memory of somebody who keeps it so long. */
import { recycle } from './buffers.ts'

export type Lent = Buffer | Disposable

/** It is out, or never will be. */
export function giveBack(lent: Lent): void {
  if (Symbol.dispose in lent) lent[Symbol.dispose]()
  else recycle(lent)
}
