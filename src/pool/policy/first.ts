import type { Member, Policy } from './policy.ts'

/** In the order of the configuration: a server gets requests only when those before it are full or out of service. */
export class First implements Policy {
  readonly #members: readonly Member[]
  #at = 0

  constructor(members: readonly Member[]) {
    this.#members = members
  }

  begin(): void {
    this.#at = 0
  }

  next(): number {
    return this.#at < this.#members.length ? this.#members[this.#at++]!.index : -1
  }
}
