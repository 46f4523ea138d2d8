/** What a write reads from until it is out: a copy of ours, or memory whose owner keeps it until then. */
import { recycle } from './buffers.ts'

export type Borrowed = Buffer | Disposable

/** It is out, or never will be. */
export function returnBorrowed(lent: Borrowed): void {
  if (Symbol.dispose in lent) lent[Symbol.dispose]()
  else recycle(lent)
}
