/** A stretch of memory that is given out in places of few sizes. A place that came back is given out again first. */
export class Room {
  readonly #end: number
  #next: number
  /** Places that came back, by size. */
  readonly #free = new Map<number, number[]>()

  /** Places lie from `start` up to `end`. */
  constructor(start: number, end: number) {
    this.#next = start
    this.#end = end
  }

  /** Where the next place of this size is, or null: nothing is left. */
  take(size: number): number | null {
    const freed = this.#free.get(size)?.pop()
    if (freed !== undefined) return freed
    const at = this.#next
    if (at + size > this.#end) return null
    this.#next += size
    return at
  }

  give(at: number, size: number): void {
    const freed = this.#free.get(size)
    if (freed === undefined) this.#free.set(size, [at])
    else freed.push(at)
  }
}
