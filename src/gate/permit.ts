/** Permission to use one of something scarce. */

/** Takes back what a permit stands for: its gate. */
export interface Keeper<S> {
  release(s: S): void
}

/** One owner disposes of it, on every path. */
export class Permit<S> implements Disposable {
  /** What may be used. */
  readonly of: S
  #keeper: Keeper<S> | null

  constructor(keeper: Keeper<S>, of: S) {
    this.of = of
    this.#keeper = keeper
  }

  /** Whether it was given back. */
  get disposed(): boolean {
    return this.#keeper === null
  }

  /** Gives it back once; later calls do nothing. May call `granted` of the next waiter before it returns. */
  [Symbol.dispose](): void {
    const keeper = this.#keeper
    if (keeper === null) return
    this.#keeper = null
    keeper.release(this.of)
  }
}
