/**
 * Counts what becomes of the attempts at one server, and what has ended exchanges, in the ledger. An exchange that is
 * tried at two servers is one attempt at each; fetches in the background count as well.
 */
import { attemptCauses, errorStatuses, statusClasses, systemCodes } from '../base/attempt.ts'
import type { Cause } from '../base/cause.ts'
import type { Counter } from '../ledger/counter.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { OriginConnection } from '../net/http1/origin-connection.ts'
import type { Exchange } from './exchange.ts'

/** What has ended exchanges, for one pool or server. Counters are looked up when first needed: most causes never come. */
export class EndedTally {
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

export class ServerTally extends EndedTally {
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

  /** The head of a final response is here. */
  answered(status: number): void {
    // The details first: who sees a sum finds what it is made of.
    const hundreds = Math.floor(status / 100)
    if (hundreds === 5) (this.#errors.get(String(status)) ?? this.#errors.get('other'))?.add(1)
    this.#classes[hundreds - 1]?.add(1)
  }

  /** The attempt has failed. `code`: of the system's error; undefined: there was none. Other causes than the server's are not counted. */
  failed(cause: Cause, code: string | undefined): void {
    const counter = this.#failed.get(cause)
    if (counter === undefined) return
    counter.add(1)
    if (code !== undefined) (this.#codes.get(code) ?? this.#codes.get('other'))?.add(1)
    this.#failures.add(1)
  }

  /** After the attempt failed, another server was tried. */
  retried(): void {
    this.#retried.add(1)
  }
}

/** The code of the system's error with which a connection ended. */
export function codeOf(origin: OriginConnection | null): string | undefined {
  return origin?.transport.error?.code
}

/** The attempt under way has failed, if there is one. Each fails once, whatever fails afterwards. */
export function attemptOver(x: Exchange, cause: Cause, code: string | undefined): void {
  const { attempt } = x
  x.attempt = null
  if (attempt === null) return
  // Once the server has answered, the client may be what took so long.
  if (cause === 'total_timeout' && x.phase !== 'C' && x.phase !== 'H') return
  attempt.failed(cause, code)
}
