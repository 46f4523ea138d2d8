/** What a run found out, as it is written to JSON and shown as table and chart. */

/** A number that a workload has for each of those compared. */
export interface Column {
  readonly key: string
  readonly title: string
  /** Digits after the point. */
  readonly digits: number
}

export interface Row {
  readonly who: string
  /** By key of the columns. Medians over the rounds. */
  readonly numbers: Readonly<Record<string, number>>
  /** What the workload measures, relative to the best of the others; NaN where there is no other. */
  readonly ratio: number
  /** The same relative to its own in the first workload of the group: 1000 routes against 1; null for the first. */
  readonly growth: number | null
  /** What has to be known about these numbers: errors, or why there are none. */
  readonly remark: string
  /** Every round of what the workload measures, in their order. */
  readonly rounds: readonly number[]
}

export interface Result {
  readonly workload: string
  readonly says: string
  /** Key of the column that counts. Less is better. */
  readonly measure: string
  /** Of that column, for charts. */
  readonly unit: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** One proxy at one rate of the overload part. */
export interface Point {
  readonly who: string
  /** Offered load relative to the capacity of the origin. */
  readonly factor: number
  /** Requests per second that were offered, and answered with 200. */
  readonly offered: number
  readonly goodput: number
  /** Goodput relative to what was possible: the smaller of offered load and capacity. */
  readonly share: number
  /** Latency from the scheduled time, in ms, of those answered with 200. NaN: there were none. */
  readonly p50: number
  readonly p99: number
  /** Refused per second, and the latency of a refusal in ms. */
  readonly refused: number
  readonly refusedP99: number
  /** Requests per second that got no answer at all: given up after the client's patience, or cut off. */
  readonly lost: number
  /** The most requests at once that the origin saw. */
  readonly most: number
  /** Resident memory in bytes: before the storm, at its highest, and after. NaN without a proxy. */
  readonly rssBefore: number
  readonly rssMost: number
  readonly rssAfter: number
  /** Seconds after the storm until every answer was good and quick again; null: not while it was watched. */
  readonly recovery: number | null
  /** How late the load generator was, in ms (p99). When it is much, the machine was busy with something else. */
  readonly late: number
  /** Of a proxy that had stored some of the pages; left out where nothing was stored. */
  readonly pages?: Pages
}

/** Requests in a storm for pages that were stored before, and stale. */
export interface Pages {
  readonly asked: number
  readonly refused: number
  /** Without any answer. */
  readonly lost: number
  /** Latency in ms of those answered with 200; NaN: there were none. */
  readonly p99: number
}

export interface Report {
  readonly at: string
  readonly machine: Machine
  readonly how: {
    readonly rounds: number
    readonly seconds: number
    readonly quick: boolean
    readonly pinned: boolean
    /** Share of the machine, 0 … 1, that others used meanwhile. Much of it makes the numbers worthless. */
    readonly others: number
  }
  readonly results: readonly Result[]
  readonly overload: readonly Point[]
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  /** In bytes. */
  readonly memory: number
  readonly system: string
  /** Names and versions of everything that took part. */
  readonly versions: Readonly<Record<string, string>>
}
