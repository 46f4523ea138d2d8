/** All that plays in the demo: two pairs of shops, the gate before one of them, and a crowd at each door. */
import type { Cause } from '../../base/cause.ts'
import { Crowd } from './crowd.ts'
import { DemoGate } from './demo-gate.ts'
import { Arrivals, chance, crowdAt, type Plan } from './demo-plan.ts'
import { cells, type Frame, type Side } from './frame.ts'
import type { Result } from './report.ts'
import { Shop } from './shop.ts'
import { Tally } from './tally.ts'

/** Visitors a shop serves at once; the places in the gate's line, and how long one may stand there in ms. */
const places = 8
const line = { max: 16, timeout: 1000 }
/** How long a visitor waits before giving up, in ms. */
const patience = 1500
/** Visitors a second. The rush is more than the shops can serve, and little enough for a small machine. */
const crowd = { quiet: 40, rush: 320 }

/** One door with those who come to it, and the shops behind it. */
interface Door {
  readonly crowd: Crowd
  readonly shops: readonly Shop[]
  readonly history: number[]
}

export class Stage implements AsyncDisposable {
  readonly #held: AsyncDisposableStack
  readonly #plan: Plan
  readonly #gate: DemoGate
  readonly #without: Door
  readonly #with: Door
  readonly #arrivals: Arrivals
  readonly #crowdHistory: number[] = []
  readonly #start = performance.now()
  /** Why the gate refused the last ones, and what it had refused by then. */
  #cause: Cause | null = null
  #causes: Result['causes'] = {}

  private constructor(held: AsyncDisposableStack, plan: Plan, gate: DemoGate, without: Door, gated: Door) {
    this.#held = held
    this.#plan = plan
    this.#gate = gate
    this.#without = without
    this.#with = gated
    this.#arrivals = new Arrivals(plan, chance(1))
  }

  /** Opens the shops and the gate. `port` 0: any free one. Rejects when the port cannot be had. */
  static async open(seconds: number, port: number): Promise<Stage> {
    await using held = new AsyncDisposableStack()
    const shops: Shop[] = []
    for (let i = 0; i < 4; i++) shops.push(held.use(await Shop.open(places, chance(i))))
    const [direct, gated] = [shops.slice(0, 2), shops.slice(2)]
    const ports = (of: readonly Shop[]): number[] => of.map((shop) => shop.port)
    const gate = held.use(await DemoGate.open({ port, servers: ports(gated), places, line }))
    const door = (doors: readonly number[], of: readonly Shop[]): Door => ({
      crowd: held.use(new Crowd(doors, patience, new Tally())),
      shops: of,
      history: [],
    })
    const without = door(ports(direct), direct)
    const withGate = door([gate.port], gated)
    return new Stage(held.move(), { seconds, ...crowd }, gate, without, withGate)
  }

  /** Lets all come who are due by `now`, the same number to both doors. */
  advance(now: number): void {
    const second = Math.min(this.#plan.seconds, this.#second(now))
    for (let come = this.#arrivals.until(second); come > 0; come--) {
      this.#without.crowd.visit()
      this.#with.crowd.visit()
    }
  }

  /** True when the time is over and nobody is left. */
  isOver(now: number): boolean {
    const left = this.#without.crowd.waiting + this.#with.crowd.waiting
    return this.#second(now) >= this.#plan.seconds && left === 0
  }

  /** How everything stands. */
  frame(now: number): Frame {
    const { seconds, rush } = this.#plan
    const second = Math.min(seconds, this.#second(now))
    const cell = Math.min(cells - 1, Math.floor((second * cells) / seconds))
    const coming = crowdAt(this.#plan, second)
    record(this.#crowdHistory, cell, coming)
    const gated = sideOf(this.#with, cell, now)
    return {
      second,
      seconds,
      address: this.#gate.address,
      crowd: coming,
      rush,
      capacity: 2 * Shop.capacity(places),
      crowdHistory: this.#crowdHistory,
      places,
      waiting: this.#gate.waiting,
      line: line.max,
      cause: gated.perSecond.refused > 0 ? this.#causeOfLate() : null,
      without: sideOf(this.#without, cell, now),
      with: gated,
    }
  }

  /** What it all came to. */
  result(): Result {
    return { without: this.#without.crowd.tally, with: this.#with.crowd.tally, causes: this.#gate.causes, patience }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }

  #second(now: number): number {
    return (now - this.#start) / 1000
  }

  /** The cause that grew most since the last look. */
  #causeOfLate(): Cause | null {
    const causes = this.#gate.causes
    let most = 0
    for (const [cause, n] of Object.entries(causes) as [Cause, number][]) {
      const grown = n - (this.#causes[cause] ?? 0)
      if (grown <= most) continue
      most = grown
      this.#cause = cause
    }
    this.#causes = causes
    return this.#cause
  }
}

function sideOf({ crowd: { tally }, shops, history }: Door, cell: number, now: number): Side {
  const served = tally.perSecond('served', now)
  record(history, cell, served)
  return {
    perSecond: {
      served,
      tooSlow: tally.perSecond('tooSlow', now),
      refused: tally.perSecond('refused', now),
      failed: tally.perSecond('failed', now),
    },
    wait: tally.waitOfLate(now),
    busy: shops.map((shop) => shop.busy),
    history,
  }
}

/** Writes the newest value of a graph, and into the cells that were passed over since the last one. */
function record(history: number[], cell: number, value: number): void {
  while (history.length < cell) history.push(value)
  history[cell] = value
}
