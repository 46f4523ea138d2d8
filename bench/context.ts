/** What every part of a run is given. */
import type { Peer } from './peers/peer.ts'
import type { Progress } from './progress.ts'
import type { Yard } from './yard.ts'

export interface Context {
  readonly yard: Yard
  readonly progress: Progress
  /** Those who take part, Headgate first. */
  readonly peers: readonly Peer[]
  readonly rounds: number
  /** Length of one measurement. */
  readonly seconds: number
  readonly quick: boolean
  /** The processors to share out; empty: nobody is held to any. */
  readonly cores: readonly number[]
  /** Tells the user of something that is missing or went wrong. */
  readonly warn: (text: string) => void
}
