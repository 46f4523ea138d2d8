/** What became of the visitors of one side of the demo: in all, and within the last moments. */

/** How a visit can end. `tooSlow`: the visitor's patience ran out. */
export type Outcome = 'served' | 'tooSlow' | 'refused' | 'failed'

const outcomes = ['served', 'tooSlow', 'refused', 'failed'] as const satisfies readonly Outcome[]
type Counts = Record<Outcome, number>

interface Moment {
  readonly at: number
  readonly counts: Counts
  readonly waits: number[]
}

/** Length of a moment, and of the time that "now" stands for, in ms. */
const moment = 200
const recent = 2000

export class Tally {
  /** Visitors who came. */
  came = 0
  readonly total: Counts = none()
  /** How long those waited who were served, in ms. */
  readonly waits: number[] = []
  readonly #moments: Moment[] = []

  /** Visitors who left, in whatever way. */
  get gone(): number {
    return outcomes.reduce((sum, outcome) => sum + this.total[outcome], 0)
  }

  /** One visit is over, `wait` ms after it began. `now` is the time in ms on any steady clock. */
  ended(outcome: Outcome, wait: number, now: number): void {
    const { counts, waits } = this.#moment(now)
    counts[outcome]++
    this.total[outcome]++
    if (outcome !== 'served') return
    waits.push(wait)
    this.waits.push(wait)
  }

  /** Visits a second that ended so, of late. */
  perSecond(outcome: Outcome, now: number): number {
    const moments = this.#late(now)
    const span = Math.max(moment, Math.min(recent, now - (this.#moments[0]?.at ?? now)))
    return (moments.reduce((sum, { counts }) => sum + counts[outcome], 0) * 1000) / span
  }

  /** The wait in ms that 95 of 100 of those served of late did not exceed; null when nobody was. */
  waitOfLate(now: number): number | null {
    return percentile95(this.#late(now).flatMap(({ waits }) => waits))
  }

  #late(now: number): Moment[] {
    return this.#moments.filter(({ at }) => at > now - recent)
  }

  #moment(now: number): Moment {
    const last = this.#moments.at(-1)
    if (last !== undefined && now - last.at < moment) return last
    const next = { at: now, counts: none(), waits: [] }
    this.#moments.push(next)
    if (this.#moments.length > (2 * recent) / moment) this.#moments.shift()
    return next
  }
}

/** The value that 95 of 100 do not exceed; null of nothing. */
export function percentile95(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? null
}

function none(): Counts {
  return Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts
}
