/** What the demo knows at one moment; everything that is shown is made from it. */
import type { Cause } from '../../base/cause.ts'
import type { Outcome } from './tally.ts'

/** How one side fares now. */
export interface Side {
  /** Visits a second that ended so, of late. */
  readonly perSecond: Readonly<Record<Outcome, number>>
  /** The wait in ms that 95 of 100 of those served did not exceed; null when nobody was served. */
  readonly wait: number | null
  /** Visitors inside each shop. */
  readonly busy: readonly number[]
  /** Served a second, from the start until now, one number for each cell of the graph. */
  readonly history: readonly number[]
}

export interface Frame {
  /** Seconds since the start, and of the whole demo. */
  readonly second: number
  readonly seconds: number
  /** Where the gate can be visited. */
  readonly address: string
  /** Visitors a second: now, at most in the whole demo, and what the shops of one side can serve. */
  readonly crowd: number
  readonly rush: number
  readonly capacity: number
  readonly crowdHistory: readonly number[]
  /** Places in each shop. */
  readonly places: number
  /** Those in line at the gate, and the places in the line. */
  readonly waiting: number
  readonly line: number
  /** Why the gate refused visitors of late; null when it did not. */
  readonly cause: Cause | null
  readonly without: Side
  readonly with: Side
}

/** Cells of a graph; together they span the whole demo. */
export const cells = 24
