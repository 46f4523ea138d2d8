/** Durations of all threads, counted in buckets (buckets.ts). */
import { BUCKETS, bucketOf, lowerEnd } from './buckets.ts'
import { ThreadNumbers } from './thread-numbers.ts'

/** What was recorded over all threads up to now. */
export interface Snapshot {
  /** Number of durations and their sum in ms. */
  readonly count: number
  readonly sum: number
  /** How many fell into each bucket. */
  readonly buckets: Float64Array
}

/** Its buckets, then the sum. */
export class Histogram extends ThreadNumbers {
  /** Records a duration in ms. */
  record(ms: number): void {
    this.numbers[this.mine + bucketOf(ms)]! += 1
    this.numbers[this.mine + BUCKETS]! += ms
  }

  /** The sum over all threads. */
  snapshot(): Snapshot {
    const buckets = new Float64Array(BUCKETS)
    let count = 0
    let sum = 0
    for (let at = this.from; at < this.end; at += this.step) {
      for (let i = 0; i < BUCKETS; i++) {
        const n = this.numbers[at + i]!
        buckets[i]! += n
        count += n
      }
      sum += this.numbers[at + BUCKETS]!
    }
    return { count, sum, buckets }
  }
}

/** What was recorded after `before` was taken. */
export function since(now: Snapshot, before: Snapshot): Snapshot {
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    buckets: now.buckets.map((n, i) => n - before.buckets[i]!),
  }
}

/** The duration in ms that a share `q` (0 … 1) of all stayed at or below, known to 1/16; NaN when there are none. */
export function quantile({ count, buckets }: Snapshot, q: number): number {
  if (count === 0) return Number.NaN
  const rank = Math.min(Math.max(q, 0), 1) * count
  let below = 0
  let last = 0
  for (let i = 0; i < BUCKETS; i++) {
    const n = buckets[i]!
    if (n === 0) continue
    last = i
    if (below + n >= rank) return lowerEnd(i) + (lowerEnd(i + 1) - lowerEnd(i)) * Math.max(0, (rank - below) / n)
    below += n
  }
  return lowerEnd(last + 1)
}
