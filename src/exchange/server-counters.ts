/**
 * Counts in the ledger how the attempts at one server end, and which causes end exchanges. A request that is tried at
 * two servers is one attempt at each; fetches in the background count as well.
 */
import { attemptCauses, errorStatuses, statusClasses, systemCodes } from '../base/attempt-causes.ts'
import type { Cause } from '../base/cause.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** The causes that ended exchanges of one pool or server. A counter is looked up when first needed: most causes never come. */
export class EndedCounters {
  readonly #ledger: Ledger
  readonly #key: string
  readonly #causes = new Map<Cause, Counter>()

  /** `key`: of the pool or server in the ledger, `pool:shop`. */
  constructor(ledger: Ledger, key: string) {
    this.#ledger = ledger
    this.#key = key
  }

  ended(cause: Cause): void {
    let counter = this.#causes.get(cause)
    if (counter === undefined) {
      counter = this.#ledger.counter(`${this.#key}:ended:${cause}`)
      this.#causes.set(cause, counter)
    }
    counter.add(1)
  }
}

export class ServerCounters extends EndedCounters {
  readonly #requests: Counter
  readonly #classes: readonly Counter[]
  readonly #failures: Counter
  readonly #retried: Counter
  readonly #failed = new Map<string, Counter>()
  readonly #codes = new Map<string, Counter>()
  readonly #errors = new Map<string, Counter>()

  /** `server`: as in the ledger's keys, `shop/10.0.0.1:80`. */
  constructor(ledger: Ledger, server: string) {
    const key = `server:${server}`
    super(ledger, key)
    this.#requests = ledger.counter(`${key}:requests`)
    this.#failures = ledger.counter(`${key}:failures`)
    this.#retried = ledger.counter(`${key}:retried`)
    this.#classes = statusClasses.map((name) => ledger.counter(`${key}:${name}`))
    for (const cause of attemptCauses) this.#failed.set(cause, ledger.counter(`${key}:failed:${cause}`))
    for (const code of systemCodes) this.#codes.set(code, ledger.counter(`${key}:code:${code}`))
    for (const status of errorStatuses) this.#errors.set(status, ledger.counter(`${key}:status:${status}`))
  }

  /** An attempt has begun. */
  began(): void {
    this.#requests.add(1)
  }

  /** The head of a final response has come. */
  answered(status: number): void {
    // The details first: a reader that sees the sum also finds its parts.
    const hundreds = Math.floor(status / 100)
    if (hundreds === 5) (this.#errors.get(String(status)) ?? this.#errors.get('other'))?.add(1)
    this.#classes[hundreds - 1]?.add(1)
  }

  /**
   * An attempt has failed. Only causes that can be the server's are counted.
   * @param code of the system's error; undefined: there was none
   */
  failed(cause: Cause, code: string | undefined): void {
    const counter = this.#failed.get(cause)
    if (counter === undefined) return
    counter.add(1)
    if (code !== undefined) (this.#codes.get(code) ?? this.#codes.get('other'))?.add(1)
    this.#failures.add(1)
  }

  /** After an attempt failed, another server was tried. */
  retried(): void {
    this.#retried.add(1)
  }
}
