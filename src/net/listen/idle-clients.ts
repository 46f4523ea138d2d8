/**
 * Idle connections of one listener and thread, in the order in which they became idle, so that where there is no room
 * for a newcomer the one that has been idle longest makes way. A list through its members: joining and leaving it costs
 * a few stores and allocates nothing.
 *
 * Only a connection that has been idle for a moment is listed. A client that asks again at once is not met by our FIN
 * while its request is on the way, and one that has just connected has time to send its first byte.
 */
import { momentOf, type Spare } from '../../ledger/spare.ts'

/** How long a connection is idle after a response before it may be closed for a newcomer, in ms. */
const RECENT = 100
/** The same for one that has sent nothing yet: longer than a round trip takes on any usual network. */
const SILENT = 1000
/** By how much another thread's connection has to be idle longer, in ms: asking a thread costs more than closing one here. */
const SLACK = 1000

/** Not idle; idle; idle for long enough to make way. */
type Idleness = 'none' | 'recent' | 'listed'

/** What is known of the idle times of one connection. */
export class IdleClient {
  /** The list's own. */
  older: IdleClient | null = null
  newer: IdleClient | null = null
  /** ms (monotonic) when it was listed. */
  since = 0
  readonly client: { drop(cut: boolean): void }
  readonly #all: IdleClients
  readonly #keepAlive: number
  #state: Idleness = 'none'
  /** Whether it has had a request. */
  #spoken = false

  /** `keepAlive`: ms a connection may be idle; 0: without end. */
  constructor(client: { drop(cut: boolean): void }, all: IdleClients, keepAlive: number) {
    this.client = client
    this.#all = all
    this.#keepAlive = keepAlive
  }

  /** When it has to be looked at, in ms from now; 0: never. */
  get patience(): number {
    const first = this.#first
    if (this.#state !== 'listed') return this.#keepAlive > 0 ? Math.min(first, this.#keepAlive) : first
    return this.#keepAlive > 0 ? this.#keepAlive - first : 0
  }

  /** After `patience`: it may be idle no longer. */
  get over(): boolean {
    return this.#state === 'listed' || (this.#keepAlive > 0 && this.#keepAlive <= this.#first)
  }

  get #first(): number {
    return this.#spoken ? RECENT : SILENT
  }

  /** It waits for its next request. False: it did so already. */
  begin(): boolean {
    if (this.#state !== 'none') return false
    this.#spoken = true
    this.#state = 'recent'
    this.#all.count(1)
    return true
  }

  /** It has been idle for long enough to make way. `now`: ms, monotonic. */
  list(now: number): void {
    if (this.#state === 'none') this.#all.count(1)
    this.#state = 'listed'
    this.since = now
    this.#all.push(this)
  }

  /** It sends a request, or is closed. */
  end(): void {
    if (this.#state === 'none') return
    if (this.#state === 'listed') this.#all.remove(this)
    this.#state = 'none'
    this.#all.count(-1)
  }
}

export class IdleClients {
  readonly #spare: Spare
  #oldest: IdleClient | null = null
  #newest: IdleClient | null = null

  constructor(spare: Spare) {
    this.#spare = spare
  }

  /** Idle connections over all threads. */
  get total(): number {
    return this.#spare.total
  }

  /** How many other threads were asked to close and have not closed yet. */
  get pending(): number {
    return this.#spare.pending
  }

  count(n: 1 | -1): void {
    this.#spare.count(n)
  }

  push(one: IdleClient): void {
    one.older = this.#newest
    if (this.#newest === null) {
      this.#oldest = one
      this.#spare.publish(momentOf(one.since))
    } else this.#newest.newer = one
    this.#newest = one
  }

  remove(one: IdleClient): void {
    const { older, newer } = one
    one.older = one.newer = null
    if (newer === null) this.#newest = older
    else newer.older = older
    if (older === null) {
      this.#oldest = newer
      this.#spare.publish(newer === null ? 0 : momentOf(newer.since))
    } else older.newer = newer
  }

  /** Closes the connection of this thread that has been idle longest. False: there is none. */
  closeOldest(): boolean {
    const oldest = this.#oldest
    if (oldest === null) return false
    oldest.client.drop(false)
    return true
  }

  /** Closes the `n` connections that have been idle longest, here or, by asking, on other threads. Returns how many there were. */
  close(n: number): number {
    for (let closed = 0; closed < n; closed++) {
      const thread = this.#spare.longest(this.#oldest === null ? 0 : momentOf(this.#oldest.since - SLACK))
      if (thread >= 0) this.#spare.ask(thread, 1)
      else if (!this.closeOldest()) return closed
    }
    return n
  }

  /** Closes as many as other threads ask for. */
  heed(): void {
    const asked = this.#spare.takeAsked()
    if (asked > 0) this.close(asked)
  }
}
