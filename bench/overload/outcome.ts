/** What came of a storm, from what is known of every request. */
import { median, percentile } from '../figures.ts'
import type { Pages } from '../results.ts'

/** All requests of a run by number, in the order in which they were due. */
export interface Requests {
  /** When it was to be sent, and when it was over, in ms of one clock; 0: not over yet. */
  readonly due: Float64Array
  readonly ended: Float64Array
  /** Of its answer; 0: it got none. */
  readonly status: Uint16Array
  /** Number of the first request of each phase, and behind them how many there are. */
  readonly starts: readonly number[]
  /** 1 for requests that ask for a page that was stored before, 0 for all others. */
  readonly page: Uint8Array
}

export interface PhaseOutcome {
  /** Per second: due; answered with 200 once the phase was in full swing; refused; without an answer. */
  readonly offered: number
  readonly goodput: number
  readonly refused: number
  readonly lost: number
  /** Latency in ms since they were due: of the good answers, and of the refusals. NaN where there were none. */
  readonly p50: number
  readonly p99: number
  readonly refusedP99: number
}

const GOOD = 200
/** What is not counted of a phase for goodput, in ms and as a share: lines are still filling. */
const SETTLE = 1000
const SETTLE_SHARE = 0.25
/** Latency counts as normal up to this beyond the median before the storm, in ms. */
const NORMAL = 15
/** How long all has to be normal before it counts as over, in ms. */
const STRETCH = 250

export function outcomeOf(requests: Requests, phase: number): PhaseOutcome {
  const { due, ended, status, starts } = requests
  const [from, to] = [starts[phase]!, starts[phase + 1]!]
  const start = due[from]!
  // The end of a phase is the beginning of the next.
  const end = to < due.length ? due[to]! : due[to - 1]!
  const settled = start + Math.min(SETTLE, (end - start) * SETTLE_SHARE)
  const good: number[] = []
  const refused: number[] = []
  let inTime = 0
  // Answers to what was due before may come in this phase.
  for (let i = 0; i < to; i++) {
    if (status[i] === GOOD && ended[i]! >= settled && ended[i]! < end) inTime++
    if (i < from || status[i] === 0) continue
    const list = status[i] === GOOD ? good : refused
    list.push(ended[i]! - due[i]!)
  }
  const seconds = (end - start) / 1000
  return {
    offered: (to - from) / seconds,
    goodput: inTime / ((end - settled) / 1000),
    refused: refused.length / seconds,
    lost: (to - from - good.length - refused.length) / seconds,
    p50: percentile(good, 0.5),
    p99: percentile(good, 0.99),
    refusedP99: percentile(refused, 0.99),
  }
}

/** What came of the requests of a phase that asked for stored pages. */
export function pagesOf({ due, ended, status, starts, page }: Requests, phase: number): Pages {
  const good: number[] = []
  let [asked, refused] = [0, 0]
  for (let i = starts[phase]!; i < starts[phase + 1]!; i++) {
    if (page[i] === 0) continue
    asked++
    if (status[i] === GOOD) good.push(ended[i]! - due[i]!)
    else if (status[i] !== 0) refused++
  }
  return { asked, refused, lost: asked - refused - good.length, p99: percentile(good, 0.99) }
}

/** Seconds from the beginning of a phase until all answers were good and as quick as in phase 0; null: never in it. */
export function recoveryOf(requests: Requests, phase: number): number | null {
  const { due, ended, status, starts } = requests
  const normal = NORMAL + median(latencies(requests, 0))
  const [from, to] = [starts[phase]!, starts[phase + 1]!]
  let since = due[from]!
  for (let i = from; i < to; i++) {
    const good = status[i] === GOOD && ended[i]! - due[i]! <= normal
    if (!good) since = due[i]!
    else if (due[i]! - since >= STRETCH) return (since - due[from]!) / 1000
  }
  return null
}

function latencies({ due, ended, status, starts }: Requests, phase: number): number[] {
  const found: number[] = []
  for (let i = starts[phase]!; i < starts[phase + 1]!; i++) if (status[i] === GOOD) found.push(ended[i]! - due[i]!)
  return found
}
