/** How the crowd of the demo grows and shrinks: pure functions of the time that has passed. */

export interface Plan {
  /** Length of the whole demo in seconds. */
  readonly seconds: number
  /** Visitors a second at the quietest and at the busiest time. */
  readonly quiet: number
  readonly rush: number
}

/** Shares of the demo's time at which the crowd starts to grow, is at its largest, starts to shrink, is small again. */
const turns = [0.12, 0.42, 0.6, 0.78] as const

/** Visitors a second, `second` seconds after the start. */
export function crowdAt(plan: Plan, second: number): number {
  const [grows, full, shrinks, small] = turns
  const share = second / plan.seconds
  const rise = Math.min(1, Math.max(0, (share - grows) / (full - grows)))
  const fall = Math.min(1, Math.max(0, (share - shrinks) / (small - shrinks)))
  return plan.quiet + (plan.rush - plan.quiet) * (rise - fall)
}

/** Numbers from 0 to 1 that look like chance and are the same on every run (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000
  }
}

/**
 * Visitors who come by themselves and not because another one was served: a Poisson process that follows the plan.
 * A server that slows down gets no fewer of them.
 */
export class Arrivals {
  readonly #plan: Plan
  readonly #random: () => number
  #second = 0
  /** Expected arrivals until the next one comes. */
  #gap: number

  constructor(plan: Plan, random: () => number) {
    this.#plan = plan
    this.#random = random
    this.#gap = this.#draw()
  }

  /** How many came since the last call, up to `second` seconds after the start. */
  until(second: number): number {
    const middle = (this.#second + second) / 2
    this.#gap -= crowdAt(this.#plan, middle) * Math.max(0, second - this.#second)
    this.#second = Math.max(second, this.#second)
    let came = 0
    for (; this.#gap <= 0; came++) this.#gap += this.#draw()
    return came
  }

  #draw(): number {
    return -Math.log(1 - this.#random())
  }
}
