/** One number that all threads read and one of them sets: a server's admin state or health, a switch. */
export class Cell {
  readonly #cells: Int32Array
  readonly #at: number

  constructor(cells: Int32Array, at: number) {
    this.#cells = cells
    this.#at = at
  }

  /** An Int32. */
  get value(): number {
    return Atomics.load(this.#cells, this.#at)
  }

  set value(n: number) {
    Atomics.store(this.#cells, this.#at, n)
  }

  /** Sets it to `to` if it is `from`. False: it was something else. */
  swap(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, this.#at, from, to) === from
  }
}
