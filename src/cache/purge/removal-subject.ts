import type { BanSubject } from './ban.ts'

/** A stored object as removals see it. */
export interface RemovalSubject extends BanSubject {
  /** The target its key begins with; see targetOf. */
  readonly target: string
  readonly scheme: string
  /** Separated by spaces. */
  readonly tags: string
}
